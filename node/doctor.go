package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
)

// Names of checks. More may be added.
const (
	CheckNode       = "node"
	CheckAccount    = "account"
	CheckProtection = "protection"
	CheckDisk       = "disk"
	CheckClock      = "clock"
	CheckInterface  = "interface" // one for each
	CheckPort       = "port"
	CheckMDNS       = "mdns" // one for each interface
	CheckDHT        = "dht"
	CheckFirewall   = "firewall"
	CheckPeer       = "peer"    // one for each of Config.Peers
	CheckContact    = "contact" // one for each

	// Where the node is reached over the internet, too.
	CheckReachability = "reachability"
	CheckRelay        = "relay"
	CheckPortMap      = "portmap"
)

// Check is one thing that was looked at, in words for the user. Names of
// contacts in it are as the user gave or took them: make them printable. No
// other part was written by others.
type Check struct {
	Name   string
	OK     bool
	Detail string // what is
	Hint   string // what to do; empty: nothing
}

// Diagnose looks at what a node needs to reach contacts, without asking
// anything outside of this network. It takes a few seconds at most; a ctx that
// ends makes it quicker and its answers worse.
func (n *Node) Diagnose(ctx context.Context) []Check {
	list := []Check{n.checkNode(), n.checkAccount(), checkProtection(n.Protected()), n.checkDisk()}
	contacts, err := n.chat.Contacts()
	if err != nil {
		return append(list, Check{CheckContact, false, "the contacts cannot be read: " + err.Error(), ""})
	}
	list = append(list, n.checkClock(contacts))
	list = append(list, n.checkNetwork(ctx, contacts)...)
	return append(list, n.checkContacts(contacts)...)
}

// DiagnoseHome looks at a home that cannot be opened, and at the machine.
func DiagnoseHome(home string) []Check {
	list := []Check{notRunning}
	if !Exists(home) {
		list = append(list, Check{CheckAccount, false, "there is no account in this home yet", "run `truce init` or `truce`"})
	} else if protected, err := Protected(home); err == nil {
		list = append(list, checkProtection(protected))
	}
	list = append(list, diskCheck(home, uint64(Size(home)), false), checkDate(time.Now()))
	return append(list, machineInterfaces()...)
}

var notRunning = Check{
	CheckNode, false, "no node runs in this home, so nothing is sent or received",
	"start one with `truce run` or `truce`",
}

func (n *Node) checkNode() Check {
	if n.cfg.Offline {
		return notRunning
	}
	return Check{CheckNode, true, fmt.Sprintf("runs (process %d) since %s", os.Getpid(), day(n.began)), ""}
}

func (n *Node) checkAccount() Check {
	if err := n.chat.Stopped(); err != nil {
		e := failed(err, "").(*chat.Error)
		return Check{CheckAccount, false, e.Message, e.Hint}
	}
	if !exists(currentAccount(n.home.dir)) {
		return Check{CheckAccount, true, "its key is not in this home; a new device key takes the 24 words", ""}
	}
	return Check{CheckAccount, true, "its key is in this home, and this device may write", ""}
}

func checkProtection(protected bool) Check {
	if protected {
		return Check{CheckProtection, true, "a passphrase protects this home", ""}
	}
	return Check{
		CheckProtection, false, "not protected: whoever can read the files of this home can be you",
		"`truce passphrase set` protects it",
	}
}

func (n *Node) checkDisk() Check {
	due := ""
	n.home.store.View(func(r chat.Reader) (err error) {
		due, err = r.Setting(storage.RewriteDue)
		return err
	})
	return diskCheck(n.home.dir, uint64(Size(n.home.dir)), due != "")
}

// diskCheck compares what the disk of a home, which need not be there yet, has
// free with what is kept free.
func diskCheck(home string, store uint64, rewrite bool) Check {
	for !exists(home) && filepath.Dir(home) != home {
		home = filepath.Dir(home)
	}
	free, err := storage.DiskFree(filepath.Join(home, storeFile))
	if err != nil {
		return Check{CheckDisk, false, "the free space cannot be told: " + err.Error(), ""}
	}
	c := Check{CheckDisk, true, fmt.Sprintf("%s free, of which %s are kept free; the store takes %s", size(free), size(chat.MinFree), size(store)), ""}
	switch {
	case free < chat.MinFree:
		c.OK, c.Hint = false, "make room on the disk: nothing new is written or taken until then"
	case rewrite:
		c.Detail += "; it is to be rewritten, to be rid of what was deleted or of an old passphrase"
		c.Hint = "the node does that when it is idle; `truce compact` does it now"
	}
	return c
}

func size(bytes uint64) string {
	switch {
	case bytes < 1<<20:
		return "less than 1 MiB"
	case bytes < 10<<30:
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d GiB", bytes>>30)
}

// maxSkew is how far apart two clocks may be before messages stand in another
// order than they were written in (rule 19).
const maxSkew = 2 * time.Minute

// checkClock compares the clock with those of contacts, as they told when they
// were last linked.
func (n *Node) checkClock(contacts []chat.ContactView) Check {
	now := n.cfg.now()
	c := checkDate(now)
	if !c.OK {
		return c
	}
	var ahead []time.Duration
	for _, v := range contacts {
		if v.LastSeen != 0 && chat.Time(v.LastSeen).Sub(now) > maxSkew {
			return Check{
				CheckClock, false, fmt.Sprintf("it is %s here, but a contact was seen after that: the clock went back", day(now)), setClock,
			}
		}
		if t := n.trails.of(v.Account); !t.linked.IsZero() {
			ahead = append(ahead, t.ahead)
		}
	}
	switch {
	case n.cfg.Offline:
		return c
	case len(ahead) == 0:
		c.Detail += "; no contact was linked since the start to compare with"
		return c
	}
	slices.Sort(ahead)
	switch middle := ahead[len(ahead)/2].Round(time.Second); {
	case middle > maxSkew:
		return Check{CheckClock, false, fmt.Sprintf("it is %s behind your contacts' clocks", middle), setClock}
	case middle < -maxSkew:
		return Check{CheckClock, false, fmt.Sprintf("it is %s ahead of your contacts' clocks", -middle), setClock}
	default:
		c.Detail += fmt.Sprintf("; your contacts' clocks differ by %s", max(middle, -middle))
	}
	return c
}

const setClock = "set the clock of this machine, or let it be set by the network; if only one contact was linked, it may be theirs"

// checkDate refuses a date before this program was made.
func checkDate(now time.Time) Check {
	c := Check{CheckClock, true, "it is " + day(now), ""}
	if now.Before(madeAt()) {
		return Check{CheckClock, false, c.Detail + ", which cannot be", setClock}
	}
	return c
}

// madeAt is a time before which this program was not there.
func madeAt() time.Time {
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return first
	}
	for _, s := range info.Settings {
		if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil && t.After(first) {
			return t
		}
	}
	return first
}

// day writes a time for people, in UTC: who reads it may be elsewhere.
func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
