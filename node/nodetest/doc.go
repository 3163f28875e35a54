// Package nodetest runs nodes on a network that exists in memory only, for
// tests in virtual time (testing/synctest): UDP alone, hence QUIC, without loss
// or delay, but machines can be cut off.
package nodetest
