package server

import (
	"encoding/json"
	"reflect"
	"testing"
)

func description(title, path, schema string) []byte {
	return []byte(`{"openapi": "3.1.1", "info": {"title": "` + title + `", "version": "1"},
		"tags": [{"name": "` + title + `"}, {"name": "operations"}],
		"paths": {"/health": {"get": {}}, "` + path + `": {"post": {"s": {"$ref": "#/components/schemas/Input"}}}},
		"webhooks": {"` + title + `-sent": {}},
		"components": {"schemas": {"Shared": {"type": "string"}, "Input": {"properties": {"a": {"$ref": "#/components/schemas/A"}}},
			"A": ` + schema + `}, "responses": {"x": 1}}}`)
}

func TestDescriptionsAreJoined(t *testing.T) {
	data, err := joinOpenAPI([][]byte{description("one", "/one", `{"type": "string"}`), description("two", "/two", `{"type": "number"}`)})
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]any
	if err := json.Unmarshal(data, &found); err != nil {
		t.Fatal(err)
	}
	schemas := inside(found, "components", "schemas")
	if len(schemas) != 5 || !reflect.DeepEqual(schemas["two.A"], map[string]any{"type": "number"}) {
		t.Error(schemas)
	}
	// Input holds a type of another name, so it is another type
	own := inside(schemas, "two.Input", "properties", "a")
	if own["$ref"] != componentPrefix+"two.A" {
		t.Error(schemas["two.Input"])
	}
	if inside(found, "paths", "/two", "post", "s")["$ref"] != componentPrefix+"two.Input" ||
		inside(found, "paths", "/one", "post", "s")["$ref"] != componentPrefix+"Input" || len(inside(found, "paths")) != 3 {
		t.Error(found["paths"])
	}
	tags, _ := found["tags"].([]any)
	if len(tags) != 3 || len(inside(found, "webhooks")) != 2 || inside(found, "info")["title"] != "Magic Flow" {
		t.Error(tags, found["webhooks"], found["info"])
	}
}

func TestOneDescriptionStaysAsItIs(t *testing.T) {
	one := description("one", "/one", `{}`)
	if data, err := joinOpenAPI([][]byte{one}); err != nil || string(data) != string(one) {
		t.Error(string(data), err)
	}
	if data, err := joinOpenAPI(nil); data != nil || err != nil {
		t.Error(data, err)
	}
	if _, err := joinOpenAPI([][]byte{one, []byte("{")}); err == nil {
		t.Error("what is no JSON was joined")
	}
}
