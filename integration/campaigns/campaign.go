package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/recognize"
)

// campaign is what attackers do after four weeks of peace.
type campaign struct {
	days   int
	rate   func(x *rand.Rand, day int) []time.Duration // when pairs are tried that day; nil: never
	right  float64                                     // share of pairs that are right
	solves bool                                        // every challenge
}

const (
	learnedFor = 28
	// firstStep is the cost of a challenge's first step: 2^18 hashes at five million
	// a second, natively on one core, in seconds.
	firstStep = float64(1<<18) / 5e6
)

// ramp begins with so many pairs a day and raises them by factor each day.
func ramp(first, factor float64) func(*rand.Rand, int) []time.Duration {
	return func(x *rand.Rand, on int) []time.Duration {
		return spread(x, int(math.Round(first*math.Pow(factor, float64(on)))))
	}
}

// drip is a constant rate.
func drip(perHour float64) func(*rand.Rand, int) []time.Duration {
	return func(x *rand.Rand, _ int) []time.Duration { return spread(x, int(math.Round(24*perHour))) }
}

// volleys are n failures at once every so often.
func volleys(n int, every time.Duration) func(*rand.Rand, int) []time.Duration {
	return func(*rand.Rand, int) (list []time.Duration) {
		for at := time.Duration(0); at < day; at += every {
			for i := range n {
				list = append(list, at+time.Duration(i)*time.Second)
			}
		}
		return list
	}
}

func spread(x *rand.Rand, n int) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = time.Duration(x.Float64() * float64(day))
	}
	return list
}

// result is what a campaign came to.
type result struct {
	pairs, right, lost, solved int
	// mode and told are when the attack mode first held and the slow test first
	// told the operator, after the campaign began; negative for never.
	mode, told time.Duration
	people     [kinds]fate
}

type fate struct{ logins, challenged, lost int }

// cost is what solving costs for each account, in CPU seconds.
func (r *result) cost() string {
	if r.lost == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(r.solved)*firstStep/float64(r.lost))
}

// site is a detector with the clock of a run.
type site struct {
	x      *rand.Rand
	d      *detector.Detector
	policy *detector.Policy
	site   *detector.Site
	now    time.Time
	result result
}

var (
	wrong = recognize.Outcome{Result: recognize.Failure, Confidence: 1}
	right = recognize.Outcome{Result: recognize.Success, Confidence: 1}
)

func newSite(seed uint64) (*site, error) {
	s := &site{x: rand.New(rand.NewPCG(seed, 12)), d: detector.New(), now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)} // #nosec G404 -- a simulation
	s.result.mode, s.result.told = -1, -1
	if err := s.d.Open(200_000, make([]byte, 32), func() time.Time { return s.now }); err != nil {
		return nil, fmt.Errorf("opening the detector: %w", err)
	}
	policy, err := detector.NewPolicy(config.Site{Name: "x.test", Mode: config.ModeEnforce}, []string{vpn})
	if err != nil {
		return nil, fmt.Errorf("making the policy: %w", err)
	}
	s.policy, s.site = policy, s.d.Site("x.test")
	return s, nil
}

// run lets n users live for four weeks, then through the campaign.
func run(seed uint64, n int, c campaign) (*result, error) {
	s, err := newSite(seed)
	if err != nil {
		return nil, err
	}
	midnight := s.now
	for on := range learnedFor + c.days {
		s.live(midnight, on-learnedFor, n, c)
		midnight = midnight.Add(day)
	}
	return &s.result, nil
}

// event is a login of a person or, without one, a pair that is tried.
type event struct {
	at     time.Duration
	person *person
}

// live plays one day; campaigns begin with day 0.
func (s *site) live(midnight time.Time, on, n int, c campaign) {
	people := today(s.x, n)
	list := make([]event, 0, n)
	for i := range people {
		list = append(list, event{people[i].at, &people[i]})
	}
	if on >= 0 && c.rate != nil {
		for _, at := range c.rate(s.x, on) {
			list = append(list, event{at: at})
		}
	}
	slices.SortStableFunc(list, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	for _, e := range list {
		s.now = midnight.Add(e.at)
		if e.person != nil {
			s.person(e.person, on >= 0)
			continue
		}
		s.pair(uint(s.x.IntN(n)), c)
		s.look(time.Duration(on)*day + e.at)
	}
	s.look(time.Duration(on)*day + day)
}

// look notes what the operator would see.
func (s *site) look(since time.Duration) {
	if since < 0 || s.result.mode >= 0 && s.result.told >= 0 {
		return
	}
	attack := s.d.Status(s.now)[0].Attack
	if s.result.mode < 0 && !attack.Since.IsZero() {
		s.result.mode = since
	}
	if s.result.told < 0 && !attack.Slow.IsZero() {
		s.result.told = since
	}
}

// try sends an attempt and, if it is let through, learns how it ended.
func (s *site) try(a *detector.Attempt, o recognize.Outcome) config.Answer {
	v := s.d.Admit(s.now, s.policy, s.site, a)
	if v.LetsThrough() {
		s.d.Settle(s.now, s.policy, s.site, a, o)
	}
	return v.Answer
}

// person logs in, solves what is asked and, when refused, tries once more half a
// minute later.
func (s *site) person(p *person, counts bool) {
	source := p.attempt(s.x)
	send := func(credential uint64, o recognize.Outcome, solved bool) config.Answer {
		a := &detector.Attempt{
			Kind: source.Kind, Route: source.Route, Declared: true, Confidence: 1, Client: source.Client,
			Source: source.Source, Identities: source.Identities, Credential: credential, Solved: solved,
		}
		return s.try(a, o)
	}
	asked := false
	enter := func(credential uint64, o recognize.Outcome) bool {
		answer := send(credential, o, false)
		if answer == config.AnswerChallenge {
			asked = true
			s.now = s.now.Add(2 * time.Second)
			answer = send(credential, o, true)
		}
		return answer.LetsThrough()
	}
	if p.wrong {
		enter(source.Credential+s.x.Uint64()|1<<63, wrong)
		s.now = s.now.Add(8 * time.Second)
	}
	in := enter(source.Credential, right)
	if !in {
		s.now = s.now.Add(30 * time.Second)
		in = enter(source.Credential, right)
	}
	if !counts {
		return
	}
	f := &s.result.people[p.kind]
	f.logins++
	if asked {
		f.challenged++
	}
	if !in {
		f.lost++
	}
}

// pair is tried through a fresh proxy, and once more through another one when it is
// refused.
func (s *site) pair(user uint, c campaign) {
	r := &s.result
	r.pairs++
	isRight := s.x.Float64() < c.right
	credential, o := s.x.Uint64()|1<<63, wrong
	if isRight {
		r.right++
		credential, o = rightFor(user), right
	}
	for range 2 {
		a := proxied(s.x, user)
		a.Credential = credential
		answer := s.try(a, o)
		if answer == config.AnswerChallenge && c.solves {
			r.solved++
			again := proxied(s.x, user)
			again.Source, again.Credential, again.Solved = a.Source, credential, true
			answer = s.try(again, o)
		}
		if answer.LetsThrough() {
			if isRight {
				r.lost++
			}
			return
		}
	}
}
