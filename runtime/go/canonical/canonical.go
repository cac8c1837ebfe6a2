// Package canonical writes JSON as RFC 8785 says: one text per value, the same in
// every language. Plans are hashed over it, and interpolated values print as it.
package canonical

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxSafeInteger is the largest integer that a double holds exactly together with its
// neighbours.
const MaxSafeInteger = 1<<53 - 1

// ErrExceeded says that a text is longer than its limit.
var ErrExceeded = errors.New("the text is longer than its limit")

// Text is the canonical text of a value: nil, bool, int, int64, float64, json.Number,
// string, []any, map[string]any. It fails for what is not I-JSON.
func Text(value any) (string, error) {
	w := writer{limit: -1}
	if err := w.write(value, 0); err != nil {
		return "", err
	}
	return string(w.out), nil
}

// Append writes the canonical text of a value behind what is there. When it fails, what
// was there comes back.
func Append(out []byte, value any) ([]byte, error) {
	w := writer{out: out, limit: -1}
	if err := w.write(value, 0); err != nil {
		return out, err
	}
	return w.out, nil
}

// AppendSafe is Append with integral numbers beyond ±(2^53−1) in exponent notation, so that
// every decoder of the domain reads the text again: 1e+20 and not 100000000000000000000.
// The canonical text of both is the same.
func AppendSafe(out []byte, value any) ([]byte, error) {
	w := writer{out: out, limit: -1, safe: true}
	if err := w.write(value, 0); err != nil {
		return out, err
	}
	return w.out, nil
}

// Exceeds says whether the canonical text has more than limit bytes, and stops there:
// it costs no more than the limit.
func Exceeds(value any, limit int) (bool, error) {
	w := writer{limit: limit}
	err := w.write(value, 0)
	if errors.Is(err, ErrExceeded) {
		return true, nil
	}
	return false, err
}

const maxDepth = 10_000

type writer struct {
	out   []byte
	limit int  // -1 is none
	safe  bool // no integers beyond ±(2^53−1)
}

func (w *writer) write(value any, depth int) error {
	if depth > maxDepth {
		return errors.New("the value is nested too deeply")
	}
	switch of := value.(type) {
	case nil:
		w.out = append(w.out, "null"...)
	case bool:
		w.out = strconv.AppendBool(w.out, of)
	case string:
		if !utf8.ValidString(of) {
			return errors.New("the value has a string that is not UTF-8")
		}
		w.out = appendQuoted(w.out, of)
	case int:
		w.out = AppendInteger(w.out, int64(of))
	case int64:
		w.out = AppendInteger(w.out, of)
	case float64:
		if math.IsNaN(of) || math.IsInf(of, 0) {
			return errors.New("NaN and infinities are no JSON numbers")
		}
		w.number(of)
	case json.Number:
		double, err := of.Float64()
		if err != nil {
			return fmt.Errorf("the number is beyond the range of doubles: %w", err)
		}
		w.number(double)
	case []any:
		return w.array(of, depth)
	case map[string]any:
		return w.object(of, depth)
	default:
		return fmt.Errorf("%T is no JSON type", value)
	}
	return w.bounded()
}

func (w *writer) number(value float64) {
	if w.safe && math.Abs(value) > MaxSafeInteger {
		w.out = appendExponent(w.out, value)
	} else {
		w.out = AppendNumber(w.out, value)
	}
}

func (w *writer) bounded() error {
	if w.limit >= 0 && len(w.out) > w.limit {
		return ErrExceeded
	}
	return nil
}

func (w *writer) array(items []any, depth int) error {
	w.out = append(w.out, '[')
	for index, item := range items {
		if index > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.write(item, depth+1); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return w.bounded()
}

func (w *writer) object(members map[string]any, depth int) error {
	w.out = append(w.out, '{')
	var few [16]string // most objects need no memory for the order of their names
	for index, name := range sortedNames(few[:0], members) {
		if index > 0 {
			w.out = append(w.out, ',')
		}
		if !utf8.ValidString(name) {
			return errors.New("the value has a name that is not UTF-8")
		}
		w.out = append(appendQuoted(w.out, name), ':')
		if err := w.write(members[name], depth+1); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return w.bounded()
}

// SortedNames are the names of members in the order of their UTF-16 code units.
func SortedNames[V any](members map[string]V) []string {
	return sortedNames(make([]string, 0, len(members)), members)
}

func sortedNames[V any](names []string, members map[string]V) []string {
	plain := true
	for name := range members {
		names = append(names, name)
		for at := 0; plain && at < len(name); at++ {
			plain = name[at] < 0xEE // code points up to U+DFFF sort alike in UTF-8
		}
	}
	if plain {
		slices.Sort(names)
	} else {
		slices.SortFunc(names, CompareNames)
	}
	return names
}

// CompareNames orders names of members by their UTF-16 code units.
func CompareNames(a, b string) int {
	for at := 0; at < len(a) && at < len(b); at++ {
		if a[at] == b[at] {
			continue
		}
		// only from U+E000 on does UTF-8 order other than UTF-16
		if a[at] < 0xEE || b[at] < 0xEE {
			return int(a[at]) - int(b[at])
		}
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	}
	return len(a) - len(b)
}

// AppendInteger writes an integer; beyond ±(2^53−1) the nearest double.
func AppendInteger(out []byte, value int64) []byte {
	if value >= -MaxSafeInteger && value <= MaxSafeInteger {
		return strconv.AppendInt(out, value, 10)
	}
	return AppendNumber(out, float64(value))
}

// Number is a finite number as ECMAScript prints it: 1 for 1.0, 1e+21, 1e-7, 0 for -0.
func Number(value float64) string { return string(AppendNumber(nil, value)) }

// AppendNumber is Number behind what is there.
func AppendNumber(out []byte, value float64) []byte {
	size := math.Abs(value)
	if size <= MaxSafeInteger {
		if whole := int64(value); float64(whole) == value {
			return strconv.AppendInt(out, whole, 10)
		}
	}
	if size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(out, value, 'f', -1, 64)
	}
	return appendExponent(out, value)
}

func appendExponent(out []byte, value float64) []byte {
	out = strconv.AppendFloat(out, value, 'e', -1, 64)
	// Go pads the exponent to two digits: 1e-07.
	if count := len(out); count >= 4 && out[count-2] == '0' && (out[count-3] == '-' || out[count-3] == '+') {
		out[count-2] = out[count-1]
		out = out[:count-1]
	}
	return out
}

// AppendQuoted writes a string as canonical JSON behind what is there.
func AppendQuoted(out []byte, text string) []byte { return appendQuoted(out, text) }

// Quote is a string as canonical JSON.
func Quote(text string) string { return string(appendQuoted(nil, text)) }

func appendQuoted(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	start := 0
	for at := range len(text) {
		c := text[at]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[start:at]...)
		start = at + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, '\\', 'b')
		case '\f':
			out = append(out, '\\', 'f')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	out = append(out, text[start:]...)
	return append(out, '"')
}
