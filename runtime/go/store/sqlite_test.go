package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func place(t *testing.T) string { return filepath.Join(t.TempDir(), "magicflow.db") }

func TestASecondServerIsRefused(t *testing.T) {
	path := place(t)
	first := openTest(t, path)
	defer first.Close()
	_, err := OpenSQLite(path)
	var inUse *InUse
	if !errors.As(err, &inUse) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Fatal(err)
	}
	first.Close()
	first.Close()
	openTest(t, path).Close()
}

func TestWhatIsNoDatabaseOfOurs(t *testing.T) {
	path := place(t)
	if err := os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	var failed *Error
	if _, err := OpenSQLite(path); !errors.As(err, &failed) {
		t.Error(err)
	}
	if _, err := OpenSQLite(filepath.Join(t.TempDir(), "no", "folder")); !errors.As(err, &failed) {
		t.Error(err)
	}
	newer := place(t)
	store := openTest(t, newer)
	if err := store.writer.script("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	store.Close()
	if _, err := OpenSQLite(newer); !errors.As(err, &failed) || !strings.Contains(err.Error(), "schema version 99") {
		t.Error(err)
	}
	// the lock is given back with the refusal
	if _, err := OpenSQLite(newer); !errors.As(err, &failed) {
		t.Error(err)
	}
}

func TestOlderFilesAreBroughtUpToDate(t *testing.T) {
	scripts, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	path := place(t)
	old, err := openConnection(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := old.script(scripts[0] + "PRAGMA user_version = 1; INSERT INTO log VALUES ('a', 2, 1, 'two', '{}', '[]', 0), ('a', 1, 1, 'one', '{}', '[]', 0);"); err != nil {
		t.Fatal(err)
	}
	old.close()
	store := openTest(t, path)
	defer store.Close()
	log := got[[]LogRow](t)(store.Log("a", 0, -1))
	if len(log) != 2 || log[0].Event != "one" || log[1].Event != "two" {
		t.Errorf("%+v", log)
	}
	version := int64(0)
	if err := store.writer.query("PRAGMA user_version", nil, func(row *statement) { version = row.columnInt(0) }); err != nil || version != int64(len(scripts)) {
		t.Error(version, err)
	}
}

func TestCommitsAreDurable(t *testing.T) {
	store := openTest(t, place(t))
	defer store.Close()
	for _, c := range []*connection{store.writer, store.reader} {
		for pragma, wanted := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1"} {
			found := ""
			if err := c.query("PRAGMA "+pragma, nil, func(row *statement) { found = row.columnText(0) }); err != nil || found != wanted {
				t.Errorf("%s is %s, wanted %s (%v)", pragma, found, wanted, err)
			}
		}
	}
}

func TestWhatIsThereAfterAnotherStart(t *testing.T) {
	path := place(t)
	store := openTest(t, path)
	timer := Effect{RunID: "a", Kind: Timer, Key: "t", Due: 7, Payload: "{}"}
	commits(t, store, begin("a", key("k"), opened(timer)), advance("a", 2))
	store.Close()
	if err := store.Commit([]Write{advance("a", 3)}); err == nil {
		t.Error("a closed store was written to")
	}
	if _, err := store.Run("a"); err == nil {
		t.Error("a closed store was read")
	}
	if err := store.Reopen(); err == nil {
		t.Error("a closed store was reopened")
	}
	again := openTest(t, path)
	defer again.Close()
	same(t, got[*RunRow](t)(again.Run("a")).Version, int64(2))
	same(t, effects(t, again, Timer), []Effect{timer})
}

func TestTextsOfAnySize(t *testing.T) {
	store := openTest(t, place(t))
	defer store.Close()
	commits(t, store, begin("a"))
	version := int64(1)
	for _, size := range []int{0, 1, 1000, firstArena - 1, firstArena, firstArena + 1, 1 << 20} {
		version++
		text := strings.Repeat("ü", size/2) + strings.Repeat("x", size%2)
		commits(t, store, advance("a", version, event(text)))
		if log := got[[]LogRow](t)(store.Log("a", version-1, -1)); log[0].Event != text || log[0].Changes == "" {
			t.Errorf("a text of %d bytes came back with %d", size, len(log[0].Event))
		}
	}
	odd := "nul \x00, quote ', \u2028 and \U0001F600"
	commits(t, store, &Setting{"odd", &odd})
	if found, there, err := store.Setting("odd"); found != odd || !there || err != nil {
		t.Errorf("%q", found)
	}
}

func TestWhatWasErasedIsNotInTheFiles(t *testing.T) {
	path := place(t)
	store := openTest(t, path)
	defer store.Close()
	canary := []byte("canary-7f3a")
	for number := range 200 {
		text := strings.Repeat(string(canary), 1+number%50)
		id := fmt.Sprintf("r%d", number)
		commits(t, store, begin(id, event(text), key(fmt.Sprint(text, number)), opened(Effect{RunID: id, Kind: Task, Key: "t", Payload: text})))
	}
	if !inFiles(t, path, canary) {
		t.Fatal("the test looks at the wrong files")
	}
	var writes []Write
	for number := range 200 {
		writes = append(writes, &Erasure{fmt.Sprintf("r%d", number)})
	}
	commits(t, store, writes...)
	if inFiles(t, path, canary) {
		t.Error("what was erased is still in a file")
	}
}

func inFiles(t *testing.T, path string, text []byte) bool {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, text) {
			return true
		}
	}
	return false
}

func TestTheLogIsMovedIntoTheFile(t *testing.T) {
	path := place(t)
	store := openTest(t, path)
	defer store.Close()
	for number := range 300 {
		commits(t, store, begin(fmt.Sprintf("r%d", number), event(strings.Repeat("x", 10_000))))
	}
	done, err := store.writer.checkpoint("PASSIVE")
	if err != nil || done.pages == 0 {
		t.Fatal(done, err)
	}
	store.checkpoints.long.Store(true)
	commits(t, store, begin("last"))
	if store.checkpoints.long.Load() {
		t.Error("the writer did not help")
	}
}
