package geo

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// cacheSize is how many decoded records of a file are kept. Providers and
// countries are few; of cities the busy ones are enough. At most 1.5 MiB a file.
const cacheSize = 1 << 12

// database is one file in memory. It never changes but for its cache.
type database struct {
	reader *maxminddb.Reader
	gives  []string
	cache  [cacheSize]atomic.Pointer[cached]
	// unreadable counts lookups that met a record that is no such.
	unreadable atomic.Uint64
}

type cached struct {
	offset uintptr
	place  Place
}

// ErrFormat is wrapped by errors about a file that is no MaxMind DB, or only a
// part of one.
var ErrFormat = errors.New("this is no whole MaxMind DB file (.mmdb)")

// ErrType is wrapped by errors about a MaxMind DB with data of another kind.
var ErrType = errors.New("the database has neither countries nor providers nor kinds of networks; " +
	"give one like GeoLite2-City, GeoLite2-ASN, GeoIP2-Anonymous-IP, dbip-country-lite or ipinfo_lite")

// open makes a database of the content of a file. data must not change
// afterwards. It looks at some thousand records, so that what cannot be read is
// found out before it is used.
func open(data []byte) (db *database, err error) {
	defer recovered(&err)
	reader, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if reader.Metadata.BinaryFormatMajorVersion != 2 || reader.Metadata.NodeCount == 0 {
		return nil, fmt.Errorf("%w: format %d with %d nodes", ErrFormat,
			reader.Metadata.BinaryFormatMajorVersion, reader.Metadata.NodeCount)
	}
	db = &database{reader: reader}
	if err := db.probe(); err != nil {
		return nil, err
	}
	return db, nil
}

// recovered turns a panic of the reader, which no file should lead to, into an
// error: a broken database must not end the process.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: reading it panics: %v", ErrFormat, r)
	}
}

// How much of a file is read when it is opened: the networks that come first,
// and some from the beginning of each eighth /8 and of as many parts of 2000::/3.
const (
	probedFirst = 4096
	probedPart  = 64
	probedParts = 32
)

// probe decodes a sample of the records. One that cannot be decoded makes the
// file unusable: what was cut or overwritten is seldom only one.
func (db *database) probe() error {
	s := sample{reader: db.reader}
	for _, w := range walks(db.reader.Metadata.IPVersion) {
		if err := s.walk(w.from, w.most); err != nil {
			return fmt.Errorf("%w: reading a record: %w", ErrFormat, err)
		}
	}
	if !s.met {
		return fmt.Errorf("type %q: %w", printable(db.reader.Metadata.DatabaseType), ErrType)
	}
	db.gives = gives(&s.seen)
	return nil
}

// sample is what some records say, all together.
type sample struct {
	reader *maxminddb.Reader
	seen   Place
	met    bool
}

// walk looks up one address after the other, each the first behind the network
// of the one before. The reader's own iterator goes down every branch: a tree
// whose nodes lead back to each other keeps it busy for ever.
func (s *sample) walk(addr netip.Addr, most int) error {
	for range most {
		result := s.reader.Lookup(addr)
		var r record
		if err := errors.Join(result.Err(), result.Decode(&r)); err != nil {
			return err
		}
		s.met = s.met || r.met
		place := r.result()
		s.seen.merge(&place)
		if addr = behind(result.Prefix()); !addr.IsValid() {
			return nil
		}
	}
	return nil
}

// behind is the first address behind a network, the zero Addr if it is the last.
func behind(p netip.Prefix) netip.Addr {
	if !p.IsValid() {
		return netip.Addr{}
	}
	bytes := p.Masked().Addr().AsSlice()
	for i := range bytes {
		bytes[i] |= byte(0xff >> min(max(p.Bits()-8*i, 0), 8))
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last.Next()
}

// walk is where a sample is taken and how large.
type walk struct {
	from netip.Addr
	most int
}

func walks(version uint) []walk {
	list := []walk{{netip.AddrFrom4([4]byte{}), probedFirst}}
	for i := range probedParts {
		list = append(list, walk{netip.AddrFrom4([4]byte{byte(i * 8)}), probedPart})
	}
	if version != 6 {
		return list
	}
	list = append(list, walk{netip.AddrFrom16([16]byte{0x20}), probedFirst})
	for i := range probedParts {
		list = append(list, walk{netip.AddrFrom16([16]byte{0x20 + byte(i)}), probedPart})
	}
	return list
}

// gives says in words what a database knows.
func gives(seen *Place) (words []string) {
	for _, g := range []struct {
		known bool
		word  string
	}{
		{seen.Country != [2]byte{}, "country"},
		{seen.City != "", "city"},
		{seen.ASN != 0 || seen.Organisation != "", "provider"},
	} {
		if g.known {
			words = append(words, g.word)
		}
	}
	return slices.AppendSeq(words, seen.Kinds.All())
}

// lookup says what the database knows of addr, nil for nothing. The result is
// shared and must not be changed.
func (db *database) lookup(addr netip.Addr) *Place {
	result := db.reader.Lookup(addr)
	if !result.Found() {
		return nil // also an IPv6 address in a database of IPv4
	}
	offset := result.Offset()
	slot := &db.cache[uint64(offset)*0x9e3779b97f4a7c15>>(64-12)]
	if c := slot.Load(); c != nil && c.offset == offset {
		return &c.place
	}
	return db.decode(slot, result)
}

func (db *database) decode(slot *atomic.Pointer[cached], result maxminddb.Result) *Place {
	var r record
	if err := decodeSafely(result, &r); err != nil {
		db.unreadable.Add(1)
		return nil
	}
	c := &cached{offset: result.Offset(), place: r.result()}
	slot.Store(c)
	return &c.place
}

func decodeSafely(result maxminddb.Result, r *record) (err error) {
	defer recovered(&err)
	return result.Decode(r)
}

// built is when the vendor made it; zero when the file does not say.
func (db *database) built() time.Time {
	epoch := db.reader.Metadata.BuildEpoch
	if epoch == 0 || epoch > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(epoch), 0).UTC()
}

// printable is the type of a database as it may stand in a log.
func printable(text string) string {
	clean := []rune(clip(text))
	for i, c := range clean {
		if c < ' ' || c > '~' {
			clean[i] = '?'
		}
	}
	return string(clean)
}
