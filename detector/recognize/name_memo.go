package recognize

// nameMemo remembers what the name of an object means while its members are
// read: an array of thousands of elements asks for it as many times. Nil
// remembers nothing.
type nameMemo struct {
	text [maxName]byte
	n    int
	meaning
}

// minMemo is how long a name is remembered from; the index of an inner array must
// not drive that of the outer one out.
const minMemo = 8

// nameOf is nameOf for names that are asked for again and again.
func (memo *nameMemo) nameOf(segment []byte) meaning {
	if memo == nil || len(segment) < minMemo || len(segment) > maxName {
		return nameOf(segment)
	}
	if string(memo.text[:memo.n]) != string(segment) {
		memo.n = copy(memo.text[:], segment)
		memo.meaning = nameOf(segment)
	}
	return memo.meaning
}
