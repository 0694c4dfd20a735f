//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// applicationID marks the file as Doorward's (PRAGMA application_id): "Door".
const applicationID = 0x446f6f72

// migration changes the schema from one version to the next. It only adds:
// tables, columns with a default, indexes. So the version before it can still
// read and write the database, as after a rollback.
type migration struct {
	what string
	sql  string
}

// migrations are in order: the first makes version 1.
var migrations = []migration{
	{"documents, changes and snapshots", `
-- Facts about the database itself.
CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

-- Small JSON texts: entries (what the operator blocked and allowed by command),
-- override (the mode set by command), site/NAME (what was learned of a site).
CREATE TABLE documents (
	name    TEXT PRIMARY KEY,
	updated INTEGER NOT NULL, -- seconds since 1970
	data    TEXT NOT NULL
) WITHOUT ROWID;

-- What the fields of entries are called, see evidence.Codec.
CREATE TABLE layouts (
	id     INTEGER PRIMARY KEY,
	fields TEXT NOT NULL UNIQUE
);

-- All entries of all tables at about one time. Only the generation that meta
-- names counts; another one is being written, or was not finished.
CREATE TABLE snapshot (
	id         INTEGER PRIMARY KEY,
	generation INTEGER NOT NULL,
	tbl        TEXT NOT NULL,
	layout     INTEGER NOT NULL REFERENCES layouts,
	entries    INTEGER NOT NULL,
	records    BLOB NOT NULL
);
CREATE INDEX snapshot_by_table ON snapshot (generation, tbl);

-- Entries that changed since then, in the order of time.
CREATE TABLE changes (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	time    INTEGER NOT NULL, -- seconds since 1970
	tbl     TEXT NOT NULL,
	layout  INTEGER NOT NULL REFERENCES layouts,
	entries INTEGER NOT NULL,
	records BLOB NOT NULL,
	gone    BLOB -- keys of entries that were deleted before, 16 bytes each
);
CREATE INDEX changes_by_table ON changes (tbl, id);
`},
	{"the audit log and what was erased", `
-- One row for an event, or for many refused attempts of one source in a minute.
CREATE TABLE audit (
	seq       INTEGER PRIMARY KEY,
	id        TEXT NOT NULL,    -- of the event
	time      INTEGER NOT NULL, -- milliseconds since 1970
	type      TEXT NOT NULL,    -- attempt, detection, sanction, incident, operator, custom, health
	site      TEXT NOT NULL DEFAULT '',
	route     TEXT NOT NULL DEFAULT '',
	kind      TEXT NOT NULL DEFAULT '',
	outcome   TEXT NOT NULL DEFAULT '',
	verdict   TEXT NOT NULL DEFAULT '',
	rule      TEXT NOT NULL DEFAULT '',
	detection TEXT NOT NULL DEFAULT '',
	source    TEXT NOT NULL DEFAULT '', -- an address; after 30 days its network
	identity  TEXT NOT NULL DEFAULT '', -- masked
	pseudonym TEXT NOT NULL DEFAULT '', -- keyed
	sanction  TEXT NOT NULL DEFAULT '',
	incident  TEXT NOT NULL DEFAULT '',
	count     INTEGER NOT NULL DEFAULT 0, -- attempts the row stands for
	dear      INTEGER NOT NULL DEFAULT 0, -- 1: pruned last
	event     TEXT -- the event as JSON; NULL once its address was shortened or its identity erased
);
CREATE UNIQUE INDEX audit_by_id ON audit (id);
CREATE INDEX audit_by_time ON audit (dear, time);
CREATE INDEX audit_by_source ON audit (source, time);
CREATE INDEX audit_by_pseudonym ON audit (pseudonym, time) WHERE pseudonym <> '';
CREATE INDEX audit_by_sanction ON audit (sanction) WHERE sanction <> '';

-- Pseudonyms that were erased: what comes back from a backup is erased again.
CREATE TABLE erased (
	pseudonym TEXT PRIMARY KEY,
	time      INTEGER NOT NULL -- seconds since 1970
) WITHOUT ROWID;
`},
}

// schemaVersion is what this version writes (PRAGMA user_version), readableSince
// the oldest version that can work with it.
var schemaVersion = len(migrations)

const readableSince = 1

// migrate brings the schema from version to schemaVersion, each step in a
// transaction of its own.
func migrate(ctx context.Context, db *sql.DB, version int) error {
	for v := version; v < schemaVersion; v++ {
		if err := migrateOne(ctx, db, v+1); err != nil {
			return fmt.Errorf("changing the schema to version %d (%s): %w", v+1, migrations[v].what, err)
		}
	}
	return nil
}

func migrateOne(ctx context.Context, db *sql.DB, to int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	mark := fmt.Sprintf(`
		INSERT INTO meta (name, value) VALUES ('readable_since', '%d') ON CONFLICT DO UPDATE SET value = excluded.value;
		PRAGMA user_version = %d;
		PRAGMA application_id = %d;`, readableSince, to, applicationID)
	for _, statements := range []string{migrations[to-1].sql, mark} {
		if _, err := tx.ExecContext(ctx, statements); err != nil {
			return err
		}
	}
	return tx.Commit()
}
