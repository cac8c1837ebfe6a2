package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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

// resolve is the input with the placeholders at places (JSON pointers) replaced. What
// looks like one anywhere else is somebody's data: a caller must not be able to ask for
// secrets.
func (s secrets) resolve(input []byte, places []string) ([]byte, error) {
	if len(places) == 0 {
		return input, nil
	}
	value, err := types.DecodeAny(input)
	if err != nil {
		return nil, err
	}
	for _, pointer := range places {
		parts := strings.Split(pointer, "/")[1:]
		if pointer == "" {
			parts = nil
		}
		if value, err = s.at(value, parts); err != nil {
			return nil, err
		}
	}
	return types.EncodeAny(value)
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

func (s secrets) at(value any, parts []string) (any, error) {
	if len(parts) == 0 {
		return s.replace(value)
	}
	part := unescapePointer.Replace(parts[0])
	var err error
	switch of := value.(type) {
	case map[string]any:
		if member, ok := of[part]; ok {
			of[part], err = s.at(member, parts[1:])
		}
	case []any:
		if index, wrong := strconv.Atoi(part); wrong == nil && index >= 0 && index < len(of) {
			of[index], err = s.at(of[index], parts[1:])
		}
	}
	return value, err
}

func (s secrets) replace(value any) (any, error) {
	of, ok := value.(map[string]any)
	if !ok || len(of) != 1 {
		return value, nil
	}
	found, is, err := s.placeholder(of)
	if err != nil || !is {
		return value, err
	}
	return found, nil
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
