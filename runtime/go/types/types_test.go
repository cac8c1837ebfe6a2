package types

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

type status string

type item struct {
	Name  string
	Price float64
	Tags  []string
	Note  *string
	Rest  OptNull[int64]
	Kids  []item
	Extra map[string]Raw
}

func (*item) Codec() *Codec[item] { return itemCodec }

var itemCodec = Object(
	Preserve(func(v *item) *map[string]Raw { return &v.Extra }),
	Required("name", func(v *item) *string { return &v.Name }, String(MinLength(1))),
	Required("price", func(v *item) *float64 { return &v.Price }, Float(Minimum("0"), MultipleOf("0.01"))),
	OptionalList("tags", func(v *item) *[]string { return &v.Tags }, List[[]string](String(), UniqueItems())),
	Optional("note", func(v *item) **string { return &v.Note }, String()).Default(`"none"`),
	OptionalNullable("rest", func(v *item) *OptNull[int64] { return &v.Rest }, Integer()),
	OptionalList("kids", func(v *item) *[]item { return &v.Kids }, List[[]item](Of[item]())),
)

func codeOf(err error) string {
	problems := Problems(err)
	if len(problems) == 0 {
		return ""
	}
	return problems[0].Path + " " + problems[0].Code
}

func TestObjects(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"a","price":16.99}`:                                    "",
		`{"name":"a","price":1,"x":[{"y":1}],"z":null}`:                 "",
		`{"name":"a","price":1,"rest":null}`:                            "",
		`{"name":"a","price":1,"note":null}`:                            "/note type",
		`{"name":"a","Price":1}`:                                        "/price required",
		`{"name":"","price":1}`:                                         "/name minLength",
		`{"name":"a","price":-1}`:                                       "/price minimum",
		`{"name":"a","price":0.001}`:                                    "/price multipleOf",
		`{"name":"a","price":1,"tags":["a","a"]}`:                       "/tags/1 uniqueItems",
		`{"name":"a","price":1,"kids":[{"name":"b"}]}`:                  "/kids/0/price required",
		`{"name":"a","price":1,"a~b/c":1,"name":"b"}`:                   " MFD005",
		`{"name":"a","price":1,"x":{"a":1,"a":2}}`:                      " MFD005",
		`{"name":"a","price":1,"rest":9007199254740993}`:                " MFD002",
		`{"name":"a","price":1e400}`:                                    " MFD003",
		`{"name":"\ud800","price":1}`:                                   " MFD004",
		`{"name":"a","price":1`:                                         " MFD001",
		`[]`:                                                            " type",
		`{"name":"a","price":1}x`:                                       " MFD001",
		"{\"name\":\"a\x01\",\"price\":1}":                              " MFD001",
		`{"name":"a","price":01}`:                                       " MFD001",
		strings.Repeat(`[`, 600):                                        " MFD006",
		"{\"name\":\"\xff\",\"price\":1}":                               " MFD001",
		`{"name":"\u00e9\ud83d\ude00\n","price":1}`:                     "",
		`{"name":"a","price":true}`:                                     "/price type",
		`{"name":"a","price":1,"rest":1.5}`:                             "/rest type",
		`{"name":"a","price":1,"rest":1e2}`:                             "",
		`{"name":"a","price":1,"x":` + strings.Repeat(`[`, 600) + `}`:   " MFD006",
		`{"name":"a","price":1,"x":"` + strings.Repeat(`[`, 600) + `"}`: "",
	} {
		value, err := itemCodec.Decode([]byte(text))
		if got := codeOf(err); got != want {
			t.Errorf("%.60s: %q, not %q", text, got, want)
			continue
		}
		if err != nil {
			continue
		}
		again, err := itemCodec.Encode(value)
		if err != nil || !Equal(again, []byte(text)) {
			t.Errorf("%.60s came back as %.80s, %v", text, again, err)
		}
	}
}

func TestPresence(t *testing.T) {
	value, err := itemCodec.Decode([]byte(`{"name":"a","price":1}`))
	if err != nil || !value.Rest.IsAbsent() || !value.Rest.IsZero() || value.Tags != nil {
		t.Fatal(value, err)
	}
	value.Rest, value.Tags = SomeNull[int64](), []string{}
	data, err := itemCodec.Encode(value)
	if err != nil || string(data) != `{"name":"a","price":1,"tags":[],"rest":null}` {
		t.Error(string(data), err)
	}
	if !value.Rest.IsNull() || value.Rest.Or(3) != 3 {
		t.Error("null is no value")
	}
	value.Rest = Some(int64(7))
	if got, ok := value.Rest.Get(); !ok || got != 7 || value.Rest.Or(3) != 7 {
		t.Error(got, ok)
	}
}

func TestDefaults(t *testing.T) {
	value := item{Name: "a", Kids: []item{{Name: "b"}}}
	itemCodec.ApplyDefaults(&value)
	if *value.Note != "none" || *value.Kids[0].Note != "none" {
		t.Error("a default is missing")
	}
	value.Note = Ptr("given")
	itemCodec.ApplyDefaults(&value)
	if *value.Note != "given" {
		t.Error("a value was replaced")
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	for _, value := range []item{
		{Name: "a", Price: math.NaN()}, {Name: "\xff"}, {Name: "a", Rest: Some(int64(1 << 60))}, {Name: ""},
		{Name: "a", Extra: map[string]Raw{"x": Raw("{")}}, {Name: "a", Price: -1},
	} {
		if data, err := itemCodec.Encode(value); err == nil {
			t.Errorf("%s has no error", data)
		}
	}
	if err := itemCodec.Validate(&item{Name: "a", Price: 1.25}); err != nil {
		t.Error(err)
	}
}

func TestErrorsTellEveryPlace(t *testing.T) {
	_, err := itemCodec.Decode([]byte(`{"name":1,"price":"x","kids":[1]}`))
	var invalid *ValidationError
	if !errors.As(err, &invalid) || len(invalid.Problems) != 3 {
		t.Fatal(err)
	}
	want := "/name: the value is an integer, not a string; /price: the value is a string, not a number; " +
		"/kids/0: the value is an integer, not an object"
	if err.Error() != want {
		t.Error(err)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	text := "[" + strings.Repeat("1,", 10_000) + "1]"
	_, err := List[[]string](String()).Decode([]byte(text))
	if got := len(Problems(err)); got != MaxProblems {
		t.Error(got)
	}
}

func TestEnums(t *testing.T) {
	codec := OneOfStrings[status]("paid", "open")
	if _, err := codec.Decode([]byte(`"Paid"`)); codeOf(err) != " enum" {
		t.Error(err)
	}
	numbers := OneOfNumbers[int64](1, 2)
	if value, err := numbers.Decode([]byte(`1.0`)); err != nil || value != 1 {
		t.Error(value, err)
	}
	if _, err := numbers.Decode([]byte(`true`)); codeOf(err) != " enum" {
		t.Error(err)
	}
	if _, err := OneOfBools(true).Decode([]byte(`false`)); codeOf(err) != " const" {
		t.Error(err)
	}
	if _, err := OneOfTexts(`1`, `"1"`, `null`).Decode([]byte(`1.0`)); err != nil {
		t.Error(err)
	}
}

type pair struct {
	F0 int64
	F1 string
}

type either struct {
	Text *string
	Pair *pair
	None *Null
}

func TestTuplesAndUnions(t *testing.T) {
	tuple := Tuple(true,
		Item(func(v *pair) *int64 { return &v.F0 }, Integer()),
		Item(func(v *pair) *string { return &v.F1 }, String()))
	union := KindUnion(
		OfKind(func(v *either) **string { return &v.Text }, String(), "string"),
		OfKind(func(v *either) **pair { return &v.Pair }, tuple, "array"),
		OfKind(func(v *either) **Null { return &v.None }, NullOnly(), "null"))
	for text, want := range map[string]string{
		`"a"`: "", `[1,"b"]`: "", `null`: "", `[1]`: " minItems", `[1,"b",2]`: " maxItems", `1`: " type", `["b",1]`: "/0 type",
	} {
		value, err := union.Decode([]byte(text))
		if codeOf(err) != want {
			t.Errorf("%s: %v", text, err)
		}
		if err == nil {
			if data, err := union.Encode(value); err != nil || string(data) != text {
				t.Error(string(data), err)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	moment := time.Date(2026, 1, 31, 12, 0, 0, 500, time.UTC)
	if got := NewDateTime(moment); !got.Time().Equal(moment) {
		t.Error(got)
	}
	if got := DateTime("2026-01-31t12:00:00.25z").Time(); got.Nanosecond() != 250_000_000 {
		t.Error(got)
	}
	if !DateTime("x").Time().IsZero() || !Date("x").Time().IsZero() || NewDate(moment) != "2026-01-31" {
		t.Error("dates")
	}
	if NewInt64Text(math.MinInt64).Int64() != math.MinInt64 || Int64Text("x").Int64() != 0 {
		t.Error("integers")
	}
	for text, want := range map[string]string{
		`"2026-02-29T00:00:00Z"`: " format", `"2024-02-29T00:00:00Z"`: "", `"2016-12-31T23:59:60Z"`: " MFD007",
		`"2016-12-31T22:59:60Z"`: " format", `"2026-01-31T12:00:00+24:00"`: " format", `"2016-12-31T15:59:60-08:00"`: " MFD007",
	} {
		if _, err := Text[DateTime](Format("date-time")).Decode([]byte(text)); codeOf(err) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestBytes(t *testing.T) {
	data, err := Bytes().Decode([]byte(`"AQID"`))
	if err != nil || string(data) != "\x01\x02\x03" {
		t.Error(data, err)
	}
	if _, err := Bytes().Decode([]byte(`"AQI"`)); codeOf(err) != " format" {
		t.Error(err)
	}
}

func TestFreeValues(t *testing.T) {
	value, err := DecodeAny([]byte(`{"a":[1,null,true,"x",1e2],"b":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	data, err := EncodeAny(value)
	if err != nil || string(data) != `{"a":[1,null,true,"x",1e2],"b":{}}` {
		t.Error(string(data), err)
	}
	if _, err := DecodeAny([]byte(`{"a":1,"a":1}`)); err == nil {
		t.Error("a name may come twice")
	}
	if data, err := EncodeAny(map[string]int{"a": 1}); err != nil || string(data) != `{"a":1}` {
		t.Error(string(data), err)
	}
	if _, err := EncodeAny(make(chan int)); err == nil {
		t.Error("a channel is JSON")
	}
	if Equal([]byte(`[1, {"a": 1.0}]`), []byte(`[1,{"a":true}]`)) || !Equal([]byte(`{"a":1,"b":2}`), []byte(` {"b":2.0,"a":1}`)) {
		t.Error("equality")
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"name":"a","price":16.99}`, `{"name":"\ud83d\ude00","price":1e2,"kids":[{}]}`, `[[]]`, `"\u00`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := itemCodec.Decode(data)
		if err != nil {
			return
		}
		// what is accepted is JSON for others too, and comes back
		if !json.Valid(data) {
			t.Fatalf("%q is no JSON", data)
		}
		again, err := itemCodec.Encode(value)
		if err != nil || !Equal(again, data) {
			t.Fatalf("%q came back as %q, %v", data, again, err)
		}
	})
}
