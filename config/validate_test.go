package config

import (
	"strings"
	"testing"
	"time"
)

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v; want it to say %q", err, want)
	}
}

func TestAppValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		app  App
		want string
	}{
		{"zero value", App{}, ""},
		{"defaults", App{}.WithDefaults(), ""},
		{"secret of 32 bytes", App{Secret: Secret(strings.Repeat("s", 32))}, ""},
		{"secret of 31 bytes", App{Secret: Secret(strings.Repeat("s", 31))}, "write at least 32"},
		{"placeholder", App{Secret: "{env.X}", PreviousSecret: "{file./x}"}, ""},
		{"previous secret too short", App{PreviousSecret: "short"}, "previous_secret: only 5 bytes"},
		{"table too small", App{MaxTracked: 1023}, "write a number from 1024"},
		{"table too large", App{MaxTracked: 20_000_001}, "to 20000000"},
		{"queue too small", App{Queue: 63}, "from 64"},
		{"queue too large", App{Queue: 1<<20 + 1}, "to 1048576"},
		{"list off and on", App{TorOff: true, Tor: &List{}}, "keep one"},
		{"list from a file", App{Tor: &List{Source: "tor.txt"}}, ""},
		{"list from a bucket", App{Tor: &List{Source: "s3://bucket/tor.txt"}}, "write one, or a file path"},
		{"list from a URL without host", App{Tor: &List{Source: "https:///tor.txt"}}, "no http or https URL"},
		{"list refreshed all the time", App{Tor: &List{Refresh: Duration(time.Millisecond)}}, "write at least 1s"},
		{"allowed name", App{Allow: []Allow{{Range: "office"}}}, "write something like 192.0.2.7"},
		{"everybody allowed", App{Allow: []Allow{{Range: "::/0"}}}, "mode observe"},
		{"everybody allowed, mapped", App{Allow: []Allow{{Range: "::ffff:0.0.0.0/96"}}}, "mode observe"},
		{"allowed twice, mapped", App{Allow: []Allow{{Range: "192.0.2.7"}, {Range: "::ffff:192.0.2.7"}}}, "keep one"},
		{"entry that is over", App{Allow: []Allow{{Range: "192.0.2.7", Until: time.Unix(0, 0)}}}, ""},
		{"file without path", App{File: &FileSink{}}, "the path is missing"},
		{"file rotated all the time", App{File: &FileSink{Path: "x", RollSize: 1<<20 - 1}}, "write at least 1MiB"},
		{"file kept too often", App{File: &FileSink{Path: "x", Keep: 1001}}, "from 1 to 1000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.app.Validate(), test.want)
		})
	}
}

func TestAppValidateReportsEverything(t *testing.T) {
	t.Parallel()
	err := App{Queue: 1, MaxTracked: 1, Secret: "x", File: &FileSink{}}.Validate()
	for _, field := range []string{"queue", "max_tracked", "secret", "file"} {
		checkError(t, err, field)
	}
}

func TestSiteValidate(t *testing.T) {
	t.Parallel()
	limit := Limit{Class: ClassLogin, Rate: Rate{5, Duration(time.Minute)}, Per: AxisSource}
	other := limit
	other.Rate.N = 6
	tests := []struct {
		name string
		site Site
		want string
	}{
		{"zero value", Site{}, ""},
		{"defaults", Site{}.WithDefaults(), ""},
		{"unknown mode", Site{Mode: "on"}, "write one of enforce, observe, off"},
		{"unknown refusal", Site{Refusal: "no"}, "write page or error"},
		{"body limit at the cap", Site{BodyLimit: 1 << 20, ResponseLimit: 1 << 20}, ""},
		{"body limit above the cap", Site{BodyLimit: 1<<20 + 1}, "body_limit"},
		{"response limit above the cap", Site{ResponseLimit: 1<<20 + 1}, "response_limit"},
		{"negative limit", Site{ResponseLimit: -1}, "response_limit"},
		{"contact at the cap", Site{Contact: strings.Repeat("x", 200)}, ""},
		{"contact above the cap", Site{Contact: strings.Repeat("x", 201)}, "write at most 200"},
		{"contact of two lines", Site{Contact: "a\nb"}, "write one line of text"},
		{"name with a control character", Site{Name: "a\x00"}, "site holds a control character"},
		{"device cookie off", Site{DeviceCookie: DeviceCookie{Off: true}}, ""},
		{"device cookie with a name at the cap", Site{DeviceCookie: DeviceCookie{Name: strings.Repeat("x", 64)}}, ""},
		{"device cookie with a name above the cap", Site{DeviceCookie: DeviceCookie{Name: strings.Repeat("x", 65)}}, "write at most 64"},
		{"device cookie with the prefix", Site{DeviceCookie: DeviceCookie{Name: "__Host-x"}}, "write the name alone"},
		{"device cookie of two words", Site{DeviceCookie: DeviceCookie{Name: "a b"}}, "write letters"},
		{"device cookie with a sign", Site{DeviceCookie: DeviceCookie{Name: "a;b"}}, "write letters"},
		{"broken route", Site{Routes: []Route{{Kind: "x"}}}, "routes[0]"},
		{"broken limit", Site{Limits: []Limit{{}}}, "limits[0]"},
		{"limits that count the same", Site{Limits: []Limit{limit, other}}, "keep one"},
		{"policies for the same", Site{Policies: []Policy{{On: "tor", Answer: "tag"}, {On: "tor", Answer: "limit"}}}, "second line for `on tor`"},
		{"policies for other classes", Site{Policies: []Policy{{On: "tor", Answer: "tag"}, {On: "tor", Class: "login", Answer: "limit"}}}, ""},
		{"broken threshold", Site{Thresholds: Thresholds{Pair: Rate{0, 1}}}, "threshold pair"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.site.Validate([]string{ListTor}), test.want)
		})
	}
}

func TestLimitValidate(t *testing.T) {
	t.Parallel()
	rate := Rate{5, Duration(time.Minute)}
	tests := []struct {
		name  string
		limit Limit
		want  string
	}{
		{"class", Limit{Class: ClassAll, Rate: rate, Per: AxisRoute}, ""},
		{"path", Limit{Path: "/login*", Rate: rate, Per: AxisPair}, ""},
		{"neither", Limit{Rate: rate, Per: AxisSource}, "write either a class"},
		{"both", Limit{Class: ClassLogin, Path: "/login", Rate: rate, Per: AxisSource}, "write either a class"},
		{"path that cannot match", Limit{Path: "login", Rate: rate, Per: AxisSource}, "/login"},
		{"no axis", Limit{Class: ClassLogin, Rate: rate}, "unknown axis"},
		{"no rate", Limit{Class: ClassLogin, Per: AxisSource}, "impossible rate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.limit.Validate(), test.want)
		})
	}
}

func TestCountryValidate(t *testing.T) {
	t.Parallel()
	korea := []string{"KP"}
	for name, test := range map[string]struct {
		line Country
		want string
	}{
		"denied":                     {Country{Codes: korea}, ""},
		"observed":                   {Country{Codes: korea, Observe: true, Answer: AnswerLimit}, ""},
		"a mark":                     {Country{Codes: korea, Answer: AnswerTag}, ""},
		"observe a mark":             {Country{Codes: korea, Observe: true, Answer: AnswerTag}, "leave `observe` out"},
		"observe half of thresholds": {Country{Codes: korea, Observe: true, Answer: AnswerTighten}, "leave `observe` out"},
		"a mark on pages":            {Country{Class: ClassAll, Codes: korea, Answer: AnswerTag}, "write a class"},
		"no country":                 {Country{}, "the countries are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.line.Validate(), test.want)
		})
	}
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		policy Policy
		lists  []string
		want   string
	}{
		{"detection", Policy{On: "brute_force", Answer: "block", For: Longest}, nil, ""},
		{"list for everything", Policy{On: "tor", Class: ClassAll, Answer: "drop"}, []string{"tor"}, ""},
		{"list that is off", Policy{On: "tor", Answer: "tag"}, nil, "`tor off`"},
		{"near a word", Policy{On: "bruteforce", Answer: "tag"}, nil, "did you mean brute_force"},
		{"near nothing", Policy{On: "xyz", Answer: "tag"}, []string{"tor"}, "write one of tor, brute_force"},
		{"detection tagging resets", Policy{On: "distributed", Class: ClassReset, Answer: "tag"}, nil, ""},
		{"detection refusing second factors", Policy{On: "distributed", Class: ClassMFA, Answer: "limit"}, nil, "limit mfa 10/15m per source"},
		{"detection for everything", Policy{On: "distributed", Class: ClassAll, Answer: "tag"}, nil, "leave the class out"},
		{"challenge", Policy{On: "distributed", Answer: "challenge", For: Duration(time.Hour)}, nil, ""},
		{"challenge of a list", Policy{On: "tor", Answer: "challenge"}, []string{"tor"}, ""},
		{"delay", Policy{On: "distributed", Answer: "delay"}, nil, ""},
		{"delay with duration", Policy{On: "distributed", Answer: "delay", For: Duration(time.Minute)}, nil, "`delay 200ms 25s`"},
		{"observe", Policy{On: "brute_force", Observe: true}, nil, ""},
		{"observe an answer", Policy{On: "brute_force", Observe: true, Answer: "block", For: Duration(time.Hour)}, nil, ""},
		{"observe with duration alone", Policy{On: "brute_force", Observe: true, For: Duration(time.Hour)}, nil, "observe takes no duration"},
		{"observe what refuses nobody", Policy{On: "brute_force", Observe: true, Answer: "tag"}, nil, "leave `observe` out"},
		{"observe a list", Policy{On: "tor", Observe: true, Answer: "block"}, []string{"tor"}, ""},
		{"observe a list without answer", Policy{On: "tor", Observe: true}, []string{"tor"}, "`on tor observe challenge`"},
		{"observe a takeover", Policy{On: "takeover", Observe: true}, nil, "leave the line out"},
		{"takeover delayed", Policy{On: "takeover", Answer: "delay"}, nil, "write tag"},
		{"takeover refused", Policy{On: "takeover", Answer: "limit"}, nil, "write tag"},
		{"takeover allowed", Policy{On: "takeover", Answer: "allow"}, nil, ""},
		{"no answer", Policy{On: "brute_force"}, nil, "unknown answer"},
		{"negative", Policy{On: "brute_force", Answer: "limit", For: -1}, nil, "negative"},
		{"a blink", Policy{On: "brute_force", Answer: "limit", For: 1}, nil, "shorter than a second"},
		{"for ever", Policy{On: "brute_force", Answer: "limit", For: Longest + 1}, nil, "longer than 31d"},
		{"list with duration", Policy{On: "tor", Answer: "limit", For: Longest}, []string{"tor"}, "leave 31d out"},
		{"tag with duration", Policy{On: "brute_force", Answer: "tag", For: Longest}, nil, "leave 31d out"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.policy.Validate(test.lists), test.want)
		})
	}
}

func TestThresholdsValidate(t *testing.T) {
	t.Parallel()
	minute, hour := Duration(time.Minute), Duration(time.Hour)
	tests := []struct {
		name       string
		thresholds Thresholds
		want       string
	}{
		{"zero value", Thresholds{}, ""},
		{"defaults", DefaultThresholds, ""},
		{"at the cap", Thresholds{Source: Rate{1000, minute}}, ""},
		{"above the cap", Thresholds{Source: Rate{1001, minute}}, "write at most 1000"},
		{"ban longer than the default cap", Thresholds{Ban: 48 * hour}, ""},
		{"cap shorter than the ban", Thresholds{Ban: hour, BanCap: minute}, "`ban 1m 1h`"},
		{"cap shorter than the default ban", Thresholds{BanCap: minute}, "`ban 1m 10m`"},
		{"a blink", Thresholds{Ban: 1}, "shorter than a second"},
		{"negative", Thresholds{Ban: -hour}, "shorter than a second"},
		{"for ever", Thresholds{BanCap: Longest + 1}, "longer than 31d"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.thresholds.Validate(), test.want)
		})
	}
}

func TestDelayValidate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		delay Delay
		want  string
	}{
		{"zero value", Delay{}, ""},
		{"defaults", DefaultDelay, ""},
		{"first alone, longer than the default longest", Delay{First: Duration(40 * time.Second)}, ""},
		{"turned", Delay{First: Duration(9 * time.Second), Longest: Duration(time.Second)}, "`delay 1s 9s`"},
		{"no time at all", Delay{First: 1}, "`delay 200ms 25s`"},
		{"longer than anybody waits", Delay{Longest: Duration(2 * time.Minute)}, "held for at most 1m"},
		{"nobody held", Delay{Held: -1}, "from 1 to 65536"},
		{"too many held", Delay{Held: 65_537}, "from 1 to 65536"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.delay.Validate(), test.want)
		})
	}
}

func TestPolicyStringIsTheLine(t *testing.T) {
	t.Parallel()
	p := Policy{On: "brute_force", Class: ClassLogin, Observe: true, Answer: AnswerBlock, For: Duration(time.Hour)}
	if got, want := p.String(), "brute_force login observe block 1h"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
