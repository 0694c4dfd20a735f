package recognize

import "strings"

// keyMeaning is what the name of a JSON field stands for in the answer to an
// attempt.
type keyMeaning uint16

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
)

func (m keyMeaning) has(any keyMeaning) bool { return m&any != 0 }

// keyMeanings lists the names, without case and separators.
var keyMeanings = makeKeyMeanings(map[keyMeaning]string{
	keyFlag: `success ok authenticated isauthenticated loggedin isloggedin succeeded issuccess issuccessful
		authorized isvalid valid loginsuccess passed`,
	keyStatus: `status state outcome type statustext`,
	keyCode:   `code statuscode httpstatus responsecode resultcode retcode`,
	keyResult: `result`,
	keyMessage: `message messages msg detail details description title reason hint notice info text response
		statusmessage`,
	keyField: `password username email login identity identifier`,
	keyToken: `token accesstoken jwt idtoken authtoken sessiontoken sessionid session sid refreshtoken bearer
		bearertoken apitoken authenticationtoken access authorization xauthtoken accessjwt ticket`,
	keySecond: `mfa mfarequired mfatoken mfaid mfachallenge requiresmfa requiremfa needsmfa 2fa 2farequired
		requires2fa require2fa need2fa twofactor twofactorrequired twofactortoken requirestwofactor twofactorauth
		tfa tfarequired otp otprequired requiresotp otptoken totprequired challenge challengename challengeid
		challengetoken challengerequired secondfactor secondfactorrequired factorrequired verificationrequired
		requiresverification`,
	keyLocation: `location redirect redirecturl redirecturi redirectto redirectpath url nexturl returnurl returnto
		targeturl forwardurl goto`,
	keyAccount: `user users account profile record member customer me admin currentuser userinfo viewer player doc`,
	keyID:      `id uid uuid userid`,
	keyName:    `email username login name displayname cn`,
	keyIgnored: `stack stacktrace trace locations html help settings preferences schema debug documentationurl
		widget i18n translations`,
	keyFault: `err errcode fault exception`,
	keyRPC:   `jsonrpc`,
})

func makeKeyMeanings(lists map[keyMeaning]string) map[string]keyMeaning {
	meanings := map[string]keyMeaning{}
	for means, list := range lists {
		for key := range wordSet(list) {
			meanings[key] |= means
		}
	}
	return meanings
}

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
	plain := appendPlainKey(buf[:0], key)
	means := keyMeanings[string(plain)]
	if isFaultKey(string(plain)) {
		means |= keyFault
	}
	if means.has(keyFault) && containsWord(splitWords(string(key), 8), credentialKeyWords) {
		means |= keyBlame
	}
	return means
}

func isFaultKey(plain string) bool {
	return strings.HasPrefix(plain, "error") || strings.HasSuffix(plain, "error") || strings.HasSuffix(plain, "errors")
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
var credentialKeyWords = wordSet(`password credential credentials login auth authentication signin`)
