package replay

import (
	"testing"

	"github.com/doorward/doorward/config"
)

const (
	caddyPage    = `{"level":"info","ts":1770000000.123456,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.7","remote_port":"54462","client_ip":"203.0.113.7","proto":"HTTP/2.0","method":"GET","host":"shop.example","uri":"/products/1234","headers":{"User-Agent":["Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0"],"Accept":["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],"Accept-Language":["en-US,en;q=0.5"],"Accept-Encoding":["gzip, deflate, br"],"Referer":["https://shop.example/"],"Cookie":["REDACTED"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"shop.example"}},"bytes_read":0,"user_id":"","duration":0.0123,"size":5122,"status":200,"resp_headers":{"Server":["Caddy"],"Alt-Svc":["h3=\":443\"; ma=2592000"],"Content-Type":["text/html; charset=utf-8"]}}`
	combinedPage = `203.0.113.7 - - [15/Sep/2021:16:13:46 +0200] "GET /products/1234 HTTP/1.1" 200 5122 "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0"`
)

// BenchmarkLine is what reading one line costs that is no attempt: nearly all
// of a log.
func BenchmarkLine(b *testing.B) {
	for _, c := range []struct {
		format Format
		text   string
	}{{FormatCaddy, caddyPage}, {FormatCombined, combinedPage}} {
		b.Run(string(c.format), func(b *testing.B) {
			parse, text := c.format.parser(config.Site{}), []byte(c.text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var r record
				if err := parse(text, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
