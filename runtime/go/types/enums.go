package types

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// notListed notes that a value is none of an enum's, in the words of every language.
func notListed(r *notes, shown []string) {
	if len(shown) == 1 {
		r.Report("const", "the value is not "+shorten(shown[0]))
		return
	}
	var text strings.Builder
	for index, each := range shown[:min(len(shown), 12)] {
		if index > 0 {
			text.WriteString(", ")
		}
		text.WriteString(shorten(each))
	}
	if len(shown) > 12 {
		text.WriteString(", …")
	}
	r.Report("enum", "the value is none of "+text.String())
}

func shorten(text string) string {
	if letters := []rune(text); len(letters) > 40 {
		return string(letters[:40]) + "…"
	}
	return text
}

// OneOfStrings is the codec of a closed set of strings.
func OneOfStrings[T ~string](values ...T) *Codec[T] {
	allowed := make(map[string]T, len(values))
	shown := make([]string, len(values))
	for index, each := range values {
		allowed[string(each)] = each
		shown[index] = canonical.Quote(string(each))
	}
	return &Codec[T]{
		read: func(r *Reader, value *T) {
			if r.kind() == kindString {
				if found, ok := allowed[string(r.text())]; ok {
					*value = found
					return
				}
			} else {
				r.skip()
			}
			if r.err == nil {
				notListed(&r.notes, shown)
			}
		},
		write: func(w *Writer, value *T) { w.string(string(*value)) },
	}
}

// OneOfNumbers is the codec of a closed set of numbers, by JSON equality: 1.0 is 1.
func OneOfNumbers[T ~int64 | ~float64](values ...T) *Codec[T] {
	shown := make([]string, len(values))
	for index, each := range values {
		shown[index] = canonical.Number(float64(each))
	}
	return &Codec[T]{
		read: func(r *Reader, value *T) {
			if r.kind() != kindNumber {
				r.skip()
			} else if given := r.number(); r.err == nil {
				double := float64(given.whole)
				if !given.integral {
					double = r.float(given)
				}
				for _, each := range values {
					if float64(each) == double {
						*value = each
						return
					}
				}
			}
			if r.err == nil {
				notListed(&r.notes, shown)
			}
		},
		write: func(w *Writer, value *T) { w.float(float64(*value)) },
	}
}

// OneOfBools is the codec of a constant boolean.
func OneOfBools[T ~bool](values ...T) *Codec[T] {
	shown := make([]string, len(values))
	for index, each := range values {
		shown[index] = strconv.FormatBool(bool(each))
	}
	return &Codec[T]{
		read: func(r *Reader, value *T) {
			kind := r.kind()
			r.skip()
			if r.err != nil {
				return
			}
			if kind == kindTrue || kind == kindFalse {
				for _, each := range values {
					if bool(each) == (kind == kindTrue) {
						*value = each
						return
					}
				}
			}
			notListed(&r.notes, shown)
		},
		write: func(w *Writer, value *T) { w.bool(bool(*value)) },
	}
}

// OneOfTexts is the codec of a closed set of scalars of several types. The values are
// given as JSON texts.
func OneOfTexts(values ...string) *Codec[Raw] {
	allowed := make(map[string]bool, len(values))
	shown := make([]string, len(values))
	for index, each := range values {
		key := jsonKey([]byte(each))
		allowed[key] = true
		shown[index] = key
	}
	return &Codec[Raw]{
		read: func(r *Reader, value *Raw) {
			text := r.raw()
			if r.err != nil {
				return
			}
			if !allowed[jsonKey(text)] {
				notListed(&r.notes, shown)
				return
			}
			*value = append(Raw(nil), text...)
		},
		write: func(w *Writer, value *Raw) { w.raw(*value) },
	}
}

// jsonKey is one text per JSON value, by JSON equality.
func jsonKey(text []byte) string {
	switch c := text[0]; {
	case c == '-' || c-'0' < 10:
		if value, err := strconv.ParseFloat(string(text), 64); err == nil {
			return canonical.Number(value)
		}
	case c == 't' || c == 'f' || c == 'n':
		return string(text)
	}
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	if err := decoder.Decode(&value); err != nil {
		return string(text)
	}
	key, err := canonical.Text(value)
	if err != nil {
		return string(text)
	}
	return key
}
