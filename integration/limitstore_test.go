package integration

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	redisstore "github.com/ulule/limiter/v3/drivers/store/redis"

	"github.com/doorward/doorward/detector/store/limittest"
)

// TestTheLimitersOwnRedisStore runs the suite every limiter.Store of the product
// must pass against the Redis driver of the limiter library, on a real server.
// It shows in what the driver differs from the store of this product, which any
// shared store has to make up for: it counts in fixed windows, so that twice the
// limit passes at the boundary of two, and it forgets nothing to make room.
func TestTheLimitersOwnRedisStore(t *testing.T) {
	t.Parallel()
	client := startRedis(t)
	open := func(t *testing.T, _ func() time.Time) limiter.Store {
		store, err := redisstore.NewStoreWithOptions(client, limiter.StoreOptions{Prefix: "limittest"})
		if err != nil {
			t.Fatalf("opening the Redis store: %v", err)
		}
		return store
	}
	// Run's checks are parallel: the group ends before the server does.
	t.Run("suite", func(t *testing.T) {
		limittest.Run(t, open, limittest.Options{FixedWindow: true, RealTime: true})
	})
}

// startRedis starts a server of the test's own, which keeps nothing on disk and
// listens on loopback only, and returns a client of it.
func startRedis(t *testing.T) *redis.Client {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is missing: the limiter's Redis driver is tested on a real server; install it (Debian: apt-get install redis-server)")
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	_, port, _ := net.SplitHostPort(address)
	log := &output{}
	server := startProcess(t, exec.Command(binary, "--port", port, "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", newDir(t)), log)
	client := redis.NewClient(&redis.Options{Addr: address, PoolSize: 64})
	t.Cleanup(func() { _ = client.Close() })
	answers := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return client.Ping(ctx).Err()
	}
	if !eventually(30*time.Second, func() bool { return !server.running() || answers() == nil }) || !server.running() {
		t.Fatal(fmt.Errorf("redis-server does not answer on %s: %w\n%s", address, answers(), tail(log.String(), 2000)))
	}
	return client
}
