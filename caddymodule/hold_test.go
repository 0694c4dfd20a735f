package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
)

// delayed is a site that holds guesses beyond the first for a minute.
func delayed(held int) config.Site {
	return config.Site{
		Mode:       config.ModeEnforce,
		Policies:   []config.Policy{{On: "brute_force", Answer: config.AnswerDelay}},
		Thresholds: config.Thresholds{Source: config.Rate{N: 1, Window: config.Duration(10 * time.Minute)}},
		Delay:      config.Delay{First: config.Duration(time.Minute), Longest: config.Duration(time.Minute), Held: held},
	}
}

func guessOf(i int) *http.Request {
	return visitor(http.MethodPost, "/login", fmt.Sprintf("password=guess-%d", i))
}

func TestHeldRequestsAreBoundedAndReachTheApp(t *testing.T) {
	t.Parallel()
	for _, bound := range []struct{ site, process, held int }{{4, 512, 4}, {128, 3, 3}} {
		synctest.Test(t, func(t *testing.T) {
			h, s := newTestHandler(t, delayed(bound.site))
			h.app.cfg.Held = bound.process
			var reached atomic.Int64
			app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
				reached.Add(1)
				return wrongPassword(w, r)
			})
			began := time.Now()
			var all sync.WaitGroup
			var limited atomic.Int64
			for i := range 50 {
				all.Go(func() {
					w := httptest.NewRecorder()
					if err := h.ServeHTTP(w, guessOf(i), app); err != nil {
						t.Error(err)
					}
					if w.Code == http.StatusTooManyRequests {
						limited.Add(1)
					}
				})
			}
			synctest.Wait()
			if got := s.held.now(); got != int64(bound.held) || h.watch.holding.now() != got {
				t.Errorf("bounds %+v: %d held", bound, got)
			}
			all.Wait()
			if held := time.Since(began); held != time.Minute {
				t.Errorf("held for %s, want a minute", held)
			}
			if want := int64(1 + bound.held); reached.Load() != want || limited.Load() != 50-want {
				t.Errorf("bounds %+v: %d reached the app and %d were limited", bound, reached.Load(), limited.Load())
			}
			if s.held.now() != 0 || h.watch.holding.now() != 0 {
				t.Error("places were not given back")
			}
		})
	}
}

func TestClientThatHangsUpIsNotHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s := newTestHandler(t, delayed(4))
		reached := 0
		app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			reached++
			return wrongPassword(w, r)
		})
		_ = h.ServeHTTP(httptest.NewRecorder(), guessOf(0), app)
		for i := range 20 {
			r := guessOf(1 + i)
			ctx, hangUp := context.WithTimeout(r.Context(), time.Second)
			began := time.Now()
			err := h.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx), app)
			if statusOf(err) != statusClientClosed || time.Since(began) != time.Second {
				t.Errorf("held for %s and ended with %v; want a second and %d", time.Since(began), err, statusClientClosed)
			}
			hangUp()
		}
		if reached != 1 || s.held.now() != 0 {
			t.Errorf("%d reached the app and %d are held; want 1 and none", reached, s.held.now())
		}
	})
}
