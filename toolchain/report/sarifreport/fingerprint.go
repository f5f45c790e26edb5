package sarifreport

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// A print tells one finding from every other and is the same in the next run:
// it knows the rule, the file, the member and the functions, and neither
// offsets nor lines nor where the checkout is.
type print [sha256.Size]byte

// fingerprint computes the print of a finding. The ordinal is the object's
// place among the members of the same name, from 0.
func fingerprint(file string, o *finding.Object, ordinal int, f *finding.Finding) print {
	names := make([]string, 0, len(f.Functions))
	for i := range f.Functions {
		names = append(names, f.Functions[i].Name)
	}
	slices.Sort(names)
	h := sha256.New()
	writeField(h, string(f.ID))
	writeField(h, file)
	writeField(h, o.Member)
	writeField(h, strconv.Itoa(ordinal))
	for _, name := range names {
		writeField(h, name)
	}
	return print(h.Sum(nil))
}

// writeField writes the length first, so that no two lists of fields look the
// same.
func writeField(h hash.Hash, s string) {
	h.Write([]byte(strconv.Itoa(len(s)) + ":" + s))
}

// repeated makes the n-th finding with the same print different, n from 1.
func (p print) repeated(n int) print {
	h := sha256.New()
	h.Write(p[:])
	writeField(h, strconv.Itoa(n))
	return print(h.Sum(nil))
}

// fingerprints names the print for the document. Code scanning looks at
// primaryLocationLineHash alone; without it, all findings of one rule in one
// archive would be one alert, as they share the line.
func (p print) fingerprints() map[string]string {
	text := hex.EncodeToString(p[:])
	return map[string]string{"nosplit/v1": text, "primaryLocationLineHash": text[:16] + ":1"}
}
