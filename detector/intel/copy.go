package intel

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// copyFile is the last good copy of a list on disk: a list any program can
// read, in address order, between two comments:
//
//	# doorward list 1 {"source_sha256":"…","loaded_at":"…","etag":"…"}
//	192.0.2.7
//	2001:db8::/32
//	192.0.2.9 # gone 1767323045
//	# sha256 <of everything before this line, in hex>
//
// An entry that is gone is in the source no more and was last seen at that Unix
// time. One file and one rename, so that entries and validators cannot disagree. The
// source is kept as a hash only: a URL may contain a token.
type copyFile struct {
	path   string // empty: no state directory, nothing is kept
	source string

	// kept is set once a copy was saved or loaded. Only the goroutine of the
	// list touches it.
	kept bool
}

// copyHeader is the JSON of the first line.
type copyHeader struct {
	SourceSHA256 string    `json:"source_sha256"`
	LoadedAt     time.Time `json:"loaded_at"`
	PublishedAt  time.Time `json:"published_at,omitzero"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	// Layout is how the source was read. Read otherwise, the same bytes may be
	// another list.
	Layout string `json:"layout,omitempty"`
}

const (
	copyFolder  = "lists"
	copyMagic   = "# doorward list 1 "
	copyGone    = " # gone "
	copyTrailer = "# sha256 "
	trailerSize = len(copyTrailer) + 2*sha256.Size + 1

	// abandoned is how old a temporary file must be to be removed: older than
	// any write that is still under way, in this process or another.
	abandoned = 10 * time.Minute
)

func newCopyFile(stateDir, name, source string) *copyFile {
	if stateDir == "" {
		return &copyFile{}
	}
	return &copyFile{path: filepath.Join(stateDir, copyFolder, name+".list"), source: source}
}

// removed reports that a copy was kept and that somebody has deleted it since.
func (c *copyFile) removed() bool {
	if c.path == "" || !c.kept {
		return false
	}
	_, err := os.Stat(c.path)
	return errors.Is(err, fs.ErrNotExist)
}

// load reads the copy. A missing copy is fs.ErrNotExist; one that is damaged or
// of another source is an error and is overwritten by the next save.
func (c *copyFile) load() (past, copyHeader, error) {
	var head copyHeader
	if c.path == "" {
		return past{}, head, fs.ErrNotExist
	}
	c.removeAbandoned()
	info, err := os.Stat(c.path)
	if err != nil {
		return past{}, head, err
	}
	if !info.Mode().IsRegular() || info.Size() > MaxBytes+maxLine {
		return past{}, head, errors.New("no regular file, or too large")
	}
	f, err := os.Open(c.path)
	if err != nil {
		return past{}, head, err
	}
	defer f.Close()
	entries, head, err := readCopy(f, info.Size())
	if err == nil && head.SourceSHA256 != hexSum(c.source) {
		err = errors.New("it was made from another source")
	}
	if err != nil {
		return past{}, head, err
	}
	c.kept = true
	return entries, head, nil
}

func readCopy(r io.ReaderAt, size int64) (past, copyHeader, error) {
	var head copyHeader
	body := size - int64(trailerSize)
	if body < 0 {
		return past{}, head, errors.New("it is cut off")
	}
	trailer := make([]byte, trailerSize)
	if _, err := r.ReadAt(trailer, body); err != nil && !errors.Is(err, io.EOF) {
		return past{}, head, fmt.Errorf("reading the checksum: %w", err)
	}
	first := make([]byte, min(int64(maxLine), body))
	if _, err := r.ReadAt(first, 0); err != nil {
		return past{}, head, fmt.Errorf("reading the header: %w", err)
	}
	sum := sha256.New()
	entries, err := readEntries(io.TeeReader(io.NewSectionReader(r, 0, body), sum))
	if err != nil {
		return past{}, head, err
	}
	if string(trailer) != trailerLine(sum) {
		return past{}, head, errors.New("its checksum does not match")
	}
	line, _, _ := strings.Cut(string(first), "\n")
	text, ok := strings.CutPrefix(line, copyMagic)
	if !ok || json.Unmarshal([]byte(text), &head) != nil {
		return past{}, head, errors.New("its first line is no header of this version")
	}
	return entries, head, nil
}

// readEntries reads the entries with what is said about those that are gone.
func readEntries(r io.Reader) (past, error) {
	entries := past{gone: map[netip.Prefix]time.Time{}}
	c := &collector{set: new(Set)}
	note := func(entry, line []byte) {
		_, comment, _ := bytes.Cut(line, []byte(copyGone))
		unix, err := strconv.ParseInt(string(bytes.TrimSpace(comment)), 10, 64)
		if p, ok := parseEntry(entry); ok && err == nil && len(entries.gone) < maxGone {
			entries.gone[p] = time.Unix(unix, 0)
		}
	}
	src := bufio.NewReaderSize(&capped{r: r, left: MaxBytes}, maxLine)
	if err := readLines(c, src, (&textReader{c: c, note: note}).line); err != nil {
		return past{}, err
	}
	if err := c.finish(); err != nil {
		return past{}, err
	}
	entries.answer = without(c.set, func(p netip.Prefix) bool { _, is := entries.gone[p]; return is })
	return entries, nil
}

// save replaces the copy in one step: after a crash at any point the old copy
// or the new one is there, whole. The file has mode 0600, the folder 0700.
func (c *copyFile) save(entries past, head copyHeader) (err error) {
	if c.path == "" {
		return nil
	}
	head.SourceSHA256 = hexSum(c.source)
	dir := filepath.Dir(c.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the last good copy: %w", err)
	}
	f, err := os.CreateTemp(dir, c.tempPattern())
	if err != nil {
		return fmt.Errorf("writing the last good copy: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("writing the last good copy: %w", err)
		}
	}()
	if err := writeCopy(f, entries, head); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), c.path); err != nil {
		return err
	}
	c.kept = true
	syncFolder(dir)
	return nil
}

func writeCopy(w io.Writer, entries past, head copyHeader) error {
	sum := sha256.New()
	out := bufio.NewWriter(w)
	both := io.MultiWriter(out, sum)
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(both, "%s%s\n", copyMagic, text); err != nil {
		return err
	}
	line := make([]byte, 0, 64)
	for p := range entries.answer.Prefixes() {
		line = append(appendEntry(line[:0], p), '\n')
		if _, err := both.Write(line); err != nil {
			return err
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(entries.gone), netip.Prefix.Compare) {
		line = append(appendEntry(line[:0], p), copyGone...)
		line = append(strconv.AppendInt(line, entries.gone[p].Unix(), 10), '\n')
		if _, err := both.Write(line); err != nil {
			return err
		}
	}
	if _, err := out.WriteString(trailerLine(sum)); err != nil {
		return err
	}
	return out.Flush()
}

// appendEntry writes a single address without its length, as lists usually do.
func appendEntry(b []byte, p netip.Prefix) []byte {
	if p.IsSingleIP() {
		return p.Addr().AppendTo(b)
	}
	return p.AppendTo(b)
}

func trailerLine(sum hash.Hash) string {
	return copyTrailer + hex.EncodeToString(sum.Sum(nil)) + "\n"
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// syncFolder makes the rename durable where folders can be synced. Elsewhere
// the worst case is the previous copy.
func syncFolder(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}

func (c *copyFile) tempPattern() string { return "." + filepath.Base(c.path) + ".*.tmp" }

// removeAbandoned removes what killed processes left behind.
func (c *copyFile) removeAbandoned() {
	dir := filepath.Dir(c.path)
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if ours, _ := filepath.Match(c.tempPattern(), entry.Name()); !ours {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
