package regex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

var errTooLarge = fmt.Errorf("it stands for more than %d characters when repetitions are written out", MaxSize)

// end stands behind the last character.
const end = rune(-1)

// reader reads a pattern once, from left to right, and writes Go's spelling of it.
type reader struct {
	text []rune
	at   int
	out  strings.Builder
}

func rewrite(pattern string) (string, error) {
	if !utf8.ValidString(pattern) {
		return "", errors.New("half of a surrogate pair stands alone")
	}
	r := &reader{text: []rune(pattern)}
	if len(r.text) > MaxLength {
		return "", fmt.Errorf("it has more than %d characters", MaxLength)
	}
	if _, _, err := r.alternation(0); err != nil {
		return "", err
	}
	if r.at < len(r.text) {
		return "", errors.New("a `)` closes nothing; write `\\)` for the character")
	}
	return r.out.String(), nil
}

func (r *reader) peekAt(offset int) rune {
	if r.at+offset < len(r.text) {
		return r.text[r.at+offset]
	}
	return end
}

func (r *reader) peek() rune { return r.peekAt(0) }

func (r *reader) take() rune {
	char := r.text[r.at]
	r.at++
	return char
}

// alternation reads up to a `)` or the end: its size, and the most repetitions inside.
func (r *reader) alternation(depth int) (size, repeats int, err error) {
	if depth > MaxDepth {
		return 0, 0, fmt.Errorf("groups are nested more than %d deep", MaxDepth)
	}
	repeats = 1
	for r.at < len(r.text) && r.peek() != ')' {
		if r.peek() == '|' {
			r.out.WriteRune(r.take())
		} else {
			more, inside, err := r.piece(depth)
			if err != nil {
				return 0, 0, err
			}
			size, repeats = size+more, max(repeats, inside)
		}
		if size > MaxSize {
			return 0, 0, errTooLarge
		}
	}
	return size, repeats, nil
}

// piece reads an atom with its quantifier: its size, and its repetitions multiplied.
func (r *reader) piece(depth int) (size, repeats int, err error) {
	size, repeats = 1, 1
	anchor := false
	switch char := r.take(); char {
	case '(':
		size, repeats, err = r.group(depth)
	case '[':
		err = r.class()
	case '\\':
		anchor, err = r.escape()
	case '^':
		anchor = true
		r.out.WriteString(`\A`)
	case '$':
		anchor = true
		r.out.WriteString(`\z`)
	case '*', '+', '?':
		err = fmt.Errorf("`%c` repeats nothing; write `\\%c` for it", char, char)
	case '{', '}', ']':
		err = fmt.Errorf("`%c` stands alone; write `\\%c` for it", char, char)
	case '.':
		r.out.WriteRune('.')
	default:
		r.write(char)
	}
	if err != nil {
		return 0, 0, err
	}
	times, quantified, err := r.quantifier()
	switch {
	case err != nil:
		return 0, 0, err
	case !quantified:
		return size, repeats, nil
	case anchor:
		return 0, 0, errors.New("an anchor is repeated")
	case times*repeats > MaxRepeat:
		return 0, 0, fmt.Errorf("it repeats more than %d times", MaxRepeat)
	}
	times = max(times, 1)
	return size*times + 1, times * repeats, nil
}

// quantifier reads the quantifier that follows, if any: how often it writes its atom
// out.
func (r *reader) quantifier() (times int, found bool, err error) {
	switch r.peek() {
	case '*', '+', '?':
		r.out.WriteRune(r.take())
		times = 1
	case '{':
		if times, err = r.counted(); err != nil {
			return 0, false, err
		}
	default:
		return 0, false, nil
	}
	if r.peek() == '?' {
		r.out.WriteRune(r.take())
	}
	switch r.peek() {
	case '+':
		return 0, false, errors.New("a possessive quantifier or a quantifier of a quantifier")
	case '*', '?', '{':
		return 0, false, errors.New("a quantifier is quantified; write a group around it")
	}
	return times, true, nil
}

var errNoRepetition = errors.New("`{` begins no repetition `{2}`, `{2,}`, `{2,5}`; write `\\{`")

func (r *reader) counted() (int, error) {
	stop := r.at
	for stop < len(r.text) && r.text[stop] != '}' {
		stop++
	}
	if stop == len(r.text) {
		return 0, errNoRepetition
	}
	bounds := strings.Split(string(r.text[r.at+1:stop]), ",")
	if len(bounds) > 2 || bounds[0] == "" {
		return 0, errNoRepetition
	}
	var numbers []int
	long := false
	for _, bound := range bounds {
		if strings.Trim(bound, "0123456789") != "" {
			return 0, errNoRepetition
		}
		long = long || len(bound) > 4
	}
	if long {
		return 0, fmt.Errorf("it repeats more than %d times", MaxRepeat)
	}
	for _, bound := range bounds {
		if bound != "" {
			number, _ := strconv.Atoi(bound)
			numbers = append(numbers, number)
		}
	}
	if len(numbers) == 2 && numbers[1] < numbers[0] {
		return 0, errors.New("a repetition's bounds are in the wrong order")
	}
	most := numbers[len(numbers)-1]
	if most > MaxRepeat {
		return 0, fmt.Errorf("it repeats more than %d times", MaxRepeat)
	}
	r.out.WriteByte('{')
	for index, bound := range bounds {
		if index > 0 {
			r.out.WriteByte(',')
		}
		if bound != "" {
			r.out.WriteString(strconv.Itoa(numbers[index]))
		}
	}
	r.out.WriteByte('}')
	r.at = stop + 1
	return most, nil
}

func (r *reader) group(depth int) (size, repeats int, err error) {
	if r.peek() == '?' {
		if r.peekAt(1) != ':' {
			return 0, 0, refusedGroup(string(r.text[r.at:min(len(r.text), r.at+3)]))
		}
		r.at += 2
	}
	r.out.WriteString("(?:")
	size, repeats, err = r.alternation(depth + 1)
	if err != nil {
		return 0, 0, err
	}
	if r.peek() != ')' {
		return 0, 0, errors.New("a `(` is never closed")
	}
	r.out.WriteRune(r.take())
	return size, repeats, nil
}

func refusedGroup(start string) error {
	for _, each := range []struct{ start, what string }{
		{"?=", "look-ahead `(?=`"},
		{"?!", "look-ahead `(?!`"},
		{"?<=", "look-behind `(?<=`"},
		{"?<!", "look-behind `(?<!`"},
		{"?>", "the atomic group `(?>`"},
		{"?P", "the named group `(?P<…>`"},
		{"?<", "the named group `(?<…>`"},
		{"?#", "the comment `(?#`"},
	} {
		if strings.HasPrefix(start, each.start) {
			return fmt.Errorf("%s is not in every language", each.what)
		}
	}
	return errors.New("flags such as `(?i)` are not in every language")
}

// escape reads one escape outside a class; it answers whether it is an anchor.
func (r *reader) escape() (bool, error) {
	char, err := r.escaped()
	if err != nil {
		return false, err
	}
	switch char {
	case 'b', 'B':
		r.out.WriteRune('\\')
		r.out.WriteRune(char)
		return true, nil
	case 'd', 'D', 'w', 'W', 's', 'S':
		r.out.WriteRune('\\')
		r.out.WriteRune(char)
		return false, nil
	}
	code, err := r.character(char)
	if err == nil {
		r.write(code)
	}
	return false, err
}

func (r *reader) escaped() (rune, error) {
	if r.at >= len(r.text) {
		return 0, errors.New("it ends in a backslash")
	}
	return r.take(), nil
}

// character is the code point of the escape whose letter was read.
func (r *reader) character(char rune) (rune, error) {
	switch char {
	case 't':
		return 9, nil
	case 'n':
		return 10, nil
	case 'v':
		return 11, nil
	case 'f':
		return 12, nil
	case 'r':
		return 13, nil
	case 'x':
		return r.hex(2, char)
	case 'u':
		return r.unicode()
	case 'p', 'P':
		return 0, errors.New("`\\p{…}` means different characters in different languages")
	}
	switch {
	case char < 0x80 && strings.ContainsRune(punctuation, char):
		return char, nil
	case unicode.IsDigit(char):
		return 0, errors.New("back-references are not in every language")
	case strconv.IsPrint(char):
		return 0, fmt.Errorf("the escape `\\%c` is not in every language", char)
	}
	return 0, fmt.Errorf("the escape `\\u%04x` is not in every language", char)
}

func (r *reader) unicode() (rune, error) {
	code, err := r.hex(4, 'u')
	if err != nil {
		return 0, err
	}
	if code >= 0xD800 && code < 0xDC00 && r.peek() == '\\' && r.peekAt(1) == 'u' {
		r.at += 2
		low, err := r.hex(4, 'u')
		if err != nil {
			return 0, err
		}
		if low >= 0xDC00 && low < 0xE000 {
			return 0x10000 + (code-0xD800)<<10 + (low - 0xDC00), nil
		}
	}
	if code >= 0xD800 && code < 0xE000 {
		return 0, errors.New("half of a surrogate pair stands alone")
	}
	return code, nil
}

func (r *reader) hex(width int, char rune) (rune, error) {
	if r.at+width <= len(r.text) {
		digits := string(r.text[r.at : r.at+width])
		if code, err := strconv.ParseUint(digits, 16, 32); err == nil && digits[0] != '+' {
			r.at += width
			return rune(code), nil
		}
	}
	return 0, fmt.Errorf("`\\%c` wants %d hexadecimal digits", char, width)
}

func (r *reader) class() error {
	r.out.WriteByte('[')
	if r.peek() == '^' {
		r.out.WriteRune(r.take())
	}
	first := r.at
	for {
		switch r.peek() {
		case end:
			return errors.New("a `[` is never closed")
		case ']':
			if r.at == first {
				return errors.New("a class is empty; write `\\]` for the character")
			}
			r.out.WriteRune(r.take())
			return nil
		}
		if err := r.classItem(first); err != nil {
			return err
		}
	}
}

func (r *reader) classItem(first int) error {
	start := r.at
	low, single, err := r.classCharacter()
	if err != nil {
		return err
	}
	if single && low == '-' && r.text[start] == '-' {
		if start != first && r.peek() != ']' {
			return errors.New("`-` stands inside a class; write `\\-` for it")
		}
		r.out.WriteString(`\-`)
		return nil
	}
	if next := r.peekAt(1); r.peek() != '-' || next == end || next == ']' {
		if single {
			r.write(low)
		}
		return nil
	}
	r.at++
	high, alsoSingle, err := r.classCharacter()
	switch {
	case err != nil:
		return err
	case !single || !alsoSingle:
		return errors.New("a range has a class such as `\\d` as its end")
	case high < low:
		return errors.New("a range is in the wrong order")
	}
	r.write(low)
	r.out.WriteByte('-')
	r.write(high)
	return nil
}

// classCharacter reads one character; it is not single for \d and its like, which are
// written at once.
func (r *reader) classCharacter() (code rune, single bool, err error) {
	char := r.take()
	switch char {
	case '\\':
		if char, err = r.escaped(); err != nil {
			return 0, false, err
		}
		switch char {
		case 'd', 'D', 'w', 'W', 's', 'S':
			r.out.WriteRune('\\')
			r.out.WriteRune(char)
			return 0, false, nil
		}
		code, err = r.character(char)
		return code, true, err
	case '[':
		return 0, false, errors.New("`[` stands inside a class; write `\\[` for it")
	case '&', '|', '~':
		if r.peek() == char {
			return 0, false, fmt.Errorf("`%c%c` stands inside a class; write `\\%c`", char, char, char)
		}
	}
	return char, true, nil
}

func (r *reader) write(code rune) {
	if code < 0x80 && (unicode.IsLetter(code) || unicode.IsDigit(code)) {
		r.out.WriteRune(code)
		return
	}
	fmt.Fprintf(&r.out, `\x{%x}`, code)
}
