package devicecookie

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestTakeLeavesTheAppItsCookies(t *testing.T) {
	t.Parallel()
	n := NewName("device")
	for name, c := range map[string]struct {
		lines  []string
		plain  bool // without TLS
		left   []string
		value  string
		result Result
	}{
		"none at all":                     {nil, false, nil, "", ""},
		"the app's alone":                 {[]string{"sid=1; theme=dark"}, false, []string{"sid=1; theme=dark"}, "", ""},
		"odd ones of the app":             {[]string{`a="x; y"; ;=;b;; c = d `}, false, []string{`a="x; y"; ;=;b;; c = d `}, "", ""},
		"ours alone":                      {[]string{"__Host-device=v"}, false, nil, "v", ""},
		"ours first":                      {[]string{"__Host-device=v; sid=1"}, false, []string{"sid=1"}, "v", ""},
		"ours in the middle":              {[]string{"sid=1; __Host-device=v; b=2"}, false, []string{"sid=1; b=2"}, "v", ""},
		"ours last":                       {[]string{"sid=1; __Host-device=v"}, false, []string{"sid=1"}, "v", ""},
		"ours between odd ones":           {[]string{`a="x;y";__Host-device=v;;b`}, false, []string{`a="x;y";;b`}, "v", ""},
		"ours in white space":             {[]string{"sid=1;\t __Host-device \t=\tv ; b=2"}, false, []string{"sid=1; b=2"}, "v", ""},
		"a name that holds ours":          {[]string{"my__Host-device=1; devices=2; device.x=3"}, false, []string{"my__Host-device=1; devices=2; device.x=3"}, "", ""},
		"a value that holds ours":         {[]string{"a=device; b=__Host-device=1"}, false, []string{"a=device; b=__Host-device=1"}, "", ""},
		"lines of their own":              {[]string{"sid=1", "__Host-device=v", "b=2"}, false, []string{"sid=1", "b=2"}, "v", ""},
		"twice":                           {[]string{"__Host-device=v; sid=1; __Host-device=w"}, false, []string{"sid=1"}, "", Repeated},
		"twice the same":                  {[]string{"__Host-device=v; __Host-device=v"}, false, nil, "", Repeated},
		"a thousand times":                {[]string{strings.Repeat("__Host-device=v; ", 1000)}, false, nil, "", Repeated},
		"in two lines":                    {[]string{"__Host-device=v", "__Host-device=w"}, false, nil, "", Repeated},
		"without a value":                 {[]string{"__Host-device=; sid=1"}, false, []string{"sid=1"}, "", Malformed},
		"without anything":                {[]string{"__Host-device; sid=1"}, false, []string{"sid=1"}, "", Malformed},
		"anybody's name over TLS":         {[]string{"device=v; sid=1"}, false, []string{"sid=1"}, "", Insecure},
		"anybody's name beside ours":      {[]string{"device=w; __Host-device=v"}, false, nil, "v", ""},
		"anybody's name behind ours":      {[]string{"__Host-device=v; device=w"}, false, nil, "v", ""},
		"without TLS":                     {[]string{"device=v; sid=1"}, true, []string{"sid=1"}, "v", ""},
		"the name for TLS without it":     {[]string{"__Host-device=v; sid=1"}, true, []string{"sid=1"}, "", Insecure},
		"without TLS twice, once without": {[]string{"device=; device=v"}, true, nil, "", Repeated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{"Accept": {"*/*"}}
			if c.lines != nil {
				h["Cookie"] = slices.Clone(c.lines)
			}
			bears := n.In(h)
			f := n.Take(h, !c.plain)
			if bears != f.Any() || n.In(h) {
				t.Errorf("borne before: %t, after: %t, found %+v", bears, n.In(h), f)
			}
			if f.Value != c.value || f.Result != c.result {
				t.Errorf("found %+v, want value %q, result %q", f, c.value, c.result)
			}
			if left, there := h["Cookie"]; !slices.Equal(left, c.left) || there != (c.left != nil) {
				t.Errorf("left %q, want %q", left, c.left)
			}
		})
	}
}

func TestTakeCostsNothingWithoutACookieOfOurs(t *testing.T) {
	n := NewName("device")
	for name, h := range map[string]http.Header{
		"no cookie":             {"Accept": {"*/*"}},
		"cookies of the app":    {"Cookie": {"sid=0123456789abcdef; theme=dark; _ga=GA1.2.3.4"}},
		"names that hold ours":  {"Cookie": {"devices=1; my_device=2"}},
		"values that hold ours": {"Cookie": {"a=device", "b=__Host-device"}},
	} {
		if allocs := testing.AllocsPerRun(200, func() {
			if n.In(h) {
				n.Take(h, true)
			}
			n.Take(h, true)
		}); allocs != 0 {
			t.Errorf("%s: %.0f allocations, want 0", name, allocs)
		}
	}
}

// Whatever a client sends: no parser finds a cookie of ours in what is left, and
// the cookies of the app are the same as before.
func FuzzTake(f *testing.F) {
	for _, line := range []string{
		"sid=1; __Host-device=v; b=2", "device=v", `a="; device=v"; b`, "device;device=;;=device", "\x00=1;\xff device\t=\n2", "device =v, __Host-device=w",
	} {
		f.Add(line, "sid=2")
	}
	n := NewName("device")
	f.Fuzz(func(t *testing.T, line, second string) {
		h := http.Header{"Cookie": {line, second}}
		before := (&http.Request{Header: h.Clone()}).Cookies()
		found := n.Take(h, true)
		if found.Value != "" && found.Result != "" {
			t.Errorf("a value and a reason for none: %+v", found)
		}
		for _, rest := range h["Cookie"] {
			for part := range strings.SplitSeq(rest, ";") {
				if name, _, _ := strings.Cut(part, "="); strings.TrimSpace(name) == "device" || strings.TrimSpace(name) == "__Host-device" {
					t.Errorf("left %q", rest)
				}
			}
		}
		ours := func(c *http.Cookie) bool { return c.Name == "device" || c.Name == "__Host-device" }
		after := (&http.Request{Header: h}).Cookies()
		if !slices.EqualFunc(slices.DeleteFunc(before, ours), after, func(a, b *http.Cookie) bool { return a.Name == b.Name && a.Value == b.Value }) {
			t.Errorf("the app's cookies %v became %v", before, after)
		}
		if n.Take(h, true).Any() {
			t.Error("taken twice")
		}
	})
}
