//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/doorward/doorward/detector/store"
)

const rowColumns = "id, time, type, site, route, kind, outcome, verdict, rule, detection, source, identity, pseudonym, sanction, incident, count, dear, event"

func appendRows(ctx context.Context, tx *sql.Tx, rows []store.Row) error {
	if len(rows) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO audit ("+rowColumns+") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "+
		"ON CONFLICT (id) DO UPDATE SET count = count + excluded.count, time = max(time, excluded.time)")
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	for i := range rows {
		r := &rows[i]
		var event any
		if len(r.Event) > 0 {
			event = string(r.Event)
		}
		_, err := insert.ExecContext(ctx, r.ID, r.Time.UnixMilli(), r.Type, r.Site, r.Route, r.Kind, r.Outcome, r.Verdict, r.Rule,
			r.Detection, r.Source, r.Identity, r.Pseudonym, r.Sanction, r.Incident, r.Count, r.Dear, event)
		if err != nil {
			return err
		}
	}
	return nil
}

// Audit returns rows that match, the newest first.
func (s *DB) Audit(ctx context.Context, q store.Query) ([]store.Row, error) {
	where, args := conditions(&q)
	query := "SELECT " + rowColumns + " FROM audit" + where + " ORDER BY time DESC, seq DESC LIMIT ?" //nolint:gosec // constants alone are joined
	rows, err := s.db.QueryContext(ctx, query, append(args, q.Rows())...)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", known(err))
	}
	defer func() { _ = rows.Close() }()
	var list []store.Row
	for rows.Next() {
		var r store.Row
		var ms int64
		err := rows.Scan(&r.ID, &ms, &r.Type, &r.Site, &r.Route, &r.Kind, &r.Outcome, &r.Verdict, &r.Rule, &r.Detection, &r.Source,
			&r.Identity, &r.Pseudonym, &r.Sanction, &r.Incident, &r.Count, &r.Dear, &r.Event)
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", known(err))
		}
		r.Time = time.UnixMilli(ms).UTC()
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", known(err))
	}
	return list, nil
}

func conditions(q *store.Query) (where string, args []any) {
	var parts []string
	add := func(part string, values ...any) { parts, args = append(parts, part), append(args, values...) }
	if q.Type != "" {
		add("type = ?", q.Type)
	}
	if q.Source != "" {
		add("source = ?", q.Source)
	}
	if q.Sanction != "" {
		add("sanction = ? AND sanction <> ''", q.Sanction)
	}
	if !q.Since.IsZero() {
		add("time >= ?", q.Since.UnixMilli())
	}
	if q.Pseudonym != nil {
		// One parameter however many sites there are: SQLite takes 32766.
		list, _ := json.Marshal(q.Pseudonym) // texts always can be
		add("pseudonym <> '' AND pseudonym IN (SELECT value FROM json_each(?))", string(list))
	}
	if len(parts) == 0 {
		return "", args
	}
	return " WHERE " + strings.Join(parts, " AND "), args
}

// AuditCount returns how many attempts the rows stand for.
func (s *DB) AuditCount(ctx context.Context) (n uint64, err error) {
	if err := s.db.QueryRowContext(ctx, "SELECT coalesce(sum(count), 0) FROM audit").Scan(&n); err != nil {
		return 0, fmt.Errorf("counting the audit log: %w", known(err))
	}
	return n, nil
}

// pruneStep is how many rows are changed in one transaction, vacuumPages how
// many free pages are given back to the disk in one.
const (
	pruneStep   = 2000
	vacuumPages = 256
)

// Prune deletes rows that are too old, shortens old addresses, and deletes the
// oldest rows that are not dear while the database is too large; the dear ones
// when there are no others.
func (s *DB) Prune(ctx context.Context, now time.Time, limits store.Retention) (more bool, err error) {
	if s.readOnly {
		return false, nil
	}
	before := func(d time.Duration) int64 { return now.Add(-d).UnixMilli() }
	excess, err := s.excess(ctx, limits.Bytes)
	if err != nil {
		return false, fmt.Errorf("pruning the audit log: %w", known(err))
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE dear = 0 AND time < ? LIMIT ?)", []any{before(limits.Rows), pruneStep}},
		{"DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE dear = 1 AND time < ? LIMIT ?)", []any{before(limits.Dear), pruneStep}},
		{"DELETE FROM audit WHERE seq IN (SELECT seq FROM audit ORDER BY dear, time LIMIT ?)", []any{excess}},
	} {
		result, err := s.db.ExecContext(ctx, step.sql, step.args...)
		if err != nil {
			return false, fmt.Errorf("pruning the audit log: %w", known(err))
		}
		if n, err := result.RowsAffected(); err == nil && n == pruneStep {
			more = true
		}
	}
	coarser, err := s.coarsen(ctx, before(limits.Addresses))
	if err != nil {
		return false, fmt.Errorf("shortening old addresses: %w", known(err))
	}
	if _, err := s.db.ExecContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", vacuumPages)); err != nil {
		return false, fmt.Errorf("giving room back: %w", known(err))
	}
	return more || coarser, nil
}

// excess is how many rows must go, at most pruneStep, so that the database takes
// no more than nine tenths of its bound: a snapshot needs room as well.
func (s *DB) excess(ctx context.Context, bound int64) (int64, error) {
	size, err := s.Size(ctx)
	if err != nil || bound <= 0 || size <= bound*9/10 {
		return 0, err
	}
	var rows int64
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM audit").Scan(&rows); err != nil {
		return 0, err
	}
	return min(max(rows*(size-bound*9/10)/size, 1), pruneStep), nil
}

// coarsen puts networks in the place of addresses of rows from before a moment.
func (s *DB) coarsen(ctx context.Context, before int64) (more bool, err error) {
	n := 0
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT seq, source FROM audit WHERE dear IN (0, 1) AND time < ? AND source <> '' AND instr(source, '/') = 0 LIMIT ?", before, pruneStep)
		if err != nil {
			return err
		}
		networks := make(map[int64]string)
		for rows.Next() {
			var seq int64
			var source string
			if err := rows.Scan(&seq, &source); err != nil {
				return err
			}
			addr, err := netip.ParseAddr(source)
			if err == nil {
				networks[seq] = store.Network(addr).String()
			} else {
				networks[seq] = ""
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for seq, network := range networks {
			if _, err := tx.ExecContext(ctx, "UPDATE audit SET source = ?, event = NULL WHERE seq = ?", network, seq); err != nil {
				return err
			}
		}
		n = len(networks)
		return nil
	})
	return n == pruneStep, err
}
