// Package types reads and writes JSON exactly as its schemas say: a decoder accepts
// what the schema accepts and nothing else, and gives it back unchanged.
//
// Generated code builds a Codec per type out of the functions here; they are the same
// rules, in the same order and with the same codes, as in the other languages.
package types

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Codec reads and writes the values of one Go type by one schema. Codecs are immutable
// and safe for use by many goroutines.
type Codec[T any] struct {
	read  func(r *Reader, value *T)
	write func(w *Writer, value *T)
	// fill fills in the defaults of absent members; nil when nothing inside has some.
	fill func(value *T)
}

// Typed is a pointer to a generated type, which knows its own codec.
type Typed[T any] interface {
	*T
	Codec() *Codec[T]
}

// Of is the codec of a generated type. It is looked up at each use, so that types can
// contain themselves.
func Of[T any, P Typed[T]]() *Codec[T] {
	return &Codec[T]{
		read:  func(r *Reader, value *T) { P(value).Codec().read(r, value) },
		write: func(w *Writer, value *T) { P(value).Codec().write(w, value) },
		fill:  func(value *T) { P(value).Codec().ApplyDefaults(value) },
	}
}

// ApplyDefaults fills in the defaults of absent members, at every depth. Decoders never
// do; the server does once, when a run starts.
func (c *Codec[T]) ApplyDefaults(value *T) {
	if c.fill != nil {
		c.fill(value)
	}
}

// Decode reads a JSON text. The error is a *DomainError for a text outside the domain,
// or a *ValidationError for one that does not fit the schema.
func (c *Codec[T]) Decode(data []byte) (T, error) {
	var value T
	err := c.DecodeInto(data, &value)
	return value, err
}

// DecodeInto is Decode into a value, which is left as it is when there is an error.
func (c *Codec[T]) DecodeInto(data []byte, value *T) error {
	r := newReader(data)
	var read T
	if r.err == nil {
		c.read(r, &read)
	}
	if err := r.finish(); err != nil {
		return err
	}
	*value = read
	return nil
}

// Encode writes a value as JSON and checks that it fits the schema. The error is of
// the same types as Decode's.
func (c *Codec[T]) Encode(value T) ([]byte, error) {
	data, err := c.Marshal(&value)
	if err != nil {
		return nil, err
	}
	if _, err := c.Decode(data); err != nil {
		return nil, err
	}
	return data, nil
}

// Validate says what keeps a value from fitting its schema; nil when it fits.
func (c *Codec[T]) Validate(value *T) error {
	data, err := c.Marshal(value)
	if err != nil {
		return err
	}
	_, err = c.Decode(data)
	return err
}

// Marshal writes a value without asking whether it fits. It fails for what no JSON text
// of the domain can hold: NaN, integers beyond ±(2^53−1), strings that are not UTF-8.
func (c *Codec[T]) Marshal(value *T) ([]byte, error) {
	w := &Writer{out: make([]byte, 0, 512)}
	c.write(w, value)
	if w.err != nil {
		return nil, w.err
	}
	return w.out, nil
}

// Check reads a text and says what is wrong with it, without making a value of it.
func (c *Codec[T]) Check(data []byte) error {
	_, err := c.Decode(data)
	return err
}

// Problems are what an error of this package tells, place by place; nil for others.
func Problems(err error) []Problem {
	var invalid *ValidationError
	if errors.As(err, &invalid) {
		return invalid.Problems
	}
	var outside *DomainError
	if errors.As(err, &outside) {
		return []Problem{{Code: outside.Code, Message: outside.Error()}}
	}
	return nil
}

// Raw is any JSON value, as its text. It is nil where a member is absent.
type Raw = json.RawMessage

// Any is the codec of any JSON value.
func Any() *Codec[Raw] {
	return &Codec[Raw]{
		read:  func(r *Reader, value *Raw) { *value = bytes.Clone(r.raw()) },
		write: func(w *Writer, value *Raw) { w.raw(*value) },
	}
}

// Null is the value null.
type Null struct{}

// NullOnly is the codec of null.
func NullOnly() *Codec[Null] {
	return &Codec[Null]{
		read: func(r *Reader, _ *Null) {
			if r.kind() == kindNull {
				r.literal("null")
			} else {
				r.wrongType("null")
			}
		},
		write: func(w *Writer, _ *Null) { w.literal("null") },
	}
}

// Never is a value that cannot be.
type Never struct{}

// NeverAny is the codec of the schema false.
func NeverAny() *Codec[Never] {
	return &Codec[Never]{
		read: func(r *Reader, _ *Never) {
			r.skip()
			if r.err == nil {
				r.Report("never", "no value is allowed here")
			}
		},
		write: func(w *Writer, _ *Never) { w.literal("null") },
	}
}

// Bool is the codec of booleans.
func Bool() *Codec[bool] {
	return &Codec[bool]{
		read: func(r *Reader, value *bool) {
			switch r.kind() {
			case kindTrue:
				*value = r.literal("true")
			case kindFalse:
				*value = false
				r.literal("false")
			default:
				r.wrongType("a boolean")
			}
		},
		write: func(w *Writer, value *bool) { w.bool(*value) },
	}
}

// Nullable makes null a value: nil is null.
func Nullable[T any](of *Codec[T]) *Codec[*T] {
	return &Codec[*T]{
		read: func(r *Reader, value **T) {
			if r.kind() == kindNull {
				r.literal("null")
				*value = nil
				return
			}
			*value = new(T)
			of.read(r, *value)
		},
		write: func(w *Writer, value **T) {
			if *value == nil {
				w.literal("null")
				return
			}
			of.write(w, *value)
		},
		fill: fillPointer(of),
	}
}

func fillPointer[T any](of *Codec[T]) func(**T) {
	if of.fill == nil {
		return nil
	}
	return func(value **T) {
		if *value != nil {
			of.fill(*value)
		}
	}
}

// Pointer is a value behind a pointer, for types that contain themselves; nil does not
// fit.
func Pointer[T any](of *Codec[T]) *Codec[*T] {
	return &Codec[*T]{
		read: func(r *Reader, value **T) {
			*value = new(T)
			of.read(r, *value)
		},
		write: func(w *Writer, value **T) {
			if *value == nil {
				w.literal("null")
				return
			}
			of.write(w, *value)
		},
		fill: fillPointer(of),
	}
}

// As gives a codec's values another Go type of the same shape.
func As[To, From any](of *Codec[From], to func(From) To, from func(To) From) *Codec[To] {
	return &Codec[To]{
		read: func(r *Reader, value *To) {
			var read From
			of.read(r, &read)
			*value = to(read)
		},
		write: func(w *Writer, value *To) {
			written := from(*value)
			of.write(w, &written)
		},
	}
}

// Example is a value from a JSON text, for stubs and tests.
func Example[T any](of *Codec[T], text string) (*T, error) {
	value, err := of.Decode([]byte(text))
	if err != nil {
		return nil, err
	}
	return &value, nil
}

// Equal says whether two JSON texts are the same value: order of members and spelling of
// numbers aside. Texts that are no JSON equal nothing.
func Equal(one, other []byte) bool {
	if anyValue.Check(one) != nil || anyValue.Check(other) != nil {
		return false
	}
	return jsonKey(bytes.TrimSpace(one)) == jsonKey(bytes.TrimSpace(other))
}

var anyValue = Any()
