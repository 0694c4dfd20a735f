package language

import (
	"strings"
	"testing"
)

var spoken = Among("de", "fr", "he", "ja", "nl", "pt", "zh")

func TestBest(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, accept, want string }{
		{"none", "", "en"},
		{"one", "de", "de"},
		{"a region", "pt-BR", "pt"},
		{"a browser's list", "de-AT,de;q=0.9,en-US;q=0.8,en;q=0.7", "de"},
		{"weights out of order", "en;q=0.1, fr;q=0.9", "fr"},
		{"the first is wanted less", "de-AT;q=0.1, fr", "fr"},
		{"the first is not spoken", "fi, sv;q=0.9, nl;q=0.8", "nl"},
		{"refused by weight zero", "de;q=0, fr;q=0.5", "fr"},
		{"all that is spoken is refused", "de;q=0, fi", "en"},
		{"a script", "zh-Hant-TW", "zh"},
		{"an old code", "iw", "he"},
		{"upper case", "JA", "ja"},
		{"any", "*", "en"},
		{"nothing that is spoken", "tlh", "en"},
		{"no header at all", "%%%", "en"},
		{"beyond the bound", strings.Repeat("fi;q=0.9,", 40) + "de", "en"},
		{"cut between languages", "fi;q=0.5,fr;q=0.5," + strings.Repeat("sv;q=0.1,", 26) + "de;q=1", "fr"},
		{"one that is longer than the bound", strings.Repeat("a", 1000), "en"},
		{"many subtags", "de" + strings.Repeat("-a", 1000), "en"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := spoken.Best(tt.accept); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
