package refusal

import (
	"bytes"
	"encoding/json"
	"maps"
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
	if err != nil || len(files) < 12 {
		t.Fatalf("%d languages (%v)", len(files), err)
	}
	fields := reflect.VisibleFields(reflect.TypeFor[messages]())[1:] // not the tag
	english := reflect.ValueOf(*texts().byTag["en"])
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			t.Parallel()
			content, err := messageFiles.ReadFile(path.Join("messages", f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			var m messages
			d := json.NewDecoder(bytes.NewReader(content))
			d.DisallowUnknownFields()
			if err := d.Decode(&m); err != nil {
				t.Fatal(err)
			}
			var keys map[string]string
			if err := json.Unmarshal(content, &keys); err != nil || len(keys) != len(fields) {
				t.Errorf("%d texts, want %d (%v)", len(keys), len(fields), err)
			}
			if m.Dir != "ltr" && m.Dir != "rtl" {
				t.Errorf("direction %q", m.Dir)
			}
			if !norm.NFC.IsNormal(content) {
				t.Error("not in Unicode form NFC")
			}
			for _, field := range fields {
				text := reflect.ValueOf(m).FieldByIndex(field.Index).String()
				want := english.FieldByIndex(field.Index).String()
				if strings.TrimSpace(text) != text || text == "" {
					t.Errorf("%s: %q", field.Name, text)
				}
				if got, want := sorted(placeholder.FindAllString(text, -1)), sorted(placeholder.FindAllString(want, -1)); got != want {
					t.Errorf("%s: placeholders %s, want %s", field.Name, got, want)
				}
			}
		})
	}
}

func sorted(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), " ") }

func TestNoTwoTextsOfALanguageAreTheSame(t *testing.T) {
	t.Parallel()
	for tag, m := range texts().byTag {
		seen := make(map[string]string)
		for _, field := range reflect.VisibleFields(reflect.TypeFor[messages]())[2:] {
			text := reflect.ValueOf(*m).FieldByIndex(field.Index).String()
			if other := seen[text]; other != "" {
				t.Errorf("%s: %s and %s are both %q", tag, other, field.Name, text)
			}
			seen[text] = field.Name
		}
	}
}

func TestRightToLeftLanguages(t *testing.T) {
	t.Parallel()
	for _, tag := range slices.Sorted(maps.Keys(texts().byTag)) {
		want := "ltr"
		if tag == "ar" || tag == "he" {
			want = "rtl"
		}
		m := texts().byTag[tag]
		if m.Dir != want {
			t.Errorf("%s runs %s", tag, m.Dir)
		}
		s := limited().speak(m)
		for text, isolated := range map[string]string{
			s.Until: "\u20662026-01-02 15:15 UTC\u2069", s.ID: "\u2068" + limited().ID + "\u2069",
		} {
			if strings.Contains(text, isolated) != (want == "rtl") {
				t.Errorf("%s: %+q", tag, text)
			}
		}
	}
}
