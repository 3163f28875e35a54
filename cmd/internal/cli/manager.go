package cli

import (
	"net"
	"os"
)

// notifyManager tells the service manager that started this process how it is, as
// sd_notify(3) does; without one, nobody. A container has none, nor have other systems.
func (a *app) notifyManager(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	c, err := net.Dial("unixgram", path) // @ begins the name of an abstract one, here as there
	if err == nil {
		_, err = c.Write([]byte(state))
		c.Close()
	}
	if err != nil {
		a.note("the service manager is not told %s: %v", state, err)
	}
}
