//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/doorward/doorward/detector/store"
)

// Erase takes what is about the pseudonyms out of the log, and what lies in free
// parts of the files as well: deleted bytes are overwritten, and the write-ahead
// log is emptied.
func (s *DB) Erase(ctx context.Context, now time.Time, pseudonyms []string) (n int, err error) {
	if s.readOnly {
		return 0, fmt.Errorf("erasing: %w", store.ErrReadOnly)
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		for _, p := range pseudonyms {
			if _, err := tx.ExecContext(ctx, "INSERT INTO erased (pseudonym, time) VALUES (?, ?) ON CONFLICT DO UPDATE SET time = max(time, excluded.time)", p, now.Unix()); err != nil {
				return err
			}
		}
		n, err = reerase(ctx, tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erasing: %w", known(err))
	}
	return n, s.Scrub(ctx)
}

// Scrub empties the write-ahead log, in which earlier versions of pages stand.
func (s *DB) Scrub(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("emptying the write-ahead log: %w", known(err))
	}
	return nil
}

// Erased returns what was erased and when.
func (s *DB) Erased(ctx context.Context) (map[string]time.Time, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT pseudonym, time FROM erased")
	if err != nil {
		return nil, fmt.Errorf("reading what was erased: %w", known(err))
	}
	defer func() { _ = rows.Close() }()
	list := make(map[string]time.Time)
	for rows.Next() {
		var name string
		var at int64
		if err := rows.Scan(&name, &at); err != nil {
			return nil, fmt.Errorf("reading what was erased: %w", known(err))
		}
		list[name] = time.Unix(at, 0).UTC()
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading what was erased: %w", known(err))
	}
	return list, nil
}

// Reerase erases again what came back.
func (s *DB) Reerase(ctx context.Context) (n int, err error) {
	if s.readOnly {
		return 0, fmt.Errorf("erasing again: %w", store.ErrReadOnly)
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		n, err = reerase(ctx, tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erasing again: %w", known(err))
	}
	return n, nil
}

func reerase(ctx context.Context, tx *sql.Tx) (int, error) {
	result, err := tx.ExecContext(ctx, `UPDATE audit SET identity = '', pseudonym = '', event = NULL
		WHERE pseudonym <> '' AND seq IN (SELECT a.seq FROM erased e JOIN audit a ON a.pseudonym = e.pseudonym AND a.pseudonym <> '' AND a.time < (e.time + 1) * 1000)`)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
