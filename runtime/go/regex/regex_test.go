package regex

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestConformance(t *testing.T) {
	data, err := os.ReadFile("../../conformance/patterns/patterns.json")
	if err != nil {
		t.Fatal("the conformance cases are not there: ", err)
	}
	var cases struct {
		Found, Missed [][2]string
		Refused       []string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases.Found) == 0 || len(cases.Missed) == 0 || len(cases.Refused) == 0 {
		t.Fatal("there are no cases")
	}
	search := func(pattern, text string) bool {
		compiled, err := Compile(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			return false
		}
		return compiled.Search(text)
	}
	for _, each := range cases.Found {
		if !search(each[0], each[1]) {
			t.Errorf("%q is not found in %q", each[0], each[1])
		}
	}
	for _, each := range cases.Missed {
		if search(each[0], each[1]) {
			t.Errorf("%q is found in %q", each[0], each[1])
		}
	}
	for _, pattern := range cases.Refused {
		if _, err := Compile(pattern); err == nil {
			t.Errorf("%q is not refused", pattern)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, pattern := range []string{
		strings.Repeat("a", MaxLength+1), "a{1001}", "(?:a{100}){11}", strings.Repeat("(", 70) + strings.Repeat(")", 70),
		"(?:" + strings.Repeat("a", 100) + "){1000}", "a{2,1}", "a{,3}", "a{1,2,3}", "a{x}", "\xff",
	} {
		if _, err := Compile(pattern); err == nil {
			t.Errorf("%.40q is not refused", pattern)
		}
	}
}

func TestTimeIsLinear(t *testing.T) {
	compiled := MustCompile("^(a+)+$")
	begin := time.Now()
	if compiled.Search(strings.Repeat("a", 200_000) + "!") {
		t.Error("found")
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestMustCompilePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	MustCompile("(?=a)")
}
