package chat

import (
	"slices"
	"strings"
)

// publicNodes is where nodes are kept that everybody can reach, with spaces in between.
const publicNodes = "public_nodes"

// maxPublicNodes are enough to enter a network by, and to be reached by.
const maxPublicNodes = 8

// PublicNodes returns multiaddrs, ending in /p2p/ID, of nodes that served us of late, the
// newest first.
func (s *Service) PublicNodes() (list []string, err error) {
	err = s.store.View(func(r Reader) error {
		value, err := r.Setting(publicNodes)
		list = strings.Fields(value)
		return err
	})
	return list, err
}

// MetPublicNode notes where a node is that served us. Those that served last are kept.
func (s *Service) MetPublicNode(addrs []string) error {
	return s.store.Update(func(tx Tx) error {
		value, err := tx.Setting(publicNodes)
		if err != nil {
			return err
		}
		old := strings.Fields(value)
		list := append(slices.Clone(addrs), slices.DeleteFunc(slices.Clone(old), func(a string) bool { return slices.Contains(addrs, a) })...)
		list = list[:min(len(list), maxPublicNodes)]
		if slices.Equal(sorted(list), sorted(old)) {
			return nil
		}
		return tx.PutSetting(publicNodes, strings.Join(list, " "))
	})
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
