package api

import (
	"mime"
	"net/http"

	"github.com/truce-im/truce/node/api/client"
)

// guard keeps browsers out: a page somewhere on the web must not be able to
// reach the node by a form, a script or a name of its own (rule 34). Requests
// that change something must be declared as JSON, which no form can do.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host != client.Host:
			refuse(w, "the Host of a request must be "+client.Host)
		case fromBrowser(r.Header):
			refuse(w, "requests of web pages are refused")
		case r.Method != http.MethodGet && !isJSON(r.Header):
			refuse(w, "the Content-Type of a request that changes something must be application/json")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func fromBrowser(h http.Header) bool {
	for _, name := range []string{"Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode"} {
		if _, ok := h[name]; ok {
			return true
		}
	}
	return false
}

func isJSON(h http.Header) bool {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && t == "application/json"
}

func refuse(w http.ResponseWriter, why string) {
	fail(w, &client.Error{Code: client.CodeRefused, Message: why, Hint: "see API.md"})
}
