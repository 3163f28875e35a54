package config_test

import (
	"fmt"
	"testing"

	"github.com/truce-im/truce/cmd/internal/config"
)

func TestMetricsAddr(t *testing.T) {
	for text, want := range map[string]string{
		"9464": "127.0.0.1:9464 true", ":9464": "127.0.0.1:9464 true", "127.0.0.1:0": "127.0.0.1:0 true",
		"[::1]:9464": "[::1]:9464 true", "localhost:9464": "localhost:9464 true",
		"0.0.0.0:9464": "0.0.0.0:9464 false", "[::]:9464": "[::]:9464 false", "box.lan:9464": "box.lan:9464 false",
		"": "error", ":": "error", "box.lan": "error", "box.lan:": "error", "1.2.3.4": "error", "99999": "error",
		":-1": "error", "http://localhost:9464": "error", "[::1": "error", "::1": "error",
	} {
		addr, local, err := config.MetricsAddr(text)
		got := fmt.Sprint(addr, " ", local)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
}
