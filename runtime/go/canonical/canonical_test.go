package canonical

import (
	"encoding/json"
	"math"
	"testing"
)

func TestNumbers(t *testing.T) {
	for text, value := range map[string]float64{
		"0": math.Copysign(0, -1), "1": 1, "-1.5": -1.5, "1e+21": 1e21, "100000000000000000000": 1e20, "1e-7": 1e-7,
		"0.000001": 1e-6, "1.7976931348623157e+308": math.MaxFloat64, "5e-324": 5e-324, "9007199254740991": MaxSafeInteger,
		"333333333.3333333": 333333333.33333329, "1.5e-10": 1.5e-10, "1e-100": 1e-100,
	} {
		if got := Number(value); got != text {
			t.Errorf("%v prints as %s, not %s", value, got, text)
		}
	}
}

// The example of RFC 8785, 3.2.3, and names whose UTF-16 order is not that of UTF-8.
func TestTexts(t *testing.T) {
	value := map[string]any{
		"€": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew", "1": "One", "😀": "Emoji",
		"\u0080": "Control", "ö": "Latin", "list": []any{nil, true, 1, int64(2), json.Number("1.0"), "\x1f\"\\\b\f\n\t"},
	}
	want := `{"\r":"Carriage Return","1":"One","list":[null,true,1,2,1,"\u001f\"\\\b\f\n\t"],` +
		"\"\u0080\":\"Control\",\"ö\":\"Latin\",\"€\":\"Euro Sign\",\"😀\":\"Emoji\",\"\ufb33\":\"Hebrew\"}"
	got, err := Text(value)
	if err != nil || got != want {
		t.Errorf("got %s, %v\nnot %s", got, err, want)
	}
}

func TestWhatIsNoJSON(t *testing.T) {
	deep := []any{}
	for range maxDepth + 2 {
		deep = []any{deep}
	}
	for _, value := range []any{math.NaN(), math.Inf(1), "\xff", map[string]any{"\xff": 1}, []any{struct{}{}}, json.Number("1e999"), deep} {
		if text, err := Text(value); err == nil {
			t.Errorf("%.60s has no error", text)
		}
	}
}

func TestExceeds(t *testing.T) {
	shared := []any{"0123456789"}
	for range 40 {
		shared = []any{shared, shared}
	}
	if over, err := Exceeds(shared, 1_000); err != nil || !over {
		t.Error(over, err)
	}
	if over, err := Exceeds([]any{1.0}, 3); err != nil || over {
		t.Error(over, err)
	}
}

func TestAppendSafe(t *testing.T) {
	for value, want := range map[float64]string{
		1e20: "1e+20", -1e20: "-1e+20", 1 << 53: "9.007199254740992e+15", 1<<53 - 1: "9007199254740991", 0.5: "0.5", 1e21: "1e+21", 1e-7: "1e-7",
	} {
		if got, err := AppendSafe(nil, []any{value}); err != nil || string(got) != "["+want+"]" {
			t.Errorf("%s (%v), not %s", got, err, want)
		}
	}
	if _, err := AppendSafe(nil, struct{}{}); err == nil {
		t.Error("a struct is written")
	}
}
