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
