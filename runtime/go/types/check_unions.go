package types

import (
	"fmt"
	"math"
	"strings"
)

// unionCheck tries one variant, which one look at the value chooses.
type unionCheck struct {
	choice   choice
	variants []check
}

// choice finds the index of the variant that a value is to be tried against; -1 is none.
type choice interface {
	find(value any) int
	explain(n *notes, value any)
}

func (s *TypeSet) compileUnion(of *definition) (check, error) {
	made := &unionCheck{choice: of.choice()}
	for _, each := range of.Variants {
		compiled, err := s.compile(each.Type)
		if err != nil {
			return nil, err
		}
		made.variants = append(made.variants, compiled)
	}
	return made, nil
}

func (c *unionCheck) accepts(value any) bool {
	index := c.choice.find(value)
	return index >= 0 && c.variants[index].accepts(value)
}

func (c *unionCheck) explain(n *notes, value any) {
	if index := c.choice.find(value); index >= 0 {
		c.variants[index].explain(n, value)
	} else {
		c.choice.explain(n, value)
	}
}

func (d *definition) choice() choice {
	if d.How == "tag" {
		return newTagChoice(d)
	}
	return newTypeChoice(d)
}

// typeChoice chooses by the JSON type; integer is tried before number.
type typeChoice struct {
	byType   map[string]int // integer stands for integral numbers
	expected string
}

func newTypeChoice(of *definition) *typeChoice {
	made := &typeChoice{byType: map[string]int{}}
	var nouns []string
	for index, each := range of.Variants {
		for _, name := range each.JSONTypes {
			nouns = append(nouns, kindNouns[name])
			made.byType[name] = index
			if _, taken := made.byType["number"]; name == "integer" && !taken {
				made.byType["number"] = index
			}
		}
	}
	made.expected = strings.Join(nouns, " or ")
	return made
}

func (c *typeChoice) find(value any) int {
	name := ""
	switch of := value.(type) {
	case nil:
		name = "null"
	case bool:
		name = "boolean"
	case float64:
		if index, there := c.byType["integer"]; there && of == math.Trunc(of) && !math.IsInf(of, 0) {
			return index
		}
		name = "number"
	case string:
		name = "string"
	case []any:
		name = "array"
	case map[string]any:
		name = "object"
	}
	if index, there := c.byType[name]; there {
		return index
	}
	return -1
}

func (c *typeChoice) explain(n *notes, value any) { n.wrongType(value, c.expected) }

// tagChoice chooses by the value of a property.
type tagChoice struct {
	property string
	byTag    map[any]int // numbers are float64, so that 1 is 1.0
	shown    string
}

func newTagChoice(of *definition) *tagChoice {
	made := &tagChoice{property: of.Property, byTag: map[any]int{}}
	var shown []string
	for index, each := range of.Variants {
		for _, tag := range each.Tags {
			shown = append(shown, keyOf(tag))
			if isScalar(tag) || tag == nil {
				made.byTag[tag] = index
			}
		}
	}
	made.shown = strings.Join(shown[:min(len(shown), 12)], ", ")
	return made
}

func (c *tagChoice) find(value any) int {
	members, fits := value.(map[string]any)
	if !fits {
		return -1
	}
	tag, there := members[c.property]
	if !there || (tag != nil && !isScalar(tag)) {
		return -1
	}
	if index, known := c.byTag[tag]; known {
		return index
	}
	return -1
}

func (c *tagChoice) explain(n *notes, value any) {
	members, fits := value.(map[string]any)
	if !fits {
		n.wrongType(value, "an object")
		return
	}
	n.enter(c.property)
	if _, there := members[c.property]; there {
		n.Report("enum", fmt.Sprintf("the value is none of %s", c.shown))
	} else {
		n.Report("required", "the member is missing")
	}
	n.leave()
}
