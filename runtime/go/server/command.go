package server

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/truongtu268/magic-flow/runtime/go/settings"
)

// configFile is read where `--config` names no other, if it is there.
const configFile = "config/server.yaml"

// Main carries out the command line of a generated server and gives its exit code: 2,
// with one line on stderr, for what cannot be done.
func Main(arguments []string, program Program) int {
	config, given, err := readConfig(os.Stderr, arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err == nil && len(given.rest) > 0:
		err = fmt.Errorf("there is nothing to do with `%s`", given.rest[0])
	}
	if !given.inProcess {
		program.Executors = nil
	}
	if err == nil {
		err = Serve(config, program, nil)
	}
	return exitCode(err)
}

// MainOfFiles is Main for plans in files, which the command line names behind the
// options.
func MainOfFiles(arguments []string) int {
	config, given, err := readConfig(os.Stderr, arguments)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var program Program
	if err == nil {
		program, err = readProgram(given)
	}
	if err == nil {
		err = Serve(config, program, nil)
	}
	return exitCode(err)
}

func readProgram(given *options) (program Program, err error) {
	if len(given.rest) == 0 {
		return program, errors.New("no plan.json is given")
	}
	for _, name := range given.rest {
		plan, err := os.ReadFile(name)
		if err != nil {
			return program, err
		}
		program.Plans = append(program.Plans, plan)
	}
	if given.openapi != "" {
		description, err := os.ReadFile(given.openapi)
		if err != nil {
			return program, err
		}
		program.OpenAPI = [][]byte{description}
	}
	return program, err
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "error:", err)
	return 2
}

// options are what a command line says.
type options struct {
	config, host, database, openapi string
	port                            int
	noAuth, inProcess               bool
	rest                            []string
}

func newOptions() (*flag.FlagSet, *options) {
	flags, found := flag.NewFlagSet("server", flag.ContinueOnError), &options{}
	// what is wrong is the caller's to tell, in one line
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.StringVar(&found.config, "config", configFile, "configuration `file`")
	flags.StringVar(&found.host, "host", "", "`address` to listen on (MAGICFLOW_HOST)")
	flags.IntVar(&found.port, "port", 0, "`port`, 0 for a free one (MAGICFLOW_PORT)")
	flags.StringVar(&found.database, "database", "", "SQLite `file` (MAGICFLOW_DATABASE)")
	flags.BoolVar(&found.noAuth, "no-auth", false, "take requests without a token; on a loopback address only")
	flags.BoolVar(&found.inProcess, "in-process", false, "run the steps' functions in the server's process")
	flags.StringVar(&found.openapi, "openapi", "", "the service's description, a JSON `file`, for plans in files")
	return flags, found
}

// readConfig is the configuration of a program: what the options of its command line
// say, else the environment, else config/server.yaml. The error is flag.ErrHelp when
// somebody asked for help, which is given.
func readConfig(out io.Writer, arguments []string) (Config, *options, error) {
	flags, found := newOptions()
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(out, "Serves workflows until SIGTERM. Options:")
			flags.SetOutput(out)
			flags.PrintDefaults()
		}
		return Config{}, found, err
	}
	found.rest = flags.Args()
	read := settings.ReadIfThere
	if found.config != configFile {
		read = settings.Read
	}
	file, err := read(found.config)
	if err != nil {
		return Config{}, found, err
	}
	config, err := DefaultConfig().FromFile(file)
	if err != nil {
		return Config{}, found, fmt.Errorf("%s: %w", found.config, err)
	}
	if config, err = config.FromEnvironment(); err != nil {
		return Config{}, found, err
	}
	flags.Visit(func(each *flag.Flag) { found.over(&config, each.Name) })
	return config, found, config.Check()
}

func (o *options) over(config *Config, option string) {
	switch option {
	case "host":
		config.Host = o.host
	case "port":
		config.Port = o.port
	case "database":
		config.Database = o.database
	case "no-auth":
		config.Auth = config.Auth && !o.noAuth
	}
}
