package limittest_test

import (
	"testing"
	"time"

	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"

	"github.com/doorward/doorward/detector/store/limittest"
)

// The limiter's own memory store counts in fixed windows by the real clock,
// keeps every key and does not look at contexts.
func TestTheLimitersOwnMemoryStore(t *testing.T) {
	t.Parallel()
	open := func(*testing.T, func() time.Time) limiter.Store {
		// No cleaner: it has no Close and would run on after the test.
		return memory.NewStoreWithOptions(limiter.StoreOptions{Prefix: "limittest"})
	}
	limittest.Run(t, open, limittest.Options{FixedWindow: true, RealTime: true, IgnoresContext: true})
}
