package worker

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSecretsAreResolvedWhereTheWorkflowPutThem(t *testing.T) {
	t.Setenv("MF_TOKEN", "hush")
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "KEY"), []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		input, want string
		places      []string
	}{
		{`{"a":{"$secret":"KEY"}}`, `{"a":"from a file"}`, []string{"/a"}},
		{`{"a/b~c":[1,{"$env":"MF_TOKEN"}]}`, `{"a/b~c":[1,"hush"]}`, []string{"/a~1b~0c/1"}},
		{`{"t":{"$template":["Bearer ",{"$env":"MF_TOKEN"}]}}`, `{"t":"Bearer hush"}`, []string{"/t"}},
		{`{"$env":"MF_TOKEN"}`, `"hush"`, []string{""}},
		// what a caller sent stays what it is
		{`{"theirs":{"$env":"MF_TOKEN"}}`, `{"theirs":{"$env":"MF_TOKEN"}}`, nil},
		{`{"mine":{"$env":"MF_TOKEN"},"theirs":{"$env":"MF_TOKEN"}}`, `{"mine":"hush","theirs":{"$env":"MF_TOKEN"}}`, []string{"/mine"}},
		// places that are not there
		{`{"a":"text","l":[1]}`, `{"a":"text","l":[1]}`, []string{"/a", "/b", "/l/9", "/l/-1", "/a/x"}},
	} {
		got, err := secrets{folder}.resolve([]byte(c.input), c.places)
		if err != nil {
			t.Fatalf("%s: %v", c.input, err)
		}
		if string(got) != c.want {
			t.Errorf("%s at %q: got %s, want %s", c.input, c.places, got, c.want)
		}
	}
}
