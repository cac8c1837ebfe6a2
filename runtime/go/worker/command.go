package worker

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/truongtu268/magic-flow/runtime/go/observe"
	"github.com/truongtu268/magic-flow/runtime/go/settings"
)

// configFile is read where `--config` names no other, if it is there.
const configFile = "config/executor.yaml"

// ReadConfig is the configuration of a program: what the options of its command line
// say, else the environment (see FromEnvironment), else config/executor.yaml.
//
// The error is flag.ErrHelp when somebody asked for help, which is given.
func ReadConfig(arguments []string) (Config, error) {
	return readConfig(os.Stderr, arguments)
}

func readConfig(out io.Writer, arguments []string) (Config, error) {
	options, found := newOptions()
	if err := options.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(out, "Runs the functions of the workflows' steps until SIGTERM. Options:")
			options.SetOutput(out)
			options.PrintDefaults()
		}
		return Config{}, err
	}
	if options.NArg() > 0 {
		return Config{}, fmt.Errorf("there is nothing to do with `%s`", options.Arg(0))
	}
	read := settings.ReadIfThere
	if found.config != configFile {
		read = settings.Read
	}
	file, err := read(found.config)
	if err != nil {
		return Config{}, err
	}
	config, err := DefaultConfig().FromFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", found.config, err)
	}
	if config, err = config.overEnvironment(); err != nil {
		return Config{}, err
	}
	options.Visit(func(each *flag.Flag) { found.over(&config, each.Name) })
	if _, err := observe.NewLogger(out, config.LogLevel, config.LogFormat); err != nil {
		return Config{}, err
	}
	return config, config.check()
}

// ExitCode is that of a program that ends with an error, which it prints: 2 for what
// cannot be done.
func ExitCode(err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(os.Stderr, "error:", err)
	return 2
}

// given is what a command line says.
type given struct {
	config, url, token      string
	concurrency, healthPort int
	executors               []string
}

func newOptions() (*flag.FlagSet, *given) {
	options, found := flag.NewFlagSet("executor", flag.ContinueOnError), &given{}
	// what is wrong is the caller's to tell, in one line
	options.SetOutput(io.Discard)
	options.Usage = func() {}
	options.StringVar(&found.config, "config", configFile, "configuration `file`")
	options.StringVar(&found.url, "url", "", "the `address` of the server (MAGICFLOW_URL)")
	options.StringVar(&found.token, "token", "", "its `token` (MAGICFLOW_TOKEN)")
	options.IntVar(&found.concurrency, "concurrency", 0, "how many tasks at once, of each executor (MAGICFLOW_CONCURRENCY)")
	options.IntVar(&found.healthPort, "health-port", 0, "the `port` where /health answers (MAGICFLOW_HEALTH_PORT)")
	about := "the `name` of an executor to run, may be repeated; all without it (MAGICFLOW_EXECUTORS)"
	options.Func("executor", about, func(name string) error {
		found.executors = append(found.executors, name)
		return nil
	})
	return options, found
}

func (g *given) over(config *Config, option string) {
	switch option {
	case "url":
		config.URL = g.url
	case "token":
		config.Token = g.token
	case "concurrency":
		config.Concurrency = g.concurrency
	case "health-port":
		config.HealthPort = g.healthPort
	case "executor":
		config.Executors = g.executors
	}
}
