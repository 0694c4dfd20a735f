package recognize

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Codes of gRPC (grpc.io/docs/guides/status-codes) that tell something.
const (
	grpcOK                = 0
	grpcInvalidArgument   = 3
	grpcNotFound          = 5
	grpcPermissionDenied  = 7
	grpcResourceExhausted = 8
	grpcPrecondition      = 9
	grpcUnimplemented     = 12
	grpcUnauthenticated   = 16
)

// procedureStatus returns the status of a gRPC or gRPC-Web answer: from the
// header, or from the trailer that stands as last message in the body of
// gRPC-Web. known is false when there is none: with gRPC itself it may follow
// in an HTTP trailer, which is not looked at.
func procedureStatus(resp *Response) (code int, message string, known bool) {
	if !isProcedure(resp.Header.Get("Content-Type")) {
		return 0, "", false
	}
	if text := resp.Header.Get("Grpc-Status"); text != "" {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		return n, resp.Header.Get("Grpc-Message"), err == nil
	}
	return trailerStatus(resp.Body)
}

func isProcedure(kind string) bool {
	return strings.HasPrefix(strings.ToLower(kind), "application/grpc")
}

// trailerStatus reads the trailer of gRPC-Web: lines of a header at the end of
// the body.
func trailerStatus(body []byte) (code int, message string, known bool) {
	i := bytes.LastIndex(body, []byte("grpc-status:"))
	if i < 0 {
		return 0, "", false
	}
	for line := range bytes.SplitSeq(body[i:min(len(body), i+maxHeardBytes)], []byte("\n")) {
		name, value, _ := strings.Cut(string(bytes.TrimSpace(line)), ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "grpc-status":
			n, err := strconv.Atoi(value)
			code, known = n, err == nil
		case "grpc-message":
			message = value
		}
	}
	return code, message, known
}

// procedure reads the outcome of a login by gRPC.
func (a *answer) procedure(code int, message string) Outcome {
	if text, err := url.PathUnescape(message); err == nil {
		message = text
	}
	why, told := "gRPC status "+itoa(code), listen(message)&^(a.echo&excuses)
	switch {
	case code == grpcOK:
		return outcome(Success, 0.9, why)
	case code == grpcResourceExhausted, told.has(saidTooMany):
		return outcome(Throttled, 0.9, why)
	case told.has(saidSecond):
		return a.secondFactor(why + " asks for a second factor")
	case code == grpcUnauthenticated:
		return outcome(Failure, 0.95, why)
	case told.has(saidRefused | saidClosed):
		return outcome(Failure, 0.9, why, "the message blames the credentials")
	case code == grpcPermissionDenied, code == grpcNotFound, code == grpcPrecondition:
		return outcome(Failure, 0.75, why)
	case code == grpcInvalidArgument:
		return outcome(Malformed, 0.7, why)
	case code == grpcUnimplemented:
		return nobodyLooked(why + ": there is no such call")
	default:
		return outcome(Unknown, 0, why)
	}
}

// judgeMessage reads a protobuf message that is the result of a call: Connect
// and Twirp send errors as JSON and with another status.
func (a *answer) judgeMessage() Outcome {
	if a.status == http.StatusOK && isMessage(a.x.Response.Header.Get("Content-Type")) {
		return outcome(Success, 0.85, "a message as the result of the call")
	}
	return a.judgeOpaque()
}

func isMessage(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	switch strings.TrimSpace(kind) {
	case "application/proto", "application/protobuf", "application/x-protobuf", "application/connect+proto":
		return true
	}
	return false
}
