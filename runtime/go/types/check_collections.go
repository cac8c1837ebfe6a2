package types

import (
	"fmt"
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// keyOf is one text per value, by JSON equality.
func keyOf(value any) string {
	text, err := canonical.Text(value)
	if err != nil {
		return fmt.Sprintf("%p", &value) // outside the domain: equal to nothing
	}
	return text
}

func isUnique(items []any) bool {
	if len(items) < 2 {
		return true
	}
	seen := make(map[string]struct{}, len(items))
	for _, item := range items {
		key := keyOf(item)
		if _, taken := seen[key]; taken {
			return false
		}
		seen[key] = struct{}{}
	}
	return true
}

func explainUnique(n *notes, items []any) {
	seen := make(map[string]int, len(items))
	for index, item := range items {
		key := keyOf(item)
		if first, taken := seen[key]; taken {
			n.enterItem(index)
			n.Report("uniqueItems", fmt.Sprintf("the item equals item %d", first))
			n.leave()
		} else {
			seen[key] = index
		}
	}
}

func explainItem(n *notes, item check, index int, value any) {
	if !item.accepts(value) {
		n.enterItem(index)
		item.explain(n, value)
		n.leave()
	}
}

type arrayCheck struct {
	rules listRules
	item  check
	free  bool // every item fits
}

func (s *TypeSet) compileArray(of *definition) (check, error) {
	item, err := s.compile(of.Items[0])
	if err != nil {
		return nil, err
	}
	rules := listRules{low: of.MinItems, high: orNone(of.MaxItems), unique: of.Unique}
	_, free := item.(anyCheck)
	return &arrayCheck{rules, item, free}, nil
}

func (c *arrayCheck) accepts(value any) bool {
	items, fits := value.([]any)
	if !fits || len(items) < c.rules.low || (c.rules.high >= 0 && len(items) > c.rules.high) {
		return false
	}
	if !c.free {
		for _, item := range items {
			if !c.item.accepts(item) {
				return false
			}
		}
	}
	return !c.rules.unique || isUnique(items)
}

func (c *arrayCheck) explain(n *notes, value any) {
	items, fits := value.([]any)
	if !fits {
		n.wrongType(value, "a list")
		return
	}
	c.rules.checkLength(n, len(items), len(n.problems))
	for index, item := range items {
		explainItem(n, c.item, index, item)
	}
	if c.rules.unique {
		explainUnique(n, items)
	}
}

type tupleCheck struct {
	items  []check
	unique bool
}

func (s *TypeSet) compileTuple(of *definition) (check, error) {
	made := &tupleCheck{unique: of.Unique}
	for _, each := range of.Items {
		item, err := s.compile(each)
		if err != nil {
			return nil, err
		}
		made.items = append(made.items, item)
	}
	return made, nil
}

func (c *tupleCheck) accepts(value any) bool {
	items, fits := value.([]any)
	if !fits || len(items) != len(c.items) {
		return false
	}
	for index, item := range items {
		if !c.items[index].accepts(item) {
			return false
		}
	}
	return !c.unique || isUnique(items)
}

func (c *tupleCheck) explain(n *notes, value any) {
	items, fits := value.([]any)
	if !fits {
		n.wrongType(value, "a list")
		return
	}
	if len(items) != len(c.items) {
		code := "maxItems"
		if len(items) < len(c.items) {
			code = "minItems"
		}
		n.Report(code, fmt.Sprintf("the list has %d items, not %d", len(items), len(c.items)))
	}
	for index := range min(len(items), len(c.items)) {
		explainItem(n, c.items[index], index, items[index])
	}
	if c.unique {
		explainUnique(n, items)
	}
}

func compileNames(of *definition) (*nameRules, error) {
	patterns, err := compilePatterns(of.KeyPatterns)
	if err != nil {
		return nil, err
	}
	return newNameRules([]NameRule{func(n *nameRules) {
		n.low, n.high = of.MinProperties, orNone(of.MaxProperties)
		n.keyLow, n.keyHigh = of.KeyMinLength, orNone(of.KeyMaxLength)
		n.patterns = patterns
	}}), nil
}

func (n *nameRules) acceptsCount(count int) bool {
	return count >= n.low && (n.high < 0 || count <= n.high)
}

// sortedNames are the names of an object by code point: an object has no order of its
// own, and what is told of it must be the same every time.
func sortedNames[V any](members map[string]V) []string {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

type mapCheck struct {
	rules  *nameRules
	member check
}

func (s *TypeSet) compileMap(of *definition) (check, error) {
	if of.Values == nil {
		return nil, fmt.Errorf("it has no `values`")
	}
	rules, err := compileNames(of)
	if err != nil {
		return nil, err
	}
	member, err := s.compile(*of.Values)
	return &mapCheck{rules, member}, err
}

func (c *mapCheck) accepts(value any) bool {
	members, fits := value.(map[string]any)
	if !fits || !c.rules.acceptsCount(len(members)) {
		return false
	}
	for name, member := range members {
		if !c.rules.accepts(name) || !c.member.accepts(member) {
			return false
		}
	}
	return true
}

func (c *mapCheck) explain(n *notes, value any) {
	members, fits := value.(map[string]any)
	if !fits {
		n.wrongType(value, "an object")
		return
	}
	c.rules.checkCount(n, len(members), len(n.problems))
	for _, name := range sortedNames(members) {
		n.enter(name)
		c.rules.checkName(n, name)
		if member := members[name]; !c.member.accepts(member) {
			c.member.explain(n, member)
		}
		n.leave()
	}
}

type objectCheck struct {
	rules    *nameRules
	fields   []fieldCheck
	declared map[string]check
	required []string // sorted; what extra members must be there too
	others   []string // required without being declared
	forbid   bool
	extra    check // nil: any
	free     bool  // any other member is fine
}

type fieldCheck struct {
	name     string
	required bool
	check    check
}

func (s *TypeSet) compileObject(of *definition) (check, error) {
	rules, err := compileNames(of)
	if err != nil {
		return nil, err
	}
	made := &objectCheck{
		rules: rules, declared: make(map[string]check, len(of.Fields)),
		forbid: of.Extra.Allow == "forbid",
	}
	for _, name := range sortedNames(of.Fields) {
		field := of.Fields[name]
		compiled, err := s.compile(field.Type)
		if err != nil {
			return nil, err
		}
		made.declared[name] = compiled
		made.fields = append(made.fields, fieldCheck{name, field.Required, compiled})
		if field.Required {
			made.required = append(made.required, name)
		}
	}
	for _, name := range of.RequiredExtra {
		if made.declared[name] == nil {
			made.others = append(made.others, name)
		}
		made.required = append(made.required, name)
	}
	slices.Sort(made.required)
	made.required = slices.Compact(made.required)
	if of.Extra.Allow == "typed" {
		if of.Extra.Type == nil {
			return nil, fmt.Errorf("its other members have no type")
		}
		if made.extra, err = s.compile(*of.Extra.Type); err != nil {
			return nil, err
		}
	}
	made.free = !made.forbid && made.extra == nil && rules.words == ""
	return made, nil
}

func (c *objectCheck) accepts(value any) bool {
	members, fits := value.(map[string]any)
	if !fits || !c.rules.acceptsCount(len(members)) {
		return false
	}
	known := 0
	for index := range c.fields {
		field := &c.fields[index]
		member, there := members[field.name]
		if !there {
			if field.required {
				return false
			}
			continue
		}
		known++
		if !field.check.accepts(member) {
			return false
		}
	}
	for _, name := range c.others {
		if _, there := members[name]; !there {
			return false
		}
	}
	if c.free || known == len(members) {
		return true
	}
	for name, member := range members {
		if c.declared[name] == nil && !c.acceptsOther(name, member) {
			return false
		}
	}
	return true
}

func (c *objectCheck) acceptsOther(name string, member any) bool {
	return !c.forbid && c.rules.accepts(name) && (c.extra == nil || c.extra.accepts(member))
}

func (c *objectCheck) explain(n *notes, value any) {
	members, fits := value.(map[string]any)
	if !fits {
		n.wrongType(value, "an object")
		return
	}
	for _, name := range c.required {
		if _, there := members[name]; !there {
			n.enter(name)
			n.Report("required", "the member is missing")
			n.leave()
		}
	}
	c.rules.checkCount(n, len(members), len(n.problems))
	for _, name := range sortedNames(members) {
		n.enter(name)
		c.explainMember(n, name, members[name])
		n.leave()
	}
}

func (c *objectCheck) explainMember(n *notes, name string, member any) {
	if declared := c.declared[name]; declared != nil {
		if !declared.accepts(member) {
			declared.explain(n, member)
		}
		return
	}
	if c.forbid {
		n.Report("additionalProperties", "no member of this name is allowed")
		return
	}
	c.rules.checkName(n, name)
	if c.extra != nil && !c.extra.accepts(member) {
		c.extra.explain(n, member)
	}
}
