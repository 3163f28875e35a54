package keyfile_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/truce-im/truce/node/keyfile"
)

var secret = [32]byte(bytes.Repeat([]byte{0xa7, 0x31}, 16))

func lock(t testing.TB, pass string) *keyfile.Lock {
	t.Helper()
	l, err := keyfile.NewLock([]byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func seal(t testing.TB, l *keyfile.Lock, k keyfile.Kind) string {
	t.Helper()
	b, err := l.Seal(k, secret)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(t testing.TB, text string) keyfile.File {
	t.Helper()
	f, err := keyfile.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return f
}

func TestPlain(t *testing.T) {
	for _, text := range []string{
		seal(t, nil, keyfile.Data),
		"truce key v1 data plain\n" + hex.EncodeToString(secret[:]) + "\n",
		hex.EncodeToString(secret[:]) + "\n", // as the first homes have it
		hex.EncodeToString(secret[:]),
	} {
		f := parse(t, text)
		if got, err := f.Open(keyfile.Data, nil); got != secret || err != nil || f.Sealed() {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
}

func TestSealed(t *testing.T) {
	l := lock(t, "correct horse")
	data, account := parse(t, seal(t, l, keyfile.Data)), parse(t, seal(t, l, keyfile.Account))
	if !data.Sealed() || !data.Together(account) {
		t.Error("they are not sealed together")
	}
	again, err := account.Lock([]byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*keyfile.Lock{l, again} {
		if got, err := data.Open(keyfile.Data, l); got != secret || err != nil {
			t.Errorf("data: %x, %v", got, err)
		}
		if got, err := account.Open(keyfile.Account, l); got != secret || err != nil {
			t.Errorf("account: %x, %v", got, err)
		}
	}
	wrong, err := data.Lock([]byte("correct horse "))
	if err != nil {
		t.Fatal(err)
	}
	other := parse(t, seal(t, lock(t, "correct horse"), keyfile.Data))
	if data.Together(other) {
		t.Error("two locks have one salt")
	}
	for name, l := range map[string]*keyfile.Lock{"wrong": wrong, "none": nil, "of the account alone": l.Only(keyfile.Account)} {
		if got, err := data.Open(keyfile.Data, l); err == nil || got != [32]byte{} {
			t.Errorf("a lock that is %s opens it: %v", name, err)
		}
	}
	if _, err := data.Open(keyfile.Data, wrong); !errors.Is(err, keyfile.ErrPassphrase) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, err := data.Open(keyfile.Account, l); err == nil {
		t.Error("the data key is taken for the account's")
	}
	if _, err := data.Open(keyfile.Data, l.Only(keyfile.Data)); err != nil {
		t.Errorf("the lock of the data key alone: %v", err)
	}
	if a, b := seal(t, l, keyfile.Data), seal(t, l, keyfile.Data); a == b {
		t.Error("a nonce is used twice")
	}
}

// Files that were written stay readable.
func TestGolden(t *testing.T) {
	const text = "truce key v1 data argon2id t=3 m=65536 p=4 salt=db7ed8673246dd4c151ee139430db260\n" +
		"c29baeeb4dac1145d5fd5b57505b7698c56deacbc54cf065538ec09f527cb244af9c7059fb90b8bf9b0f531633cf631b8fa02e697c2340aee3b5d22d\n"
	f := parse(t, text)
	l, err := f.Lock([]byte("pässword"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Open(keyfile.Data, l); got != secret || err != nil {
		t.Errorf("%x, %v", got, err)
	}
}

// header is a well-formed file that asks for so much.
func header(time, memory, threads any) string {
	return fmt.Sprintf("truce key v1 data argon2id t=%v m=%v p=%v salt=%s\n%s\n", time, memory, threads,
		strings.Repeat("5a", 16), strings.Repeat("00", 60))
}

func TestHostileHeaders(t *testing.T) {
	parse(t, header(16, 1<<20, 16))
	parse(t, header(1, 8, 1))
	for _, text := range []string{
		header(0, 65536, 4), header(17, 65536, 4), header(uint32(1<<32-1), 65536, 4), header("99999999999", 65536, 4),
		header(3, 0, 4), header(3, 31, 4), header(3, 1<<20+1, 4), header(3, uint32(1<<32-1), 4), header(3, 1<<33, 4),
		header(3, 65536, 0), header(3, 65536, 17), header(3, 65536, 256), header(-3, 65536, 4),
		header("03", 65536, 4), header("+3", 65536, 4), header("0x3", 65536, 4), header("3 ", 65536, 4),
	} {
		if _, err := keyfile.Parse([]byte(text)); !errors.Is(err, keyfile.ErrDamaged) {
			t.Errorf("%v of\n%s", err, text)
		}
	}
}

func TestDamaged(t *testing.T) {
	l := lock(t, "p")
	sealed, plain := seal(t, l, keyfile.Data), seal(t, nil, keyfile.Data)
	for name, text := range map[string]string{
		"empty":        "",
		"cut":          sealed[:len(sealed)-1],
		"longer":       sealed + "\n",
		"plain cut":    plain[:len(plain)-3],
		"upper case":   strings.ToUpper(plain),
		"carriage":     strings.ReplaceAll(sealed, "\n", "\r\n"),
		"other kind":   strings.Replace(plain, "data", "devil", 1),
		"no kind":      strings.Replace(plain, "data ", "", 1),
		"sealed plain": strings.Replace(sealed, sealed[18:strings.Index(sealed, "\n")], "plain", 1),
		"huge":         plain + strings.Repeat("0", keyfile.MaxSize),
		"old cut":      plain[30:60],
	} {
		if _, err := keyfile.Parse([]byte(text)); !errors.Is(err, keyfile.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	newer := strings.Replace(sealed, "v1", "v2", 1)
	if _, err := keyfile.Parse([]byte(newer)); !errors.Is(err, keyfile.ErrNewer) {
		t.Errorf("newer: %v", err)
	}
}

// Nothing under the seal can be changed: kind, cost, salt, nonce, secret.
func TestEveryBitCounts(t *testing.T) {
	l := lock(t, "p")
	text := []byte(seal(t, l, keyfile.Data))
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		f, err := keyfile.Parse(changed)
		if err != nil {
			continue
		}
		if _, err := f.Open(keyfile.Data, l); err == nil {
			t.Errorf("byte %d can be changed:\n%s", i, changed)
		}
	}
}

func TestPassphrases(t *testing.T) {
	for text, want := range map[string]bool{
		"x": true, "correct horse battery staple": true, "pässword 🕊": true,
		strings.Repeat("x", keyfile.MaxPassphrase): true,
		"":           false,
		"two\nlines": false, "cr\r": false, "nul\x00": false, "\xff\xfe": false,
		strings.Repeat("x", keyfile.MaxPassphrase+1): false,
	} {
		err := keyfile.CheckPassphrase([]byte(text))
		if (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil {
			if _, err := keyfile.NewLock([]byte(text)); err == nil {
				t.Errorf("%q makes a lock", text)
			}
		}
	}
}

// What is parsed has one spelling, and asks for no more than the bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(seal(f, nil, keyfile.Account)))
	f.Add([]byte(seal(f, nil, keyfile.Data)))
	f.Add([]byte(header(3, 65536, 4)))
	f.Add([]byte(hex.EncodeToString(secret[:]) + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := keyfile.Parse(b)
		if err != nil {
			if file.Sealed() {
				t.Error("a file that was refused is half there")
			}
			return
		}
		if !bytes.HasPrefix(b, []byte("truce key")) {
			return
		}
		keyfile.Check(t, file, b)
	})
}
