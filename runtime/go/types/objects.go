package types

import (
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// Field is a declared member of an object.
type Field[O any] struct {
	name     string
	required bool
	read     func(r *Reader, object *O)
	// write is told whether it comes first, and says whether it wrote anything.
	write  func(w *Writer, object *O, first bool) bool
	absent func(object *O) bool
	fill   func(object *O)
	given  string // the default's JSON text
}

// Default is what ApplyDefaults gives an absent member, as a JSON text.
func (f Field[O]) Default(text string) Field[O] {
	f.given = text
	return f
}

// memberKey is what stands before a member's value; it is made once.
func memberKey(name string) string { return canonical.Quote(name) + ":" }

func writeKey(w *Writer, key string, first bool) {
	if !first {
		w.byte(',')
	}
	w.literal(key)
}

// Required is a member that must be there: its name, where it is in the struct, and
// its codec.
func Required[O, T any](name string, at func(*O) *T, of *Codec[T]) Field[O] {
	key := memberKey(name)
	return Field[O]{
		name: name, required: true,
		read: func(r *Reader, object *O) { of.read(r, at(object)) },
		write: func(w *Writer, object *O, first bool) bool {
			writeKey(w, key, first)
			of.write(w, at(object))
			return true
		},
		absent: func(*O) bool { return false },
		fill:   func(object *O) { of.ApplyDefaults(at(object)) },
	}
}

// Optional is a member that may be absent: nil.
func Optional[O, T any](name string, at func(*O) **T, of *Codec[T]) Field[O] {
	key := memberKey(name)
	return Field[O]{
		name: name,
		read: func(r *Reader, object *O) {
			read := new(T)
			of.read(r, read)
			*at(object) = read
		},
		write: func(w *Writer, object *O, first bool) bool {
			value := *at(object)
			if value == nil {
				return false
			}
			writeKey(w, key, first)
			of.write(w, value)
			return true
		},
		absent: func(object *O) bool { return *at(object) == nil },
		fill: func(object *O) {
			if value := *at(object); value != nil {
				of.ApplyDefaults(value)
			}
		},
	}
}

// OptionalList is a member that may be absent: a nil slice. An empty slice is there.
func OptionalList[O any, S ~[]E, E any](name string, at func(*O) *S, of *Codec[S]) Field[O] {
	field := Required(name, at, of)
	field.required = false
	write := field.write
	field.write = func(w *Writer, object *O, first bool) bool {
		return *at(object) != nil && write(w, object, first)
	}
	field.absent = func(object *O) bool { return *at(object) == nil }
	return field
}

// OptionalMap is a member that may be absent: a nil map. An empty map is there.
func OptionalMap[O any, M ~map[string]V, V any](name string, at func(*O) *M, of *Codec[M]) Field[O] {
	field := Required(name, at, of)
	field.required = false
	write := field.write
	field.write = func(w *Writer, object *O, first bool) bool {
		return *at(object) != nil && write(w, object, first)
	}
	field.absent = func(object *O) bool { return *at(object) == nil }
	return field
}

// OptionalNullable is a member that may be absent, null or a value.
func OptionalNullable[O, T any](name string, at func(*O) *OptNull[T], of *Codec[T]) Field[O] {
	key := memberKey(name)
	return Field[O]{
		name: name,
		read: func(r *Reader, object *O) {
			if r.kind() == kindNull {
				r.literal("null")
				*at(object) = SomeNull[T]()
				return
			}
			read := new(T)
			of.read(r, read)
			*at(object) = OptNull[T]{present: true, value: read}
		},
		write: func(w *Writer, object *O, first bool) bool {
			value := at(object)
			if !value.present {
				return false
			}
			writeKey(w, key, first)
			if value.value == nil {
				w.literal("null")
			} else {
				of.write(w, value.value)
			}
			return true
		},
		absent: func(object *O) bool { return at(object).IsAbsent() },
		fill: func(object *O) {
			if value := at(object).value; value != nil {
				of.ApplyDefaults(value)
			}
		},
	}
}

// Others say what members an object may have beside those that it declares.
type Others[O any] struct {
	forbid bool
	need   []string
	rules  *nameRules
	read   func(r *Reader, object *O, name string)
	write  func(w *Writer, object *O, first bool)
	has    func(object *O, name string) bool
	fill   func(object *O)
}

// Forbid allows no other member.
func Forbid[O any](rules ...NameRule) Others[O] {
	return Others[O]{forbid: true, rules: newNameRules(rules)}
}

// Extra allows other members of one type, which are kept in a map. Preserve is the same
// for any JSON value.
func Extra[O any, M ~map[string]V, V any](at func(*O) *M, of *Codec[V], rules ...NameRule) Others[O] {
	return Others[O]{
		rules: newNameRules(rules),
		read: func(r *Reader, object *O, name string) {
			extra := at(object)
			if *extra == nil {
				*extra = M{}
			}
			var member V
			of.read(r, &member)
			(*extra)[name] = member
		},
		write: func(w *Writer, object *O, first bool) { writeMembers(w, *at(object), of, first) },
		has: func(object *O, name string) bool {
			_, found := (*at(object))[name]
			return found
		},
		fill: func(object *O) {
			if fill := fillMembers[M](of); fill != nil {
				fill(at(object))
			}
		},
	}
}

// Preserve keeps other members as they are.
func Preserve[O any](at func(*O) *map[string]Raw, rules ...NameRule) Others[O] {
	return Extra(at, Any(), rules...)
}

// Need names members that must be there although nothing declares them.
func (o Others[O]) Need(names ...string) Others[O] {
	o.need = append(slices.Clip(o.need), names...)
	return o
}

// Object is the codec of a struct: its other members, and its fields in the order in
// which they are written.
func Object[O any](others Others[O], fields ...Field[O]) *Codec[O] {
	made := &objectCodec[O]{others: others, fields: fields, index: make(map[string]int, len(fields))}
	for index, field := range fields {
		made.index[field.name] = index
		if field.required {
			made.required = append(made.required, field.name)
		}
	}
	made.required = append(made.required, others.need...)
	slices.Sort(made.required)
	return &Codec[O]{read: made.read, write: made.write, fill: made.fill}
}

type objectCodec[O any] struct {
	others   Others[O]
	fields   []Field[O]
	index    map[string]int
	required []string
}

// find is the field of a name; members mostly come in the order of the fields.
func (o *objectCodec[O]) find(name []byte, next int) (int, bool) {
	if next < len(o.fields) && o.fields[next].name == string(name) {
		return next, true
	}
	found, ok := o.index[string(name)]
	return found, ok
}

func (o *objectCodec[O]) read(r *Reader, object *O) {
	if r.kind() != kindObject {
		r.wrongType("an object")
		return
	}
	noted, count, next := len(r.problems), 0, 0
	var seen names
	var few [2]uint64
	have := few[:]
	if len(o.fields) > 128 {
		have = make([]uint64, (len(o.fields)+63)/64)
	}
	r.object(func(name []byte) {
		count++
		at, declared := o.find(name, next)
		if !declared {
			seen.add(name)
			o.readOther(r, object, string(name))
			return
		}
		next = at + 1
		if bit := uint64(1) << (at & 63); have[at>>6]&bit != 0 {
			seen.repeat(name)
		} else {
			have[at>>6] |= bit
		}
		r.enter(o.fields[at].name)
		o.fields[at].read(r, object)
		r.leave()
	})
	r.endNames(&seen)
	if r.err == nil {
		o.check(r, object, have, count, noted)
	}
}

func (o *objectCodec[O]) readOther(r *Reader, object *O, name string) {
	r.enter(name)
	if o.others.forbid {
		r.skip()
		if r.err == nil {
			r.Report("additionalProperties", "no member of this name is allowed")
		}
	} else {
		o.others.rules.checkName(&r.notes, name)
		o.others.read(r, object, name)
	}
	r.leave()
}

// check asks, at the end of an object, whether what must be there is, before what its
// members had to tell.
func (o *objectCodec[O]) check(r *Reader, object *O, have []uint64, count, noted int) {
	o.others.rules.checkCount(&r.notes, count, noted)
	for index := len(o.required) - 1; index >= 0; index-- {
		name := o.required[index]
		at, declared := o.index[name]
		found := declared && have[at>>6]&(1<<(at&63)) != 0
		if !declared && o.others.has != nil {
			found = o.others.has(object, name)
		}
		if !found {
			r.enter(name)
			r.reportAt(noted, "required", "the member is missing")
			r.leave()
		}
	}
}

func (o *objectCodec[O]) write(w *Writer, object *O) {
	w.byte('{')
	first := true
	for index := range o.fields {
		if o.fields[index].write(w, object, first) {
			first = false
		}
	}
	if o.others.write != nil {
		o.others.write(w, object, first)
	}
	w.byte('}')
}

func (o *objectCodec[O]) fill(object *O) {
	for index := range o.fields {
		field := &o.fields[index]
		if field.given != "" && field.absent(object) {
			field.read(newReader([]byte(field.given)), object)
		}
		field.fill(object)
	}
	if o.others.fill != nil {
		o.others.fill(object)
	}
}
