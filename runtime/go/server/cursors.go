package server

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// encodeCursor is an opaque place in a list.
func encodeCursor(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\x00")))
}

// decodeCursor gives a 400 problem for a cursor that we did not give.
func decodeCursor(cursor string, parts int) ([]string, error) {
	found, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(cursor, "="))
	pieces := strings.Split(string(found), "\x00")
	if err != nil || len(found) == 0 || !utf8.Valid(found) || len(pieces) != parts {
		return nil, badRequest("the cursor is not one of this server's")
	}
	return pieces, nil
}
