package settings

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func read(t *testing.T, text string) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatAFileSays(t *testing.T) {
	t.Setenv("T", "secret")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := read(t, `
server: {host: '::1', port: 81, token: 'a-${T}-${env.T}', token_file: `+token+`}
executor: {grace: 1m, iso: PT1H30M, half: 1.5s, number: 250}
auth: {enabled: false}
secrets: {source: files, path: /run/secrets}
`)
	host, absent, token, content, folder := "", "kept", "", "", ""
	port, enabled := 0, true
	var grace, iso, half, number time.Duration
	file.Text("server.host", &host)
	file.Text("server.absent", &absent)
	file.Text("nothing.here.at.all", &absent)
	file.Whole("server.port", &port)
	file.Flag("auth.enabled", &enabled)
	file.Secret("server.token", &token)
	file.Content("server.token_file", &content)
	file.Duration("executor.grace", &grace)
	file.Duration("executor.iso", &iso)
	file.Duration("executor.half", &half)
	file.Duration("executor.number", &number)
	file.Secrets(&folder)
	file.Embedded("messaging")
	if file.Err() != nil || host != "::1" || absent != "kept" || port != 81 || enabled || token != "a-secret-secret" ||
		content != "from-file" || folder != "/run/secrets" {
		t.Error(file.Err(), host, absent, port, enabled, token, content, folder)
	}
	if grace != time.Minute || iso != 90*time.Minute || half != 1500*time.Millisecond || number != 250*time.Millisecond {
		t.Error(grace, iso, half, number)
	}
}

func TestWhatCannotBeUsed(t *testing.T) {
	for text, wanted := range map[string]string{
		"server: 1":                             "`server` must have keys",
		"server: {token: {a: 1}}":               "`server.token` must be a text",
		"server: {token: '${NOT_THERE}'}":       "`server.token`: the environment has no `NOT_THERE`",
		"server: {token_file: /none}":           "/none: no such file",
		"server: {port: abc}":                   "`server.port` must be a whole number",
		"server: {port: 80.5}":                  "`server.port` must be a whole number",
		"server: {port: true}":                  "`server.port` must be a whole number",
		"auth: {enabled: 'off'}":                "`auth.enabled` must be true or false",
		"executor: {grace: soon}":               "`executor.grace`: `soon` is no duration",
		"executor: {grace: P}":                  "is no duration",
		"executor: {grace: [1]}":                "must be a duration",
		"executor: {grace: -1}":                 "out of range",
		"executor: {grace: 99999999999999999d}": "out of range",
		"secrets: {source: files}":              "`secrets.path` is missing",
		"secrets: {source: vault}":              "`secrets.source: vault` is not there yet",
		"secrets: {prefix: X_}":                 "`secrets.prefix` is not there yet",
		"messaging: {backend: kafka}":           "`messaging.backend: kafka` is not there yet",
		"messaging: {backend: 5}":               "`messaging.backend` must be a text",
	} {
		file := read(t, text)
		var word string
		var port int
		var enabled bool
		var grace time.Duration
		file.Secret("server.token", &word)
		file.Content("server.token_file", &word)
		file.Whole("server.port", &port)
		file.Flag("auth.enabled", &enabled)
		file.Duration("executor.grace", &grace)
		file.Secrets(&word)
		file.Embedded("messaging")
		if err := file.Err(); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: %v", text, err)
		}
		if word != "" || port != 0 || enabled || grace != 0 {
			t.Errorf("%s: something was taken", text)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	folder := t.TempDir()
	for text, wanted := range map[string]string{"a: [": "is no YAML", "[]": "has no keys", "a: 1\na: 2": "is no YAML", "5": "has no keys"} {
		path := filepath.Join(folder, "c.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, how := range []func(string) (*File, error){Read, ReadIfThere} {
			if _, err := how(path); err == nil || !strings.Contains(err.Error(), wanted) {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
	missing := filepath.Join(folder, "none.yaml")
	if _, err := Read(missing); err == nil {
		t.Error("a file that is not there was read")
	}
	file, err := ReadIfThere(missing)
	if err != nil || file.Value("a.b") != nil || file.Err() != nil {
		t.Error(file, err)
	}
	if empty := read(t, "# nothing\n"); empty.Value("a") != nil {
		t.Error("an empty file says something")
	}
}

func TestUnusedSettingsAreTold(t *testing.T) {
	file := read(t, "server: {host: a, tls: {on: true}, x-own: 1}\nspeed: {fast: 1}\nx-mine: {a: 1}\n")
	var host string
	file.Text("server.host", &host)
	var out strings.Builder
	file.TellUnused(slog.New(slog.NewTextHandler(&out, nil)))
	told := out.String()
	if strings.Count(told, "has no effect yet") != 2 || !strings.Contains(told, "`server.tls`") || !strings.Contains(told, "`speed`") {
		t.Error(told)
	}
}
