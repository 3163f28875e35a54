package config

import (
	"fmt"
	"net"
)

// MetricsAddr completes the address to serve metrics at, [HOST]:PORT or PORT: without
// HOST it is this machine's own, which local tells of any.
func MetricsAddr(text string) (addr string, local bool, err error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port, err = net.SplitHostPort(":" + text) // the port alone
	}
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" {
		return "", false, fmt.Errorf("%q is no address to serve at, which looks like 127.0.0.1:9464 or :9464", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	ip := net.ParseIP(host)
	return net.JoinHostPort(host, port), host == "localhost" || ip != nil && ip.IsLoopback(), nil
}

// CheckMetrics refuses what MetricsAddr cannot read.
func CheckMetrics(text string) error {
	_, _, err := MetricsAddr(text)
	return err
}
