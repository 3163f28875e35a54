package api_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/truce-im/truce/node/api"
)

// Every route has a heading and an example in API.md, and every heading a route.
func TestRoutesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("API.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	sections := regexp.MustCompile(`(?m)^### `).Split(string(text), -1)[1:]
	heading := regexp.MustCompile("^`((GET|POST) /v1/[^`]*)`\n")
	for _, s := range sections {
		m := heading.FindStringSubmatch(s)
		if m == nil {
			t.Errorf("the heading %q is no route", strings.SplitN(s, "\n", 2)[0])
			continue
		}
		documented = append(documented, m[1])
		if !strings.Contains(s, "curl --unix-socket") || !strings.Contains(s, "http://truce/v1/") {
			t.Errorf("%s has no example", m[1])
		}
		if post := strings.Contains(s, `-H "$J" -d`); post != (m[2] == "POST") {
			t.Errorf("the example of %s has a body: %v", m[1], post)
		}
	}
	routes := api.Routes()
	slices.Sort(routes)
	slices.Sort(documented)
	if !slices.Equal(routes, documented) {
		t.Errorf("the routes are\n%s\nbut API.md has\n%s", strings.Join(routes, "\n"), strings.Join(documented, "\n"))
	}
}
