package discovery

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// serviceName is what every Truce node on a network has in common.
	serviceName = "_truce._udp.local."

	// maxPacket is the largest packet parsed, in bytes: ours have at most 1,300
	// and a DNS message from others may share the group with them.
	maxPacket = 1400
	// maxRecords is how many questions or records of a packet are read: more than
	// the 32 of our longest goodbye.
	maxRecords = 40
	// maxInstances is how many instances of a packet are taken: no more fit.
	maxInstances = 4
	// entriesPerString is how many entries fit into a TXT string of 255 bytes.
	entriesPerString = 12

	recordTTL  = 120    // seconds
	cacheFlush = 0x8000 // in the class of a record that has one owner (RFC 6762 section 10.2)
	classMask  = 0x7fff
)

// Errors of parsePacket.
var (
	errPacket = errors.New("discovery: mdns packet")
	errTXT    = errors.New("discovery: mdns txt record")
)

// packet is what a packet on the group says about our service.
type packet struct {
	id        uint16 // of the DNS message
	query     bool   // asks who is there
	instances []instance
	gone      []string // labels of instances that said goodbye
}

var (
	service = dnsmessage.MustNewName(serviceName)

	// marker is in every packet about our service: names are sent in lower
	// case, and the first one in a packet cannot be compressed.
	marker = []byte("\x06_truce\x04_udp\x05local")
)

func randomLabel() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// instanceName returns the DNS name of the instance with that label.
func instanceName(label string) dnsmessage.Name {
	return dnsmessage.MustNewName(label + "." + serviceName)
}

// marshalQuery asks who is there.
func marshalQuery(id uint16) []byte {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: id})
	b.EnableCompression()
	return finish(&b, b.StartQuestions(), b.Question(dnsmessage.Question{
		Name: service, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET,
	}))
}

// marshal announces in.
func (in *instance) marshal() []byte {
	name := instanceName(in.label)
	b := response()
	return finish(&b,
		b.StartAnswers(),
		b.PTRResource(pointer(recordTTL), dnsmessage.PTRResource{PTR: name}),
		b.TXTResource(
			dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET | cacheFlush, TTL: recordTTL},
			dnsmessage.TXTResource{TXT: in.text()}))
}

// marshalGoodbye takes instances back.
func marshalGoodbye(labels []string) []byte {
	b := response()
	errs := []error{b.StartAnswers()}
	for _, l := range labels {
		errs = append(errs, b.PTRResource(pointer(0), dnsmessage.PTRResource{PTR: instanceName(l)}))
	}
	return finish(&b, errs...)
}

func response() dnsmessage.Builder {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{Response: true, Authoritative: true})
	b.EnableCompression()
	return b
}

// pointer is the header of the record that leads from the service to an instance.
func pointer(ttl uint32) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: service, Class: dnsmessage.ClassINET, TTL: ttl}
}

// finish returns the message. The errors are those of building it, which our
// own names and sizes cannot cause.
func finish(b *dnsmessage.Builder, errs ...error) []byte {
	msg, err := b.Finish()
	if err := errors.Join(append(errs, err)...); err != nil {
		panic(fmt.Sprintf("discovery: building an mdns packet: %v", err))
	}
	return msg
}

// text returns the strings of the TXT record.
func (in *instance) text() []string {
	out := []string{"s=" + string(in.salt[:]), "b=" + string(in.body[:])}
	for i := 0; i < len(in.entries); i += entriesPerString {
		s := []byte{'e', byte('0' + i/entriesPerString), '='}
		for _, e := range in.entries[i:min(i+entriesPerString, len(in.entries))] {
			s = append(s, e[:]...)
		}
		out = append(out, string(s))
	}
	return out
}

// parseText is the inverse of text and takes nothing else.
func parseText(label string, txt []string) (instance, error) {
	in := instance{label: label}
	if len(txt) < 3 || !field(txt[0], "s=", in.salt[:]) || !field(txt[1], "b=", in.body[:]) {
		return instance{}, errTXT
	}
	for i, s := range txt[2:] {
		v, ok := strings.CutPrefix(s, string([]byte{'e', byte('0' + i), '='}))
		if !ok || len(v) == 0 || len(v)%entrySize != 0 || len(v) > entriesPerString*entrySize ||
			len(in.entries) != i*entriesPerString || len(in.entries)+len(v)/entrySize > maxEntries {
			return instance{}, errTXT
		}
		for ; v != ""; v = v[entrySize:] {
			in.entries = append(in.entries, entry([]byte(v[:entrySize])))
		}
	}
	if len(in.entries)%entryStep != 0 {
		return instance{}, errTXT
	}
	return in, nil
}

// field copies the value of a "key=value" string of exactly len(dst) bytes.
func field(s, key string, dst []byte) bool {
	v, ok := strings.CutPrefix(s, key)
	return ok && len(v) == len(dst) && copy(dst, v) == len(dst)
}

// parsePacket reads what a packet says about our service; nothing is no error.
func parsePacket(b []byte) (packet, error) {
	if len(b) > maxPacket {
		return packet{}, errPacket
	}
	if !bytes.Contains(b, marker) {
		return packet{}, nil
	}
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil || h.OpCode != 0 || h.RCode != 0 || h.Truncated && h.Response {
		return packet{}, errPacket
	}
	out := packet{id: h.ID}
	if !h.Response {
		err = out.parseQuery(&p)
	} else {
		err = out.parseResponse(&p)
	}
	if err != nil {
		return packet{}, err
	}
	return out, nil
}

func (out *packet) parseQuery(p *dnsmessage.Parser) error {
	for range maxRecords {
		q, err := p.Question()
		switch {
		case errors.Is(err, dnsmessage.ErrSectionDone):
			return nil
		case err != nil:
			return errPacket
		}
		if q.Name == service && q.Class&classMask == dnsmessage.ClassINET &&
			(q.Type == dnsmessage.TypePTR || q.Type == dnsmessage.TypeALL) {
			out.query = true
		}
	}
	return errPacket
}

func (out *packet) parseResponse(p *dnsmessage.Parser) error {
	if p.SkipAllQuestions() != nil {
		return errPacket
	}
	for range maxRecords {
		h, err := p.AnswerHeader()
		switch {
		case errors.Is(err, dnsmessage.ErrSectionDone):
			return nil
		case err != nil:
			return errPacket
		}
		if err := out.parseRecord(p, h); err != nil {
			return err
		}
	}
	return errPacket
}

func (out *packet) parseRecord(p *dnsmessage.Parser, h dnsmessage.ResourceHeader) error {
	label, named := labelOf(h.Name)
	ours := h.Class&classMask == dnsmessage.ClassINET
	switch {
	case ours && h.Type == dnsmessage.TypePTR && h.Name == service && h.TTL == 0:
		r, err := p.PTRResource()
		if err != nil {
			return errPacket
		}
		if label, ok := labelOf(r.PTR); ok {
			out.gone = append(out.gone, label)
		}
	case ours && h.Type == dnsmessage.TypeTXT && named && h.TTL != 0:
		r, err := p.TXTResource()
		if err != nil || len(out.instances) == maxInstances {
			return errPacket
		}
		in, err := parseText(label, r.TXT)
		if err != nil {
			return err
		}
		out.instances = append(out.instances, in)
	default:
		if p.SkipAnswer() != nil {
			return errPacket
		}
	}
	return nil
}

// labelOf returns the label of an instance's name.
func labelOf(n dnsmessage.Name) (string, bool) {
	l, ok := strings.CutSuffix(n.String(), "."+serviceName)
	return l, ok && l != "" && len(l) <= 63 && !strings.Contains(l, ".")
}
