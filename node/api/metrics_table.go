package api

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/truce-im/truce/node"
)

// metric is one name of ours. METRICS.md has a row for each.
type metric struct {
	name, help string
	kind       prometheus.ValueType
	label      string // empty: none
	read       func(*node.Stats) []value
}

func (m *metric) desc() *prometheus.Desc {
	var labels []string
	if m.label != "" {
		labels = []string{m.label}
	}
	return prometheus.NewDesc(m.name, m.help, labels, nil)
}

// value is one number of a metric. Labels are words of ours, never of others.
type value struct {
	number float64
	labels []string
}

type number interface{ ~int | ~int64 | ~uint64 }

func gauge[N number](name, help string, read func(*node.Stats) N) metric {
	return plain(name, help, prometheus.GaugeValue, read)
}

func counter[N number](name, help string, read func(*node.Stats) N) metric {
	return plain(name, help, prometheus.CounterValue, read)
}

func plain[N number](name, help string, kind prometheus.ValueType, read func(*node.Stats) N) metric {
	return metric{name, help, kind, "", func(s *node.Stats) []value {
		return []value{{number: float64(read(s))}}
	}}
}

func truth(name, help string, read func(*node.Stats) bool) metric {
	return gauge(name, help, func(s *node.Stats) int {
		if read(s) {
			return 1
		}
		return 0
	})
}

// moment is the time of something; there is none before it happened.
func moment(name, help string, read func(*node.Stats) time.Time) metric {
	return metric{name, help, prometheus.GaugeValue, "", func(s *node.Stats) []value {
		t := read(s)
		if t.IsZero() {
			return nil
		}
		return []value{{number: float64(t.UnixMilli()) / 1000}}
	}}
}

func two[N number](a string, x N, b string, y N) []value {
	return []value{{float64(x), []string{a}}, {float64(y), []string{b}}}
}

var metrics = []metric{
	{"truce_info", "Always 1; says which version runs.", prometheus.GaugeValue, "version", func(*node.Stats) []value {
		return []value{{1, []string{BuildVersion().Version}}}
	}},
	truth("truce_online", "Whether the node is on the network.", func(s *node.Stats) bool { return s.Online }),
	{"truce_sessions", "Sessions with contacts.", prometheus.GaugeValue, "path", func(s *node.Stats) []value {
		return two("direct", s.Direct, "relay", s.Relayed)
	}},
	gauge("truce_contacts", "Contacts who want each other.", func(s *node.Stats) int { return s.Contacts }),
	gauge("truce_requests", "Requests that wait for an answer.", func(s *node.Stats) int { return s.Requests }),
	counter("truce_messages_sent_total", "Messages written here.", func(s *node.Stats) uint64 { return s.Sent }),
	counter("truce_messages_received_total", "Messages taken from contacts.", func(s *node.Stats) uint64 { return s.Received }),
	counter("truce_delivered_total", "Entries of this node's logs that contacts have taken: messages, edits, reactions and what goes with them.", func(s *node.Stats) uint64 { return s.Delivered }),
	gauge("truce_queued", "Entries of this node's logs that contacts have not taken yet.", func(s *node.Stats) uint64 { return s.Queued }),
	{"truce_dials_total", "Dials of contacts and given peers.", prometheus.CounterValue, "outcome", func(s *node.Stats) (list []value) {
		for _, o := range node.Outcomes {
			list = append(list, value{float64(s.Dials[o]), []string{o}})
		}
		return list
	}},
	{"truce_presence_records_total", "Records of presence that told something new.", prometheus.CounterValue, "via", func(s *node.Stats) []value {
		return two("session", s.Records, "gossip", s.Gossiped)
	}},
	{"truce_mdns_packets_total", "mDNS packets of Truce.", prometheus.CounterValue, "direction", func(s *node.Stats) []value {
		return two("sent", s.MDNSSent, "heard", s.MDNSHeard)
	}},
	gauge("truce_dht_peers", "Peers in the routing table of the DHT.", func(s *node.Stats) int { return s.DHTPeers }),
	moment("truce_dht_last_publish_timestamp_seconds", "When a record was last written to the DHT.", func(s *node.Stats) time.Time { return s.DHTWritten }),
	moment("truce_dht_last_lookup_timestamp_seconds", "When a look-up in the DHT last ended.", func(s *node.Stats) time.Time { return s.DHTAsked }),
	truth("truce_reachable", "Whether others can dial this node directly, as far as is known.", func(s *node.Stats) bool { return s.Reachable }),
	gauge("truce_relays", "Reservations at relays.", func(s *node.Stats) int { return s.Relays }),
	counter("truce_store_commits_total", "Commits of the store, each of one or many changes.", func(s *node.Stats) uint64 { return s.Commits }),
	gauge("truce_store_bytes", "Size of the store's file.", func(s *node.Stats) int64 { return s.StoreSize }),
	gauge("truce_disk_free_bytes", "Free space on the disk of the store.", func(s *node.Stats) uint64 { return s.DiskFree }),
}
