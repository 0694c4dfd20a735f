package recognize

import "bytes"

// tally counts the credentials that one request tries: one for a form, one for
// every call of a batch. The same credentials in calls that follow each other
// are one guess, because a client that knows its password repeats it in every
// call of a batch.
type tally struct {
	n int // of the calls that are closed
	// user and password are those of the open call; password is nil when it
	// has none yet.
	user, password []byte
	// inline is how many credentials the text of a document in the open call
	// holds. Variables it names are the fields of the same call, so the larger
	// number counts.
	inline int

	lastUser, lastPassword []byte
}

// note takes the value of a field of the open call. The first of a sort counts:
// several in one call are one guess that is ambiguous.
func (t *tally) note(secret bool, value []byte) {
	switch {
	case secret && t.password == nil:
		t.password = value
	case !secret && t.user == nil:
		t.user = value
	}
}

// next closes the open call.
func (t *tally) next() {
	own := 0
	if t.password != nil && !t.repeats() {
		own = 1
	}
	t.n += max(own, t.inline)
	if t.password != nil {
		t.lastUser, t.lastPassword = t.user, t.password
	}
	t.user, t.password, t.inline = nil, nil, 0
}

func (t *tally) repeats() bool {
	return t.n > 0 && bytes.Equal(t.user, t.lastUser) && bytes.Equal(t.password, t.lastPassword)
}
