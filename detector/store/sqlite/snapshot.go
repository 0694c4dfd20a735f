//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/doorward/doorward/detector/store"
)

// snapshot is a generation that is being written. Each part is a transaction of
// its own, so changes can be appended in between.
type snapshot struct {
	s          *DB
	generation int64
	last       int64 // the last change that it replaces
	ended      bool
}

// Snapshot begins a generation. What is left of one that was not finished is
// deleted.
func (s *DB) Snapshot(ctx context.Context) (store.Snapshot, error) {
	if err := s.writable(); err != nil {
		return nil, fmt.Errorf("beginning a snapshot: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writing {
		return nil, errors.New("beginning a snapshot: one is being written")
	}
	snap := &snapshot{s: s}
	err := errors.Join(
		s.db.QueryRowContext(ctx, "SELECT coalesce(max(CAST(value AS INTEGER)), 0) + 1 FROM meta WHERE name = 'generation'").Scan(&snap.generation),
		s.db.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM changes").Scan(&snap.last),
	)
	if err == nil {
		err = s.deleteSnapshots(ctx, snap.generation-1)
	}
	if err != nil {
		return nil, fmt.Errorf("beginning a snapshot: %w", known(err))
	}
	s.writing = true
	return snap, nil
}

// deleteStep is how many parts of a snapshot are deleted in one transaction.
const deleteStep = 64

// deleteSnapshots deletes all generations but one.
func (s *DB) deleteSnapshots(ctx context.Context, but int64) error {
	for {
		result, err := s.db.ExecContext(ctx, "DELETE FROM snapshot WHERE id IN (SELECT id FROM snapshot WHERE generation <> ? LIMIT ?)", but, deleteStep)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n < deleteStep {
			return err
		}
	}
}

func (p *snapshot) Put(ctx context.Context, c store.Chunk) error {
	err := p.s.inTx(ctx, func(tx *sql.Tx) error {
		layout, err := p.s.layout(ctx, tx, c.Layout)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO snapshot (generation, tbl, layout, entries, records) VALUES (?, ?, ?, ?, ?)",
			p.generation, c.Table, layout, c.Count, c.Records)
		return err
	})
	if err != nil {
		p.s.forgetLayouts()
		return fmt.Errorf("writing a snapshot: %w", known(err))
	}
	return nil
}

func (p *snapshot) Commit(ctx context.Context) error {
	if p.ended {
		return errors.New("committing a snapshot: it has ended")
	}
	err := p.s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('generation', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
			strconv.FormatInt(p.generation, 10))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM changes WHERE id <= ?", p.last)
		return err
	})
	if err != nil {
		return fmt.Errorf("committing a snapshot: %w", known(err))
	}
	p.end()
	// What this replaced is not read any more. If it cannot be deleted now, the
	// next snapshot does it.
	if err := p.s.deleteSnapshots(ctx, p.generation); err != nil {
		return fmt.Errorf("deleting the snapshot before: %w", known(err))
	}
	return nil
}

func (p *snapshot) Abort() {
	if !p.ended {
		p.end()
	}
}

func (p *snapshot) end() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.ended, p.s.writing = true, false
}
