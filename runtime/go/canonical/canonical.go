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
	limit int // -1 is none
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
		w.out = append(w.out, integer(int64(of))...)
	case int64:
		w.out = append(w.out, integer(of)...)
	case float64:
		if math.IsNaN(of) || math.IsInf(of, 0) {
			return errors.New("NaN and infinities are no JSON numbers")
		}
		w.out = append(w.out, Number(of)...)
	case json.Number:
		double, err := of.Float64()
		if err != nil {
			return fmt.Errorf("the number is beyond the range of doubles: %w", err)
		}
		w.out = append(w.out, Number(double)...)
	case []any:
		return w.array(of, depth)
	case map[string]any:
		return w.object(of, depth)
	default:
		return fmt.Errorf("%T is no JSON type", value)
	}
	return w.bounded()
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
	for index, name := range SortedNames(members) {
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
	names := make([]string, 0, len(members))
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
		slices.SortFunc(names, func(a, b string) int {
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		})
	}
	return names
}

func integer(value int64) string {
	if value >= -MaxSafeInteger && value <= MaxSafeInteger {
		return strconv.FormatInt(value, 10)
	}
	return Number(float64(value))
}

// Number is a finite number as ECMAScript prints it: 1 for 1.0, 1e+21, 1e-7, 0 for -0.
func Number(value float64) string {
	if value == 0 {
		return "0"
	}
	size := math.Abs(value)
	if size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	text := []byte(strconv.FormatFloat(value, 'e', -1, 64))
	// Go pads the exponent to two digits: 1e-07.
	if count := len(text); count >= 4 && text[count-2] == '0' && (text[count-3] == '-' || text[count-3] == '+') {
		text[count-2] = text[count-1]
		text = text[:count-1]
	}
	return string(text)
}

// Quote is a string as canonical JSON.
func Quote(text string) string { return string(appendQuoted(nil, text)) }

func appendQuoted(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for at := range len(text) {
		switch c := text[at]; c {
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
			if c < 0x20 {
				out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				out = append(out, c)
			}
		}
	}
	return append(out, '"')
}
