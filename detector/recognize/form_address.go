package recognize

import "strings"

// maxAddress is how long the address of a form is at most.
const maxAddress = maxRoute + len("POST ")

// appendAddress appends method and path in the one spelling by which a FormBook
// knows them. It does not allocate while dst has room for maxAddress bytes.
func appendAddress(dst []byte, method, path string) []byte {
	dst = append(dst, method...)
	path = path[:min(len(path), maxPath)]
	for segments := 0; path != ""; {
		segment, rest, _ := strings.Cut(path, "/")
		path = rest
		if i := strings.IndexByte(segment, ';'); i >= 0 {
			segment = segment[:i]
		}
		if segment == "" {
			continue
		}
		if isVariable(segment) {
			segment = "*"
		}
		if segments == maxSegments || len(dst)+1+len(segment) > maxAddress-2 {
			return append(dst, "/*"...)
		}
		segments++
		dst = append(dst, '/')
		for i := range len(segment) {
			dst = append(dst, lowerASCII(segment[i]))
		}
	}
	return dst
}

// addressFilter tells from the first and the last letter of a path that none of
// some addresses is meant, which is true of nearly all requests and costs a
// tenth of writing the address down.
type addressFilter struct{ first, last [4]uint64 }

// add takes an address in. What varies may be any letter.
func (f *addressFilter) add(key string) {
	_, path, _ := strings.Cut(key, "/")
	first, last := ends(path)
	for _, end := range []struct {
		letters *[4]uint64
		c       byte
	}{{&f.first, first}, {&f.last, last}} {
		if end.c == '*' {
			*end.letters = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		}
		end.letters[end.c>>6] |= 1 << (end.c & 63)
	}
}

// excludes reports whether path is none of the addresses.
func (f *addressFilter) excludes(path string) bool {
	if strings.IndexByte(path, ';') >= 0 {
		return false
	}
	first, last := ends(path)
	return f.first[first>>6]&(1<<(first&63)) == 0 || f.last[last>>6]&(1<<(last&63)) == 0
}

// ends are the first and the last byte of path in lower case, slashes left out;
// zero when there is nothing else.
func ends(path string) (first, last byte) {
	for path != "" && path[0] == '/' {
		path = path[1:]
	}
	for path != "" && path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	if path == "" {
		return 0, 0
	}
	return lowerASCII(path[0]), lowerASCII(path[len(path)-1])
}
