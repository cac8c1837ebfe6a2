package types

import "encoding/json"

// definition is a TypeDef of schemas/plan.schema.json: what validation needs of it.
type definition struct {
	Kind string `json:"kind"`

	Format    string   `json:"format"`
	MinLength int      `json:"min_length"`
	MaxLength *int     `json:"max_length"`
	Patterns  []string `json:"patterns"`

	Bits             int      `json:"bits"`
	Minimum          *string  `json:"minimum"`
	Maximum          *string  `json:"maximum"`
	ExclusiveMinimum *string  `json:"exclusive_minimum"`
	ExclusiveMaximum *string  `json:"exclusive_maximum"`
	MultipleOf       []string `json:"multiple_of"`

	Enum []any `json:"-"` // `values` of an enum

	Items    []TypeRef `json:"-"` // `items`: of an array one, of a tuple all
	MinItems int       `json:"min_items"`
	MaxItems *int      `json:"max_items"`
	Unique   bool      `json:"unique"`

	Values        *TypeRef          `json:"-"` // `values` of a map
	Fields        map[string]*field `json:"fields"`
	Extra         extra             `json:"extra"`
	RequiredExtra []string          `json:"required_extra"`
	KeyPatterns   []string          `json:"key_patterns"`
	KeyMinLength  int               `json:"key_min_length"`
	KeyMaxLength  *int              `json:"key_max_length"`
	MinProperties int               `json:"min_properties"`
	MaxProperties *int              `json:"max_properties"`

	How      string    `json:"how"`
	Property string    `json:"property"`
	Variants []variant `json:"variants"`

	Of *TypeRef `json:"of"`
}

type field struct {
	Type       TypeRef `json:"type"`
	Required   bool    `json:"required"`
	Default    any     `json:"default"`
	HasDefault bool    `json:"has_default"`
}

type extra struct {
	Allow string   `json:"allow"`
	Type  *TypeRef `json:"type"`
}

type variant struct {
	Type      TypeRef  `json:"type"`
	Tags      []any    `json:"tags"`
	JSONTypes []string `json:"json_types"`
}

// UnmarshalJSON reads members whose shape depends on the kind besides the others.
func (d *definition) UnmarshalJSON(text []byte) error {
	type plain definition
	if err := json.Unmarshal(text, (*plain)(d)); err != nil {
		return err
	}
	var varied struct {
		Items  json.RawMessage `json:"items"`
		Values json.RawMessage `json:"values"`
	}
	if err := json.Unmarshal(text, &varied); err != nil {
		return err
	}
	switch d.Kind {
	case "array":
		d.Items = make([]TypeRef, 1)
		return json.Unmarshal(varied.Items, &d.Items[0])
	case "tuple":
		return json.Unmarshal(varied.Items, &d.Items)
	case "map":
		return json.Unmarshal(varied.Values, &d.Values)
	case "enum":
		return json.Unmarshal(varied.Values, &d.Enum)
	}
	return nil
}

// uses calls with every reference of a definition.
func (d *definition) uses(call func(TypeRef)) {
	for _, item := range d.Items {
		call(item)
	}
	for _, field := range d.Fields {
		call(field.Type)
	}
	for _, variant := range d.Variants {
		call(variant.Type)
	}
	for _, one := range []*TypeRef{d.Values, d.Extra.Type, d.Of} {
		if one != nil {
			call(*one)
		}
	}
}
