package store

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A transaction that is larger than the cache writes pages to the log before it commits,
// some of them twice, and reads them back; what it gives up stays behind in the log.
func TestTransactionsLargerThanTheCache(t *testing.T) {
	path := place(t)
	c, err := connect(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	run := func(text string) {
		t.Helper()
		if err := c.script(text); err != nil {
			t.Fatal(err)
		}
	}
	insert := func(from, to int) {
		t.Helper()
		for number := from; number < to; number++ {
			run(fmt.Sprintf("INSERT INTO t VALUES (%d, '%s')", number, strings.Repeat("x", 3000)))
		}
	}
	run("PRAGMA cache_size = 10; CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)")
	run("BEGIN")
	insert(0, 300)
	run("UPDATE t SET text = text || 'y'; COMMIT; BEGIN")
	insert(300, 400)
	run("ROLLBACK; BEGIN")
	insert(500, 510)
	run("COMMIT")
	// what a machine finds that lost its power now
	for _, name := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".copy"+name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{path, path + ".copy"} {
		other, err := connect(name)
		if err != nil {
			t.Fatal(err)
		}
		defer other.close()
		found := ""
		query := "SELECT (SELECT * FROM pragma_integrity_check) || count(*) || ' ' || sum(text LIKE '%xy') FROM t"
		if err := other.query(query, nil, func(row *statement) { found = row.columnText(0) }); err != nil || found != "ok310 300" {
			t.Error(name, found, err)
		}
	}
	if _, err := c.checkpoint("TRUNCATE"); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 {
		t.Error(info, err)
	}
}
