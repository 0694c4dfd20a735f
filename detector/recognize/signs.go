package recognize

import "bytes"

// sign takes a field that is no credential but helps to tell the kind.
func (rd *reading) sign(m meaning, value []byte) {
	// A link may name the logout without a value: ?user=a&logout
	if len(bytes.TrimSpace(value)) == 0 && (m.role != roleLogout || rd.place != inQuery && rd.leaves > 1) {
		return
	}
	rd.signs |= 1 << m.role
	switch m.role {
	case roleToken:
		if isShownCode(value) {
			rd.signs |= 1 << roleCode
		}
	case roleGrant:
		rd.grantField(value)
	case roleButton:
		if len(value) <= maxName {
			rd.button |= senseOfWords(value)
		}
	case roleForgot:
		if rd.place == inBody && !isFlagOff(value) {
			rd.button |= saysForgot
		}
	case roleMethod:
		rd.override = string(value[:min(len(value), len("DELETE"))])
	case roleOperation:
		rd.operationField(m, value)
	}
}

// isShownCode reports whether a value may be what an authenticator shows, which
// some call a token.
func isShownCode(value []byte) bool {
	return (len(value) == 6 || len(value) == 8) && isDigits(value)
}

// grantField takes the grant type of OAuth; of several the password one counts.
func (rd *reading) grantField(value []byte) {
	if string(value) == "password" {
		rd.grant = passwordGrant
	} else if rd.grant == noGrant {
		rd.grant = otherGrant
	}
}

// isFlagOff reports whether a value says no.
func isFlagOff(value []byte) bool {
	switch string(value) {
	case "0", "false", "no", "off":
		return true
	}
	return false
}

// operationField takes a field that names what to do.
func (rd *reading) operationField(m meaning, value []byte) {
	// The title of a page in the query is chosen by the app, elsewhere it is a
	// text of somebody's. The method of a JSON call is looked at with its
	// arguments.
	text := m.word == "title" && rd.place != inQuery
	call := m.word == "method" && rd.format == FormatJSON
	if len(value) <= maxName && !text && !call {
		rd.operation |= senseOfWords(value)
	}
	if m.word == "action" || m.word == "title" || rd.format != FormatJSON {
		return
	}
	// Where everything is a "call", a field within names the method.
	if m.word == "method" && (rd.call.method == nil || string(rd.call.method) == "call") {
		rd.call.method = value
	}
	if rd.document == "" {
		rd.document = operationName(value)
	}
}
