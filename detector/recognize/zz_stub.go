package recognize

import (
	"net/http"
	"time"
)

type FormBook struct{}

func (*FormBook) Read(time.Time, *Request, *Response) bool { return false }
func (*FormBook) Lookup(method, path string) *Form        { return nil }
func MayShowForm(int, http.Header) bool                    { return false }
