package store

import (
	"embed"
	"fmt"
	"slices"
)

// The scripts are copies of the Python server's (runtime/python/magicflow/store/sql),
// made and checked by scripts/copy_migrations.py. Released scripts never change.
//
//go:embed sql/*.sql
var scripts embed.FS

// migrations are the schema's scripts, one per version, from 1.
func migrations() ([]string, error) {
	entries, err := scripts.ReadDir("sql")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for index, entry := range entries {
		names[index] = entry.Name()
	}
	slices.Sort(names)
	texts := make([]string, len(names))
	for index, name := range names {
		if wanted := fmt.Sprintf("%04d.sql", index+1); name != wanted {
			return nil, fmt.Errorf("the migration %s is not the next one, %s", name, wanted)
		}
		text, err := scripts.ReadFile("sql/" + name)
		if err != nil {
			return nil, err
		}
		texts[index] = string(text)
	}
	return texts, nil
}
