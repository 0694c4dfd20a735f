package refusal

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/doorward/doorward/config"
)

// nodes returns all elements of a name.
func nodes(root *html.Node, name string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

var classes = append(slices.Clone(config.Classes), config.ClassNone)

// Every page in every language, for every class, limited and blocked.
func TestEveryPageCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	for _, tag := range slices.Sorted(maps.Keys(texts().byTag)) {
		for _, class := range classes {
			for _, status := range []int{429, 403} {
				t.Run(fmt.Sprintf("%s/%s/%d", tag, class, status), func(t *testing.T) {
					t.Parallel()
					n := limited()
					n.Class, n.Status = class, status
					resp := ask("POST", n, "Accept", "text/html", "Accept-Language", tag)
					checkPage(t, bodyOf(t, resp), tag, n)
				})
			}
		}
	}
}

func checkPage(t *testing.T, body, tag string, n Notice) {
	if len(body) >= 6<<10 {
		t.Errorf("%d bytes", len(body))
	}
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"html", "title", "main", "h1", "style", "h2", "time", "footer"} {
		if got := len(nodes(root, name)); got != 1 {
			t.Errorf("%d elements %s", got, name)
		}
	}
	for _, name := range []string{"script", "link", "img", "a", "form", "iframe", "base", "object"} {
		if got := len(nodes(root, name)); got != 0 {
			t.Errorf("%d elements %s", got, name)
		}
	}
	checkWords(t, root, tag, n)
	for _, elsewhere := range []string{"http:", "https:", "//", "url("} {
		if strings.Contains(body, elsewhere) {
			t.Errorf("it refers to another place: %s", elsewhere)
		}
	}
}

func checkWords(t *testing.T, root *html.Node, tag string, n Notice) {
	top, m := nodes(root, "html")[0], texts().byTag[tag]
	if attribute(top, "lang") != tag || attribute(top, "dir") != m.Dir {
		t.Errorf("lang %s, dir %s", attribute(top, "lang"), attribute(top, "dir"))
	}
	if title, h1 := textOf(nodes(root, "title")[0]), textOf(nodes(root, "h1")[0]); title != h1 || title == "" {
		t.Errorf("title %q, heading %q", title, h1)
	}
	all := textOf(nodes(root, "main")[0])
	for _, part := range []string{n.ID, n.Contact, "2026-01-02 15:15 UTC", "10", m.Network} {
		if !strings.Contains(all, part) {
			t.Errorf("the page does not say %q", part)
		}
	}
	reachable := n.Class == config.ClassLogin || n.Class == config.ClassMFA
	if strings.Contains(all, m.Reset) != reachable {
		t.Errorf("it speaks of resetting the password: %v", !reachable)
	}
	if !strings.Contains(all, m.PasswordUnchecked) && !strings.Contains(all, m.InputUnchecked) {
		t.Error("it does not say that nothing was judged")
	}
}

// The policy must allow the style that is sent, which the template engine may
// have changed, and no style attribute.
func TestPolicyAllowsExactlyTheStyleOfThePage(t *testing.T) {
	t.Parallel()
	body := bodyOf(t, ask("GET", limited(), "Accept", "text/html"))
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(textOf(nodes(root, "style")[0])))
	if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(contentSecurityPolicy, "'sha256-"+hash+"'") {
		t.Errorf("the style has the hash %s, the policy is %s", hash, contentSecurityPolicy)
	}
	if strings.Contains(contentSecurityPolicy, "unsafe") || strings.Contains(body, "style=") || strings.Contains(body, " on") && regexp.MustCompile(`\son\w+=`).MatchString(body) {
		t.Error("inline styles or handlers")
	}
}

// WCAG 2.2, 1.4.3 and 1.4.6: 7:1 for text, 3:1 for lines.
func TestColoursHaveEnoughContrast(t *testing.T) {
	t.Parallel()
	schemes := regexp.MustCompile(`--text:(#\w+);--quiet:(#\w+);--back:(#\w+);--line:(#\w+)`).FindAllStringSubmatch(pageSource, -1)
	if len(schemes) != 2 || !strings.Contains(pageSource, "prefers-color-scheme:dark") {
		t.Fatalf("%d colour schemes, want light and dark", len(schemes))
	}
	for _, s := range schemes {
		for i, least := range map[int]float64{1: 7, 2: 7, 4: 3} {
			if got := contrast(t, s[i], s[3]); got < least {
				t.Errorf("%s on %s: %.1f, want %.0f", s[i], s[3], got, least)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) (sum float64) {
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			sum += share * c / 12.92
		} else {
			sum += share * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}
