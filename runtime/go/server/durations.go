package server

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

var (
	shortDuration = regexp.MustCompile(`^(\d+(?:\.\d+)?)(ms|s|m|h|d)$`)
	isoDuration   = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)
	units         = map[string]float64{"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
	isoUnits      = []float64{7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000}
)

// parseDuration reads `500ms 30s 5m 1h 2d` and ISO 8601; a number is milliseconds.
func parseDuration(given any) (int64, error) {
	var milliseconds float64
	shown := ""
	switch of := given.(type) {
	case float64:
		milliseconds = of
		shown = strconv.FormatFloat(of, 'g', -1, 64)
	case string:
		var err error
		if milliseconds, err = durationOf(strings.TrimSpace(of)); err != nil {
			return 0, err
		}
		shown = of
	default:
		return 0, errors.New("no duration")
	}
	if !(milliseconds >= 0 && milliseconds <= types.MaxSafeInteger) {
		return 0, fmt.Errorf("`%s` is out of range", shown)
	}
	return int64(milliseconds), nil
}

func durationOf(text string) (float64, error) {
	if found := shortDuration.FindStringSubmatch(text); found != nil {
		return decimalOf(found[1]) * units[found[2]], nil
	}
	found := isoDuration.FindStringSubmatch(text)
	if found == nil || strings.Join(found[1:], "") == "" {
		if runes := []rune(text); len(runes) > 40 {
			text = string(runes[:40])
		}
		return 0, fmt.Errorf("`%s` is no duration such as `30s` or `PT30S`", text)
	}
	var sum float64
	for index, unit := range isoUnits {
		sum += decimalOf(found[index+1]) * unit
	}
	return sum, nil
}

func decimalOf(text string) float64 {
	// the patterns let nothing but digits through; what is absent is 0, what is too large
	// is infinite and out of range
	value, _ := strconv.ParseFloat(text, 64)
	return value
}
