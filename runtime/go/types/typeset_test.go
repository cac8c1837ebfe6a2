package types

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func typeSet(t *testing.T, text string) *TypeSet {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	set, err := NewTypeSet(raw)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const tree = `{
	"tree": {"kind": "object", "fields": {
		"name": {"type": {"type": "text"}, "required": true},
		"size": {"type": {"type": "integer"}, "required": false, "has_default": true, "default": 3},
		"left": {"type": {"type": "tree", "nullable": true}, "required": false},
		"kind": {"type": {"type": "kind"}, "required": false}
	}, "extra": {"allow": "forbid"}},
	"text": {"kind": "string", "min_length": 2, "patterns": ["^a"]},
	"kind": {"kind": "enum", "base": "mixed", "values": ["x", 1, true]},
	"also": {"kind": "alias", "of": {"type": "tree"}},
	"list": {"kind": "array", "items": {"type": "also"}, "unique": true}
}`

func TestTypeSet(t *testing.T) {
	set := typeSet(t, tree)
	validator, err := set.Compile(TypeRef{Type: "list"})
	if err != nil || validator.IsAny() {
		t.Fatal(err)
	}
	value, err := DecodeValue([]byte(`[{"name":"ab","left":{"name":"b","z~/":1,"kind":true}},{"size":1.5},{"name":"ab","left":{"name":"b","kind":true,"z~/":1.0}}]`), 0)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, problem := range validator.Check(value) {
		told = append(told, problem.Path+" "+problem.Code)
	}
	if want := "/0/left/name minLength,/0/left/name pattern,/0/left/z~0~1 additionalProperties,/1/name required,/1/size type," +
		"/2/left/name minLength,/2/left/name pattern,/2/left/z~0~1 additionalProperties,/2 uniqueItems"; strings.Join(told, ",") != want {
		t.Errorf("%s", strings.Join(told, ","))
	}
	given := map[string]any{"name": "ab", "left": map[string]any{"name": "ac"}}
	filled := set.ApplyDefaults(TypeRef{Type: "list"}, []any{given})
	text, err := AppendValue(nil, filled)
	if err != nil || string(text) != `[{"left":{"name":"ac","size":3},"name":"ab","size":3}]` {
		t.Errorf("%s %v", text, err)
	}
	if len(given) != 2 {
		t.Error("the given value was changed")
	}
}

func TestTypeSetIsSafeForManyGoroutines(t *testing.T) {
	set := typeSet(t, tree)
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for _, id := range []string{"list", "tree", "also", "kind", "any"} {
				if _, err := set.Compile(TypeRef{Type: id}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
}

func TestBrokenTypesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": {"kind": "string", "format": "colour"}}`:                                                                  "no format",
		`{"a": {"kind": "string", "patterns": ["(?=x)"]}}`:                                                               "portable",
		`{"a": {"kind": "number", "minimum": "x"}}`:                                                                      "no number",
		`{"a": {"kind": "number", "multiple_of": ["0"]}}`:                                                                "no step",
		`{"a": {"kind": "alias", "of": {"type": "a"}}}`:                                                                  "alias of itself",
		`{"a": {"kind": "alias"}}`:                                                                                       "no `of`",
		`{"a": {"kind": "what"}}`:                                                                                        "unknown kind",
		`{"a": {"kind": "array", "items": {"type": "b"}}}`:                                                               "no type \"b\"",
		`{"a": {"kind": "tuple", "items": [{"type": "b"}]}}`:                                                             "no type \"b\"",
		`{"a": {"kind": "map", "values": {"type": "b"}}}`:                                                                "no type \"b\"",
		`{"a": {"kind": "map", "values": null}}`:                                                                         "no `values`",
		`{"a": {"kind": "map", "values": {"type": "any"}, "key_patterns": ["("]}}`:                                       "portable",
		`{"a": {"kind": "object", "fields": {"x": {"type": {"type": "b"}}}, "extra": {}}}`:                               "no type \"b\"",
		`{"a": {"kind": "object", "fields": {}, "extra": {"allow": "typed"}}}`:                                           "no type",
		`{"a": {"kind": "union", "how": "tag", "property": "k", "variants": [{"type": {"type": "b"}}]}}`:                 "no type \"b\"",
		`{"a": {"kind": "object", "fields": {}, "extra": {"allow": "typed", "type": {"type": "b"}}}}`:                    "no type \"b\"",
		`{"a": {"kind": "object", "fields": {}, "key_patterns": ["("], "extra": {"allow": "preserve"}}}`:                 "portable",
		`{"a": {"kind": "object", "fields": {"x": {"type": {"type": "a"}}, "y": {"type": {"type": "c"}}}, "extra": {}}}`: "no type \"c\"",
	} {
		set := typeSet(t, text)
		for range 2 { // what failed once is not left half made
			if _, err := set.Compile(TypeRef{Type: "a"}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if _, err := NewTypeSet(map[string]json.RawMessage{"a": json.RawMessage(`{"kind": 1}`)}); err == nil {
		t.Error("a malformed definition is read")
	}
}

func TestValues(t *testing.T) {
	const text = `{"a":[1,1.5,-0,true,false,null,"\u00e9"],"b":9007199254740993.0,"c":{}}`
	value, err := DecodeValue([]byte(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	written, err := AppendValue([]byte("> "), value)
	if want := `> {"a":[1,1.5,0,true,false,null,"é"],"b":9.007199254740992e+15,"c":{}}`; err != nil || string(written) != want {
		t.Errorf("%s %v", written, err)
	}
	again, err := DecodeValue(written[2:], 0)
	if err != nil || !reflect.DeepEqual(value, again) {
		t.Errorf("%v %v", again, err)
	}
	deep := strings.Repeat("[", 514) + strings.Repeat("]", 514)
	if _, err := DecodeValue([]byte(deep), 2); err != nil {
		t.Error(err)
	}
	for text, code := range map[string]string{
		deep: CodeDepth, `{"a":1,"a":2}`: CodeDuplicateKey, `9007199254740992`: CodeIntegerRange, `1e400`: CodeNotFinite,
		`"\ud800"`: CodeSurrogate, `{`: CodeNotJSON, `1 2`: CodeNotJSON, `[1.]`: CodeNotJSON, `[nul]`: CodeNotJSON,
	} {
		if _, err := DecodeValue([]byte(text), 0); err == nil || Problems(err)[0].Code != code {
			t.Errorf("%.20s: %v", text, err)
		}
	}
}

func TestCheckDomain(t *testing.T) {
	deep := any([]any{})
	for range 600 {
		deep = []any{deep}
	}
	nested := any(map[string]any{})
	for range 600 {
		nested = map[string]any{"a": nested}
	}
	for _, each := range []struct {
		value any
		code  string
	}{
		{math.NaN(), CodeNotFinite}, {[]any{math.Inf(1)}, CodeNotFinite}, {"\xff", CodeSurrogate},
		{map[string]any{"\xff": nil}, CodeSurrogate}, {map[string]any{"a": "\xff"}, CodeSurrogate},
		{deep, CodeDepth}, {nested, CodeDepth}, {1, CodeNotJSON},
	} {
		if err := CheckDomain(each.value); err == nil || Problems(err)[0].Code != each.code {
			t.Errorf("%.40v: %v", each.value, err)
		}
	}
	if err := CheckDomain(map[string]any{"a": []any{nil, true, 1.5, "x"}}); err != nil {
		t.Error(err)
	}
	for _, wrong := range []any{math.NaN(), 1, "\xff"} {
		if _, err := AppendValue(nil, wrong); err == nil {
			t.Errorf("%v is written", wrong)
		}
	}
}

func TestNumbersOutsideTheDomain(t *testing.T) {
	set := typeSet(t, `{"n": {"kind": "number", "minimum": "-1e400"}}`)
	for _, each := range []struct {
		of    string
		value any
		code  string
	}{
		{"n", math.NaN(), CodeNotFinite}, {"number", "x", "type"}, {"integer", 1e300, CodeIntegerRange}, {"integer", 1.5, "type"},
	} {
		validator, err := set.Compile(TypeRef{Type: each.of})
		if err != nil {
			t.Fatal(err)
		}
		if found := validator.Check(each.value); len(found) != 1 || found[0].Code != each.code {
			t.Errorf("%v: %v", each, found)
		}
	}
}
