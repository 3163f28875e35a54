package slash

import "strings"

// Kinds of names that Complete asks for.
const (
	Contacts = "contacts"
	Requests = "requests"
	Nearby   = "nearby"
	Settings = "settings"
	states   = "status"
)

// Candidate is a line that another may become, and what it would do.
type Candidate struct{ Line, Help string }

// Complete returns what a line that begins with / may become: commands, then
// names of the kind that names is asked for.
func Complete(line string, names func(kind string) []string) (list []Candidate) {
	word, arg, hasArg := strings.Cut(strings.TrimPrefix(line, "/"), " ")
	for _, cmd := range table {
		switch {
		case !hasArg && strings.HasPrefix(cmd.Name, word):
			text := "/" + cmd.Name
			if cmd.Args != "" {
				text += " "
			}
			list = append(list, Candidate{text, strings.TrimSpace(cmd.Args + "  " + cmd.Help)})
		case hasArg && cmd.Name == word && cmd.names != "":
			for _, name := range kindOf(cmd.names, names) {
				if len(name) > len(arg) && strings.EqualFold(name[:len(arg)], arg) {
					list = append(list, Candidate{"/" + word + " " + name, cmd.Help})
				}
			}
		}
	}
	return list
}

func kindOf(kind string, names func(string) []string) []string {
	if kind == states {
		return []string{"available", "away", "busy", "invisible"}
	}
	return names(kind)
}
