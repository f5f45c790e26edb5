package bitcode_test

import (
	"errors"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/bitcode"
)

// FuzzRead reads arbitrary bytes. It must not panic, and what it returns must
// be bounded by the data.
func FuzzRead(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	old := sample(f)
	f.Add(wrap(old, 3, 9))
	f.Add(slice(old, []byte{0}, old))
	v1 := newFile()
	v1.block(8, func() {
		v1.record(1, 1)
		v1.splitAttributes()
		v1.record(8, 0, 0, 0, 0, 1)
		v1.body()
		v1.block(14, func() { v1.record(1, 0, 'f') })
	})
	f.Add(v1.data)
	f.Fuzz(func(t *testing.T, data []byte) {
		modules, err := bitcode.Read(data)
		if err != nil {
			var fe *bitcode.FormatError
			if !errors.As(err, &fe) && err != bitcode.ErrNoModule {
				t.Fatalf("error %T", err)
			}
			if fe != nil && (fe.Offset > uint64(len(data)) || fe.Msg == "") {
				t.Fatalf("error %q at %d of %d", fe.Msg, fe.Offset, len(data))
			}
			if modules != nil {
				t.Fatal("modules beside an error")
			}
			return
		}
		if len(modules) == 0 {
			t.Fatal("no module and no error")
		}
		total, last := 0, uint64(0)
		for _, m := range modules {
			if len(m.Split)+m.SplitElsewhere > m.Defined {
				t.Fatalf("%d and %d functions of %d are split", len(m.Split), m.SplitElsewhere, m.Defined)
			}
			if m.Offset <= last || m.Offset >= uint64(len(data)) {
				t.Fatalf("module at %d behind %d in %d bytes", m.Offset, last, len(data))
			}
			last = m.Offset
			total += len(m.Identification) + len(m.Triple) + len(m.SourceFile) + 12*m.Defined
			for _, name := range m.Split {
				total += len(name)
			}
		}
		if total > 2*len(data) {
			t.Fatalf("%d bytes of text and functions out of %d", total, len(data))
		}
	})
}
