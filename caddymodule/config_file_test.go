package caddymodule

import (
	"strings"
	"testing"
)

const severalSites = `{
	doorward {
		max_tracked 5000
		tor off
	}
}

shop.example.com, pay.example.com {
	doorward {
		mode observe
	}
	respond shop
}

*.example.org {
	@api path /api/*
	handle @api {
		doorward {
			site wild
			login @api
		}
	}
}

http://:8081 {
	doorward off
}
`

func TestReadConfigOfOneHandler(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text string }{
		{"bare lines of the directive", "mode observe\nlogin POST /session {\n\tfailure {\n\t\tstatus 401\n\t}\n}"},
		{"bare lines, comment first", "# what we tried\nmode observe\n\nlogin POST /session {\n\tfailure {\n\t\tstatus 401\n\t}\n} # end"},
		{"bare lines of both blocks", "queue 1000\nmode observe\ntor off\nlogin POST /session {\n\tfailure {\n\t\tstatus 401\n\t}\n}\n"},
		{"the block with its word", "doorward {\n\tmode observe\n\tlogin POST /session {\n\t\tfailure {\n\t\t\tstatus 401\n\t\t}\n\t}\n}"},
		{"Windows line ends", "mode observe\r\nlogin POST /session {\r\nfailure {\r\nstatus 401\r\n}\r\n}\r\n"},
		{"Caddyfile", "example.com {\n\tdoorward {\n\t\tmode observe\n\t\tlogin POST /session {\n\t\t\tfailure {\n\t\t\t\tstatus 401\n\t\t\t}\n\t\t}\n\t}\n}\n"},
		{"Caddyfile without braces", "example.com\ndoorward {\n\tmode observe\n\tlogin POST /session {\n\t\tfailure {\n\t\t\tstatus 401\n\t\t}\n\t}\n}\n"},
		{"JSON of Caddy", `{"apps": {"http": {"servers": {"s": {"routes": [{"handle": [{"handler": "subroute", "routes": [{"handle": [
			{"handler": "doorward", "mode": "observe", "routes": [{"kind": "login", "method": "POST", "path": "/session", "failure": [[{"of": "status", "values": ["401"]}]]}]}]}]}]}]}}}}}`},
		{"JSON of the handler", `{"handler": "doorward", "mode": "observe", "routes": [{"kind": "login", "method": "POST", "path": "/session", "failure": [[{"of": "status", "values": ["401"]}]]}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, h, err := ReadConfig([]byte(test.text), "doorward.conf", "")
			if err != nil {
				t.Fatal(err)
			}
			if h.Mode != "observe" || len(h.Routes) != 1 || h.Routes[0].Path != "/session" || h.Routes[0].Failure[0][0].Values[0] != "401" {
				t.Errorf("read %+v", h)
			}
		})
	}
}

func TestReadConfigOfNothing(t *testing.T) {
	t.Parallel()
	app, h, err := ReadConfig([]byte("# nothing yet\n"), "doorward.conf", "")
	if err != nil || app.Secret != "" || h.Mode != "" || len(h.Routes) != 0 {
		t.Errorf("read %+v and %+v, error %v; want the defaults", app, h, err)
	}
}

func TestReadConfigKeepsTheOption(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"max_tracked 5000\ntor off", severalSites} {
		app, _, err := ReadConfig([]byte(text), "doorward.conf", "shop.example.com")
		if err != nil || app.MaxTracked != 5000 || !app.TorOff {
			t.Errorf("read %+v, error %v", app, err)
		}
	}
}

func TestReadConfigExpandsEnvironment(t *testing.T) {
	t.Setenv("DOORWARD_TEST_MODE", "off")
	_, h, err := ReadConfig([]byte("site shop\nmode {$DOORWARD_TEST_MODE}"), "doorward.conf", "")
	if err != nil || h.Mode != "off" {
		t.Errorf("mode %q, error %v", h.Mode, err)
	}
}

func TestReadConfigChoosesTheSite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		site string
		want string // mode, or name of the site
		err  string
	}{
		{site: "shop.example.com", want: "observe"},
		{site: "PAY.example.com", want: "observe"},
		{site: "a.example.org", want: "wild"},
		{site: "wild", want: "wild"},
		{site: ":8081", want: "off"},
		{site: "else.example.net", want: "off"}, // the site without a host serves any
		{site: "a.b.example.org", want: "off"},  // * is one label
		{site: ":443", want: "off"},             // sites with a host are chosen by it
		{site: "", err: "shop.example.com, pay.example.com; *.example.org (site wild); :8081"},
	}
	for _, test := range tests {
		t.Run("site "+test.site, func(t *testing.T) {
			t.Parallel()
			_, h, err := ReadConfig([]byte(severalSites), "Caddyfile", test.site)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), "--site") {
					t.Errorf("error %v; want one that lists %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := string(h.Mode) + h.Name; got != test.want {
				t.Errorf("chose %q, want %q", got, test.want)
			}
		})
	}
}

func TestReadConfigRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, site string
		want             []string
	}{
		{"bare line that is wrong", "site shop\nmode enfroce\n", "", []string{"reading the configuration x.conf", "enfroce", "x.conf:2"}},
		{"bare line misspelled at the start", "mdoe observe\n", "", []string{"did you mean", "x.conf:1"}},
		{"bare lines with an open block", "mode observe\nlogin /login {\n", "", []string{"a brace is missing"}},
		{"bare lines that close the block", "mode observe\n}\nrespond {\n", "", []string{"more than one block"}},
		{"bare import of nothing", "site shop\nimport nothing.conf", "", []string{"nothing.conf", "x.conf:2"}},
		{"bare matcher", "login @api", "", []string{"@api", "x.conf:1"}},
		{"list that is off", "on tor limit\ntor off", "", []string{"tor off"}},
		{"Caddyfile that is wrong", "example.com {\n\tdoorward {\n\t\tmode enfroce\n\t}\n}\n", "", []string{"enfroce", "x.conf:3"}},
		{"Caddyfile without Doorward", "example.com {\n\trespond hi\n}\n", "", []string{"no site uses the directive doorward"}},
		{"no such site", "a.test {\n\tdoorward\n}\nb.test {\n\tdoorward\n}\n", "c.test", []string{"no handler doorward for c.test", "a.test; b.test"}},
		{"two handlers of one site", "a.test {\n\tdoorward /a*\n\tdoorward /b*\n}\n", "a.test", []string{"several handlers doorward for a.test", "site NAME"}},
		{"JSON with an unknown field", `{"handler": "doorward", "mdoe": "off"}`, "", []string{"mdoe"}},
		{"JSON with an unknown field of the app", `{"apps": {"doorward": {"quue": 1}}}`, "", []string{"quue", "apps.doorward"}},
		{"JSON that is not valid", `{"handler": "doorward", "routes": [{"kind": "login", "path": "login"}]}`, "", []string{"routes[0]", "leading slash"}},
		{"JSON that is no object", `7`, "", []string{"cannot unmarshal"}},
		{"unreadable quotes", "contact <<X\nabc", "", []string{"heredoc"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := ReadConfig([]byte(test.text), "x.conf", test.site)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, word := range test.want {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q; want it to say %q", err, word)
				}
			}
		})
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add("mode observe", "")
	f.Add(severalSites, "wild")
	f.Add(`{"handler": "doorward"}`, "x")
	f.Add(`{"match": [{"host": ["a"]}, 7], "listen": 1, "handle": [{"handler": "doorward"}]}`, "a")
	f.Fuzz(func(_ *testing.T, text, site string) {
		if strings.Contains(text, "import") {
			return // reads files
		}
		_, _, _ = ReadConfig([]byte(text), "x.conf", site)
	})
}
