package replay

import (
	"container/heap"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// Player runs a detector over lines in the order of their times.
type Player struct {
	detector *detector.Detector
	policy   *detector.Policy
	site     *detector.Site
	open     bool // learn every outcome as it happened
	now      time.Time
	flights  flights
	seq      int
	most     int // flights
	// landed is told of every line whose outcome is known, also of those that
	// were refused. nil: nobody wants to know.
	landed func(*Line, *Verdict, recognize.Outcome)
}

// Options of a Player.
type Options struct {
	App  config.App
	Site config.Site
	// Open learns outcomes also of attempts that the verdict stops: the past
	// happened. Otherwise they never reached the app.
	Open bool
}

// New makes a player. Without an explicit mode it enforces: a replay asks what
// would happen, not what a gentle start would let pass. Keys are random unless
// the configuration has a secret.
func New(o Options) (*Player, error) {
	o.App = o.App.WithDefaults()
	if o.Site.Mode == config.ModeGraduated {
		o.Site.Mode = config.ModeEnforce
	}
	if o.Site.Name == "" {
		o.Site.Name = "replay"
	}
	policy, err := detector.NewPolicy(o.Site, append(o.App.Lists(), "vpn", "datacenter"))
	if err != nil {
		return nil, err
	}
	secret := []byte(o.App.Secret)
	if len(secret) < 32 {
		secret = make([]byte, 32)
		_, _ = rand.Read(secret) // never fails since Go 1.24
	}
	p := &Player{detector: detector.New(), policy: policy, open: o.Open, most: maxFlights}
	if err := p.detector.Open(o.App.MaxTracked, secret, func() time.Time { return p.now }); err != nil {
		return nil, err
	}
	p.site = p.detector.Site(o.Site.Name)
	return p, nil
}

// Line is one line of history, whatever format it came in.
type Line struct {
	Time       time.Time
	Kind       config.Kind // KindNone: no attempt
	Route      string
	Addr       netip.Addr
	Identities []identity.Identity
	Ambiguous  bool
	Credential string
	Device     string
	Lists      []string
	ASN        uint32
	Country    string
	UserAgent  string
	// Solved tells that the client solved the challenge its last try met.
	Solved  bool
	Basic   bool
	Outcome recognize.Outcome
	Latency time.Duration
	// Late, when not nil, is the outcome as it stands when it is due: what
	// follows in a log may have changed it.
	Late *recognize.Outcome
	// Probe is scored and neither learned nor counted.
	Probe bool
}

// Verdict is the answer to a line.
type Verdict struct {
	Verdict   config.Answer    `json:"verdict"`
	Rule      string           `json:"rule"`
	Detection config.Detection `json:"detection"`
	Score     float64          `json:"score"`
	reason    string
	account   identity.Pseudonym // of the first identity, zero without any
	seen      bool               // it has logged in before
	fate      *fate              // shared by all copies; nil when nobody wants to know
}

// fate is what is learned of a refused attempt later.
type fate struct{ incident *incident }

// Play advances the clock to the line and decides. Time must not run
// backwards; equal times keep their order.
func (p *Player) Play(l Line) (Verdict, error) {
	if l.Time.Before(p.now) {
		return Verdict{}, fmt.Errorf("time runs backwards: %s after %s; sort the lines", l.Time.Format(time.RFC3339Nano), p.now.Format(time.RFC3339Nano))
	}
	p.land(l.Time)
	p.now = l.Time
	if l.Kind == config.KindNone {
		return Verdict{Verdict: config.AnswerAllow}, nil
	}
	a := p.attempt(l)
	if l.Probe {
		return Verdict{Verdict: config.AnswerAllow, Score: p.detector.Score(p.now, p.policy, p.site, a)}, nil
	}
	v := p.detector.Admit(p.now, p.policy, p.site, a)
	answer := v.Answer
	if p.policy.Site().Mode == config.ModeObserve && v.Would != "" {
		answer = v.Would
	}
	told := Verdict{
		Verdict: answer, Rule: v.Rule, Detection: v.Detection, reason: v.Reason.String(), account: a.Pseudonym(), seen: p.detector.Seen(a),
		Score: p.detector.Score(p.now, p.policy, p.site, a),
	}
	if p.landed != nil && !answer.LetsThrough() {
		told.fate = new(fate)
	}
	if answer == config.AnswerDelay {
		l.Latency += v.Wait // so long it does not reach the app
	}
	p.depart(l, a, told, v.LetsThrough() || p.open)
	return told, nil
}

// depart puts an attempt on its way. One that is refused and learned nothing
// from is followed only if somebody wants to know how it would have ended.
func (p *Player) depart(l Line, a *detector.Attempt, v Verdict, learned bool) {
	if !learned && p.landed == nil {
		return
	}
	p.seq++
	f := flight{due: l.Time.Add(l.Latency), seq: p.seq, outcome: l.Outcome, late: l.Late}
	if learned {
		f.attempt = a
	}
	if p.landed != nil {
		f.told = &toldLine{l, v}
	}
	heap.Push(&p.flights, f)
	if len(p.flights) > p.most {
		p.arrive(heap.Pop(&p.flights).(flight), p.now)
	}
}

func (p *Player) attempt(l Line) *detector.Attempt {
	a := &detector.Attempt{
		Time: l.Time, Kind: l.Kind, Route: l.Route, Declared: true,
		Source:     detector.Source{Addr: l.Addr, Peer: l.Addr, Lists: l.Lists, ASN: l.ASN},
		Identities: l.Identities, Ambiguous: l.Ambiguous, Basic: l.Basic, Confidence: 1,
		Solved: l.Solved,
	}
	if len(l.Country) == 2 {
		a.Source.Country = [2]byte{l.Country[0], l.Country[1]}
	}
	a.UserAgent = detector.AgentTag(l.UserAgent)
	if a.Route == "" {
		a.Route = string(l.Kind)
	}
	if l.Credential != "" {
		a.Credential = uint64(p.site.Keys().Fingerprint([][]byte{[]byte(l.Credential)}))
	}
	if l.Device != "" {
		client := p.site.Keys().Pseudonym(identity.New(identity.Pair{Key: "client", Value: l.Device}))
		a.Client = binary.LittleEndian.Uint64(client[:]) | 1
	}
	return a
}

// land learns the outcomes that were due before now.
func (p *Player) land(now time.Time) {
	for len(p.flights) > 0 && !p.flights[0].due.After(now) {
		f := heap.Pop(&p.flights).(flight)
		p.arrive(f, f.due)
	}
}

// End learns the outcomes of the attempts that are still in flight.
func (p *Player) End() {
	for len(p.flights) > 0 {
		p.land(p.flights[0].due)
	}
}

func (p *Player) arrive(f flight, at time.Time) {
	if f.late != nil {
		f.outcome = *f.late
	}
	if f.attempt != nil {
		p.detector.Settle(at, p.policy, p.site, f.attempt, f.outcome)
	}
	if f.told != nil {
		p.landed(&f.told.line, &f.told.verdict, f.outcome)
	}
}

// maxFlights bounds how many attempts are in flight. Beyond it those that are
// due first are answered early: three hundred a second for ten minutes.
const maxFlights = 180_000

// flight is an attempt the app has not answered yet.
type flight struct {
	due     time.Time
	seq     int
	attempt *detector.Attempt // nil when it never reached the app
	outcome recognize.Outcome
	late    *recognize.Outcome
	told    *toldLine
}

type toldLine struct {
	line    Line
	verdict Verdict
}

// flights is a heap by due time, then by order of departure.
type flights []flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	if f[i].due.Equal(f[j].due) {
		return f[i].seq < f[j].seq
	}
	return f[i].due.Before(f[j].due)
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}
