package htmlreport

import (
	"crypto/sha256"
	"encoding/base64"
)

// contentPolicy returns a Content-Security-Policy that allows one style and one
// script by their text and nothing else: no request of any kind, no form, no
// other base address, no attribute that holds style or script, and no text that
// a script turns into HTML.
func contentPolicy(style, script string) string {
	return "default-src 'none'; style-src " + hashSource(style) + "; script-src " + hashSource(script) +
		"; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// hashSource names a text as CSP 3, section 2.3.1, does. The browser hashes
// what stands between the tags, byte for byte.
func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
