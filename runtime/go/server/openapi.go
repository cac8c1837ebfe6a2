package server

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

const componentPrefix = "#/components/schemas/"

// joinOpenAPI makes one description of those of several workflows: each has a start of
// its own, types of its own, and what is the same for all servers. A type whose name
// another workflow has taken is named `<workflow>.<Type>`.
func joinOpenAPI(documents [][]byte) ([]byte, error) {
	if len(documents) == 0 {
		return nil, nil
	}
	if len(documents) == 1 {
		return documents[0], nil
	}
	var joined map[string]any
	for _, document := range documents {
		var next map[string]any
		if err := json.Unmarshal(document, &next); err != nil {
			return nil, fmt.Errorf("openapi.json: %w", err)
		}
		if joined == nil {
			joined = next
			continue
		}
		join(joined, next)
	}
	joined["info"] = map[string]any{"title": "Magic Flow", "version": "2"}
	return json.Marshal(joined)
}

func join(into, next map[string]any) {
	title, _ := inside(next, "info")["title"].(string)
	schemas, more := inside(into, "components", "schemas"), inside(next, "components", "schemas")
	renamed := map[string]string{}
	for name, schema := range more {
		if present, taken := schemas[name]; taken && !reflect.DeepEqual(present, schema) {
			renamed[name] = title + "." + name
		}
	}
	// a type that holds a renamed one is another type too
	for count := -1; count != len(renamed); {
		count = len(renamed)
		for name, schema := range more {
			if _, taken := schemas[name]; taken && renamed[name] == "" && refersTo(schema, renamed) {
				renamed[name] = title + "." + name
			}
		}
	}
	next, _ = rename(next, renamed).(map[string]any)
	for name, schema := range inside(next, "components", "schemas") {
		if own := renamed[name]; own != "" {
			name = own
		}
		schemas[name] = schema
	}
	for _, member := range []string{"paths", "webhooks", "x-magicflow-listens"} {
		for name, value := range inside(next, member) {
			if _, taken := inside(into, member)[name]; taken {
				continue
			}
			if into[member] == nil {
				into[member] = map[string]any{}
			}
			inside(into, member)[name] = value
		}
	}
	into["tags"] = joinTags(into["tags"], next["tags"])
}

// joinTags puts the tags of workflows before those that all servers have.
func joinTags(into, next any) []any {
	has, _ := into.([]any)
	more, _ := next.([]any)
	var added []any
	for _, tag := range more {
		known := false
		for _, each := range has {
			known = known || reflect.DeepEqual(each, tag)
		}
		if !known {
			added = append(added, tag)
		}
	}
	return append(added, has...)
}

// inside is the object at a path, nil where there is none.
func inside(of map[string]any, path ...string) map[string]any {
	for _, name := range path {
		of, _ = of[name].(map[string]any)
	}
	return of
}

func rename(value any, renamed map[string]string) any {
	if len(renamed) == 0 {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		made := make(map[string]any, len(value))
		for name, member := range value {
			if own := renamed[componentOf(name, member)]; own != "" {
				made[name] = componentPrefix + own
			} else {
				made[name] = rename(member, renamed)
			}
		}
		return made
	case []any:
		made := make([]any, len(value))
		for index, item := range value {
			made[index] = rename(item, renamed)
		}
		return made
	}
	return value
}

func refersTo(value any, renamed map[string]string) bool {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if renamed[componentOf(name, member)] != "" || refersTo(member, renamed) {
				return true
			}
		}
	case []any:
		for _, item := range value {
			if refersTo(item, renamed) {
				return true
			}
		}
	}
	return false
}

// componentOf is the component that a member `$ref` names, "" for other members.
func componentOf(name string, member any) string {
	text, isText := member.(string)
	if name != "$ref" || !isText || !strings.HasPrefix(text, componentPrefix) {
		return ""
	}
	return strings.TrimPrefix(text, componentPrefix)
}
