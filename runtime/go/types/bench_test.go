package types

import (
	"encoding/json"
	"strings"
	"testing"
)

type line struct {
	SKU      string   `json:"sku"`
	Title    string   `json:"title"`
	Quantity int64    `json:"quantity"`
	Price    float64  `json:"price"`
	Tags     []string `json:"tags,omitempty"`
}

type address struct {
	Street  string `json:"street"`
	City    string `json:"city"`
	Zip     string `json:"zip"`
	Country string `json:"country"`
}

type order struct {
	ID      string   `json:"id"`
	Email   string   `json:"email"`
	Placed  DateTime `json:"placed"`
	Status  status   `json:"status"`
	Address address  `json:"address"`
	Lines   []line   `json:"lines"`
	Note    *string  `json:"note,omitempty"`
	Paid    bool     `json:"paid"`
}

func (*line) Codec() *Codec[line]       { return lineCodec }
func (*address) Codec() *Codec[address] { return addressCodec }

var lineCodec = Object(
	Forbid[line](),
	Required("sku", func(v *line) *string { return &v.SKU }, String(MinLength(1), MaxLength(40))),
	Required("title", func(v *line) *string { return &v.Title }, String()),
	Required("quantity", func(v *line) *int64 { return &v.Quantity }, Integer(Minimum("1"))),
	Required("price", func(v *line) *float64 { return &v.Price }, Float(Minimum("0"), MultipleOf("0.01"))),
	OptionalList("tags", func(v *line) *[]string { return &v.Tags }, List[[]string](String())),
)

var addressCodec = Object(
	Forbid[address](),
	Required("street", func(v *address) *string { return &v.Street }, String()),
	Required("city", func(v *address) *string { return &v.City }, String()),
	Required("zip", func(v *address) *string { return &v.Zip }, String(MinLength(2), MaxLength(12))),
	Required("country", func(v *address) *string { return &v.Country }, String(MinLength(2), MaxLength(2))),
)

var orderCodec = Object(
	Forbid[order](),
	Required("id", func(v *order) *string { return &v.ID }, String(MinLength(1))),
	Required("email", func(v *order) *string { return &v.Email }, String(Format("email"))),
	Required("placed", func(v *order) *DateTime { return &v.Placed }, Text[DateTime](Format("date-time"))),
	Required("status", func(v *order) *status { return &v.Status }, OneOfStrings[status]("open", "paid", "shipped")),
	Required("address", func(v *order) *address { return &v.Address }, Of[address]()),
	Required("lines", func(v *order) *[]line { return &v.Lines }, List[[]line](Of[line](), MinItems(1))),
	Optional("note", func(v *order) **string { return &v.Note }, String()),
	Required("paid", func(v *order) *bool { return &v.Paid }, Bool()),
)

const oneLine = `{"sku":"SKU-000017","title":"A chair of ash, oiled, with a woven seat","quantity":2,"price":149.95,` +
	`"tags":["furniture","wood"]}`

var oneOrder = []byte(`{"id":"order-000123","email":"ada.lovelace@example.org","placed":"2026-01-31T12:34:56Z","status":"open",` +
	`"address":{"street":"12 St James's Square","city":"London","zip":"SW1Y 4LE","country":"GB"},"lines":[` +
	strings.Repeat(oneLine+",", 5) + oneLine + `],"note":"Ring twice; the dog is friendly.","paid":false}`)

func BenchmarkDecodeOrder(b *testing.B) {
	b.SetBytes(int64(len(oneOrder)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := orderCodec.Decode(oneOrder); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPlainDecodeOrder is encoding/json alone, which checks nothing of the schema.
func BenchmarkPlainDecodeOrder(b *testing.B) {
	b.SetBytes(int64(len(oneOrder)))
	b.ReportAllocs()
	for b.Loop() {
		var into order
		if err := json.Unmarshal(oneOrder, &into); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeOrder(b *testing.B) {
	value, err := orderCodec.Decode(oneOrder)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(oneOrder)))
	for b.Loop() {
		if _, err := orderCodec.Marshal(&value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlainEncodeOrder(b *testing.B) {
	var value order
	if err := json.Unmarshal(oneOrder, &value); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(oneOrder)))
	for b.Loop() {
		if _, err := json.Marshal(value); err != nil {
			b.Fatal(err)
		}
	}
}
