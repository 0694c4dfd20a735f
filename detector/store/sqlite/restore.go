//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/doorward/doorward/detector/store"
)

// Restore puts a backup in the place of the store in dir, which no process may
// have open. The store that was there is renamed to state.db.before-restore-TIME,
// which is returned, and what was erased there stays erased.
func Restore(dir, backup string, now time.Time) (aside string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := checkBackup(ctx, backup); err != nil {
		return "", fmt.Errorf("restoring %s: %w", backup, known(err))
	}
	path := filepath.Join(dir, fileName)
	if err := prepareFiles(dir, path); err != nil {
		return "", fmt.Errorf("restoring into %s: %w", dir, err)
	}
	lock, err := takeLock(ctx, filepath.Join(dir, lockName))
	if err != nil {
		return "", fmt.Errorf("restoring into %s: stop Caddy first: %w", dir, known(err))
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	erased, err := erasedIn(ctx, path)
	if err != nil {
		return "", fmt.Errorf("restoring into %s: reading what was erased: %w", dir, err)
	}
	// All that may fail for want of room comes before what is there is touched.
	part := path + ".restoring"
	defer func() { err = errors.Join(err, removeAll(part)) }()
	err = removeAll(part) // of one that was interrupted
	if err == nil {
		err = copyFile(backup, part)
	}
	if err == nil {
		err = eraseAgain(ctx, part, erased)
	}
	if err != nil {
		return "", fmt.Errorf("restoring into %s: %w; what is there was left as it is", dir, err)
	}
	aside = path + ".before-restore-" + now.UTC().Format("20060102T150405.000")
	if err := rename(path, aside); err != nil {
		return "", fmt.Errorf("restoring into %s: %w", dir, err)
	}
	if err := rename(part, path); err != nil {
		return aside, fmt.Errorf("restoring into %s: %w; what was there is %s", dir, err, aside)
	}
	return aside, nil
}

// removeAll deletes a database with the files of its log.
func removeAll(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func checkBackup(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return fmt.Errorf("%w: it is empty", store.ErrCorrupt)
	}
	db, err := sql.Open("sqlite", dsn(path, map[string][]string{"mode": {"ro"}, "immutable": {"1"}}))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if _, err := checkVersion(ctx, db); err != nil {
		return err
	}
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", store.ErrCorrupt, verdict)
	}
	return nil
}

// erasedIn returns what was erased in the store that is replaced. One that cannot
// be read, or that is empty, erased nothing.
func erasedIn(ctx context.Context, path string) (map[string]time.Time, error) {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil, err
	}
	db, err := openFile(ctx, path, store.DefaultRetention.Bytes)
	if errors.Is(known(err), store.ErrCorrupt) || errors.Is(known(err), store.ErrNewer) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	old := &DB{db: db}
	list, err := old.Erased(ctx)
	return list, errors.Join(err, db.Close())
}

func eraseAgain(ctx context.Context, path string, erased map[string]time.Time) error {
	db, err := openFile(ctx, path, store.DefaultRetention.Bytes)
	if err != nil {
		return fmt.Errorf("opening what was restored: %w", known(err))
	}
	restored := &DB{db: db, layouts: make(map[string]int64)}
	err = restored.inTx(ctx, func(tx *sql.Tx) error {
		for name, at := range erased {
			if _, err := tx.ExecContext(ctx, "INSERT INTO erased (pseudonym, time) VALUES (?, ?) ON CONFLICT DO UPDATE SET time = max(time, excluded.time)", name, at.Unix()); err != nil {
				return err
			}
		}
		_, err := reerase(ctx, tx)
		return err
	})
	if err != nil {
		err = fmt.Errorf("erasing again: %w", known(err))
	}
	return errors.Join(err, db.Close())
}

// rename moves a database with the files of its log.
func rename(from, to string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(from+suffix, to+suffix); err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
