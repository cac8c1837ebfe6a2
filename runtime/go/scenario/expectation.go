package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// differences is what is not as expected, most telling first.
func differences(run *simulation, expect map[string]any) []string {
	found := statusDifference(run, expect)
	if wanted, is := expect["path"].([]any); is {
		found = append(found, pathDifference(run, wanted)...)
	}
	steps := members(expect["steps"])
	for _, name := range sortedNames(steps) {
		found = append(found, stepDifference(run, name, members(steps[name]))...)
	}
	state := run.state
	if wanted, is := expect["output"]; is {
		found = append(found, unlike("output", wanted, state.Run.Output, true)...)
	}
	if wanted, is := expect["error"]; is {
		found = append(found, errorDifference("error", wanted, state.Run.Error)...)
	}
	if wanted, is := expect["events"]; is {
		emitted := make([]any, len(run.emitted))
		for index, name := range run.emitted {
			emitted[index] = name
		}
		found = append(found, unlike("events", wanted, emitted, true)...)
	}
	if wanted, is := expect["compensation"]; is && wanted != state.Run.Compensation {
		found = append(found, differ("compensation", wanted, state.Run.Compensation))
	}
	if text, is := expect["within"].(string); is {
		if limit, err := parseDuration(text); err == nil && run.duration() > limit {
			took := time.Duration(run.duration()) * time.Millisecond
			found = append(found, fmt.Sprintf("within: the run took %s, more than %s", took, text))
		}
	}
	for _, each := range run.refused {
		after := time.Duration(each.event.At-run.started) * time.Millisecond
		name := each.event.Type
		if each.event.Event != "" {
			name = "event `" + each.event.Event + "`"
		}
		found = append(found, fmt.Sprintf("events: %s, %s after the start, was refused: %s", name, after, reason(each.reason)))
	}
	return found
}

func (s *simulation) duration() int64 {
	if s.ended {
		return s.state.Run.EndedAt - s.started
	}
	return s.now - s.started
}

func statusDifference(run *simulation, expect map[string]any) []string {
	actual := "waiting"
	if run.ended {
		actual = run.state.Run.Status
	}
	wanted, fits := "completed", actual == "completed"
	if status, is := expect["status"].(string); is {
		wanted, fits = status, actual == status
	} else if has(expect, "error") {
		wanted, fits = "a run that fails", actual != "completed" && actual != "waiting"
	}
	if fits {
		return nil
	}
	why := ""
	if !run.ended {
		why = ": " + waits(run)
	} else if run.state.Run.Error != nil {
		why = ": " + told(run.state.Run.Error)
	}
	return []string{fmt.Sprintf("status: expected %s, the run is %s%s", wanted, actual, why)}
}

// waits is what a run that does not end waits for.
func waits(run *simulation) string {
	var names []string
	for _, each := range run.opened {
		if _, is := run.open[each]; is {
			name := fmt.Sprintf("%s `%s`", each.what, each.id)
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return "it waits for " + strings.Join(names, ", ")
}

func told(failure core.Error) string {
	step := ""
	if name, is := failure["step"].(string); is {
		step = name + ": "
	}
	return fmt.Sprintf("%s%v %v", step, failure["code"], failure["message"])
}

// path

func pathDifference(run *simulation, wanted []any) []string {
	var ran []*core.Step
	for _, row := range run.state.Steps {
		if row.Status != "skipped" && row.Status != "pending" {
			ran = append(ran, row)
		}
	}
	slices.SortFunc(ran, func(a, b *core.Step) int { return int(a.N - b.N) })
	same := len(ran) == len(wanted)
	for index := 0; same && index < len(ran); index++ {
		same = isNamed(wanted[index], ran[index])
	}
	if same {
		return nil
	}
	return []string{"path: the path is another\n" + sideBySide(wanted, ran)}
}

func isNamed(name any, row *core.Step) bool { return name == row.Path || name == row.Step }

// sideBySide is the expected path beside the actual one; `>` marks where they differ.
func sideBySide(wanted []any, ran []*core.Step) string {
	// longest[i][j]: of the common steps of wanted[i:] and ran[j:]
	longest := make([][]int, len(wanted)+1)
	for i := range longest {
		longest[i] = make([]int, len(ran)+1)
	}
	for i := len(wanted) - 1; i >= 0; i-- {
		for j := len(ran) - 1; j >= 0; j-- {
			if isNamed(wanted[i], ran[j]) {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	type line struct{ mark, left, right string }
	lines := []line{{" ", "expected", "actual"}}
	for i, j := 0, 0; i < len(wanted) || j < len(ran); {
		switch {
		case i < len(wanted) && j < len(ran) && isNamed(wanted[i], ran[j]):
			lines = append(lines, line{" ", fmt.Sprint(wanted[i]), shownStep(ran[j])})
			i, j = i+1, j+1
		case i < len(wanted) && (j == len(ran) || longest[i+1][j] >= longest[i][j+1]):
			lines = append(lines, line{">", fmt.Sprint(wanted[i]), ""})
			i++
		default:
			lines = append(lines, line{">", "", shownStep(ran[j])})
			j++
		}
	}
	width := 0
	for _, each := range lines {
		width = max(width, len(each.left))
	}
	var text strings.Builder
	for _, each := range lines {
		row := fmt.Sprintf("  %s %-*s   %s", each.mark, width, each.left, each.right)
		text.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func shownStep(row *core.Step) string {
	var notes []string
	if row.Status != "completed" {
		notes = append(notes, row.Status)
	}
	if row.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", row.Attempts))
	}
	if row.Error != nil {
		notes = append(notes, fmt.Sprint(row.Error["code"]))
	}
	if notes == nil {
		return row.Path
	}
	return fmt.Sprintf("%s (%s)", row.Path, strings.Join(notes, ", "))
}

// steps

func stepDifference(run *simulation, name string, wanted map[string]any) []string {
	row := run.state.Steps[name]
	if row == nil {
		for _, each := range run.state.Steps {
			if each.Step == name && (row == nil || each.N > row.N) {
				row = each
			}
		}
	}
	place := "steps." + name
	if row == nil {
		if wanted["status"] == "absent" {
			return nil
		}
		return []string{fmt.Sprintf("%s: `%s` was not entered", place, name)}
	}
	var found []string
	if status, is := wanted["status"]; is && status != row.Status {
		found = append(found, differ(place+".status", status, row.Status))
	}
	if attempts, is := wanted["attempts"]; is && attempts != float64(row.Attempts) {
		found = append(found, differ(place+".attempts", attempts, float64(row.Attempts)))
	}
	if value, is := wanted["input"]; is {
		found = append(found, unlike(place+".input", value, row.Input, row.HasInput)...)
	}
	if value, is := wanted["output"]; is {
		found = append(found, unlike(place+".output", value, row.Output, row.HasOutput)...)
	}
	if value, is := wanted["error"]; is {
		found = append(found, errorDifference(place+".error", value, row.Error)...)
	}
	if used, is := wanted["fallback_used"]; is && used != row.FallbackUsed {
		found = append(found, differ(place+".fallback_used", used, row.FallbackUsed))
	}
	return found
}

// values

func errorDifference(place string, wanted any, actual core.Error) []string {
	if actual == nil {
		if wanted == nil {
			return nil
		}
		return []string{fmt.Sprintf("%s: expected %s, there is no error", place, shown(wanted))}
	}
	if code, is := wanted.(string); is {
		if actual["code"] == code {
			return nil
		}
		return []string{fmt.Sprintf("%s: expected %s, got %s", place, code, told(actual))}
	}
	return unlike(place, wanted, actual, true)
}

// unlike is where a value is not as wanted. An object may have further members;
// everything else must be equal.
func unlike(place string, wanted, actual any, isThere bool) []string {
	if !isThere {
		return []string{fmt.Sprintf("%s: expected %s, got nothing", place, shown(wanted))}
	}
	switch of := wanted.(type) {
	case map[string]any:
		if found, is := actual.(map[string]any); is {
			var all []string
			for _, name := range sortedNames(of) {
				member, isThere := found[name]
				all = append(all, unlike(place+"/"+name, of[name], member, isThere)...)
			}
			return all
		}
	case []any:
		if found, is := actual.([]any); is && len(found) == len(of) {
			var all []string
			for index := range of {
				all = append(all, unlike(fmt.Sprintf("%s/%d", place, index), of[index], found[index], true)...)
			}
			return all
		}
	default:
		if equal(wanted, actual) {
			return nil
		}
	}
	return []string{differ(place, wanted, actual)}
}

// equal compares leaves; what is a list or an object is none.
func equal(one, other any) bool {
	switch other.(type) {
	case map[string]any, []any:
		return false
	}
	return one == other
}

func differ(place string, wanted, actual any) string {
	return fmt.Sprintf("%s: expected %s, got %s", place, shown(wanted), shown(actual))
}

func shown(value any) string {
	text, err := types.AppendValue(nil, value)
	if err != nil {
		return fmt.Sprint(value)
	}
	if len(text) > 200 {
		return string(text[:200]) + "…"
	}
	return string(text)
}

func reason(refused *core.Refusal) string {
	if refused.Details == nil {
		return refused.Message
	}
	return fmt.Sprintf("%s %s", refused.Message, shown(refused.Details))
}

func sortedNames(of map[string]any) []string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
