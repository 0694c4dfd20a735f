package main

import (
	"strings"
	"testing"
)

const goodReport = `Running 2s test @ http://127.0.0.1:8080/
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.31ms    3.87ms  53.44ms   79.86%
    Req/Sec     6.51k   581.32     8.13k    72.50%
  25943 requests in 2.00s, 4.63MB read
Requests/sec:  12961.43
Transfer/sec:      2.31MB
`

func TestReportsAreReadAndChecked(t *testing.T) {
	t.Parallel()
	refused := strings.Replace(goodReport, "Requests/sec", "  Non-2xx or 3xx responses: 7\nRequests/sec", 1)
	lost := strings.Replace(goodReport, "Requests/sec", "  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec", 1)
	for _, c := range []struct {
		name, text string
		reached    uint64
		wrong      string // part of the error, empty when the run counts
	}{
		{"every request reached the app", goodReport, 25943, ""},
		{"some were under way at the end", goodReport, 25943 + 64, ""},
		{"more than the connections were under way", goodReport, 25943 + 65, "25943 requests were answered"},
		{"one was answered without the app", goodReport, 25942, "25942 reached the app"},
		{"some were refused", refused, 25943, "Non-2xx or 3xx responses: 7"},
		{"some were lost", lost, 25943, "read 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := parseReport(c.text)
			if err != nil || r.answered != 25943 || r.rate != 12961.43 {
				t.Fatalf("report %+v, error %v", r, err)
			}
			err = r.check(c.reached, 64)
			if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("check: %v; want %q", err, c.wrong)
			}
		})
	}
	if _, err := parseReport("unable to connect to 127.0.0.1:1"); err == nil {
		t.Error("what is no report was read")
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	if got := median([]float64{1, 2, 9}); got != 2 {
		t.Errorf("median of three: %v", got)
	}
	if got := median([]float64{1, 2, 4, 9}); got != 3 {
		t.Errorf("median of four: %v", got)
	}
}
