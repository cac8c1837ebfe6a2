package types

import (
	"sync"
	"unicode"
)

func syncOnce[T any](make func() T) func() T { return sync.OnceValue(make) }

// isAllowed asks the contextual rules of RFC 5892 (appendix A) and its exceptions,
// which UTS 46 leaves out.
func isAllowed(label string) bool {
	text := []rune(label)
	var arabic, extended bool
	for at, c := range text {
		switch {
		case c == 0x00B7: // MIDDLE DOT stands between two l
			if at == 0 || at+1 == len(text) || text[at-1] != 'l' || text[at+1] != 'l' {
				return false
			}
		case c == 0x0375: // GREEK KERAIA stands before Greek
			if at+1 == len(text) || !unicode.Is(unicode.Greek, text[at+1]) {
				return false
			}
		case c == 0x05F3, c == 0x05F4: // GERESH, GERSHAYIM stand behind Hebrew
			if at == 0 || !unicode.Is(unicode.Hebrew, text[at-1]) {
				return false
			}
		case c == 0x30FB: // KATAKANA MIDDLE DOT wants Japanese beside it
			if !hasJapanese(text) {
				return false
			}
		case c >= 0x0660 && c <= 0x0669:
			arabic = true
		case c >= 0x06F0 && c <= 0x06F9:
			extended = true
		case c == 0x0640, c == 0x07FA, c == 0x302E, c == 0x302F, c >= 0x3031 && c <= 0x3035, c == 0x303B:
			return false
		case c > 0x7f && c != 0x00DF && c != 0x03C2 && c != 0x06FD && c != 0x06FE &&
			c != 0x0F0B && c != 0x3007 && c != 0x200C && c != 0x200D:
			if !unicode.In(c, unicode.Ll, unicode.Lo, unicode.Lm, unicode.Mn, unicode.Mc, unicode.Nd) {
				return false
			}
		}
	}
	return !arabic || !extended
}

func hasJapanese(text []rune) bool {
	for _, c := range text {
		if c != 0x30FB && unicode.In(c, unicode.Hiragana, unicode.Katakana, unicode.Han) {
			return true
		}
	}
	return false
}
