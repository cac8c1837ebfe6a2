package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var endings = []string{".scenario.yaml", ".scenario.yml", ".scenario.json"}

// filesIn are the scenario files of a folder and below it, or the file itself.
func filesIn(place string) ([]string, error) {
	info, err := os.Stat(place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !info.IsDir() {
		return []string{place}, err
	}
	var found []string
	err = filepath.WalkDir(place, func(path string, entry fs.DirEntry, err error) error {
		isOne := slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(path, ending) })
		if err == nil && !entry.IsDir() && isOne {
			found = append(found, path)
		}
		return err
	})
	slices.Sort(found)
	return found, err
}

func read(file string) ([]document, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []document
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", file, err)
		}
		root := members(valueOf(&node))
		if root["kind"] != "Scenario" {
			continue
		}
		name, isNamed := members(root["metadata"])["name"].(string)
		spec := members(root["spec"])
		if !isNamed || spec == nil {
			return nil, fmt.Errorf("%s holds a scenario without `metadata.name` or `spec`", file)
		}
		found = append(found, document{name, file, spec})
	}
}

func members(value any) map[string]any {
	found, _ := value.(map[string]any)
	return found
}

// valueOf is a node as JSON has it. The module's own way knows YAML 1.1 too, in which
// 017 is 15 and a date is no text; workflows are YAML 1.2.
func valueOf(node *yaml.Node) any {
	switch node.Kind {
	case yaml.DocumentNode:
		if len(node.Content) > 0 {
			return valueOf(node.Content[0])
		}
	case yaml.AliasNode:
		return valueOf(node.Alias)
	case yaml.SequenceNode:
		items := make([]any, len(node.Content))
		for index, item := range node.Content {
			items[index] = valueOf(item)
		}
		return items
	case yaml.MappingNode:
		found := make(map[string]any, len(node.Content)/2)
		for index := 0; index+1 < len(node.Content); index += 2 {
			found[node.Content[index].Value] = valueOf(node.Content[index+1])
		}
		return found
	case yaml.ScalarNode:
		if node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
			return scalar(node.Value)
		}
		return node.Value
	}
	return nil
}

var (
	wholeNumber = regexp.MustCompile(`\A[-+]?[0-9]+\z`)
	basedNumber = regexp.MustCompile(`\A0(?:o[0-7]+|x[0-9a-fA-F]+)\z`)
	anyNumber   = regexp.MustCompile(`\A[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\z`)
)

// scalar is the value of a plain scalar in the core schema.
func scalar(text string) any {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	if basedNumber.MatchString(text) {
		if number, err := strconv.ParseInt(text, 0, 64); err == nil {
			return float64(number)
		}
	}
	if wholeNumber.MatchString(text) || anyNumber.MatchString(text) {
		if number, err := strconv.ParseFloat(text, 64); err == nil {
			return number
		}
	}
	return text
}
