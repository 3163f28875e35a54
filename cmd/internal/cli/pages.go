package cli

import (
	"bytes"
	"context"

	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/cmd/internal/welcome"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
	"github.com/truce-im/truce/node/keyfile"
)

// pages is the first run in full screen.
type pages struct {
	app    *app
	screen *screen
	opt    welcome.Options
	pass   []byte // of the new home, until its words are shown
}

func (p *pages) ask(ctx context.Context, cfg *node.Config) (seen bool, err error) {
	if cfg.Protect, err = given(p.app.passFile, passphraseEnv); err != nil {
		return false, err
	}
	p.opt = welcome.Options{
		In: p.screen.in, Out: p.screen.out,
		CheckName: wire.CheckName, CheckPassphrase: keyfile.CheckPassphrase,
		AskPassphrase: cfg.Protect == nil, AskNearby: !cfg.NoMDNS,
	}
	answers, err := welcome.Ask(ctx, p.opt)
	if err != nil {
		return false, err
	}
	cfg.Name = answers.Name
	if p.opt.AskPassphrase {
		cfg.Protect = answers.Passphrase
	}
	p.pass = bytes.Clone(cfg.Protect)
	return answers.Nearby, nil
}

// show forgets the passphrase.
func (p *pages) show(ctx context.Context, c *client.Client) (err error) {
	defer clear(p.pass)
	p.opt.Words, err = node.Phrase(p.app.home, func() ([]byte, error) { return p.pass, nil })
	if err != nil {
		return err
	}
	return welcome.Show(ctx, c, p.opt)
}
