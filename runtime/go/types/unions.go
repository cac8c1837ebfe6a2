package types

import (
	"math"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// Variant is one alternative of a union.
type Variant[U any] struct {
	tags  []string // canonical texts
	kinds []string
	read  func(r *Reader, union *U)
	// write says whether this is the alternative that the union holds.
	write func(w *Writer, union *U) bool
	fill  func(union *U)
}

func newVariant[U, V any](at func(*U) **V, of *Codec[V]) Variant[U] {
	return Variant[U]{
		read: func(r *Reader, union *U) {
			read := new(V)
			of.read(r, read)
			*at(union) = read
		},
		write: func(w *Writer, union *U) bool {
			value := *at(union)
			if value == nil {
				return false
			}
			of.write(w, value)
			return true
		},
		fill: func(union *U) {
			if value := *at(union); value != nil {
				of.ApplyDefaults(value)
			}
		},
	}
}

func fillUnion[U any](variants []Variant[U]) func(union *U) {
	return func(union *U) {
		for index := range variants {
			variants[index].fill(union)
		}
	}
}

// Tagged is an alternative that the value of a property chooses. Tags are JSON texts.
func Tagged[U, V any](at func(*U) **V, of *Codec[V], tags ...string) Variant[U] {
	made := newVariant(at, of)
	for _, tag := range tags {
		made.tags = append(made.tags, jsonKey([]byte(tag)))
	}
	return made
}

// OfKind is an alternative that the JSON type of the value chooses: null, boolean,
// integer, number, string, array or object.
func OfKind[U, V any](at func(*U) **V, of *Codec[V], kinds ...string) Variant[U] {
	made := newVariant(at, of)
	made.kinds = kinds
	return made
}

func writeUnion[U any](variants []Variant[U]) func(w *Writer, union *U) {
	return func(w *Writer, union *U) {
		for index := range variants {
			if variants[index].write(w, union) {
				return
			}
		}
		w.literal("null") // a union that holds nothing fits no schema that has no null
	}
}

// TagUnion is the codec of a union of objects told apart by a property.
func TagUnion[U any](property string, variants ...Variant[U]) *Codec[U] {
	byTag := map[string]int{}
	var shown []string
	for index, variant := range variants {
		for _, tag := range variant.tags {
			byTag[tag] = index
			shown = append(shown, tag)
		}
	}
	return &Codec[U]{
		read: func(r *Reader, union *U) {
			if r.kind() != kindObject {
				r.wrongType("an object")
				return
			}
			tag, found := r.findMember(property)
			if r.err != nil {
				return
			}
			if found {
				if index, known := byTag[jsonKeyOfScalar(tag)]; known {
					variants[index].read(r, union)
					return
				}
			}
			r.skip()
			if r.err != nil {
				return
			}
			r.enter(property)
			if found {
				r.Report("enum", "the value is none of "+strings.Join(shown[:min(len(shown), 12)], ", "))
			} else {
				r.Report("required", "the member is missing")
			}
			r.leave()
		},
		write: writeUnion(variants),
		fill:  fillUnion(variants),
	}
}

// findMember looks ahead for a member of the object that begins here, and reads
// nothing.
func (r *Reader) findMember(wanted string) (text []byte, found bool) {
	start, surrogate := r.at, r.surrogate
	r.object(func(name []byte) {
		here := string(name) == wanted
		r.space()
		from := r.at
		r.skip()
		if here && r.err == nil {
			text, found = r.data[from:r.at], true
		}
	})
	if r.err == nil {
		r.at, r.surrogate = start, surrogate
	}
	return text, found
}

// jsonKeyOfScalar is jsonKey for scalars; lists and objects are no tags.
func jsonKeyOfScalar(text []byte) string {
	switch text[0] {
	case '[', '{':
		return ""
	case '"':
		r := &Reader{data: text}
		return canonical.Quote(string(r.text()))
	}
	return jsonKey(text)
}

var kindNouns = map[string]string{
	"null": "null", "boolean": "a boolean", "integer": "an integer", "number": "a number",
	"string": "a string", "array": "a list", "object": "an object",
}

var kindBytes = map[string][]byte{
	"null": {kindNull}, "boolean": {kindTrue, kindFalse}, "number": {kindNumber}, "integer": {kindNumber},
	"string": {kindString}, "array": {kindArray}, "object": {kindObject},
}

// KindUnion is the codec of a union whose alternatives have different JSON types;
// integer is tried before number.
func KindUnion[U any](variants ...Variant[U]) *Codec[U] {
	byKind := map[byte]int{}
	integer := -1
	var nouns []string
	for index, variant := range variants {
		for _, kind := range variant.kinds {
			nouns = append(nouns, kindNouns[kind])
			for _, begin := range kindBytes[kind] {
				_, taken := byKind[begin]
				if kind == "integer" {
					integer = index
					if taken {
						continue
					}
				}
				byKind[begin] = index
			}
		}
	}
	expected := strings.Join(nouns, " or ")
	return &Codec[U]{
		read: func(r *Reader, union *U) {
			kind := r.kind()
			index, known := byKind[kind]
			if kind == kindNumber && integer >= 0 && r.isIntegral() {
				index, known = integer, true
			}
			switch {
			case r.err != nil:
			case known:
				variants[index].read(r, union)
			default:
				r.wrongType(expected)
			}
		},
		write: writeUnion(variants),
		fill:  fillUnion(variants),
	}
}

// isIntegral looks ahead whether the number that begins here is an integer.
func (r *Reader) isIntegral() bool {
	start := r.at
	given := r.number()
	if r.err != nil {
		return false
	}
	integral := given.integral
	if !integral {
		value := r.float(given)
		integral = r.err == nil && value == math.Trunc(value)
	}
	if r.err == nil {
		r.at = start
	}
	return integral
}
