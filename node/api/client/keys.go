package client

import (
	"context"
	"io"
	"net/http"
)

// PassphraseRequest sets the passphrase of the home to New. Old is the present
// one, empty if there is none; an empty New removes it.
type PassphraseRequest struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// Protection tells whether a passphrase protects the home.
type Protection struct {
	Protected bool `json:"protected"`
}

// SetPassphrase sets, changes or removes the passphrase of the home.
func (c *Client) SetPassphrase(ctx context.Context, in PassphraseRequest) (out Protection, err error) {
	return out, c.post(ctx, &out, "/v1/passphrase", in)
}

// Backup writes a backup of the whole home to w. After an error what was written
// is torn.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	res, err := c.send(ctx, http.MethodGet, "/v1/backup", nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	from := &body{Reader: res.Body}
	_, err = io.Copy(w, from)
	if from.err != nil {
		return unreachable(ctx, from.err)
	}
	return err
}

// body keeps the error of reading apart from that of writing.
type body struct {
	io.Reader
	err error
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
