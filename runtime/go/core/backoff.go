package core

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// delayAfter is the delay in milliseconds after a failed attempt (numbered from 1).
//
// fixed d, linear d·n, exponential d·2ⁿ, capped by the largest; with jitter half of it
// and up to half more. The error's `retry_after` raises the result.
func delayAfter(policy *plan.Retry, attempt int64, runID, path string, err Error) int64 {
	delay := min(plainDelay(policy, attempt), policy.MaxDelay)
	if policy.Jitter {
		delay = jittered(delay, runID, path, attempt)
	}
	if after, is := err["retry_after"].(float64); is {
		delay = max(delay, int64(min(after, maxMillis)))
	}
	return min(delay, maxMillis)
}

func plainDelay(policy *plan.Retry, attempt int64) int64 {
	factor := int64(1)
	switch policy.Backoff {
	case "fixed":
	case "linear":
		factor = attempt
	default:
		factor = 1 << min(attempt, 53) // 2^53 is beyond every cap
	}
	high, low := bits.Mul64(uint64(policy.InitialDelay), uint64(factor))
	if high != 0 || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}

// jittered is delay/2 + delay/2·u with u = k / 2⁵³, rounded down; in integers, so that
// every language gets the same.
func jittered(delay int64, runID, path string, attempt int64) int64 {
	digest := sha256.Sum256([]byte(runID + "\x00" + path + "\x00" + strconv.FormatInt(attempt, 10)))
	k := binary.BigEndian.Uint64(digest[:8]) >> 11
	high, low := bits.Mul64(uint64(delay), 1<<53+k)
	return int64(high<<10 | low>>54)
}
