// Package settings reads configuration files: config/server.yaml and
// config/executor.yaml. What the keys mean is docs/configuration.md of magic-flow.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// File is what a configuration file says. Each getter leaves its target alone where the
// file says nothing; Err is the first thing that cannot be used.
type File struct {
	content map[string]any
	known   section
	failed  error
}

// section has the keys that somebody asked for; those without keys below are nil.
type section map[string]section

// Read reads a file that must be there. One without content says nothing.
func Read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var content any
	if err := yaml.Unmarshal(data, &content); err != nil {
		return nil, fmt.Errorf("%s is no YAML: %w", path, err)
	}
	found, isMap := content.(map[string]any)
	if !isMap && content != nil {
		return nil, fmt.Errorf("%s has no keys", path)
	}
	return &File{content: found, known: section{}}, nil
}

// ReadIfThere is Read; a file that is not there says nothing.
func ReadIfThere(path string) (*File, error) {
	found, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{known: section{}}, nil
	}
	return found, err
}

// Err is the first setting that cannot be used.
func (f *File) Err() error { return f.failed }

// Fail says that a setting cannot be used; the first one counts.
func (f *File) Fail(format string, arguments ...any) {
	if f.failed == nil {
		f.failed = fmt.Errorf(format, arguments...)
	}
}

// Value is what stands at `a.b.c`, nil where nothing does.
func (f *File) Value(path string) any {
	here, known := f.content, f.known
	names := strings.Split(path, ".")
	last := len(names) - 1
	for depth, name := range names[:last] {
		if known[name] == nil {
			known[name] = section{}
		}
		known = known[name]
		switch below := here[name].(type) {
		case nil:
			here = nil
		case map[string]any:
			here = below
		default:
			f.Fail("`%s` must have keys", strings.Join(names[:depth+1], "."))
			here = nil
		}
	}
	if _, asked := known[names[last]]; !asked {
		known[names[last]] = nil
	}
	return here[names[last]]
}

// Text gets a text.
func (f *File) Text(path string, into *string) {
	switch value := f.Value(path).(type) {
	case nil:
	case string:
		*into = value
	default:
		f.Fail("`%s` must be a text", path)
	}
}

// Whole gets a whole number.
func (f *File) Whole(path string, into *int) {
	switch value := f.Value(path).(type) {
	case nil:
	case int:
		*into = value
	default:
		f.Fail("`%s` must be a whole number", path)
	}
}

// Flag gets true or false.
func (f *File) Flag(path string, into *bool) {
	switch value := f.Value(path).(type) {
	case nil:
	case bool:
		*into = value
	default:
		f.Fail("`%s` must be true or false", path)
	}
}

// Duration gets a duration such as `30s` or `PT30S`; a number is milliseconds.
func (f *File) Duration(path string, into *time.Duration) {
	var err error
	switch value := f.Value(path).(type) {
	case nil:
		return
	case string:
		*into, err = parseDuration(value)
	case int:
		*into, err = milliseconds(float64(value))
	case float64:
		*into, err = milliseconds(value)
	default:
		err = errors.New("must be a duration such as `30s`")
	}
	if err != nil {
		f.Fail("`%s`: %w", path, err)
	}
}

// Secret gets a text in which `${NAME}` stands for the environment's value, which must
// be there.
func (f *File) Secret(path string, into *string) {
	var text string
	f.Text(path, &text)
	if text == "" {
		return
	}
	found, missing := Expand(text)
	if missing != "" {
		f.Fail("`%s`: the environment has no `%s`", path, missing)
		return
	}
	*into = found
}

// Content gets the text of the file that a setting names, without the white space
// around it.
func (f *File) Content(path string, into *string) {
	var name string
	f.Text(path, &name)
	if name == "" {
		return
	}
	data, err := os.ReadFile(name)
	if err != nil {
		f.Fail("`%s`: %w", path, err)
		return
	}
	*into = strings.TrimSpace(string(data))
}

// Embedded refuses every `backend` of a section but `embedded`, the only one there is.
func (f *File) Embedded(name string) {
	backend := "embedded"
	f.Text(name+".backend", &backend)
	if backend != "embedded" {
		f.Fail("`%s.backend: %s` is not there yet", name, backend)
	}
}

// Secrets gets the folder that has a file for every secret.
func (f *File) Secrets(into *string) {
	var source, folder, prefix string
	f.Text("secrets.source", &source)
	f.Text("secrets.path", &folder)
	f.Text("secrets.prefix", &prefix)
	switch {
	case prefix != "":
		f.Fail("`secrets.prefix` is not there yet")
	case source == "files" && folder == "":
		f.Fail("`secrets.path` is missing: the folder of the files")
	case source == "files":
		*into = folder
	case source != "" && source != "env":
		f.Fail("`secrets.source: %s` is not there yet", source)
	}
}

var variable = regexp.MustCompile(`\$\{(?:env\.)?([A-Za-z_][A-Za-z0-9_]*)\}`)

// Expand is the text with `${NAME}` and `${env.NAME}` replaced by the environment's
// values, and the first name that it has not.
func Expand(text string) (expanded, missing string) {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		name := variable.FindStringSubmatch(found)[1]
		value, is := os.LookupEnv(name)
		if !is && missing == "" {
			missing = name
		}
		return value
	}), missing
}

// TellUnused warns of every key that nobody asked for: a setting is never ignored
// silently. Keys that begin with `x-` are people's own.
func (f *File) TellUnused(logger *slog.Logger) { tellUnused(logger, f.content, f.known, "") }

func tellUnused(logger *slog.Logger, content map[string]any, known section, path string) {
	for _, key := range slices.Sorted(maps.Keys(content)) {
		below, asked := known[key]
		inner, isSection := content[key].(map[string]any)
		switch {
		case strings.HasPrefix(key, "x-"):
		case !asked:
			logger.Warn("the setting `" + path + key + "` has no effect yet")
		case isSection && below != nil:
			tellUnused(logger, inner, below, path+key+".")
		}
	}
}

var (
	short = regexp.MustCompile(`^(\d+(?:\.\d+)?)(ms|s|m|h|d)$`)
	iso   = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)
	units = map[string]float64{"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
)

// parseDuration reads `500ms 30s 5m 1h 2d` and ISO 8601.
func parseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if found := short.FindStringSubmatch(text); found != nil {
		return milliseconds(number(found[1]) * units[found[2]])
	}
	found := iso.FindStringSubmatch(text)
	if found == nil || strings.Join(found[1:], "") == "" {
		return 0, fmt.Errorf("`%s` is no duration such as `30s` or `PT30S`", text)
	}
	var sum float64
	for index, unit := range []float64{7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000} {
		sum += number(found[index+1]) * unit
	}
	return milliseconds(sum)
}

func number(text string) float64 {
	// the patterns let nothing but digits through; what is absent is 0
	value, _ := strconv.ParseFloat(text, 64)
	return value
}

func milliseconds(value float64) (time.Duration, error) {
	if !(value >= 0 && value <= float64(math.MaxInt64/int64(time.Millisecond))/2) {
		return 0, fmt.Errorf("%v milliseconds are out of range", value)
	}
	return time.Duration(int64(value)) * time.Millisecond, nil
}
