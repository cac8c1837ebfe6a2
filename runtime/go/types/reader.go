package types

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// Reader reads one JSON text once, from left to right. The first thing outside the
// domain ends it; what merely does not fit a schema is noted and skipped, so that all
// of it can be told.
type Reader struct {
	notes
	data      []byte
	at        int
	err       *DomainError
	surrogate bool
}

// newReader begins a text. Depth is checked beforehand, as every decoder does: so the
// recursion of those who read is bounded.
func newReader(data []byte) *Reader { return newMessageReader(data, 0) }

// newMessageReader begins a text in which so many collections of a message stand around
// the value that it carries.
func newMessageReader(data []byte, around int) *Reader {
	r := &Reader{data: data}
	limit := MaxDepth + around
	if !utf8.Valid(data) {
		r.fail(CodeNotJSON, "it is not UTF-8")
	} else if bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > limit && isTooDeep(data, limit) {
		r.fail(CodeDepth, "")
	}
	return r
}

func isTooDeep(data []byte, limit int) bool {
	depth := 0
	for at := 0; at < len(data); at++ {
		switch data[at] {
		case '"':
			for at++; at < len(data) && data[at] != '"'; at++ {
				if data[at] == '\\' {
					at++
				}
			}
		case '[', '{':
			if depth++; depth > limit {
				return true
			}
		case ']', '}':
			depth--
		}
	}
	return false
}

// fail ends the reading: what follows is not looked at.
func (r *Reader) fail(code, detail string) {
	if r.err == nil {
		r.err = &DomainError{Code: code, Detail: detail}
	}
	r.at = len(r.data)
}

func (r *Reader) syntax(what string) {
	r.fail(CodeNotJSON, what+" at byte "+strconv.Itoa(r.at))
}

// finish gives the verdict over the whole text.
func (r *Reader) finish() error {
	if r.err == nil {
		if r.space(); r.at < len(r.data) {
			r.syntax("text after the value")
		}
	}
	if r.err == nil && r.surrogate {
		r.err = &DomainError{Code: CodeSurrogate}
	}
	if r.err != nil {
		return r.err
	}
	if len(r.problems) > 0 {
		return &ValidationError{Problems: r.problems}
	}
	return nil
}

// wrongType notes that the value is of another type, and skips it.
func (r *Reader) wrongType(expected string) {
	kind := r.kind()
	shown := kindNames[kind]
	if kind == kindNumber {
		start := r.at
		number := r.number()
		if r.err != nil {
			return
		}
		shown = "a number"
		if number.integral {
			shown = "an integer"
		}
		r.at = start
	}
	r.skip()
	if r.err == nil {
		r.Report("type", "the value is "+shown+", not "+expected)
	}
}

const (
	kindNone   = 0
	kindString = '"'
	kindObject = '{'
	kindArray  = '['
	kindTrue   = 't'
	kindFalse  = 'f'
	kindNull   = 'n'
	kindNumber = '0'
)

var kindNames = map[byte]string{
	kindString: "a string", kindObject: "an object", kindArray: "a list",
	kindTrue: "a boolean", kindFalse: "a boolean", kindNull: "null",
}

func (r *Reader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// kind is what the next value begins as; kindNone, with the reading ended, when none
// begins.
func (r *Reader) kind() byte {
	r.space()
	if r.at < len(r.data) {
		switch c := r.data[r.at]; c {
		case '"', '{', '[', 't', 'f', 'n':
			return c
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			return kindNumber
		}
	}
	if r.err == nil {
		r.syntax("a value is missing")
	}
	return kindNone
}

func (r *Reader) literal(text string) bool {
	if len(r.data)-r.at >= len(text) && string(r.data[r.at:r.at+len(text)]) == text {
		r.at += len(text)
		return true
	}
	r.syntax("a wrong literal")
	return false
}

// number is a JSON number; integral says that it is written as an integer, which then
// is whole.
type number struct {
	text     []byte
	integral bool
	whole    int64
}

func (r *Reader) number() number {
	start, at, data := r.at, r.at, r.data
	if at < len(data) && data[at] == '-' {
		at++
	}
	first := at
	for at < len(data) && data[at]-'0' < 10 {
		at++
	}
	if at == first || (data[first] == '0' && at > first+1) {
		r.syntax("a wrong number")
		return number{}
	}
	integral := true
	if at < len(data) && data[at] == '.' {
		integral = false
		from := at + 1
		for at++; at < len(data) && data[at]-'0' < 10; at++ {
		}
		if at == from {
			r.syntax("a wrong number")
			return number{}
		}
	}
	if at < len(data) && data[at]|0x20 == 'e' {
		integral = false
		at++
		if at < len(data) && (data[at] == '+' || data[at] == '-') {
			at++
		}
		from := at
		for ; at < len(data) && data[at]-'0' < 10; at++ {
		}
		if at == from {
			r.syntax("a wrong number")
			return number{}
		}
	}
	r.at = at
	found := number{text: data[start:at], integral: integral}
	if integral {
		if at-first > 16 {
			r.fail(CodeIntegerRange, string(data[start:min(at, start+24)]))
			return number{}
		}
		for _, digit := range data[first:at] {
			found.whole = found.whole*10 + int64(digit-'0')
		}
		if found.whole > MaxSafeInteger {
			r.fail(CodeIntegerRange, string(found.text))
			return number{}
		}
		if first > start {
			found.whole = -found.whole
		}
	}
	return found
}

// float is the double of a number that is not written as an integer.
func (r *Reader) float(from number) float64 {
	value, err := strconv.ParseFloat(string(from.text), 64)
	if err != nil && (value > 1 || value < -1) {
		r.fail(CodeNotFinite, string(from.text[:min(len(from.text), 24)]))
	}
	return value
}

// text reads a string. The bytes are the reader's own where nothing is escaped.
func (r *Reader) text() []byte {
	r.at++
	start, data := r.at, r.data
	for at := start; at < len(data); at++ {
		switch c := data[at]; {
		case c == '"':
			r.at = at + 1
			return data[start:at]
		case c == '\\':
			return r.escaped(start, at)
		case c < 0x20:
			r.at = at
			r.syntax("a control character in a string")
			return nil
		}
	}
	r.at = len(data)
	r.syntax("a string without an end")
	return nil
}

func (r *Reader) escaped(start, at int) []byte {
	data := r.data
	out := append(make([]byte, 0, at-start+32), data[start:at]...)
	for at < len(data) {
		c := data[at]
		switch {
		case c == '"':
			r.at = at + 1
			return out
		case c < 0x20:
			r.at = at
			r.syntax("a control character in a string")
			return nil
		case c != '\\':
			out = append(out, c)
			at++
			continue
		}
		if at+1 >= len(data) {
			break
		}
		at += 2
		switch data[at-1] {
		case '"', '\\', '/':
			out = append(out, data[at-1])
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			code, ok := hex4(data, at)
			if !ok {
				r.at = at
				r.syntax("a wrong escape")
				return nil
			}
			at += 4
			if code >= 0xDC00 && code < 0xE000 {
				r.surrogate = true
			} else if code >= 0xD800 && code < 0xDC00 {
				low, ok := uint32(0), false
				if at+1 < len(data) && data[at] == '\\' && data[at+1] == 'u' {
					low, ok = hex4(data, at+2)
				}
				if ok && low >= 0xDC00 && low < 0xE000 {
					code = 0x10000 + (code-0xD800)<<10 + (low - 0xDC00)
					at += 6
				} else {
					r.surrogate = true
				}
			}
			out = utf8.AppendRune(out, rune(code))
		default:
			r.at = at
			r.syntax("a wrong escape")
			return nil
		}
	}
	r.at = len(data)
	r.syntax("a string without an end")
	return nil
}

func hex4(data []byte, at int) (uint32, bool) {
	if at+4 > len(data) {
		return 0, false
	}
	var code uint32
	for _, c := range data[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			code = code<<4 | uint32(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			code = code<<4 | uint32(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return code, true
}

// names tells member names that come twice.
type names struct {
	few   [12][]byte
	count int
	many  map[string]struct{}
	twice string
	found bool
}

func (n *names) add(name []byte) {
	if n.many == nil {
		for _, each := range n.few[:n.count] {
			if string(each) == string(name) {
				n.repeat(name)
				return
			}
		}
		if n.count < len(n.few) {
			n.few[n.count] = name
			n.count++
			return
		}
		n.many = make(map[string]struct{}, 32)
		for _, each := range n.few {
			n.many[string(each)] = struct{}{}
		}
	}
	if _, taken := n.many[string(name)]; taken {
		n.repeat(name)
		return
	}
	n.many[string(name)] = struct{}{}
}

func (n *names) repeat(name []byte) {
	if !n.found {
		n.found, n.twice = true, string(name[:min(len(name), 80)])
	}
}

// object reads an object that is known to begin; member is called behind each name and
// must read the value.
func (r *Reader) object(member func(name []byte)) {
	r.at++
	if r.space(); r.at < len(r.data) && r.data[r.at] == '}' {
		r.at++
		return
	}
	for r.err == nil {
		if r.space(); r.at >= len(r.data) || r.data[r.at] != '"' {
			r.syntax("a member's name is missing")
			return
		}
		name := r.text()
		if r.err != nil {
			return
		}
		if r.space(); r.at >= len(r.data) || r.data[r.at] != ':' {
			r.syntax("a colon is missing")
			return
		}
		r.at++
		member(name)
		if r.more('}') {
			return
		}
	}
}

// array reads an array that is known to begin; item must read each value.
func (r *Reader) array(item func(index int)) {
	r.at++
	if r.space(); r.at < len(r.data) && r.data[r.at] == ']' {
		r.at++
		return
	}
	for index := 0; r.err == nil; index++ {
		item(index)
		if r.more(']') {
			return
		}
	}
}

// more reads a comma or the end; true when it was the end.
func (r *Reader) more(end byte) bool {
	if r.err != nil {
		return true
	}
	r.space()
	if r.at < len(r.data) {
		switch r.data[r.at] {
		case ',':
			r.at++
			return false
		case end:
			r.at++
			return true
		}
	}
	r.syntax("a comma or an end is missing")
	return true
}

// skip reads a value of the domain without looking at what it is.
func (r *Reader) skip() {
	switch r.kind() {
	case kindString:
		r.text()
	case kindNumber:
		if found := r.number(); r.err == nil && !found.integral {
			r.float(found)
		}
	case kindTrue:
		r.literal("true")
	case kindFalse:
		r.literal("false")
	case kindNull:
		r.literal("null")
	case kindArray:
		r.array(func(int) { r.skip() })
	case kindObject:
		var seen names
		r.object(func(name []byte) {
			seen.add(name)
			r.skip()
		})
		r.endNames(&seen)
	}
}

func (r *Reader) endNames(seen *names) {
	if seen.found && r.err == nil {
		r.fail(CodeDuplicateKey, strconv.Quote(seen.twice))
	}
}

// raw reads a value and gives its text.
func (r *Reader) raw() []byte {
	r.space()
	start := r.at
	r.skip()
	if r.err != nil {
		return nil
	}
	return r.data[start:r.at]
}
