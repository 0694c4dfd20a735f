package recognize

import (
	"net/http"
	"strings"
	"testing"
)

// Basic credentials in front of a form that is too long to be read: what a
// login page answers may be about the form.
func TestAnswerToBasicInFrontOfAHiddenForm(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path string
		complete   bool
		want       Result
		unclear    bool
	}{
		{"hidden, on a login page", "/login", false, Unknown, true},
		{"nothing hidden, on a login page", "/login", true, Success, false},
		{"an upload", "/files/a", false, Success, false},
	} {
		r := with(formPost(row.path, strings.Repeat("x=1&", 10)), "Authorization", basicAuth("decoy:constant"))
		r.Complete = row.complete
		c, ok := Automatic(r)
		if !ok || c.Ambiguous != row.unclear || c.Uninspectable != row.unclear {
			t.Errorf("%s: attempt %t, ambiguous %t, uninspectable %t; want both %t", row.name, ok, c.Ambiguous, c.Uninspectable, row.unclear)
		}
		answer := &Response{Status: http.StatusFound, Header: http.Header{"Location": {"/elsewhere"}}, Complete: true}
		if o := Classify(Exchange{Path: row.path, Credentials: &c, Response: answer}); o.Result != row.want {
			t.Errorf("%s: %s (%q), want %s", row.name, o.Result, o.Evidence, row.want)
		}
	}
}
