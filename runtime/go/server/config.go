package server

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/settings"
)

// Config is what a server needs to know, with defaults that are right for one machine.
type Config struct {
	// Host and Port are where to listen; port 0 takes a free one.
	Host string
	Port int
	// Database is the SQLite file; "" keeps runs in memory only.
	Database string
	// Tokens are bearer tokens, any of which opens everything. Without tokens the server
	// starts only on a loopback address and with Auth off.
	Tokens []string
	Auth   bool
	// MaxBody is how many bytes a request may have.
	MaxBody int
	// Drain is how long running functions and requests may take at the end.
	Drain time.Duration
	// MaxWait is how long `?wait` waits at most.
	MaxWait time.Duration
	// SecretsDirectory has a file for every secret.
	SecretsDirectory string
	// WebhookSecret signs completion webhooks and events; EventsURL is where CloudEvents go.
	WebhookSecret string
	EventsURL     string
	// EgressAllow are networks and `host:port` beyond public addresses that HTTP steps and
	// webhooks may reach.
	EgressAllow []string
	// LogLevel is debug, info, warning, error or critical; LogFormat json or text.
	LogLevel  string
	LogFormat string
	// Traces wants OpenTelemetry spans.
	Traces bool
	// MaxLiveRuns is how many runs stay in memory, MaxWaitingWrites from how many undecided
	// writes on starts get 429.
	MaxLiveRuns      int
	MaxWaitingWrites int
	// Lease is how long a worker of another process may be silent.
	Lease time.Duration

	file *settings.File
}

// DefaultConfig is right for one machine.
func DefaultConfig() Config {
	return Config{
		Host: "127.0.0.1", Port: 8080, Database: "magicflow.db", Auth: true, MaxBody: 1 << 20,
		Drain: 10 * time.Second, MaxWait: time.Minute, LogLevel: "info", LogFormat: "json",
		MaxLiveRuns: 20_000, MaxWaitingWrites: 10_000, Lease: 30 * time.Second,
	}
}

// FromFile is the configuration with what config/server.yaml says over it.
func (c Config) FromFile(file *settings.File) (Config, error) {
	c.file = file
	file.Embedded("messaging")
	file.Embedded("storage")
	refuseTLS(file)
	file.Text("server.host", &c.Host)
	file.Whole("server.port", &c.Port)
	file.Whole("server.max_body_bytes", &c.MaxBody)
	file.Text("storage.embedded.path", &c.Database)
	file.Flag("auth.enabled", &c.Auth)
	if tokens := tokensOf(file); len(tokens) > 0 {
		c.Tokens = tokens
	}
	file.Text("monitoring.log_level", &c.LogLevel)
	file.Text("monitoring.log_format", &c.LogFormat)
	file.Flag("monitoring.tracing_enabled", &c.Traces)
	file.Secrets(&c.SecretsDirectory)
	return c, file.Err()
}

func refuseTLS(file *settings.File) {
	section := file.Value("server.tls")
	if section == nil {
		return
	}
	members, isSection := section.(map[string]any)
	if !isSection {
		file.Fail("`server.tls` must have keys")
		return
	}
	if enabled, said := members["enabled"]; !said || enabled != false {
		file.Fail("`server.tls` is not there yet: put a proxy in front")
	}
}

// tokensOf are the tokens of a file; one whose variable the environment has not is none.
func tokensOf(file *settings.File) []string {
	given := file.Value("auth.tokens")
	if given == nil {
		return nil
	}
	listed, isList := given.([]any)
	if !isList {
		file.Fail("`auth.tokens` must be a list")
		return nil
	}
	var found []string
	for position, each := range listed {
		path := fmt.Sprintf("auth.tokens[%d]", position)
		members, isSection := each.(map[string]any)
		if !isSection {
			file.Fail("`%s` must have keys", path)
			continue
		}
		if token := tokenOf(file, path, members); token != "" {
			found = append(found, token)
		}
	}
	return found
}

func tokenOf(file *settings.File, path string, members map[string]any) string {
	if _, scoped := members["scopes"]; scoped {
		// ignoring them would open more than was asked for
		file.Fail("`auth.tokens.scopes` is not there yet")
		return ""
	}
	texts := map[string]string{}
	for _, name := range []string{"file", "value"} {
		switch of := members[name].(type) {
		case nil:
		case string:
			texts[name] = of
		default:
			file.Fail("`%s.%s` must be a text", path, name)
			return ""
		}
	}
	if name, given := texts["file"]; given {
		content, err := os.ReadFile(name)
		if err != nil {
			file.Fail("%s: %w", name, cause(err))
		}
		return strings.TrimSpace(string(content))
	}
	token, missing := settings.Expand(texts["value"])
	if missing != "" {
		return ""
	}
	return token
}

// cause is what went wrong with a file, without its name.
func cause(err error) error {
	var failed *os.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// FromEnvironment is the configuration with what the environment says over it:
// MAGICFLOW_HOST, _PORT, _DATABASE, _TOKENS (comma-separated), _TOKENS_FILE (one a line),
// _AUTH (on, off), _LOG_LEVEL, _LOG_FORMAT, _SECRETS_DIR, _WEBHOOK_SECRET, _EVENTS_URL,
// _EGRESS_ALLOW, _TRACES (on, off), _LEASE (a duration).
func (c Config) FromEnvironment() (Config, error) {
	for name, into := range map[string]*string{
		"MAGICFLOW_HOST": &c.Host, "MAGICFLOW_DATABASE": &c.Database, "MAGICFLOW_LOG_LEVEL": &c.LogLevel,
		"MAGICFLOW_LOG_FORMAT": &c.LogFormat, "MAGICFLOW_SECRETS_DIR": &c.SecretsDirectory,
		"MAGICFLOW_WEBHOOK_SECRET": &c.WebhookSecret, "MAGICFLOW_EVENTS_URL": &c.EventsURL,
	} {
		if text, found := os.LookupEnv(name); found {
			*into = text
		}
	}
	if text, found := os.LookupEnv("MAGICFLOW_PORT"); found {
		port, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return c, errors.New("MAGICFLOW_PORT is no number")
		}
		c.Port = port
	}
	var err error
	if c.Tokens, err = environmentTokens(c.Tokens); err != nil {
		return c, err
	}
	if text, found := os.LookupEnv("MAGICFLOW_AUTH"); found {
		c.Auth = text != "off" && text != "false" && text != "0"
	}
	if text, found := os.LookupEnv("MAGICFLOW_TRACES"); found {
		c.Traces = text == "on" || text == "true" || text == "1"
	}
	if text, found := os.LookupEnv("MAGICFLOW_EGRESS_ALLOW"); found {
		c.EgressAllow = split(text)
	}
	if text, found := os.LookupEnv("MAGICFLOW_LEASE"); found {
		lease, err := parseDuration(text)
		if err != nil {
			return c, fmt.Errorf("MAGICFLOW_LEASE: %w", err)
		}
		c.Lease = time.Duration(lease) * time.Millisecond
	}
	return c, nil
}

func environmentTokens(given []string) ([]string, error) {
	listed, isListed := os.LookupEnv("MAGICFLOW_TOKENS")
	file, isFile := os.LookupEnv("MAGICFLOW_TOKENS_FILE")
	if !isListed && !isFile {
		return given, nil
	}
	found := split(listed)
	if isFile {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("MAGICFLOW_TOKENS_FILE: %w", cause(err))
		}
		for line := range strings.Lines(string(content)) {
			if line = strings.TrimSpace(line); line != "" {
				found = append(found, line)
			}
		}
	}
	return found, nil
}

// split gives the parts between commas, without white space and without empty ones.
func split(text string) []string {
	var found []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			found = append(found, part)
		}
	}
	return found
}

var (
	logLevels  = []string{"debug", "info", "warning", "error", "critical"}
	logFormats = []string{"json", "text"}
)

// shortestLease leaves room for what workers say three times within a lease: that they
// live.
const shortestLease = 10 * time.Millisecond

// Check refuses a configuration that would be unsafe or cannot work.
func (c *Config) Check() error {
	switch {
	case !slices.Contains(logLevels, strings.ToLower(c.LogLevel)):
		return fmt.Errorf("log level `%s` is none of %s", c.LogLevel, strings.Join(logLevels, ", "))
	case !slices.Contains(logFormats, c.LogFormat):
		return fmt.Errorf("log format `%s` is none of %s", c.LogFormat, strings.Join(logFormats, ", "))
	case c.MaxBody < 1:
		return errors.New("a request must be allowed at least 1 byte")
	case c.Port < 0 || c.Port > 65535:
		return fmt.Errorf("port %d is not within 0–65535", c.Port)
	case c.Lease < shortestLease:
		return fmt.Errorf("a lease must last at least %s", shortestLease)
	case c.Auth && len(c.Tokens) == 0:
		return errors.New("no token is configured: set MAGICFLOW_TOKENS, or on a loopback address switch authorization off")
	case !c.Auth && !isLoopback(c.Host):
		return fmt.Errorf("authorization can be off on loopback only, not on %s", c.Host)
	}
	return nil
}

// isLoopback says whether a server on this address can be reached from this machine
// only.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
