package interstitial

import (
	"bytes"
	"encoding/json"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()
	files, err := messageFiles.ReadDir("messages")
	if err != nil || len(files) < 17 {
		t.Fatalf("%d languages (%v)", len(files), err)
	}
	english := reflect.ValueOf(*texts().byTag["en"])
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			t.Parallel()
			content, err := messageFiles.ReadFile(path.Join("messages", f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			var text words
			d := json.NewDecoder(bytes.NewReader(content))
			d.DisallowUnknownFields()
			if err := d.Decode(&text); err != nil {
				t.Fatal(err)
			}
			if !norm.NFC.IsNormal(content) {
				t.Error("not in Unicode form NFC")
			}
			tag := strings.TrimSuffix(f.Name(), ".json")
			if rtl := slices.Contains([]string{"ar", "fa", "he"}, tag); (text.Dir == "rtl") != rtl || text.Dir != "ltr" && !rtl {
				t.Errorf("direction %q", text.Dir)
			}
			checkTexts(t, text, english)
		})
	}
}

// checkTexts: every text is there once, with the placeholders of the English one.
func checkTexts(t *testing.T, text words, english reflect.Value) {
	seen := map[string]string{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[words]())[2:] { // not tag and dir
		got, want := reflect.ValueOf(text).FieldByIndex(field.Index).String(), english.FieldByIndex(field.Index).String()
		if strings.TrimSpace(got) != got || got == "" {
			t.Errorf("%s: %q", field.Name, got)
		}
		if g, w := placeholder.FindAllString(got, -1), placeholder.FindAllString(want, -1); !slices.Equal(g, w) {
			t.Errorf("%s: placeholders %s, want %s", field.Name, g, w)
		}
		if other := seen[got]; other != "" {
			t.Errorf("%s and %s are both %q", other, field.Name, got)
		}
		seen[got] = field.Name
	}
}

func TestForeignTextIsIsolatedWhereTheLanguageRunsFromRightToLeft(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]bool{"ar": true, "fa": true, "he": true, "en": false, "ja": false} {
		body := bodyOf(t, ask(Write, "GET", sample(), "Accept-Language", tag))
		if got := strings.Contains(body, "\u2068help@shop.example\u2069"); got != want {
			t.Errorf("%s: isolated %t", tag, got)
		}
	}
}
