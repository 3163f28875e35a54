package wire

import (
	"mime"
	"strings"
	"unicode/utf8"
)

// Text returns what there is to read in c. Markdown comes as it was written.
// Of alternatives it takes the first that has a text, else the first that can
// be named; of parts that belong together it joins, one below the other,
// those that it can read. Content that is elsewhere is named in brackets. It
// returns false if there is nothing: show a message this version cannot show.
// The text comes from a stranger and may hold control characters.
func (c Content) Text() (string, bool) {
	text, r := c.Body.text(1)
	return text, r != unreadable
}

// readability orders the alternatives of a ChooseOne.
type readability int

const (
	unreadable readability = iota
	nameOnly
	readable
)

func (p *Part) text(level int) (string, readability) {
	switch {
	case level > MaxLevels:
		return "", unreadable
	case p.Cardinality == SinglePart:
		if text, ok := p.singleText(); ok {
			return text, readable
		}
	case p.Cardinality == ExternalPart && p.External != nil:
		return p.name(), nameOnly
	case p.Cardinality == MultiPart && p.Semantics == ChooseOne:
		return bestText(p.Parts, level+1)
	case p.Cardinality == MultiPart:
		return joinTexts(p.Parts, level+1)
	}
	return "", unreadable
}

func bestText(parts []Part, level int) (best string, rank readability) {
	for i := range parts {
		if text, r := parts[i].text(level); r > rank {
			best, rank = text, r
		}
	}
	return best, rank
}

func joinTexts(parts []Part, level int) (string, readability) {
	var texts []string
	rank := unreadable
	for i := range parts {
		text, r := parts[i].text(level)
		if r != unreadable {
			texts = append(texts, text)
		}
		rank = max(rank, r)
	}
	return strings.Join(texts, "\n"), rank
}

// name describes an external part by what its sender said of it.
func (p *Part) name() string {
	switch x := p.External; {
	case x.Filename != "" && x.Description != "":
		return "[" + x.Filename + ": " + x.Description + "]"
	case x.Filename != "":
		return "[" + x.Filename + "]"
	case x.Description != "":
		return "[" + x.Description + "]"
	}
	return "[" + p.ContentType + "]"
}

// singleText returns the content of a part that is plain text or Markdown in
// UTF-8, of any spelling of these types.
func (p *Part) singleText() (string, bool) {
	if p.Cardinality != SinglePart || len(p.Content) > MaxText || !isText(p.ContentType) || !utf8.Valid(p.Content) {
		return "", false
	}
	return string(p.Content), true
}

func isText(contentType string) bool {
	if contentType == TypePlain || contentType == TypeMarkdown {
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "text/plain" && media != "text/markdown" {
		return false
	}
	charset := strings.ToLower(params["charset"])
	return charset == "" || charset == "utf-8" || charset == "us-ascii"
}
