package node_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// Two nodes in one program: Ann asks Ben by his link, Ben agrees, and a message
// goes over.
func Example() {
	dir, err := os.MkdirTemp("", "truce")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	open := func(name string) *node.Node {
		n, err := node.Open(ctx, node.Config{
			Home: filepath.Join(dir, name), Name: name,
			Listen: []string{"/ip4/127.0.0.1/tcp/0"}, NoMDNS: true,
		})
		if err != nil {
			log.Fatal(err)
		}
		return n
	}
	ann, ben := open("Ann"), open("Ben")
	defer ann.Close()
	defer ben.Close()

	before := ben.Chat().Cursor()
	link, err := ben.Chat().Link(ben.Addrs())
	if err != nil {
		log.Fatal(err)
	}
	if _, _, err := ann.Chat().Ask(link, chat.AskOptions{Note: "it is me"}); err != nil {
		log.Fatal(err)
	}
	for u := range ben.Chat().Watch(ctx, before) {
		if u.Kind == chat.UpdateContact && u.Contact.Relation == chat.Requested {
			fmt.Println(u.Contact.Name, "asks")
			break
		}
	}
	if _, _, err := ben.Chat().Accept(ann.Chat().Account(), ""); err != nil {
		log.Fatal(err)
	}
	m, err := ann.Chat().Send(ben.Chat().Account(), "hello", chat.SendOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if m, err = ann.Chat().WaitDelivered(ctx, m.ID); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Text, m.State)
	// Output:
	// Ann asks
	// hello delivered
}
