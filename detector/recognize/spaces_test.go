package recognize

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

func TestSpacesAreBounded(t *testing.T) {
	t.Parallel()
	asks := &Response{Status: 401, Header: http.Header{"Www-Authenticate": {"Digest x"}}}
	var s Spaces
	var all sync.WaitGroup
	for i := range MaxSpaces + 10 {
		all.Go(func() { s.See(fmt.Sprintf("/%d/", i), asks) })
	}
	all.Wait()
	if n := len(s.list); n != MaxSpaces {
		t.Errorf("%d protection spaces, want %d", n, MaxSpaces)
	}
	s.Forget()
	if s.Cover("/1/") {
		t.Error("a space is known after Forget")
	}
}
