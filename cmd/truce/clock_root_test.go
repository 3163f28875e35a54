//go:build root && linux

package main_test

import (
	"fmt"
	"slices"
	"testing"
)

// Of two people one has a clock that was never set, the other one that is far
// ahead. They find each other, become contacts and talk; their device lists are
// dated as their clocks are. Clocks jump while the nodes run and are linked.
func TestRootClocks(t *testing.T) {
	years := []int{1970, 2099, 0} // 0: right
	for _, a := range years {
		for _, b := range years {
			if a == b {
				continue
			}
			t.Run(fmt.Sprintf("%d and %d", a, b), func(t *testing.T) {
				ann, ben := pair(t)
				clockA, clockB := ann.skewable(), ben.skewable()
				clockA.year(a)
				clockB.year(b)
				ann.start()
				ben.start()
				befriend(ann, ben)
				n := 0
				talk := func() {
					t.Helper()
					for _, x := range [][2]*machine{{ann, ben}, {ben, ann}} {
						n++
						x[0].must("send", x[1].name, fmt.Sprint(n), "--wait", "30s")
					}
					alike(t, ann, ben, n/2)
				}
				talk()
				clockA.year(b)
				clockB.year(a)
				talk()
				ann.stop() // a new start, a new hello
				ann.start()
				talk()
			})
		}
	}
}

// alike checks that both have what each of the two wrote, n messages, in the
// order of writing. Between the two the order is a matter of clocks.
func alike(t *testing.T, a, b *machine, n int) {
	t.Helper()
	ids := func(m, of *machine, direction string) (list []string) {
		for _, r := range history(m, of) {
			if r.Direction == direction {
				list = append(list, r.ID)
			}
		}
		return list
	}
	for _, x := range [][2]*machine{{a, b}, {b, a}} {
		out, in := ids(x[0], x[1], "out"), ids(x[1], x[0], "in")
		if len(out) != n || !slices.Equal(out, in) {
			t.Errorf("%s wrote %d messages of %d, %s has %d, equal: %v", x[0].name, len(out), n, x[1].name, len(in), slices.Equal(out, in))
		}
	}
}
