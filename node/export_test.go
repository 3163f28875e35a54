package node

// BirthOf is empty where the system does not tell one file from a copy of it.
var BirthOf = birthOf
