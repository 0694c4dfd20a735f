package integration

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkChallengePage measures what the work of the first step costs a
// visitor: seconds from opening the page to the login page, and processor seconds
// of the browser. docs/challenge.md states the figures. throttled is a processor
// six times slower, jitless a hardened browser without a just-in-time compiler,
// alone a browser that refuses workers.
func BenchmarkChallengePage(b *testing.B) {
	jitless := []string{"--js-flags=--jitless"}
	const refuseWorkers = "delete window.Worker"
	for _, c := range []struct {
		name     string
		flags    []string
		before   string
		throttle float64
	}{
		{"plain", nil, "", 1},
		{"alone", nil, refuseWorkers, 1},
		{"throttled", nil, "", 6},
		{"throttled alone", nil, refuseWorkers, 6},
		{"jitless", jitless, "", 1},
		{"jitless alone", jitless, refuseWorkers, 1},
		{"jitless throttled alone", jitless, refuseWorkers, 6},
	} {
		b.Run(c.name, func(b *testing.B) {
			page := shopPage()
			page.Bits = 14
			g := startGate(b, page)
			p := startChromium(b, c.flags...)
			p.do(b, "Page.enable", nil)
			p.do(b, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": c.before})
			p.do(b, "Emulation.setCPUThrottlingRate", map[string]any{"rate": c.throttle})
			begin, used := time.Now(), descendantsCPU(os.Getpid())
			for b.Loop() {
				p.do(b, "Network.clearBrowserCookies", nil)
				opened := time.Now()
				p.open(b, g.URL+"/login")
				for !g.solvedSince(opened) {
					time.Sleep(10 * time.Millisecond)
					if time.Since(opened) > 5*time.Minute {
						b.Fatal("not solved in five minutes")
					}
				}
				p.waitFor(b, "document.querySelector('#login')") // and the cookie, which the next visit must not have
			}
			b.ReportMetric(time.Since(begin).Seconds()/float64(b.N), "s/visit")
			b.ReportMetric((descendantsCPU(os.Getpid())-used).Seconds()/float64(b.N), "cpu-s/visit")
		})
	}
}

// descendantsCPU is the processor time of the running children of a process and
// theirs, as far as Linux tells (proc(5)): zero elsewhere.
func descendantsCPU(root int) time.Duration {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	parents, used := map[int]int{}, map[int]time.Duration{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(text), ") ") // the name may hold spaces
		fields := strings.Fields(after)
		if len(fields) < 13 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		parents[pid], _ = strconv.Atoi(fields[1])
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		used[pid] = time.Duration(user+system) * tick
	}
	var sum time.Duration
	for pid := range used {
		for at := parents[pid]; at > 1; at = parents[at] {
			if at == root {
				sum += used[pid]
				break
			}
		}
	}
	return sum
}
