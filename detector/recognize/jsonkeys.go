package recognize

import "bytes"

// keyMeaning is what the name of a JSON field stands for in the answer to an
// attempt.
type keyMeaning uint32

const (
	// keyFlag says whether it worked, keyStatus how, keyCode with a number or
	// a name, keyResult with a number or, in JSON-RPC, with what was asked for.
	keyFlag keyMeaning = 1 << iota
	keyStatus
	keyCode
	keyResult
	// keyMessage is for people to read; keyField names a field of the form: a
	// list of texts under it is a list of complaints.
	keyMessage
	keyField
	// keyToken holds a session or an access token.
	keyToken
	// keySecond asks for a second factor if it holds something.
	keySecond
	// keyLocation is where the page goes next.
	keyLocation
	// keyAccount holds the description of a user, keyID and keyName are parts
	// of one.
	keyAccount
	keyID
	keyName
	// keyIgnored holds diagnostics, markup or settings.
	keyIgnored
	// keyFault holds an error, keyBlame one about the credentials.
	keyFault
	keyBlame
	keyRPC
	// keyAsks asks for a second factor even beside a token, which is then one
	// for the second step only. keyStep names a step or a method by a word.
	keyAsks
	keyStep
	// keyRedirect is a keyLocation that means nothing else, however deep.
	keyRedirect
	// keyProof lists what identifies a user: the ways to log in.
	keyProof
	// keyError is the error code of OAuth 2.0.
	keyError
)

func (m keyMeaning) has(any keyMeaning) bool { return m&any != 0 }

// keyMeanings lists the names, without case and separators.
var keyMeanings = classesOf(map[keyMeaning]string{
	keyFlag: `d success ok authenticated isauthenticated loggedin isloggedin succeeded issuccess issuccessful
		authorized isvalid valid loginsuccess passed`,
	keyStatus: `status state outcome type statustext`,
	keyCode:   `code statuscode httpstatus responsecode resultcode retcode`,
	keyResult: `result`,
	keyMessage: `message messages msg detail details description title reason hint notice info text response
		statusmessage resulttext errortext`,
	keyField: `password username email login identity identifier`,
	keyToken: `token accesstoken jwt idtoken authtoken sessiontoken sessionid session sid refreshtoken bearer
		bearertoken apitoken authenticationtoken access authorization xauthtoken accessjwt ticket`,
	keyAsks: `mfarequired requiresmfa requiremfa needsmfa 2farequired requires2fa require2fa need2fa
		twofactorrequired requirestwofactor tfarequired needtfa otprequired requiresotp totprequired
		challengename challengerequired secondfactorrequired factorrequired mfapendingcredential
		twofactorredirect mfatoken twofactortoken`,
	keyStep:  `stepid step nextstep requiredaction method authmethod messagecode`,
	keyProof: `identities`,
	keyError: `error`,
	keySecond: `verification tfa needtfa mfapendingcredential mfainfo twofactorredirect twofactorproviders mfa mfarequired mfatoken mfaid mfachallenge requiresmfa requiremfa needsmfa 2fa 2farequired
		requires2fa require2fa need2fa twofactor twofactorrequired twofactortoken requirestwofactor twofactorauth
		tfa tfarequired otp otprequired requiresotp otptoken totprequired challenge challengename challengeid
		challengetoken challengerequired secondfactor secondfactorrequired factorrequired verificationrequired
		requiresverification`,
	keyRedirect: `redirectbrowserto redirect redirecturl redirecturi redirectto redirectpath forwardurl targeturl`,
	keyLocation: `redirectbrowserto location redirect redirecturl redirecturi redirectto redirectpath url nexturl returnurl returnto
		targeturl forwardurl goto`,
	keyAccount: `user users account profile record member customer me admin currentuser userinfo viewer player doc`,
	keyID:      `id uid uuid userid`,
	keyName:    `email username login name displayname cn`,
	keyIgnored: `stack stacktrace trace locations html help settings preferences schema debug documentationurl
		widget i18n translations`,
	keyFault: `err errcode errno errnum errmsg errstr fault exception faultstring faultcode faultactor`,
	keyRPC:   `jsonrpc`,
})

// maxKeyLength is the length in bytes from which a key stands for nothing.
const maxKeyLength = 64

// meaningOf returns what a key stands for: error, errors, error_code,
// non_field_errors and LDAPPasswordPolicyError all hold errors, the last one
// about a password.
func meaningOf(key []byte) keyMeaning {
	if len(key) > maxKeyLength {
		return 0
	}
	var buf [maxKeyLength]byte
	var room [wordRoom]byte
	plain := appendPlainKey(buf[:0], key)
	means := keyMeanings.get(plain)
	if isFaultKey(plain) {
		means |= keyFault
	}
	switch {
	case means != 0:
	case isTokenKey(plain):
		means = keyToken
	case bytes.HasSuffix(plain, []byte("result")):
		means = keyResult
	case bytes.HasSuffix(plain, []byte("message")):
		means = keyMessage
	}
	if means.has(keyFault) && wordsInto(room[:], key).any(credentialKeyWords) {
		means |= keyBlame
	}
	return means
}

func isFaultKey(plain []byte) bool {
	return bytes.HasPrefix(plain, []byte("error")) || bytes.HasSuffix(plain, []byte("error")) || bytes.HasSuffix(plain, []byte("errors"))
}

// isTokenKey reports whether a name ends as those of sessions and tokens for
// access do, with a word in front: myapp_session_token.
func isTokenKey(plain []byte) bool {
	if n := len(plain); n == 0 || plain[n-1] != 'n' && plain[n-1] != 'd' {
		return false // as all of tokenKeyEnds
	}
	for _, end := range tokenKeyEnds {
		if bytes.HasSuffix(plain, end) {
			return true
		}
	}
	return false
}

var tokenKeyEnds = [][]byte{
	[]byte("accesstoken"), []byte("sessiontoken"), []byte("authtoken"), []byte("sessionid"), []byte("rpcsession"), []byte("jwttoken"),
}

// plainKey removes case and separators from a name: accessToken and
// access_token are the same.
func plainKey(key string) string {
	var buf [maxKeyLength]byte
	return string(appendPlainKey(buf[:0], []byte(key[:min(len(key), maxKeyLength)])))
}

func appendPlainKey(dst, key []byte) []byte {
	for _, c := range key {
		switch {
		case c >= 'A' && c <= 'Z':
			dst = append(dst, c|0x20)
		case c == '_' || c == '-' || c == ' ' || c == '.':
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// credentialKeyWords in the name of an error blame the credentials.
var credentialKeyWords = wordsOf(`password credential credentials login auth authentication signin`)
