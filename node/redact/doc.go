// Package redact keeps out of logs who and where people are. A Handler stands before
// the one that writes, so it holds for messages, attributes and errors of libraries alike:
//
//   - IP addresses lose their host: 203.0.113.x, 2001:db8:…
//   - host names in multiaddrs become …
//   - of peer ids the last 8 characters stay, enough to tell two peers apart
//   - accounts and links, which should not come here at all, become [account] and [link]
//
// What texts and names hold cannot be told by their looks: whoever logs leaves them out.
//
// It costs a search of each line that is logged, and nothing for what is not. Everything
// is safe for concurrent use.
package redact
