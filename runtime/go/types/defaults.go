package types

import "maps"

// findDefaulted are the ids of the types that have a default, at any depth.
func findDefaulted(definitions map[string]*definition) map[string]bool {
	found := map[string]bool{}
	users := map[string][]string{}
	var waiting []string
	for id, of := range definitions {
		for _, field := range of.Fields {
			if field.HasDefault && !found[id] {
				found[id] = true
				waiting = append(waiting, id)
			}
		}
		of.uses(func(used TypeRef) { users[used.Type] = append(users[used.Type], id) })
	}
	for len(waiting) > 0 {
		last := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		for _, id := range users[last] {
			if !found[id] {
				found[id] = true
				waiting = append(waiting, id)
			}
		}
	}
	return found
}

// ApplyDefaults is a value with the defaults of absent members filled in, at every
// depth; what needs no change is shared with the given value, which is left as it is.
// The value must fit the type. The server does this once, when a run starts.
func (s *TypeSet) ApplyDefaults(of TypeRef, value any) any {
	filled, _ := s.fill(of, value)
	return filled
}

// fill says besides whether anything was filled in.
func (s *TypeSet) fill(of TypeRef, value any) (any, bool) {
	if !s.defaulted[of.Type] {
		return value, false
	}
	found, _, err := s.resolve(of)
	if err != nil || found == nil {
		return value, false
	}
	switch given := value.(type) {
	case map[string]any:
		switch found.Kind {
		case "object":
			return s.fillObject(found, given)
		case "map":
			return s.fillMembers(given, false, func(string) *TypeRef { return found.Values })
		}
	case []any:
		switch found.Kind {
		case "array":
			return s.fillItems(given, func(int) TypeRef { return found.Items[0] })
		case "tuple":
			return s.fillItems(given, func(index int) TypeRef { return found.Items[index] })
		}
	}
	if found.Kind == "union" {
		if index := found.choice().find(value); index >= 0 {
			return s.fill(found.Variants[index].Type, value)
		}
	}
	return value, false
}

func (s *TypeSet) fillObject(of *definition, value map[string]any) (any, bool) {
	own := false
	for name, field := range of.Fields {
		if _, there := value[name]; there || !field.HasDefault {
			continue
		}
		if !own {
			value, own = maps.Clone(value), true
			if value == nil {
				value = map[string]any{}
			}
		}
		value[name] = field.Default
	}
	return s.fillMembers(value, own, func(name string) *TypeRef {
		if field := of.Fields[name]; field != nil {
			return &field.Type
		}
		return of.Extra.Type
	})
}

// fillMembers fills each member; own says that the object is a copy already.
func (s *TypeSet) fillMembers(value map[string]any, own bool, typeOf func(name string) *TypeRef) (any, bool) {
	for name, member := range value {
		of := typeOf(name)
		if of == nil {
			continue
		}
		if filled, changed := s.fill(*of, member); changed {
			if !own {
				value, own = maps.Clone(value), true
			}
			value[name] = filled
		}
	}
	return value, own
}

func (s *TypeSet) fillItems(value []any, typeOf func(index int) TypeRef) (any, bool) {
	own := false
	for index, item := range value {
		if filled, changed := s.fill(typeOf(index), item); changed {
			if !own {
				value, own = append([]any(nil), value...), true
			}
			value[index] = filled
		}
	}
	return value, own
}
