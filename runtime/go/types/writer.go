package types

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"
)

// Writer gathers one JSON text.
type Writer struct {
	out []byte
	err error
}

func (w *Writer) fail(code, detail string) {
	if w.err == nil {
		w.err = &DomainError{Code: code, Detail: detail}
	}
}

func (w *Writer) literal(text string) { w.out = append(w.out, text...) }
func (w *Writer) byte(c byte)         { w.out = append(w.out, c) }

func (w *Writer) bool(value bool) { w.out = strconv.AppendBool(w.out, value) }

func (w *Writer) integer(value int64) {
	if value > MaxSafeInteger || value < -MaxSafeInteger {
		w.fail(CodeIntegerRange, strconv.FormatInt(value, 10))
	}
	w.out = strconv.AppendInt(w.out, value, 10)
}

func (w *Writer) float(value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		w.fail(CodeNotFinite, strconv.FormatFloat(value, 'g', -1, 64))
		return
	}
	if size := math.Abs(value); size >= 1e15 || (size < 1e-5 && size > 0) {
		w.out = strconv.AppendFloat(w.out, value, 'e', -1, 64)
		return
	}
	w.out = strconv.AppendFloat(w.out, value, 'f', -1, 64)
}

const hexDigits = "0123456789abcdef"

func (w *Writer) string(text string) {
	out := append(w.out, '"')
	start, ascii := 0, true
	for at := 0; at < len(text); at++ {
		c := text[at]
		if c >= utf8.RuneSelf {
			ascii = false
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[start:at]...)
		start = at + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	if !ascii && !utf8.ValidString(text) {
		w.fail(CodeNotJSON, "a string is not UTF-8")
	}
	w.out = append(append(out, text[start:]...), '"')
}

// raw writes the text of any value; a nil text is null, and one outside the domain
// fails.
func (w *Writer) raw(text []byte) {
	if text == nil {
		w.literal("null")
		return
	}
	r := newReader(text)
	if r.err == nil {
		r.skip()
	}
	if err := r.finish(); err != nil && w.err == nil {
		w.err = err
	}
	w.out = append(w.out, bytes.TrimSpace(text)...)
}
