package core

import (
	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// exceeds says that a value's canonical JSON has more than limit bytes, or that more
// collections stand in each other than the domain of values allows.
//
// Nearly every value is far below the limit, so a bound from above comes first and the
// exact text is only written when the bound is not enough.
func exceeds(value any, limit int64) bool {
	if bound(value, limit, types.MaxDepth) <= limit {
		return false
	}
	if exceeded, err := canonical.Exceeds(value, int(limit)); exceeded || err != nil {
		return true // what no JSON text can say cannot be kept
	}
	return isTooDeep(value, types.MaxDepth)
}

// bound is at least the size of the value, and beyond the limit when it is too deep; it
// stops counting when it is beyond the limit.
func bound(value any, limit int64, depth int) int64 {
	const (
		number  = 25 // more bytes than any double needs
		escaped = 6  // bytes of the longest escape of a byte
	)
	switch of := value.(type) {
	case string:
		return escaped*int64(len(of)) + 2
	case []any:
		if depth == 0 {
			return limit + 1
		}
		total := int64(2)
		for _, item := range of {
			if total += 1 + bound(item, limit-total, depth-1); total > limit {
				break
			}
		}
		return total
	case map[string]any:
		if depth == 0 {
			return limit + 1
		}
		total := int64(2)
		for name, member := range of {
			total += escaped*int64(len(name)) + 4
			if total += bound(member, limit-total, depth-1); total > limit {
				break
			}
		}
		return total
	}
	return number
}

func isTooDeep(value any, left int) bool {
	switch of := value.(type) {
	case []any:
		for _, item := range of {
			if left == 0 || isTooDeep(item, left-1) {
				return true
			}
		}
		return left == 0
	case map[string]any:
		for _, member := range of {
			if left == 0 || isTooDeep(member, left-1) {
				return true
			}
		}
		return left == 0
	}
	return false
}
