package api

import (
	"net/http"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (s *server) doctor(r *http.Request) (any, error) {
	return map[string]any{"checks": ViewChecks(s.node.Diagnose(r.Context()))}, nil
}

// ViewChecks returns checks as the API sends them, for a face that had to make
// them without a node.
func ViewChecks(list []node.Check) []client.Check {
	return views(list, func(c node.Check) client.Check {
		return client.Check{Check: c.Name, OK: c.OK, Detail: c.Detail, Hint: c.Hint}
	})
}
