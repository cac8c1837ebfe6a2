package types

import (
	"slices"
	"strconv"
	"strings"
)

// notes gathers what is wrong with a value, and knows where in it one is looking.
type notes struct {
	problems []Problem
	path     []place
}

type place struct {
	name  string
	index int // of an item, or -1 for a member
}

// Report notes that the value at hand does not fit.
func (n *notes) Report(code, message string) {
	if len(n.problems) < MaxProblems {
		n.problems = append(n.problems, Problem{Path: n.pointer(), Code: code, Message: message})
	}
}

// reportAt notes a problem before those that were noted since.
func (n *notes) reportAt(noted int, code, message string) {
	problem := Problem{Path: n.pointer(), Code: code, Message: message}
	n.problems = slices.Insert(n.problems, min(noted, len(n.problems)), problem)
	n.problems = n.problems[:min(len(n.problems), MaxProblems)]
}

func (n *notes) pointer() string {
	var text strings.Builder
	for _, each := range n.path {
		text.WriteByte('/')
		if each.index >= 0 {
			text.WriteString(strconv.Itoa(each.index))
		} else {
			text.WriteString(pointerEscapes.Replace(each.name))
		}
	}
	return text.String()
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func (n *notes) enter(name string) { n.path = append(n.path, place{name, -1}) }
func (n *notes) enterItem(at int)  { n.path = append(n.path, place{"", at}) }
func (n *notes) leave()            { n.path = n.path[:len(n.path)-1] }
