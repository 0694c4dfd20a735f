package recognize

import (
	"slices"
	"strings"
	"testing"
)

func TestListen(t *testing.T) {
	t.Parallel()
	rows := []struct {
		text       string
		want, lack said
	}{
		{"Invalid username or password", saidRefused, saidTooMany | saidForgery},
		{"INVALID_LOGIN_CREDENTIALS", saidRefused, 0},
		{"CredentialsSignin", saidSubject, saidRefused},
		{"loginFailed", saidRefused, 0},
		{"LDAPPasswordError", saidRefused, 0},
		{"The email or password provided is incorrect.", saidRefused, 0},
		{"Password: enter it here. There are many other things that may be wrong", 0, saidRefused},
		{"You've been locked out", saidLocked, saidRefused},
		{"Too many requests, please try again later.", saidTooMany | saidLocked, saidRefused},
		{"There are not too few", 0, saidTooMany},
		{"CSRF verification failed", saidForgery | saidNo, 0},
		{"Email already in use", saidTaken, 0},
		{"Falsches Passwort", saidRefused, 0},
		{"Zu viele Versuche", saidTooMany, 0},
		{"Identifiants incorrects", saidRefused, 0},
		{"Usuario o contraseña incorrectos", saidRefused, 0},
		{"Неверный пароль", saidRefused, 0},
		{"密码错误", saidRefused, 0},
		{"", 0, ^said(0)},
	}
	for _, row := range rows {
		if got := listen(row.text); got&row.want != row.want || got.has(row.lack) {
			t.Errorf("%q: got %b, want at least %b and nothing of %b", row.text, got, row.want, row.lack)
		}
	}
}

func TestListenStopsAtItsBound(t *testing.T) {
	t.Parallel()
	if listen(strings.Repeat("a", maxHeardBytes) + " too many").has(saidTooMany) {
		t.Error("bytes beyond maxHeardBytes were heard")
	}
}

func TestHearingKeepsTextsApart(t *testing.T) {
	t.Parallel()
	var h hearing
	for _, text := range []string{"too", "many", "wrong", "password"} {
		h.add([]byte(text))
	}
	if got := h.said(); got.has(saidTooMany | saidRefused) {
		t.Errorf("heard %b across texts", got)
	}
}

func TestSplitWords(t *testing.T) {
	t.Parallel()
	got := splitWords("HTTPError: you don't have_2FA… naïveCase", 16)
	want := []string{"http", "error", "you", "dont", "have", "2fa", "naïve", "case"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := splitWords("a b c d", 2); len(got) != 2 {
		t.Errorf("got %q, want two words", got)
	}
}

// Every phrase is found when it is said, so no entry is dead.
func TestVocabularyIsAlive(t *testing.T) {
	t.Parallel()
	for i, first := range vocabulary.words {
		for _, p := range vocabulary.values[i] {
			text := first + " " + p.rest
			if listen(text)&p.means != p.means {
				t.Errorf("%q is not heard as %b", text, p.means)
			}
		}
	}
}
