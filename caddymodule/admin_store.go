package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/sanction"
	"github.com/doorward/doorward/detector/store"
)

// maxSanctions is how many sanctions are listed.
const maxSanctions = 1000

// SanctionRow is a sanction with what the audit log knows of it.
type SanctionRow struct {
	detector.SanctionStatus
	Site      string `json:"site,omitempty"`
	Source    string `json:"source,omitempty"`
	Rule      string `json:"rule,omitempty"`
	Identity  string `json:"identity,omitempty"`
	Pseudonym string `json:"pseudonym,omitempty"`
}

// SanctionList is the answer of /doorward/sanctions.
type SanctionList struct {
	// Running is how many there are, of which at most n are listed.
	Running   int              `json:"running"`
	Sanctions []SanctionRow    `json:"sanctions"`
	Entries   []sanction.Entry `json:"entries"`
}

// listSanctions lists what runs: sanctions of detections with what they are
// about, and what the operator entered.
func listSanctions(s *state, r *http.Request) (any, error) {
	n, err := queryInt(r, "n", 100, maxSanctions)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	answer := SanctionList{Running: s.detector.Sanctions(now), Entries: s.detector.Book.List(now), Sanctions: []SanctionRow{}}
	for _, status := range s.detector.RunningSanctions(now, n) {
		answer.Sanctions = append(answer.Sanctions, SanctionRow{SanctionStatus: status})
	}
	// Without a store the ids, lengths and reasons are shown all the same.
	_ = s.lookInStore(r.Context(), func(ctx context.Context, st store.Store) error {
		for i := range answer.Sanctions {
			row := &answer.Sanctions[i]
			rows, err := st.Audit(ctx, store.Query{Sanction: row.ID, Type: string(event.TypeSanction), Limit: 1})
			if err != nil || len(rows) == 0 {
				continue
			}
			row.Site, row.Source, row.Rule = rows[0].Site, rows[0].Source, rows[0].Rule
			row.Identity, row.Pseudonym = rows[0].Identity, rows[0].Pseudonym
		}
		return nil
	})
	return answer, nil
}

// auditRows answers /doorward/audit: rows of the audit log, newest first.
func auditRows(s *state, r *http.Request) (any, error) {
	n, err := queryInt(r, "n", 100, store.MaxRows)
	if err != nil {
		return nil, err
	}
	values := r.URL.Query()
	q := store.Query{Type: values.Get("type"), Source: values.Get("source"), Sanction: values.Get("sanction"), Limit: n}
	if name := values.Get("identity"); name != "" {
		q.Pseudonym = s.detector.Identify(name).Pseudonyms
	}
	if since := values.Get("since"); since != "" {
		if q.Since, err = time.Parse(time.RFC3339, since); err != nil {
			return nil, fmt.Errorf("since=%q: write a time such as 2026-01-02T03:04:05Z", since)
		}
	}
	var rows []store.Row
	err = s.withStore(r.Context(), func(ctx context.Context, st store.Store) (err error) {
		rows, err = st.Audit(ctx, q)
		return err
	})
	return auditJSON(rows), err
}

// auditJSON are the rows with the events they hold.
func auditJSON(rows []store.Row) []json.RawMessage {
	list := make([]json.RawMessage, 0, len(rows))
	for i := range rows {
		row := struct {
			store.Row
			Event json.RawMessage `json:"event,omitempty"`
		}{rows[i], rows[i].Event}
		if text, err := json.Marshal(row); err == nil {
			list = append(list, text)
		}
	}
	return list
}

// IdentityRequest is the body of export and forget.
type IdentityRequest struct {
	// Identity is an e-mail address or a name, in any spelling that folds to the
	// one that is meant.
	Identity string `json:"identity"`
}

func (req IdentityRequest) check() error {
	if req.Identity == "" {
		return errors.New("identity is missing: give an e-mail address or a name as the user types it")
	}
	return nil
}

// IdentityExport is the answer of export: everything that is known of a person.
type IdentityExport struct {
	Identity string `json:"identity"`
	Exported string `json:"exported"`
	// Known are the numbers that the rules compare.
	Known []detector.Explanation `json:"known"`
	// Histories tell how often and since when the accounts were logged in to.
	Histories []detector.HistoryStatus `json:"histories"`
	// Audit are the rows of the audit log, the newest first, at most 10000.
	Audit []json.RawMessage `json:"audit"`
	// Copies names where Doorward has sent events to, which it cannot look into.
	Copies []string `json:"copies"`
}

func exportIdentity(s *state, r *http.Request) (any, error) {
	var req IdentityRequest
	if err := errors.Join(decode(r, &req), req.check()); err != nil {
		return nil, err
	}
	now := time.Now()
	answer := IdentityExport{
		Identity: req.Identity, Exported: now.UTC().Format(time.RFC3339), Copies: s.copies(),
		Known: s.detector.ExplainIdentity(now, req.Identity), Histories: s.detector.Histories(req.Identity),
	}
	err := s.withStore(r.Context(), func(ctx context.Context, st store.Store) error {
		rows, err := st.Audit(ctx, store.Query{Pseudonym: s.detector.Identify(req.Identity).Pseudonyms, Limit: store.MaxRows})
		answer.Audit = auditJSON(rows)
		return err
	})
	return answer, err
}

// copies are the sinks that hold copies of events.
func (s *state) copies() []string {
	list := []string{"Caddy's log, as far as its level and writers keep events"}
	if a := s.app.Load(); a != nil && a.cfg.File != nil {
		list = append(list, "the event file "+a.cfg.File.Path+" and its rotated predecessors")
	}
	return append(list, "backups that were made before")
}

// ForgetAnswer is the answer of forget.
type ForgetAnswer struct {
	// Entries and Rows are how many entries of tables were deleted, and how many
	// rows of the audit log do not tell any more whom they are about.
	Entries int `json:"entries"`
	Rows    int `json:"rows"`
	// Stays is what cannot be told apart by person, and when it fades.
	Stays string `json:"stays"`
	// Copies names where Doorward has sent events to.
	Copies []string `json:"copies"`
}

const forgetStays = "estimates of how many accounts a source tried fade within a week; counts of the pair of the account and an address " +
	"that is in no row of the audit log hold numbers alone and fade within half a year"

func forgetIdentity(s *state, r *http.Request) (any, error) {
	var req IdentityRequest
	if err := errors.Join(decode(r, &req), req.check()); err != nil {
		return nil, err
	}
	k := s.keeper.Load()
	if k == nil {
		return nil, errors.New("there is no store: the configuration is still loading")
	}
	pseudonyms := map[string]bool{}
	for _, p := range s.detector.Identify(req.Identity).Pseudonyms {
		pseudonyms[p] = true
	}
	entries, rows, err := k.Erase(r.Context(), req.Identity)
	if err != nil {
		return nil, err
	}
	s.recent.Replace(func(e *event.Event) *event.Event {
		if e.Pseudonym == "" || !pseudonyms[e.Pseudonym] {
			return e
		}
		erased := *e
		erased.Identity, erased.Pseudonym = "", ""
		return &erased
	})
	s.offer(event.Event{Type: event.TypeOperator, Rule: "forget", Reason: "an identity was forgotten by command"})
	return ForgetAnswer{Entries: entries, Rows: rows, Stays: forgetStays, Copies: s.copies()}, nil
}

// BackupRequest is the body of backup.
type BackupRequest struct {
	// Path is the file to write, absolute, on the machine of the server. It must
	// not exist.
	Path string `json:"path"`
	// WithKey writes the key file beside it, as PATH.key: who has both can find
	// out whether a name that he guesses is among the pseudonyms.
	WithKey bool `json:"with_key,omitempty"`
}

// BackupAnswer is the answer of backup.
type BackupAnswer struct {
	Files []string `json:"files"`
}

func backup(s *state, r *http.Request) (any, error) {
	var req BackupRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	if !filepath.IsAbs(req.Path) {
		return nil, fmt.Errorf("path %q: write an absolute path", req.Path)
	}
	err := s.withStore(r.Context(), func(ctx context.Context, st store.Store) error { return st.Backup(ctx, req.Path) })
	if err != nil {
		return nil, err
	}
	answer := BackupAnswer{Files: []string{req.Path}}
	if req.WithKey {
		file, err := s.backupKey(req.Path + ".key")
		if err != nil {
			return nil, err
		}
		answer.Files = append(answer.Files, file)
	}
	s.offer(event.Event{Type: event.TypeOperator, Rule: "backup", Reason: fmt.Sprintf("a backup was written, with the key: %t", req.WithKey)})
	return answer, nil
}

func (s *state) backupKey(path string) (string, error) {
	if a := s.app.Load(); a != nil && a.cfg.Secret != "" {
		return "", errors.New("the backup was written; the key stands in the configuration (`secret`), there is no key file to copy")
	}
	s.mu.Lock()
	key, err := readKey(filepath.Join(s.dir, secretFile))
	s.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("the backup was written, the key was not: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("the backup was written, the key was not: %w", err)
	}
	_, err = f.Write(key)
	return path, errors.Join(err, f.Sync(), f.Close())
}
