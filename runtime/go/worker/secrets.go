package worker

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// anyValue checks texts that are not decoded.
var anyValue = types.Any()

// secrets replaces the placeholders {"$secret": name}, {"$env": name} and {"$template":
// [text, placeholder, …]} right before a handler sees its input; what is stored keeps
// them. Secrets are files of a folder, named like the secret, else variables.
type secrets struct {
	folder string
}

// resolve is the input with every placeholder replaced.
func (s secrets) resolve(input []byte) ([]byte, error) {
	if !bytes.Contains(input, []byte(`"$`)) {
		return input, nil
	}
	value, err := types.DecodeAny(input)
	if err != nil {
		return nil, err
	}
	if value, err = s.replace(value); err != nil {
		return nil, err
	}
	return types.EncodeAny(value)
}

func (s secrets) replace(value any) (any, error) {
	switch of := value.(type) {
	case map[string]any:
		if len(of) == 1 {
			if found, ok, err := s.placeholder(of); ok || err != nil {
				return found, err
			}
		}
		for name, member := range of {
			replaced, err := s.replace(member)
			if err != nil {
				return nil, err
			}
			of[name] = replaced
		}
	case []any:
		for index, item := range of {
			replaced, err := s.replace(item)
			if err != nil {
				return nil, err
			}
			of[index] = replaced
		}
	}
	return value, nil
}

func (s secrets) placeholder(of map[string]any) (found any, is bool, err error) {
	if name, ok := of["$secret"].(string); ok {
		found, err = s.secret(name)
		return found, true, err
	}
	if name, ok := of["$env"].(string); ok {
		found, err = variable(name, "the environment has no "+name)
		return found, true, err
	}
	pieces, ok := of["$template"].([]any)
	if !ok {
		return nil, false, nil
	}
	var text strings.Builder
	for _, piece := range pieces {
		replaced, err := s.replace(piece)
		if err != nil {
			return nil, true, err
		}
		fmt.Fprint(&text, replaced)
	}
	return text.String(), true, nil
}

func (s secrets) secret(name string) (string, error) {
	if s.folder != "" && filepath.IsLocal(name) && !strings.ContainsAny(name, `/\`) {
		if data, err := os.ReadFile(filepath.Join(s.folder, name)); err == nil {
			return strings.TrimRight(string(data), "\n"), nil
		}
	}
	return variable(name, "there is no secret "+name)
}

func variable(name, problem string) (string, error) {
	value, found := os.LookupEnv(name)
	if !found {
		retryable := false
		return "", &Failure{Code: "INTERNAL", Message: problem, Retryable: &retryable}
	}
	return value, nil
}
