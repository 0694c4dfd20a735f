// Package har reads HTTP archives as browsers export them (HAR 1.2) and hands
// out the exchanges in the form package recognize looks at.
//
// It reads what recognition needs: method, address, headers and body of the
// request; status, headers and body of the answer; the time. It is strict where
// a mistake would silently change what is recognised: an entry without a
// method, an address or a status is an error that names the entry, counted from
// 0. Everything else is optional, and unknown keys are ignored, so that the
// archives of all browsers and proxies can be read. Keys that begin with an
// underscore are private notes of whoever made the file and are ignored too,
// except _clientIp, the address the request came from.
//
// HAR stores bodies decoded from their Content-Encoding; the header is removed
// from the answer. A body that is shorter than the archive says it was counts
// as cut ([recognize.Request] and [recognize.Response], Complete).
//
// Nothing is retained: the archive holds passwords and cookies, and so does
// what Read returns.
package har
