package types

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/truongtu268/magic-flow/runtime/go/regex"
)

// ListRule narrows lists and tuples.
type ListRule func(*listRules)

type listRules struct {
	low, high int
	unique    bool
}

// MinItems is the least number of items.
func MinItems(count int) ListRule { return func(l *listRules) { l.low = count } }

// MaxItems is the largest number of items.
func MaxItems(count int) ListRule { return func(l *listRules) { l.high = count } }

// UniqueItems are no two equal ones, by JSON equality: 1 equals 1.0 and not true.
func UniqueItems() ListRule { return func(l *listRules) { l.unique = true } }

func newListRules(rules []ListRule) listRules {
	made := listRules{high: -1}
	for _, rule := range rules {
		rule(&made)
	}
	return made
}

func (l *listRules) checkLength(r *notes, length, noted int) {
	if length < l.low {
		r.reportAt(noted, "minItems", fmt.Sprintf("the list has %d items, fewer than %d", length, l.low))
	}
	if l.high >= 0 && length > l.high {
		r.reportAt(noted, "maxItems", fmt.Sprintf("the list has %d items, more than %d", length, l.high))
	}
}

// uniqueItems looks for equal items among the texts of a list.
type uniqueItems struct {
	seen map[string]int
}

func (u *uniqueItems) add(r *Reader, index int, text []byte) {
	if u.seen == nil {
		u.seen = make(map[string]int)
	}
	key := jsonKey(text)
	if first, taken := u.seen[key]; taken {
		r.enterItem(index)
		r.Report("uniqueItems", fmt.Sprintf("the item equals item %d", first))
		r.leave()
		return
	}
	u.seen[key] = index
}

// List is the codec of lists. A nil slice is written as [].
func List[S ~[]E, E any](of *Codec[E], rules ...ListRule) *Codec[S] {
	checks := newListRules(rules)
	return &Codec[S]{
		read: func(r *Reader, value *S) {
			if r.kind() != kindArray {
				r.wrongType("a list")
				return
			}
			noted := len(r.problems)
			read := S{}
			var unique uniqueItems
			r.array(func(index int) {
				var item E
				r.space()
				start := r.at
				r.enterItem(index)
				of.read(r, &item)
				r.leave()
				if checks.unique && r.err == nil {
					unique.add(r, index, r.data[start:r.at])
				}
				read = append(read, item)
			})
			if r.err == nil {
				checks.checkLength(&r.notes, len(read), noted)
			}
			*value = read
		},
		write: func(w *Writer, value *S) {
			w.byte('[')
			for index := range *value {
				if index > 0 {
					w.byte(',')
				}
				of.write(w, &(*value)[index])
			}
			w.byte(']')
		},
		fill: fillItems[S](of),
	}
}

func fillItems[S ~[]E, E any](of *Codec[E]) func(*S) {
	if of.fill == nil {
		return nil
	}
	return func(value *S) {
		for index := range *value {
			of.fill(&(*value)[index])
		}
	}
}

// Element is one place of a tuple.
type Element[T any] struct {
	read  func(r *Reader, tuple *T)
	write func(w *Writer, tuple *T)
	fill  func(tuple *T)
}

// Item is a place of a tuple: where it is in the struct, and its codec.
func Item[T, V any](at func(*T) *V, of *Codec[V]) Element[T] {
	return Element[T]{
		read:  func(r *Reader, tuple *T) { of.read(r, at(tuple)) },
		write: func(w *Writer, tuple *T) { of.write(w, at(tuple)) },
		fill:  func(tuple *T) { of.ApplyDefaults(at(tuple)) },
	}
}

// Tuple is the codec of lists of a fixed length, each place with a type of its own.
func Tuple[T any](unique bool, elements ...Element[T]) *Codec[T] {
	return &Codec[T]{
		read: func(r *Reader, value *T) {
			if r.kind() != kindArray {
				r.wrongType("a list")
				return
			}
			noted, length := len(r.problems), 0
			var seen uniqueItems
			r.array(func(index int) {
				length++
				r.space()
				start := r.at
				if index >= len(elements) {
					r.skip()
				} else {
					r.enterItem(index)
					elements[index].read(r, value)
					r.leave()
				}
				if unique && r.err == nil {
					seen.add(r, index, r.data[start:r.at])
				}
			})
			if r.err == nil && length != len(elements) {
				code := "maxItems"
				if length < len(elements) {
					code = "minItems"
				}
				r.reportAt(noted, code, fmt.Sprintf("the list has %d items, not %d", length, len(elements)))
			}
		},
		write: func(w *Writer, value *T) {
			w.byte('[')
			for index, element := range elements {
				if index > 0 {
					w.byte(',')
				}
				element.write(w, value)
			}
			w.byte(']')
		},
		fill: func(value *T) {
			for _, element := range elements {
				element.fill(value)
			}
		},
	}
}

// NameRule narrows how many members an object has and how those are named that no
// field declares.
type NameRule func(*nameRules)

type nameRules struct {
	low, high       int
	keyLow, keyHigh int
	patterns        []*regex.Portable
	words           string
}

// MinProperties is the least number of members.
func MinProperties(count int) NameRule { return func(n *nameRules) { n.low = count } }

// MaxProperties is the largest number of members.
func MaxProperties(count int) NameRule { return func(n *nameRules) { n.high = count } }

// KeyMinLength is the least number of code points of a name.
func KeyMinLength(count int) NameRule { return func(n *nameRules) { n.keyLow = count } }

// KeyMaxLength is the largest number of code points of a name.
func KeyMaxLength(count int) NameRule { return func(n *nameRules) { n.keyHigh = count } }

// KeyPattern is found in every name. It panics for a pattern that is not portable.
func KeyPattern(text string) NameRule {
	compiled := regex.MustCompile(text)
	return func(n *nameRules) { n.patterns = append(n.patterns, compiled) }
}

func newNameRules(rules []NameRule) *nameRules {
	made := &nameRules{high: -1, keyHigh: -1}
	for _, rule := range rules {
		rule(made)
	}
	var words []string
	for _, pattern := range made.patterns {
		words = append(words, "match `"+pattern.String()+"`")
	}
	if made.keyLow > 0 {
		words = append(words, fmt.Sprintf("have at least %d characters", made.keyLow))
	}
	if made.keyHigh >= 0 {
		words = append(words, fmt.Sprintf("have at most %d characters", made.keyHigh))
	}
	made.words = strings.Join(words, " and ")
	return made
}

func (n *nameRules) checkCount(r *notes, count, noted int) {
	if count < n.low {
		r.reportAt(noted, "minProperties", fmt.Sprintf("the object has %d members, fewer than %d", count, n.low))
	}
	if n.high >= 0 && count > n.high {
		r.reportAt(noted, "maxProperties", fmt.Sprintf("the object has %d members, more than %d", count, n.high))
	}
}

// checkName notes a name that is not allowed, at the member that the path points to.
func (n *nameRules) checkName(r *notes, name string) {
	if !n.accepts(name) {
		r.Report("propertyNames", "the name of the member must "+n.words)
	}
}

func (n *nameRules) accepts(name string) bool {
	if n.words == "" {
		return true
	}
	if n.keyLow > 0 || n.keyHigh >= 0 {
		length := utf8.RuneCountInString(name)
		if length < n.keyLow || (n.keyHigh >= 0 && length > n.keyHigh) {
			return false
		}
	}
	for _, pattern := range n.patterns {
		if !pattern.Search(name) {
			return false
		}
	}
	return true
}

// Map is the codec of objects whose members all have one type. A nil map is written
// as {}; members are written in the order of their names.
func Map[M ~map[string]V, V any](of *Codec[V], rules ...NameRule) *Codec[M] {
	checks := newNameRules(rules)
	return &Codec[M]{
		read: func(r *Reader, value *M) {
			if r.kind() != kindObject {
				r.wrongType("an object")
				return
			}
			noted := len(r.problems)
			read := M{}
			var seen names
			r.object(func(name []byte) {
				text := string(name)
				if _, taken := read[text]; taken {
					seen.repeat(name)
				}
				r.enter(text)
				checks.checkName(&r.notes, text)
				var member V
				of.read(r, &member)
				r.leave()
				read[text] = member
			})
			r.endNames(&seen)
			if r.err == nil {
				checks.checkCount(&r.notes, len(read), noted)
			}
			*value = read
		},
		write: func(w *Writer, value *M) {
			w.byte('{')
			writeMembers(w, *value, of, true)
			w.byte('}')
		},
		fill: fillMembers[M](of),
	}
}

func fillMembers[M ~map[string]V, V any](of *Codec[V]) func(*M) {
	if of.fill == nil {
		return nil
	}
	return func(value *M) {
		for name, member := range *value {
			of.fill(&member)
			(*value)[name] = member
		}
	}
}

func writeMembers[M ~map[string]V, V any](w *Writer, members M, of *Codec[V], first bool) {
	sorted := make([]string, 0, len(members))
	for name := range members {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		if !first {
			w.byte(',')
		}
		first = false
		w.string(name)
		w.byte(':')
		member := members[name]
		of.write(w, &member)
	}
}

// FreeObject is the codec of any JSON object; numbers are json.Number.
func FreeObject() *Codec[map[string]any] {
	return &Codec[map[string]any]{
		read: func(r *Reader, value *map[string]any) {
			if r.kind() != kindObject {
				r.wrongType("an object")
				return
			}
			if found, ok := r.value().(map[string]any); ok {
				*value = found
			}
		},
		write: func(w *Writer, value *map[string]any) {
			if *value == nil {
				w.literal("{}")
				return
			}
			w.value(*value, 0)
		},
	}
}

// FreeList is the codec of any JSON list; numbers are json.Number.
func FreeList() *Codec[[]any] {
	return &Codec[[]any]{
		read: func(r *Reader, value *[]any) {
			if r.kind() != kindArray {
				r.wrongType("a list")
				return
			}
			if found, ok := r.value().([]any); ok {
				*value = found
			}
		},
		write: func(w *Writer, value *[]any) {
			if *value == nil {
				w.literal("[]")
				return
			}
			w.value(*value, 0)
		},
	}
}

// DecodeAny is the value of a JSON text of the domain: nil, bool, string, json.Number,
// []any or map[string]any. The error is a *DomainError.
func DecodeAny(data []byte) (any, error) {
	r := newReader(data)
	var value any
	if r.err == nil {
		value = r.value()
	}
	if err := r.finish(); err != nil {
		return nil, err
	}
	return value, nil
}

// EncodeAny is the JSON text of a value: what DecodeAny gives, Go's own numbers, and
// whatever encoding/json can write.
func EncodeAny(value any) ([]byte, error) {
	w := &Writer{}
	w.value(value, 0)
	if w.err != nil {
		return nil, w.err
	}
	return w.out, nil
}

// value reads any value of the domain, numbers as they are written.
func (r *Reader) value() any { return r.any((*Reader).written) }

func (r *Reader) written(given number) any {
	if r.err == nil && !given.integral {
		r.float(given)
	}
	return json.Number(given.text)
}

func (w *Writer) value(value any, depth int) {
	if depth > MaxDepth {
		w.fail(CodeDepth, "")
		return
	}
	switch of := value.(type) {
	case nil:
		w.literal("null")
	case bool:
		w.bool(of)
	case string:
		w.string(of)
	case int:
		w.integer(int64(of))
	case int64:
		w.integer(of)
	case float64:
		w.float(of)
	case json.Number:
		w.raw([]byte(of))
	case []any:
		w.byte('[')
		for index, item := range of {
			if index > 0 {
				w.byte(',')
			}
			w.value(item, depth+1)
		}
		w.byte(']')
	case map[string]any:
		w.byte('{')
		sorted := make([]string, 0, len(of))
		for name := range of {
			sorted = append(sorted, name)
		}
		slices.Sort(sorted)
		for index, name := range sorted {
			if index > 0 {
				w.byte(',')
			}
			w.string(name)
			w.byte(':')
			w.value(of[name], depth+1)
		}
		w.byte('}')
	default:
		text, err := json.Marshal(of)
		if err != nil {
			w.fail(CodeNotJSON, err.Error())
			return
		}
		w.raw(text)
	}
}
