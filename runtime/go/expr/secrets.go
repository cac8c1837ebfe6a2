package expr

import (
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// SecretPointers says where secrets stand in the value of a mapping, as JSON pointers
// (RFC 6901). Whoever resolves secrets looks at these places only: a {"$secret": …}
// anywhere else is somebody's data.
func SecretPointers(expr *Expr) []string {
	var found []string
	if expr != nil {
		findSecrets(expr, "", &found)
	}
	return found
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

func findSecrets(expr *Expr, place string, found *[]string) {
	switch expr.Op {
	case "secret":
		*found = append(*found, place)
	case "template":
		for _, part := range expr.Parts {
			if part.Op == "secret" {
				*found = append(*found, place)
				return
			}
		}
	case "object":
		for _, name := range canonical.SortedNames(expr.Members) {
			findSecrets(expr.Members[name], place+"/"+escapePointer.Replace(name), found)
		}
	case "array":
		for index, item := range expr.Items {
			findSecrets(item, place+"/"+strconv.Itoa(index), found)
		}
	}
}

// Object is an object expression with these members.
func Object(members map[string]*Expr) *Expr { return &Expr{Op: "object", Members: members} }
