package har

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/doorward/doorward/detector/recognize"
)

// MaxBytes is the largest archive Read accepts: 256 MiB. Reading takes about
// three times the size of the archive in memory.
const MaxBytes = 256 << 20

// MaxEntries is how many entries of one archive Read accepts.
const MaxEntries = 1_000_000

// File is what an archive holds.
type File struct {
	// Entries are the exchanges in the order of the archive.
	Entries []Entry
}

// Entry is one exchange.
type Entry struct {
	// Started is when the request began, the zero time when the archive does
	// not tell. Took is how long the exchange lasted.
	Started time.Time
	Took    time.Duration
	// Client is the address in _clientIp, the zero address when there is none.
	Client netip.Addr
	// URL is the address asked for, as the archive has it.
	URL string
	// Request and Response are the exchange. Response has status 0 when the
	// archive says that no answer came.
	Request  recognize.Request
	Response recognize.Response
}

// Read reads an archive to its end.
//
// Errors say what is wrong and in which entry; they never quote a header or a
// body.
func Read(r io.Reader) (*File, error) {
	return read(r, MaxBytes, MaxEntries)
}

func read(r io.Reader, maxBytes, maxEntries int) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(maxBytes)+1))
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("the archive is larger than %d bytes; export fewer requests at once", maxBytes)
	}
	// Some editors put a byte order mark in front.
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var doc struct {
		Log *struct {
			Entries []json.RawMessage `json:"entries"`
		} `json:"log"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("parsing the archive: %w", plainError(err))
	}
	if doc.Log == nil || doc.Log.Entries == nil {
		return nil, errors.New(`the file is no HTTP archive: it has no list "entries" in an object "log"; ` +
			"export it with `Save all as HAR` from the browser's network panel")
	}
	if len(doc.Log.Entries) > maxEntries {
		return nil, fmt.Errorf("the archive has %d entries, more than %d", len(doc.Log.Entries), maxEntries)
	}
	f := &File{Entries: make([]Entry, len(doc.Log.Entries))}
	for i, raw := range doc.Log.Entries {
		if f.Entries[i], err = readEntry(raw); err != nil {
			return nil, fmt.Errorf("reading entry %d: %w", i, err)
		}
	}
	return f, nil
}

func readEntry(raw json.RawMessage) (Entry, error) {
	var h harEntry
	if err := json.Unmarshal(raw, &h); err != nil {
		return Entry{}, plainError(err)
	}
	if h.Request == nil || h.Response == nil {
		return Entry{}, errors.New("it needs a request and a response")
	}
	e := Entry{URL: h.Request.URL}
	var err error
	if h.Started != "" {
		if e.Started, err = time.Parse(time.RFC3339Nano, h.Started); err != nil {
			return Entry{}, errors.New("startedDateTime is no time such as 2026-01-02T03:04:05.678Z")
		}
	}
	if h.ClientIP != "" {
		if e.Client, err = netip.ParseAddr(h.ClientIP); err != nil {
			return Entry{}, errors.New("_clientIp is no IP address")
		}
	}
	e.Took = h.took()
	if e.Request, err = h.Request.convert(); err != nil {
		return Entry{}, err
	}
	if e.Response, err = h.Response.convert(); err != nil {
		return Entry{}, err
	}
	return e, nil
}

// plainError removes values from the errors of package json: an offending
// value may be a password.
func plainError(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s has the wrong type: it must be of type %s", wrong.Field, wrong.Type)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is no JSON from byte %d on", syntax.Offset)
	}
	return errors.New("it is no JSON")
}
