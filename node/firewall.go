package node

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
)

// firewall is what can be told of that of this machine without rights.
type firewall struct {
	name string // of one that is on; empty: not known
	hint string // how to open it
}

// localFirewall looks for a firewall. The ports are ours.
func localFirewall(tcp, udp int) firewall {
	open := fmt.Sprintf("TCP port %d, UDP port %d and UDP port 5353", tcp, udp)
	switch runtime.GOOS {
	case "darwin":
		return firewall{"", "let truce in under System Settings, Network, Firewall, and allow it Local Network under Privacy & Security"}
	case "windows":
		return firewall{"", "let truce in when Windows asks, or under Windows Security, Firewall, Allow an app"}
	}
	switch {
	case ufwOn("/etc/ufw/ufw.conf"):
		return firewall{"ufw", fmt.Sprintf("sudo ufw allow %d/tcp; sudo ufw allow %d/udp; sudo ufw allow 5353/udp", tcp, udp)}
	case exists("/run/firewalld"):
		return firewall{"firewalld", fmt.Sprintf("sudo firewall-cmd --permanent --add-service=mdns --add-port=%d/tcp --add-port=%d/udp; sudo firewall-cmd --reload", tcp, udp)}
	}
	return firewall{"", "if this machine has a firewall (sudo nft list ruleset shows it), open " + open}
}

// ufwOn reports whether ufw's configuration switches it on.
func ufwOn(path string) bool {
	b, err := os.ReadFile(path)
	return err == nil && bytes.Contains(b, []byte("\nENABLED=yes"))
}
