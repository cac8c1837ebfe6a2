package core

import (
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// object writes a JSON object member by member. Whoever writes gives the members in the
// order of canonical JSON; names are plain ASCII unless `named` writes them.
type object struct {
	out   []byte
	begun bool
}

func (o *object) key(name string) {
	if o.begun {
		o.out = append(o.out, ',', '"')
	} else {
		o.out = append(o.out, '{', '"')
		o.begun = true
	}
	o.out = append(append(o.out, name...), '"', ':')
}

// named begins a member of any name.
func (o *object) named(name string) {
	if o.begun {
		o.out = append(o.out, ',')
	} else {
		o.out = append(o.out, '{')
		o.begun = true
	}
	o.out = append(canonical.AppendQuoted(o.out, name), ':')
}

func (o *object) close() []byte {
	if !o.begun {
		o.out = append(o.out, '{')
	}
	return append(o.out, '}')
}

func (o *object) text(name, value string) {
	o.key(name)
	o.out = canonical.AppendQuoted(o.out, value)
}

// someText writes a text that is absent when it is empty.
func (o *object) someText(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

func (o *object) integer(name string, value int64) {
	o.key(name)
	o.out = appendInteger(o.out, value)
}

// some writes an integer that is absent when it is 0.
func (o *object) some(name string, value int64) {
	if value != 0 {
		o.integer(name, value)
	}
}

// optional writes an integer that is absent when it is nil.
func (o *object) optional(name string, value *int64) {
	if value != nil {
		o.integer(name, *value)
	}
}

// flag writes true, or nothing.
func (o *object) flag(name string, value bool) {
	if value {
		o.key(name)
		o.out = append(o.out, "true"...)
	}
}

func (o *object) null(name string) {
	o.key(name)
	o.out = append(o.out, "null"...)
}

func (o *object) value(name string, value any) {
	o.key(name)
	o.out = appendValue(o.out, value)
}

// members writes an object that is absent when it is nil.
func (o *object) members(name string, value map[string]any) {
	if value != nil {
		o.value(name, value)
	}
}

// texts writes a list that is absent when it is empty.
func (o *object) texts(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.key(name)
	for index, value := range values {
		o.out = append(o.out, "[,"[min(index, 1)])
		o.out = canonical.AppendQuoted(o.out, value)
	}
	o.out = append(o.out, ']')
}

// appendValue writes a JSON value, as every decoder reads it: an expression may have made
// an integral double beyond ±(2^53−1), which stands in exponent notation. What no JSON text says cannot have come in; should it
// have, null stands for it.
func appendValue(out []byte, value any) []byte {
	written, err := canonical.AppendSafe(out, value)
	if err != nil {
		return append(out, "null"...)
	}
	return written
}

// appendInteger writes an integer; one beyond ±(2^53−1) as the double that it is.
func appendInteger(out []byte, value int64) []byte {
	if value >= -maxMillis && value <= maxMillis {
		return canonical.AppendInteger(out, value)
	}
	return appendValue(out, float64(value))
}

func textOf(value any) string {
	text, err := canonical.Text(value)
	if err != nil {
		return "null"
	}
	return text
}

// reading what was stored: members of another type count as absent

func asText(value any) string {
	text, _ := value.(string)
	return text
}

func asInteger(value any) int64 {
	number, _ := value.(float64)
	return int64(number)
}

func asTexts(value any) []string {
	items, _ := value.([]any)
	texts := make([]string, len(items))
	for index, item := range items {
		texts[index] = asText(item)
	}
	return texts
}

func asMembers(value any) map[string]any {
	members, _ := value.(map[string]any)
	return members
}

// sortedByName are the changes in the order of canonical JSON.
func sortedByName[T any](changes []Change[T]) []Change[T] {
	sorted := slices.IsSortedFunc(changes, compareChanges[T])
	if sorted {
		return changes
	}
	changes = slices.Clone(changes)
	slices.SortFunc(changes, compareChanges[T])
	return changes
}

func compareChanges[T any](a, b Change[T]) int { return canonical.CompareNames(a.Key, b.Key) }
