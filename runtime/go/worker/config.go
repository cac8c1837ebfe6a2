package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/settings"
)

// Config is what an executor process needs to know.
type Config struct {
	// URL and Token are those of the server that hands out tasks.
	URL   string
	Token string
	// Executors are those to serve; none means all that have functions.
	Executors []string
	// Concurrency is how many tasks may run at once, for each executor.
	Concurrency int
	// Drain is how long running tasks may take after a stop signal.
	Drain time.Duration
	// HealthHost and HealthPort are where /health answers; -1 is nowhere, 0 any port.
	HealthHost string
	HealthPort int
	// SecretsDirectory has a file for every secret.
	SecretsDirectory string
	// LogLevel and LogFormat set up the logs of Start: debug, info, warning, error; json,
	// text.
	LogLevel  string
	LogFormat string
	// HTTPClient and Tracer are for programs that bring their own.
	HTTPClient *http.Client
	Tracer     Tracer

	file *settings.File
}

// Tracer connects tasks to a tracing library, such as OpenTelemetry. The task's
// Traceparent is the parent; end is called with the handler's error.
type Tracer interface {
	StartTask(ctx context.Context, task *Task) (traced context.Context, end func(err error))
}

// DefaultConfig is right for a server on the same machine.
func DefaultConfig() Config {
	return Config{
		URL: "http://127.0.0.1:8080", Concurrency: 10, Drain: 30 * time.Second,
		HealthHost: "127.0.0.1", HealthPort: -1, LogLevel: "info", LogFormat: "json",
	}
}

// FromFile is the configuration with what config/executor.yaml says over it.
func (c Config) FromFile(file *settings.File) (Config, error) {
	c.file = file
	file.Embedded("messaging")
	file.Text("server.url", &c.URL)
	file.Content("server.token_file", &c.Token)
	file.Secret("server.token", &c.Token)
	file.Whole("executor.concurrency", &c.Concurrency)
	file.Duration("executor.shutdown_grace", &c.Drain)
	file.Text("health.host", &c.HealthHost)
	file.Whole("health.port", &c.HealthPort)
	file.Text("monitoring.log_level", &c.LogLevel)
	file.Text("monitoring.log_format", &c.LogFormat)
	file.Secrets(&c.SecretsDirectory)
	return c, file.Err()
}

// FromEnvironment is the configuration with what the environment says over it:
// MAGICFLOW_URL, _TOKEN, _TOKEN_FILE, _EXECUTORS (comma-separated), _CONCURRENCY,
// _DRAIN (seconds), _HEALTH_HOST, _HEALTH_PORT, _SECRETS_DIR, _LOG_LEVEL, _LOG_FORMAT.
func (c Config) FromEnvironment() (Config, error) {
	c, err := c.overEnvironment()
	if err != nil {
		return c, err
	}
	return c, c.check()
}

func (c Config) overEnvironment() (Config, error) {
	for name, into := range map[string]*string{
		"MAGICFLOW_URL": &c.URL, "MAGICFLOW_TOKEN": &c.Token, "MAGICFLOW_SECRETS_DIR": &c.SecretsDirectory,
		"MAGICFLOW_LOG_LEVEL": &c.LogLevel, "MAGICFLOW_LOG_FORMAT": &c.LogFormat, "MAGICFLOW_HEALTH_HOST": &c.HealthHost,
	} {
		if text, found := os.LookupEnv(name); found {
			*into = text
		}
	}
	drain := int(c.Drain / time.Second)
	for name, into := range map[string]*int{
		"MAGICFLOW_CONCURRENCY": &c.Concurrency, "MAGICFLOW_HEALTH_PORT": &c.HealthPort, "MAGICFLOW_DRAIN": &drain,
	} {
		if text, found := os.LookupEnv(name); found {
			number, err := strconv.Atoi(text)
			if err != nil {
				return c, fmt.Errorf("%s is no number", name)
			}
			*into = number
		}
	}
	if _, found := os.LookupEnv("MAGICFLOW_DRAIN"); found {
		c.Drain = time.Duration(drain) * time.Second
	}
	if path, found := os.LookupEnv("MAGICFLOW_TOKEN_FILE"); found {
		data, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("MAGICFLOW_TOKEN_FILE: %w", err)
		}
		c.Token = strings.TrimSpace(string(data))
	}
	if names := os.Getenv("MAGICFLOW_EXECUTORS"); names != "" {
		c.Executors = nil
		for name := range strings.SplitSeq(names, ",") {
			if name = strings.TrimSpace(name); name != "" {
				c.Executors = append(c.Executors, name)
			}
		}
	}
	return c, nil
}

func (c *Config) check() error {
	switch {
	case !strings.HasPrefix(c.URL, "http://") && !strings.HasPrefix(c.URL, "https://"):
		return fmt.Errorf("%q is no http or https address", c.URL)
	case c.Concurrency < 1:
		return errors.New("an executor needs a concurrency of at least 1")
	case c.HealthPort < -1 || c.HealthPort > 65535:
		return fmt.Errorf("port %d is not within 0 to 65535", c.HealthPort)
	case c.Drain < 0:
		return errors.New("draining takes no negative time")
	}
	return nil
}

func (c *Config) logger() *slog.Logger { return slog.Default() }
