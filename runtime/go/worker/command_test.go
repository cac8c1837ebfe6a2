package worker

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const executorFile = `
executor: {concurrency: 3, shutdown_grace: 1m}
server: {url: 'https://x', token: '${T}'}
health: {host: '::1', port: 8081}
monitoring: {log_level: debug, log_format: text}
secrets: {source: files, path: secrets}
`

// inFolder works in a new folder with a configuration file.
func inFolder(t *testing.T, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if text == "" {
		return
	}
	if err := os.Mkdir("config", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(configFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOptionsGoBeforeTheEnvironmentBeforeTheFile(t *testing.T) {
	inFolder(t, executorFile)
	t.Setenv("T", "secret")
	config, err := ReadConfig(nil)
	if err != nil || config.URL != "https://x" || config.Token != "secret" || config.Concurrency != 3 || config.Drain != time.Minute ||
		config.HealthHost != "::1" || config.HealthPort != 8081 || config.LogLevel != "debug" || config.LogFormat != "text" ||
		config.SecretsDirectory != "secrets" {
		t.Error(config, err)
	}
	t.Setenv("MAGICFLOW_URL", "http://y")
	t.Setenv("MAGICFLOW_EXECUTORS", "a, b")
	t.Setenv("MAGICFLOW_CONCURRENCY", "4")
	t.Setenv("MAGICFLOW_DRAIN", "5")
	config, err = ReadConfig([]string{"--concurrency", "9", "--token=mine", "--health-port", "0"})
	if err != nil || config.URL != "http://y" || !slices.Equal(config.Executors, []string{"a", "b"}) || config.Concurrency != 9 ||
		config.Token != "mine" || config.HealthPort != 0 || config.Drain != 5*time.Second {
		t.Error(config, err)
	}
	config, err = ReadConfig([]string{"--executor", "c", "--executor", "d", "--url", "http://z"})
	if err != nil || !slices.Equal(config.Executors, []string{"c", "d"}) || config.URL != "http://z" {
		t.Error(config, err)
	}
}

func TestDefaultsWithoutAFile(t *testing.T) {
	inFolder(t, "")
	config, err := ReadConfig(nil)
	if err != nil || config.URL != "http://127.0.0.1:8080" || config.HealthPort != -1 {
		t.Error(config, err)
	}
}

func TestAnOptionNamesAnotherFile(t *testing.T) {
	inFolder(t, "executor: {concurrency: 0}")
	other := filepath.Join(t.TempDir(), "other.yaml")
	if err := os.WriteFile(other, []byte("executor: {concurrency: 7}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if config, err := ReadConfig([]string{"--config", other}); err != nil || config.Concurrency != 7 {
		t.Error(config, err)
	}
	if _, err := ReadConfig([]string{"--config", other + "x"}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestWhatAnExecutorCannotUse(t *testing.T) {
	for text, wanted := range map[string]string{
		"executor: {concurrency: 0}":       "at least 1",
		"executor: {shutdown_grace: soon}": "executor.shutdown_grace",
		"server: {url: 'ftp://x'}":         "no http or https",
		"server: {token_file: /none}":      "/none",
		"health: {port: 70000}":            "not within",
		"monitoring: {log_level: loud}":    `log level "loud"`,
		"messaging: {backend: kafka}":      "not there yet",
		"a: [":                             "is no YAML",
	} {
		inFolder(t, text)
		if _, err := ReadConfig(nil); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: %v", text, err)
		}
	}
	inFolder(t, "")
	for _, arguments := range [][]string{{"--nothing"}, {"more"}, {"--concurrency", "x"}, {"--url", "x"}} {
		if _, err := ReadConfig(arguments); err == nil || ExitCode(err) != 2 {
			t.Errorf("%v: %v", arguments, err)
		}
	}
	t.Setenv("MAGICFLOW_CONCURRENCY", "many")
	if _, err := ReadConfig(nil); err == nil {
		t.Error("a concurrency of many")
	}
}

func TestHelp(t *testing.T) {
	var out strings.Builder
	_, err := readConfig(&out, []string{"--help"})
	if !errors.Is(err, flag.ErrHelp) || ExitCode(err) != 0 || !strings.Contains(out.String(), "-config file") {
		t.Error(err, out.String())
	}
	if ExitCode(nil) != 0 || ExitCode(io.EOF) != 2 {
		t.Error("exit codes")
	}
}
