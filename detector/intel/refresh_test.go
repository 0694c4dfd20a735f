package intel

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// running starts a list of https://lists.test/tor inside a synctest bubble.
func running(t *testing.T, refresh time.Duration, deps Deps) *List {
	t.Helper()
	l, err := NewList(Spec{Name: "tor", Source: "https://lists.test/tor", Refresh: refresh}, deps)
	if err != nil {
		t.Fatal(err)
	}
	l.Start()
	l.Start() // does nothing
	return l
}

func TestRunningListUsesAnUpdate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := new(swappable)
		h.set(text(hosts(10)))
		l := running(t, time.Hour, Deps{Transport: direct{h}, StateDir: dir})
		<-l.Ready()
		if !contains(l, "192.0.2.10") || contains(l, "192.0.2.11") {
			t.Error("not the first list")
		}
		h.set(text(hosts(11)))
		time.Sleep(66*time.Minute + time.Second)
		synctest.Wait()
		if !contains(l, "192.0.2.11") {
			t.Error("the update is not used")
		}
		mustClose(t, l)
		mustClose(t, l)
		if !contains(l, "192.0.2.11") {
			t.Error("the entries are gone after Close")
		}
	})
}

func TestRunningListBeginsWithTheCopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := new(swappable)
		h.set(text(hosts(10)))
		deps := Deps{Transport: direct{h}, StateDir: dir}
		l := running(t, time.Hour, deps)
		<-l.Ready()
		synctest.Wait()
		mustClose(t, l)

		h.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }) // the server is silent
		time.Sleep(time.Hour)
		l = running(t, time.Hour, deps)
		<-l.Ready()
		if s := l.Status(); !contains(l, "192.0.2.10") || !s.FromCopy || s.Age(time.Now()) != time.Hour {
			t.Errorf("status %+v", s)
		}
		begin := time.Now()
		mustClose(t, l)
		if took := time.Since(begin); took != 0 {
			t.Errorf("closing during a request took %v", took)
		}
		if s := l.Status(); s.Failures != 0 || s.LastError != "" {
			t.Errorf("closing left %+v", s)
		}
	})
}

func TestPausesBetweenChecks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		refresh time.Duration
		answer  http.HandlerFunc
		want    []time.Duration // each ±10 %
	}{
		{"good answers", time.Hour, text(hosts(3)), []time.Duration{time.Hour, time.Hour, time.Hour}},
		{
			"failures wait longer each time, up to the refresh interval", 3 * time.Minute, text(""),
			[]time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute, 3 * time.Minute},
		},
		{"an operator who wants it often gets it often", time.Second, text(""), []time.Duration{time.Second, time.Second, time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var at []time.Time
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					at = append(at, time.Now())
					tt.answer(w, r)
				})
				l := running(t, tt.refresh, Deps{Transport: direct{h}})
				for _, d := range tt.want {
					time.Sleep(d + d/10)
				}
				synctest.Wait()
				mustClose(t, l)
				exact := true
				for i, want := range tt.want {
					if i+1 >= len(at) {
						t.Fatalf("only %d checks", len(at))
					}
					got := at[i+1].Sub(at[i])
					if got < want-want/10 || got > want+want/10 {
						t.Errorf("pause %d took %v, want %v give or take a tenth", i, got, want)
					}
					exact = exact && got == want
				}
				if exact {
					t.Error("no pause was varied")
				}
			})
		})
	}
}

func TestEqualFailuresAreToldSparsely(t *testing.T) {
	t.Parallel()
	out, h := new(logged), new(swappable)
	h.set(text(""))
	l := mustList(t, "https://lists.test/tor", Deps{Transport: direct{h}, Log: out.logger()})
	for range 100 {
		_ = l.check(t.Context())
	}
	if n := strings.Count(out.String(), "not refreshed"); n != 7 { // 1, 2, 4 … 64
		t.Errorf("told %d times", n)
	}
	h.set(text("<html>"))
	_ = l.check(t.Context())
	if n := strings.Count(out.String(), "not refreshed"); n != 8 {
		t.Errorf("a new reason was not told")
	}
	if s := l.Status(); s.Refused != 101 || s.Failures != 101 {
		t.Errorf("status %+v", s)
	}
}

// TestCloseIsBounded: a source that does not heed its context (a file on a
// dead network disk) cannot hold up the caller.
func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		deaf := direct{http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release })}
		l := running(t, time.Hour, Deps{Transport: deaf})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		begin := time.Now()
		if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
		close(release)
		mustClose(t, l)
	})
}
