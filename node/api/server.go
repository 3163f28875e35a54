package api

import (
	"net/http"
	"sync"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

// Options of the API. With the zero value the node can neither be stopped nor
// asked to hand over.
type Options struct {
	// Stop ends the node. It is called by a request and must not wait for it.
	Stop func()
	// HandOver likewise, but is set only on a node that runs for a while on
	// behalf of one command, and leaves the home to one that means to stay.
	HandOver func()
}

// MaxBody is the most bytes of a request's body: a text of 64 KiB with every
// character escaped, and room.
const MaxBody = 1 << 20

type server struct {
	node *node.Node
	chat *chat.Service
	opt  Options

	decoding sync.Mutex // of pictures
}

// New returns the API of n.
func New(n *node.Node, opt Options) http.Handler {
	s := &server{node: n, chat: n.Chat(), opt: opt}
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.pattern, s.handler(r.serve))
	}
	mux.HandleFunc(eventsRoute, s.events)
	mux.HandleFunc(backupRoute, s.backup)
	mux.HandleFunc(compactRoute, s.compact)
	mux.HandleFunc(searchRoute, s.search)
	mux.HandleFunc(avatarRoute, s.avatar)
	mux.HandleFunc(myAvatarRoute, s.avatar)
	mux.HandleFunc("/", noRoute)
	return guard(mux)
}

// route answers one kind of request with a value that is sent as JSON.
type route struct {
	pattern string
	serve   func(*server, *http.Request) (any, error)
}

// The routes that stream, or answer with a file.
const (
	eventsRoute   = "GET /v1/events"
	backupRoute   = "GET /v1/backup"
	compactRoute  = "POST /v1/compact"
	searchRoute   = "GET /v1/search"
	avatarRoute   = "GET /v1/contacts/{who}/avatar"
	myAvatarRoute = "GET /v1/profile/avatar"
)

var routes = []route{
	{"GET /v1/id", (*server).id},
	{"GET /v1/link", (*server).link},
	{"POST /v1/link/reset", (*server).resetLink},
	{"GET /v1/contacts", (*server).contacts},
	{"POST /v1/contacts", (*server).add},
	{"GET /v1/contacts/{who}", (*server).contact},
	{"GET /v1/contacts/{who}/wait", (*server).waitContact},
	{"POST /v1/contacts/{who}/rename", (*server).rename},
	{"GET /v1/contacts/{who}/profile", (*server).theirProfile},
	{"POST /v1/contacts/{who}/groups", (*server).setGroups},
	{"POST /v1/contacts/{who}/memo", (*server).setMemo},
	{"POST /v1/contacts/{who}/presence", (*server).setGrade},
	{"POST /v1/contacts/{who}/tell", (*server).setTell},
	{"POST /v1/contacts/{who}/hide", (*server).setHidden},
	{"POST /v1/contacts/{who}/remove", (*server).remove},
	{"POST /v1/contacts/{who}/block", (*server).block},
	{"POST /v1/contacts/{who}/unblock", (*server).unblock},
	{"GET /v1/contacts/{who}/safety", (*server).safety},
	{"POST /v1/contacts/{who}/verify", (*server).verify},
	{"GET /v1/contacts/{who}/messages", (*server).history},
	{"POST /v1/contacts/{who}/messages", (*server).send},
	{"POST /v1/contacts/{who}/nudge", (*server).nudge},
	{"POST /v1/contacts/{who}/read", (*server).read},
	{"POST /v1/contacts/{who}/typing", (*server).typing},
	{"GET /v1/status", (*server).status},
	{"POST /v1/status", (*server).setStatus},
	{"GET /v1/profile", (*server).profile},
	{"POST /v1/profile", (*server).setProfile},
	{"POST /v1/activity", (*server).activity},
	{"GET /v1/nearby", (*server).nearby},
	{"GET /v1/requests", (*server).requests},
	{"POST /v1/requests/{who}/accept", (*server).accept},
	{"POST /v1/requests/{who}/decline", (*server).decline},
	{"GET /v1/outbox", (*server).outbox},
	{"GET /v1/messages/{id}", (*server).message},
	{"GET /v1/messages/{id}/wait", (*server).waitMessage},
	{"POST /v1/messages/{id}/edit", (*server).edit},
	{"POST /v1/messages/{id}/delete", (*server).delete},
	{"POST /v1/messages/{id}/cancel", (*server).cancel},
	{"POST /v1/messages/{id}/react", (*server).react},
	{"GET /v1/peers", (*server).peers},
	{"GET /v1/settings", (*server).settings},
	{"GET /v1/settings/{name}", (*server).setting},
	{"POST /v1/settings/{name}", (*server).setSetting},
	{"POST /v1/device/renew", (*server).renewDevice},
	{"POST /v1/passphrase", (*server).passphrase},
	{"GET /v1/doctor", (*server).doctor},
	{"GET /v1/version", (*server).version},
	{"POST /v1/stop", (*server).stop},
	{"POST /v1/handover", (*server).handOver},
}

func (s *server) handler(serve func(*server, *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		out, err := serve(s, r)
		if err != nil {
			fail(w, failure(r, err))
			return
		}
		answer(w, http.StatusOK, out)
	})
}

func noRoute(w http.ResponseWriter, r *http.Request) {
	fail(w, &client.Error{
		Code:    client.CodeNotFound,
		Message: "the API has no " + r.Method + " " + r.URL.Path,
		Hint:    "see API.md",
	})
}
