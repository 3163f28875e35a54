package api

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Routes are the patterns of all routes.
func Routes() []string {
	list := []string{eventsRoute, backupRoute, compactRoute, searchRoute, avatarRoute, myAvatarRoute}
	for _, r := range routes {
		list = append(list, r.pattern)
	}
	return list
}

// MetricRows are the rows that METRICS.md should have, without what they mean.
func MetricRows() (rows []string) {
	for _, m := range metrics {
		kind := map[prometheus.ValueType]string{prometheus.CounterValue: "counter", prometheus.GaugeValue: "gauge"}[m.kind]
		label := ""
		if m.label != "" {
			label = "`" + m.label + "`"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |", m.name, kind, label))
	}
	return rows
}
