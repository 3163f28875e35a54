package node

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// firewall is what can be told of that of this machine without rights.
type firewall struct {
	name string // of one that is on; empty: not known
	hint string // how to open it
}

// localFirewall looks for a firewall. The ports are ours, 0 for a protocol that
// we do not use.
func localFirewall(tcp, udp int) firewall {
	switch runtime.GOOS {
	case "darwin":
		return firewall{"", "let truce in under System Settings, Network, Firewall, and allow it Local Network under Privacy & Security"}
	case "windows":
		return firewall{"", "let truce in when Windows asks, or under Windows Security, Firewall, Allow an app"}
	}
	switch {
	case ufwOn("/etc/ufw/ufw.conf"):
		return firewall{"ufw", openEach(tcp, udp, "sudo ufw allow %s", "; ") + "; sudo ufw allow 5353/udp"}
	case exists("/run/firewalld"):
		return firewall{"firewalld", "sudo firewall-cmd --permanent --add-service=mdns " +
			openEach(tcp, udp, "--add-port=%s", " ") + "; sudo firewall-cmd --reload"}
	}
	return firewall{"", fmt.Sprintf("if this machine has a firewall (sudo nft list ruleset shows it), let in %s and UDP 5353", ports(tcp, udp))}
}

// openEach writes what opens each of our ports.
func openEach(tcp, udp int, format, between string) string {
	var list []string
	if tcp != 0 {
		list = append(list, fmt.Sprintf(format, fmt.Sprintf("%d/tcp", tcp)))
	}
	if udp != 0 {
		list = append(list, fmt.Sprintf(format, fmt.Sprintf("%d/udp", udp)))
	}
	return strings.Join(list, between)
}

// ufwOn reports whether ufw's configuration switches it on.
func ufwOn(path string) bool {
	b, err := os.ReadFile(path)
	return err == nil && bytes.Contains(b, []byte("\nENABLED=yes"))
}
