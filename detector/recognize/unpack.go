package recognize

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
	"hash/crc32"
	"io"
	"net/http"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// maxDecoded is how much of a compressed body is unpacked: as much as is
// looked at of a plain one by default, however far it would expand.
const maxDecoded = 64 << 10

// maxRequestWindow bounds the memory of the zstd decoder of a request. A body of
// maxDecoded needs no larger window; one that declares more is not read.
const maxRequestWindow = 256 << 10

// unpack undoes gzip, deflate and zstd (RFC 9110 §8.4.1, RFC 8878), at most
// maxEncodings of them and at most maxDecoded of the text. When an encoding is
// unknown, or the body is not what its encoding says, the body is returned as it
// is and decoded is false.
func unpack(rd *reading, body []byte, h http.Header) (plain []byte, decoded bool) {
	if len(h["Content-Encoding"]) == 0 {
		return body, true
	}
	encodings := contentEncodings(h)
	if len(encodings) > maxEncodings {
		return body, false
	}
	plain = body
	for _, encoding := range slices.Backward(encodings) {
		var whole bool
		switch encoding {
		case "gzip", "x-gzip":
			plain, whole = gunzip(plain)
		case "deflate":
			plain, whole = inflate(plain)
		case "zstd":
			plain, whole = unzstd(plain)
		default:
			plain = nil
		}
		if len(plain) == 0 {
			return body, false
		}
		rd.cut = rd.cut || !whole
	}
	return plain, true
}

// gunzip undoes gzip (RFC 1952). Of several members, which no client sends, the
// first is read.
func gunzip(body []byte) (text []byte, whole bool) {
	packed, ok := cutGzipHeader(body)
	if !ok {
		return nil, false
	}
	d := inflater{in: packed, out: make([]byte, 0, maxDecoded)}
	whole = d.run()
	rest := packed[d.pos:]
	whole = whole && len(rest) == 8 && binary.LittleEndian.Uint32(rest) == crc32.ChecksumIEEE(d.out) &&
		binary.LittleEndian.Uint32(rest[4:]) == uint32(len(d.out))
	return d.out, whole
}

// The parts that the header of gzip may have (RFC 1952, section 2.3.1).
const (
	gzipChecksum = 1 << 1
	gzipExtra    = 1 << 2
	gzipName     = 1 << 3
	gzipComment  = 1 << 4
)

// cutGzipHeader returns what stands behind the header.
func cutGzipHeader(body []byte) (rest []byte, ok bool) {
	if len(body) < 10 || body[0] != 0x1f || body[1] != 0x8b || body[2] != 8 {
		return nil, false
	}
	flags, at := body[3], 10
	if flags&gzipExtra != 0 {
		if len(body) < at+2 {
			return nil, false
		}
		at += 2 + int(binary.LittleEndian.Uint16(body[at:]))
	}
	for _, text := range []byte{gzipName, gzipComment} {
		if flags&text == 0 {
			continue
		}
		for at < len(body) && body[at] != 0 {
			at++
		}
		at++
	}
	if flags&gzipChecksum != 0 {
		at += 2
	}
	if at > len(body) {
		return nil, false
	}
	return body[at:], true
}

// inflate undoes deflate, which RFC 9110 means to be in the format of zlib
// (RFC 1950); some clients leave that out.
func inflate(body []byte) (text []byte, whole bool) {
	d := inflater{in: body, out: make([]byte, 0, maxDecoded)}
	if !hasZlibHeader(body) {
		whole = d.run()
		return d.out, whole
	}
	d.in = body[2:]
	whole = d.run()
	rest := d.in[d.pos:]
	return d.out, whole && len(rest) >= 4 && binary.BigEndian.Uint32(rest) == adler32.Checksum(d.out)
}

func hasZlibHeader(body []byte) bool {
	return len(body) > 1 && body[0]&15 == 8 && body[0]>>4 <= 7 && body[1]&0x20 == 0 && binary.BigEndian.Uint16(body)%31 == 0
}

// unzstd undoes Zstandard (RFC 8878).
func unzstd(body []byte) (text []byte, whole bool) {
	frame, only := firstFrame(body)
	r, err := decoderOf("zstd", frame, maxRequestWindow)
	if err != nil {
		return nil, false
	}
	defer r.Close()
	buf := make([]byte, maxDecoded)
	n, _ := io.ReadFull(r, buf)
	if n == 0 {
		return nil, false
	}
	// Only a reader at the clean end of its stream says EOF: a full buffer may
	// have more behind it, a cut or broken stream keeps its error.
	var one [1]byte
	more, err := r.Read(one[:])
	return buf[:n], only && more == 0 && errors.Is(err, io.EOF)
}

// firstFrame returns the first frame of a body, up to maxBlocks blocks of it, and
// whether that is all there is. What is no frame stays for the decoder to judge.
func firstFrame(body []byte) (frame []byte, only bool) {
	var h zstd.Header
	if h.Decode(body[:min(len(body), zstd.HeaderMaxSize)]) != nil || h.Skippable {
		return body[:min(len(body), zstd.HeaderMaxSize)], false
	}
	at := h.HeaderSize
	for range maxBlocks {
		if at+3 > len(body) {
			return body, true // cut
		}
		header := uint32(body[at]) | uint32(body[at+1])<<8 | uint32(body[at+2])<<16
		size := int(header >> 3)
		if header>>1&3 == 1 {
			size = 1 // one byte again and again
		}
		if at += 3 + size; header&1 != 0 {
			if h.HasCheckSum {
				at += 4
			}
			return body[:min(at, len(body))], at >= len(body)
		}
	}
	return body[:min(at, len(body))], false
}
