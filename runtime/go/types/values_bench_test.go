package types

import "testing"

const benchBody = `{"input":{"n":1,"label":"some text"},"metadata":{"source":"web"},"priority":"high"}`

func BenchmarkDecodeValue(b *testing.B) {
	b.ReportAllocs()
	data := []byte(benchBody)
	for b.Loop() {
		if _, err := DecodeValue(data, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendValue(b *testing.B) {
	b.ReportAllocs()
	value, err := DecodeValue([]byte(benchBody), 1)
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	for b.Loop() {
		if out, err = AppendValue(out[:0], value); err != nil {
			b.Fatal(err)
		}
	}
}
