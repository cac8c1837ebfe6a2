package types

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// DecodeValue is the value of a JSON text of the domain: nil, bool, float64, string,
// []any or map[string]any, as expressions and validators take it. around is how many
// collections of a message stand around the value that the text carries: so many more
// may stand in each other. The error is a *DomainError.
func DecodeValue(data []byte, around int) (any, error) {
	r := newMessageReader(data, around)
	var value any
	if r.err == nil {
		value = r.plain()
	}
	if err := r.finish(); err != nil {
		return nil, err
	}
	return value, nil
}

// plain reads any value of the domain, numbers as doubles.
func (r *Reader) plain() any { return r.any((*Reader).double) }

func (r *Reader) double(given number) any {
	if r.err != nil {
		return nil
	}
	if given.integral {
		return float64(given.whole)
	}
	return r.float(given)
}

// any reads any value of the domain; read makes of a number what the caller takes.
func (r *Reader) any(read func(r *Reader, given number) any) any {
	switch r.kind() {
	case kindString:
		return string(r.text())
	case kindNumber:
		return read(r, r.number())
	case kindTrue:
		return r.literal("true")
	case kindFalse:
		r.literal("false")
		return false
	case kindNull:
		r.literal("null")
	case kindArray:
		items := []any{}
		r.array(func(int) { items = append(items, r.any(read)) })
		return items
	case kindObject:
		members := map[string]any{}
		var seen names
		r.object(func(name []byte) {
			text := string(name)
			if _, taken := members[text]; taken {
				seen.repeat(name)
			}
			members[text] = r.any(read)
		})
		r.endNames(&seen)
		return members
	}
	return nil
}

// AppendValue writes a value as compact JSON, members in the order of their names by code
// point. Any decoder of the domain reads the same value again: an integral double within
// ±(2^53−1) is written as an integer and one beyond it is not. The error is a
// *DomainError.
func AppendValue(out []byte, value any) ([]byte, error) {
	w := Writer{out: out}
	w.plain(value)
	if w.err != nil {
		return out, w.err
	}
	return w.out, nil
}

// plain writes what Reader.plain reads.
func (w *Writer) plain(value any) {
	switch of := value.(type) {
	case nil:
		w.literal("null")
	case bool:
		w.bool(of)
	case string:
		w.string(of)
	case float64:
		w.double(of)
	case []any:
		w.byte('[')
		for index, item := range of {
			if index > 0 {
				w.byte(',')
			}
			w.plain(item)
		}
		w.byte(']')
	case map[string]any:
		w.plainObject(of)
	default:
		w.fail(CodeNotJSON, "a value is "+jsonType(value))
	}
}

func (w *Writer) double(value float64) {
	if isSafeInteger(value) {
		w.out = strconv.AppendInt(w.out, int64(value), 10)
	} else {
		w.float(value)
	}
}

func (w *Writer) plainObject(members map[string]any) {
	var few [16]string
	names := few[:0]
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	w.byte('{')
	for index, name := range names {
		if index > 0 {
			w.byte(',')
		}
		w.string(name)
		w.byte(':')
		w.plain(members[name])
	}
	w.byte('}')
}

// CheckDomain says why a value is not one of the domain; nil when it is. For values that
// no decoder read: the error is a *DomainError.
func CheckDomain(value any) error { return checkDomain(value, 0) }

func checkDomain(value any, depth int) error {
	switch of := value.(type) {
	case nil, bool:
		return nil
	case string:
		return checkText(of)
	case float64:
		return checkDouble(of)
	case []any:
		if depth == MaxDepth {
			return &DomainError{Code: CodeDepth}
		}
		for _, item := range of {
			if err := checkDomain(item, depth+1); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		if depth == MaxDepth {
			return &DomainError{Code: CodeDepth}
		}
		for name, member := range of {
			if err := checkText(name); err != nil {
				return err
			}
			if err := checkDomain(member, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return &DomainError{Code: CodeNotJSON, Detail: "a value is of type " + jsonType(value)[len("a "):]}
}

func checkText(text string) error {
	if !utf8.ValidString(text) {
		return &DomainError{Code: CodeSurrogate}
	}
	return nil
}

func checkDouble(value float64) error {
	if value-value != 0 {
		return &DomainError{Code: CodeNotFinite, Detail: strconv.FormatFloat(value, 'g', -1, 64)}
	}
	return nil
}

// AppendText writes a text as a JSON string. The error is a *DomainError for what is not
// UTF-8.
func AppendText(out []byte, text string) ([]byte, error) {
	w := Writer{out: out}
	w.string(text)
	if w.err != nil {
		return out, w.err
	}
	return w.out, nil
}
