package versions

import (
	"strings"
	"testing"
)

// the cases are those of tests/runtime/engine/test_units.py

func TestRanges(t *testing.T) {
	for _, each := range []struct{ of, inside, outside string }{
		{"*", "1.2.3 0.0.1", ""},
		{"1.2.3", "1.2.3 v1.2.3", "1.2.4"},
		{"^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"},
		{"^0.2.3", "0.2.3 0.2.9", "0.3.0"},
		{"^0.0.3", "0.0.3", "0.0.4"},
		{"~1.2.3", "1.2.3 1.2.9", "1.3.0"},
		{"~1", "1.0.0 1.9.9", "2.0.0 0.9.9"},
		{"1.x", "1.0.0 1.9.9", "2.0.0"},
		{"1.2", "1.2.0 1.2.9", "1.3.0"},
		{">=1.0.0 <2.0.0", "1.0.0 1.9.9", "2.0.0 0.9.9"},
		{">1.2", "1.3.0", "1.2.9"},
		{"<=1.2", "1.2.9", "1.3.0"},
		{"<1.2.3", "1.2.2", "1.2.3"},
		{">1.2.3", "1.2.4", "1.2.3"},
		{"<=1.2.3", "1.2.3", "1.2.4"},
		{"1.0.0 - 2.0.0", "1.0.0 2.0.0", "2.0.1"},
		{"1.0.0 || 2.x", "1.0.0 2.5.0", "1.0.1"},
		{">=1.0.0-beta.2", "1.0.0-beta.11 1.0.0", "1.0.0-beta.1 1.0.0-alpha"},
		{"^1.0.0", "", "1.1.0-rc.1"},
	} {
		for wanted, versions := range map[bool]string{true: each.inside, false: each.outside} {
			for _, version := range strings.Fields(versions) {
				if found, err := Satisfies(version, each.of); found != wanted || err != nil {
					t.Errorf("%s in %s: %v %v", version, each.of, found, err)
				}
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{"1", "1.2", "a", "1.2.3.4", ""} {
		if _, err := Satisfies(text, "*"); err == nil || !strings.Contains(err.Error(), "semantic version") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, of := range []string{">=abc", "1.0.0 - x.y.z.w", "^"} {
		if _, err := Satisfies("1.2.3", of); err == nil {
			t.Errorf("%q is a range", of)
		}
	}
}

func TestOrder(t *testing.T) {
	ordered := []string{"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "99999999999999999999.0.0"}
	for index := range ordered[1:] {
		a, err := Parse(ordered[index])
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(ordered[index+1])
		if err != nil {
			t.Fatal(err)
		}
		if a.Compare(b) >= 0 || b.Compare(a) <= 0 || a.Compare(a) != 0 {
			t.Errorf("%s is not before %s", ordered[index], ordered[index+1])
		}
	}
}
