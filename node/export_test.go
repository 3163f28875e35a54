package node

// BirthOf is empty where the system does not tell one file from a copy of it.
var BirthOf = birthOf

// UFWOn reads a configuration of ufw.
var UFWOn = ufwOn

// OpenEach writes what opens ports in a firewall.
var OpenEach = openEach

// Explain finds words for an error of a dial.
func Explain(err error) string { return explain(err).what }
