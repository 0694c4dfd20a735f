//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward/detector/store"
)

// Documents returns all documents.
func (s *DB) Documents(ctx context.Context) (map[string][]byte, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name, data FROM documents")
	if err != nil {
		return nil, fmt.Errorf("reading documents: %w", known(err))
	}
	defer func() { _ = rows.Close() }()
	docs := make(map[string][]byte)
	for rows.Next() {
		var name string
		var data []byte
		if err := rows.Scan(&name, &data); err != nil {
			return nil, fmt.Errorf("reading documents: %w", known(err))
		}
		docs[name] = data
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading documents: %w", known(err))
	}
	return docs, nil
}

// Read calls f with the chunks of a table, the newest first.
func (s *DB) Read(ctx context.Context, table string, f func(store.Chunk) error) error {
	for _, query := range []string{
		`SELECT fields, entries, records, gone FROM changes JOIN layouts ON layouts.id = layout WHERE tbl = ? ORDER BY changes.id DESC`,
		`SELECT fields, entries, records, NULL FROM snapshot JOIN layouts ON layouts.id = layout
			WHERE tbl = ? AND generation = (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'generation')`,
	} {
		if err := s.read(ctx, query, table, f); err != nil {
			return fmt.Errorf("reading %s: %w", table, err)
		}
	}
	return nil
}

func (s *DB) read(ctx context.Context, query, table string, f func(store.Chunk) error) error {
	rows, err := s.db.QueryContext(ctx, query, table)
	if err != nil {
		return known(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		c := store.Chunk{Table: table}
		var records, gone sql.RawBytes
		if err := rows.Scan(&c.Layout, &c.Count, &records, &gone); err != nil {
			return known(err)
		}
		c.Records, c.Gone = records, gone
		if err := f(c); err != nil {
			return err
		}
	}
	return known(rows.Err())
}

// Append adds a batch in one transaction.
func (s *DB) Append(ctx context.Context, b store.Batch) error {
	if err := s.writable(); err != nil {
		return fmt.Errorf("writing to the store: %w", err)
	}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for i := range b.Changes {
			if err := s.appendChange(ctx, tx, b.Time, &b.Changes[i]); err != nil {
				return err
			}
		}
		for _, doc := range b.Documents {
			if err := putDocument(ctx, tx, b.Time, doc); err != nil {
				return err
			}
		}
		return appendRows(ctx, tx, b.Audit)
	})
	if err != nil {
		s.forgetLayouts()
		return fmt.Errorf("writing to the store: %w", known(err))
	}
	return nil
}

func (s *DB) writable() error {
	if s.readOnly {
		return store.ErrReadOnly
	}
	return s.room.check(s.dir)
}

func (s *DB) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (s *DB) appendChange(ctx context.Context, tx *sql.Tx, at time.Time, c *store.Chunk) error {
	layout, err := s.layout(ctx, tx, c.Layout)
	if err != nil {
		return err
	}
	records := c.Records
	if records == nil {
		records = []byte{}
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO changes (time, tbl, layout, entries, records, gone) VALUES (?, ?, ?, ?, ?, ?)",
		at.Unix(), c.Table, layout, c.Count, records, c.Gone)
	return err
}

func putDocument(ctx context.Context, tx *sql.Tx, at time.Time, doc store.Document) error {
	if doc.Data == nil {
		_, err := tx.ExecContext(ctx, "DELETE FROM documents WHERE name = ?", doc.Name)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO documents (name, updated, data) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET updated = excluded.updated, data = excluded.data`, doc.Name, at.Unix(), string(doc.Data))
	return err
}

// layout returns the id of a layout, which is entered when it is new.
func (s *DB) layout(ctx context.Context, tx *sql.Tx, fields string) (id int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := s.layouts[fields]; ok {
		return id, nil
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO layouts (fields) VALUES (?) ON CONFLICT DO NOTHING", fields); err != nil {
		return 0, err
	}
	if err := tx.QueryRowContext(ctx, "SELECT id FROM layouts WHERE fields = ?", fields).Scan(&id); err != nil {
		return 0, err
	}
	s.layouts[fields] = id
	return id, nil
}

// forgetLayouts is called when a transaction that may have entered some has
// failed.
func (s *DB) forgetLayouts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.layouts)
}

// Size is how many bytes the database and its log take.
func (s *DB) Size(ctx context.Context) (int64, error) {
	var pages, free int64
	err := errors.Join(
		s.db.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages),
		s.db.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free),
	)
	if err != nil {
		return 0, fmt.Errorf("measuring the store: %w", known(err))
	}
	return (pages - free) * pageSize, nil
}

// Backup writes a consistent copy to a new file with mode 0600.
func (s *DB) Backup(ctx context.Context, path string) error {
	if err := copyInto(ctx, s.db, path); err != nil {
		return fmt.Errorf("writing a backup to %s: %w", path, known(err))
	}
	return nil
}
