package link

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// Config says what a Manager works with. Host and Chat must be there.
type Config struct {
	Host host.Host
	Chat *chat.Service
	Log  *slog.Logger // nil: nothing is logged

	// Up is told of every session that begins, Down of an account's last session
	// ending, and how long that was open. They must not block. nil: nobody is told.
	Up   func(wire.Account)
	Down func(a wire.Account, lasted time.Duration)

	// Bars tells whether a session with an account must not be on that connection. nil:
	// any may.
	Bars func(wire.Account, network.Conn) bool

	// AccountKey gets the account's key where it can be had, for a new device
	// key when a contact shows that this home is an old copy. nil: never.
	AccountKey chat.AccountKey

	// Wanted is told of an account for which something new waits while no
	// session with it is open. It must not block.
	Wanted func(wire.Account)

	// Courier has what goes on sessions beside messages. nil: nothing does.
	Courier Courier
}

// Manager keeps the sessions of one host. It is safe for concurrent use.
type Manager struct {
	cfg  Config
	host host.Host
	chat *chat.Service
	log  *slog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	places *places
	guests *visitors
	paths  *network.NotifyBundle

	mu       sync.Mutex
	closing  bool
	greeting map[peer.ID]chan struct{} // hellos of ours under way; closed when over
	sessions map[wire.Account]map[wire.Device][]*session
	bulks    map[peer.ID]int // bulk streams that peers have opened
}

// New makes a Manager. It does nothing before Start.
func New(cfg Config) *Manager {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Manager{
		cfg: cfg, host: cfg.Host, chat: cfg.Chat, log: cfg.Log,
		places:   newPlaces(),
		greeting: map[peer.ID]chan struct{}{},
		sessions: map[wire.Account]map[wire.Device][]*session{},
		bulks:    map[peer.ID]int{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.paths = &network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) { m.connected(c) }}
	return m
}

// Start begins to answer hellos on the host; only then may Up and the other
// functions of Config be called.
func (m *Manager) Start() {
	if err := m.places.load(m.chat); err != nil {
		m.log.Warn("cannot tell where contacts were", "error", err)
	}
	m.guests = newVisitors(m.host, m.places.knows)
	m.host.SetStreamHandler(wire.LinkProtocol, m.accept)
	m.host.SetStreamHandler(wire.BulkProtocol, m.acceptBulk)
	m.host.Network().Notify(m.paths)
	m.wg.Go(m.poke)
	m.wg.Go(m.restart)
}

// Close says goodbye on every session and waits until all have ended. A Manager
// that was never started may be closed too.
func (m *Manager) Close() {
	m.host.RemoveStreamHandler(wire.LinkProtocol)
	m.host.RemoveStreamHandler(wire.BulkProtocol)
	m.host.Network().StopNotify(m.paths)
	m.mu.Lock()
	m.closing = true
	for _, s := range m.all() {
		s.end(wire.ByeStop)
	}
	m.mu.Unlock()
	m.cancel()
	m.wg.Wait()
	if m.guests != nil { // it was started
		m.guests.close()
	}
}

// accept is the stream handler: a hello that somebody else began.
func (m *Manager) accept(s network.Stream) {
	if m.begin() != nil {
		s.Reset()
		return
	}
	defer m.wg.Done()
	if !m.places.enter(s.Conn()) {
		s.Reset()
		return
	}
	stop := context.AfterFunc(m.ctx, func() { s.Reset() })
	g, err := m.answer(s)
	stop()
	m.places.leave(peerOf(s))
	if errors.Is(err, chat.ErrRetired) {
		m.showRetired(s, g.account)
	}
	if err != nil {
		m.log.Debug("hello refused", "peer", peerOf(s), "reason", err)
		s.Reset()
		return
	}
	if err := m.serve(s, g); err != nil {
		m.log.Info("link refused", "peer", peerOf(s), "reason", err)
		s.Reset()
	}
}

// showRetired tells a device of a contact, after a whole hello, that it is not
// on the account's newest list: it may be a copy that does not know (rule 13).
func (m *Manager) showRetired(s network.Stream, a wire.Account) {
	if list := m.chat.ListOf(a); list != nil {
		sendHello(s, wire.Devices{Type: wire.FrameDevices, List: list})
		s.CloseWrite()
		s.SetReadDeadline(time.Now().Add(helloTimeout))
		io.Copy(io.Discard, io.LimitReader(s, wire.MaxFrame)) // until the peer has read it, and ends its side
	}
}

// begin counts the caller in for Close to wait, unless it is too late.
func (m *Manager) begin() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return ErrClosed
	}
	m.wg.Add(1)
	return nil
}

// ErrClosed is returned by Dial on a Manager that was closed.
var ErrClosed = errors.New("the node is closing")

// Dial connects to a peer and says hello to it as one of the accounts, which
// may be several if it is not known which of them is there. It returns once a
// session is open, and whose it is; at once if there is one with that peer, unless
// that goes over a relay and p names another way.
func (m *Manager) Dial(ctx context.Context, p peer.AddrInfo, accounts ...wire.Account) (wire.Account, error) {
	a, over := m.linkedTo(p.ID, accounts)
	if over == directly || over == byRelay && !slices.ContainsFunc(p.Addrs, direct) {
		return a, nil
	}
	if err := m.begin(); err != nil {
		return wire.Account{}, err
	}
	defer m.wg.Done()
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	defer context.AfterFunc(m.ctx, cancel)()
	if over == byRelay {
		ctx = network.WithForceDirectDial(ctx, "link")
	} else {
		ctx = network.WithAllowLimitedConn(ctx, "link")
	}
	if err := m.host.Connect(ctx, p); err != nil {
		return wire.Account{}, err
	}
	return m.hail(ctx, p.ID, accounts, over)
}

// hail says hello to a connected peer, unless there is a session with it by now that
// is better than the one before.
func (m *Manager) hail(ctx context.Context, p peer.ID, accounts []wire.Account, before path) (wire.Account, error) {
	done, err := m.turn(ctx, p)
	if err != nil {
		return wire.Account{}, err
	}
	defer done()
	if a, over := m.linkedTo(p, accounts); over > before {
		return a, nil
	}
	return m.dialStreams(ctx, p, accounts)
}

// turn waits until nobody else greets the peer, and keeps others from it until
// done is called: of two hellos at once the second would be refused.
func (m *Manager) turn(ctx context.Context, p peer.ID) (done func(), err error) {
	mine := make(chan struct{})
	for {
		m.mu.Lock()
		other := m.greeting[p]
		if other == nil {
			m.greeting[p] = mine
		}
		m.mu.Unlock()
		if other == nil {
			break
		}
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return func() {
		m.mu.Lock()
		delete(m.greeting, p)
		m.mu.Unlock()
		close(mine)
	}, nil
}

// dialStreams says hello, on one stream for every wire.MaxTags proofs.
func (m *Manager) dialStreams(ctx context.Context, p peer.ID, accounts []wire.Account) (a wire.Account, err error) {
	var proofs []chat.Proof
	for _, a := range accounts {
		more, err := m.chat.ProofsFor(a)
		if err != nil {
			return a, err
		}
		proofs = append(proofs, more...)
	}
	err = ErrNoRelation
	for len(proofs) > 0 && errors.Is(err, ErrNoRelation) {
		n := min(len(proofs), wire.MaxTags)
		a, err = m.dialStream(ctx, p, proofs[:n])
		proofs = proofs[n:]
	}
	return a, err
}

func (m *Manager) dialStream(ctx context.Context, p peer.ID, proofs []chat.Proof) (wire.Account, error) {
	conns, began := m.host.Network().ConnsToPeer(p), time.Now()
	s, err := m.host.NewStream(ctx, p, wire.LinkProtocol)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && time.Since(began) >= helloTimeout {
			m.closeUnused(conns)
		}
		return wire.Account{}, err
	}
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	g, err := m.greet(s, proofs)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = m.serve(s, g)
	}
	if err != nil {
		s.Reset()
		if errors.Is(err, errDead) {
			m.closeUnused([]network.Conn{s.Conn()})
		}
		return wire.Account{}, err
	}
	return g.account, nil
}

// closeUnused closes those connections on which there is no session, after
// silence on one of them: the next dial would take it again.
func (m *Manager) closeUnused(conns []network.Conn) {
	for _, c := range conns {
		if !m.linkedOn(c) {
			c.Close()
		}
	}
}

// path is over what somebody is linked, the better the higher.
type path int

const (
	unlinked path = iota
	byRelay
	directly
)

// linkedTo returns which of the accounts is linked with that peer, and how.
func (m *Manager) linkedTo(p peer.ID, accounts []wire.Account) (who wire.Account, over path) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range accounts {
		for _, list := range m.sessions[a] {
			for _, s := range list {
				if s.peer == p && !s.ending() && s.path() > over {
					who, over = a, s.path()
				}
			}
		}
	}
	return who, over
}

// Linked reports whether a session with a is open.
func (m *Manager) Linked(a wire.Account) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sessions[a]) > 0
}

// Direct reports whether a session with a is open that goes over no relay.
func (m *Manager) Direct(a wire.Account) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, list := range m.sessions[a] {
		if slices.ContainsFunc(list, func(s *session) bool { return s.path() == directly }) {
			return true
		}
	}
	return false
}

// Probe asks every peer whether it is still there, and ends the sessions of
// those that do not answer soon. Call it when the network has changed.
func (m *Manager) Probe() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.all() {
		s.probe()
	}
}

// poke tells sessions of what moved in their conversation.
func (m *Manager) poke() {
	for {
		moves := m.chat.Moves()
		for _, a := range m.chat.TakeMoves() {
			if m.drop(a) {
				continue
			}
			if !m.signal(a) && m.cfg.Wanted != nil {
				m.cfg.Wanted(a)
			}
		}
		select {
		case <-moves:
		case <-m.ctx.Done():
			return
		}
	}
}

var errBarred = errors.New("the contact was blocked")

// drop ends the sessions with a without a word if a is blocked, as a crash
// would, and reports whether that is so. Somebody removed loses the place of a
// contact, too.
func (m *Manager) drop(a wire.Account) bool {
	c, err := m.chat.Contact(a)
	if err != nil || c.Relation != chat.Blocked && c.Relation != chat.Gone {
		return false
	}
	m.places.forget(a)
	if c.Relation != chat.Blocked {
		return false // who was removed is told first
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, list := range m.sessions[a] {
		for _, s := range list {
			s.kill(errBarred)
		}
	}
	return true
}

// restart ends all sessions when the device key has changed: they speak for the
// old one.
func (m *Manager) restart() {
	renewed := m.chat.Renewed()
	for {
		select {
		case <-renewed:
		case <-m.ctx.Done():
			return
		}
		renewed = m.chat.Renewed() // before the look: none is missed
		m.mu.Lock()
		for _, s := range m.all() {
			s.end(wire.ByeStop)
		}
		m.mu.Unlock()
	}
}

// signal wakes the sessions with a, and reports whether there are any.
func (m *Manager) signal(a wire.Account) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, list := range m.sessions[a] {
		for _, s := range list {
			s.signal()
		}
	}
	return len(m.sessions[a]) > 0
}

// all returns every session. The caller holds mu.
func (m *Manager) all() (list []*session) {
	for _, devices := range m.sessions {
		for _, sessions := range devices {
			list = append(list, sessions...)
		}
	}
	return list
}

// Info is one open session.
type Info struct {
	Peer    peer.ID
	Account wire.Account
	Conn    network.Conn
	RTT     time.Duration // newest; 0: not measured
	Ahead   time.Duration // how far their clock was ahead of ours at the hello, give or take a round trip
	Out     bool          // opened by us
	Guest   bool          // of nobody whom I want as a contact
}

// Sessions returns all open sessions.
func (m *Manager) Sessions() (list []Info) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.all() {
		list = append(list, Info{s.peer, s.who.account, s.stream.Conn(), time.Duration(s.rtt.Load()), s.who.ahead, s.who.initiator, s.guest.Load()})
	}
	return list
}

// linkedOn reports whether a session is open on the connection.
func (m *Manager) linkedOn(c network.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.all(), func(s *session) bool { return s.stream.Conn() == c })
}
