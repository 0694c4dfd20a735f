package intel

import "fmt"

// Reason is why a list was refused. The list of reasons is closed, so that it
// can be a metric label.
type Reason string

// The reasons.
const (
	// ReasonEmpty: no entry at all. An empty list is a broken source, never
	// the news that there are no more Tor exits.
	ReasonEmpty Reason = "empty"
	// ReasonHTML: an HTML or XML page, usually an error or a login page.
	ReasonHTML Reason = "html"
	// ReasonBinary: control bytes; a compressed file or UTF-16, for example.
	ReasonBinary Reason = "binary"
	// ReasonUnreadable: too many lines are neither address nor range.
	ReasonUnreadable Reason = "unreadable"
	// ReasonTruncated: the end is missing.
	ReasonTruncated Reason = "truncated"
	// ReasonTooLarge: beyond [MaxBytes], [MaxEntries] or the line length.
	ReasonTooLarge Reason = "too_large"
	// ReasonTooBroad: a prefix, or all of them together, name so much of the
	// address space that the list is poisoned or mistaken.
	ReasonTooBroad Reason = "too_broad"
	// ReasonShrunken: more than half of the entries in use would go at once.
	ReasonShrunken Reason = "shrunken"
	// ReasonStatus: the server answered, but with no list.
	ReasonStatus Reason = "status"
)

// RefusedError says that a list arrived and must not be used. Its text never
// quotes the content: a mistyped path may lead to a file of secrets.
type RefusedError struct {
	Reason Reason
	// Line is where it was noticed, counted from 1; 0 when no line is to blame.
	Line   int
	detail string
}

// Error says what is wrong and what is expected.
func (e *RefusedError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.detail)
	}
	return e.detail
}

func refuse(reason Reason, line int, format string, args ...any) error {
	return &RefusedError{Reason: reason, Line: line, detail: fmt.Sprintf(format, args...)}
}
