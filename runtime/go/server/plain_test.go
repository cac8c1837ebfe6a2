package server

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDurations(t *testing.T) {
	for given, want := range map[any]int64{
		"500ms": 500, "30s": 30_000, " 5m ": 300_000, "1.5h": 5_400_000, "2d": 172_800_000, "PT30S": 30_000, "P1W": 604_800_000,
		"P1DT2H3M4.5S": 93_784_500, 12.9: 12, 0.0: 0, "0s": 0,
	} {
		if found, err := parseDuration(given); err != nil || found != want {
			t.Errorf("%v: %d %v", given, found, err)
		}
	}
	for _, given := range []any{"soon", "", "P", "PT", "-1s", "1", "1y", -1.0, 1e300, strings.Repeat("9", 400) + "s", true, "PT1M2H"} {
		if found, err := parseDuration(given); err == nil {
			t.Errorf("%v: %d", given, found)
		}
	}
}

func TestCursors(t *testing.T) {
	if found, err := decodeCursor(encodeCursor("12", "é"), 2); err != nil || !slices.Equal(found, []string{"12", "é"}) {
		t.Errorf("%v %v", found, err)
	}
	for _, cursor := range []string{"", "!", "MTI", encodeCursor("1"), encodeCursor("1", "2", "3"), encodeCursor("\xff", "1")} {
		if _, err := decodeCursor(cursor, 2); err == nil {
			t.Errorf("%q is taken", cursor)
		}
	}
}

func TestAddressesThatAreNotPublic(t *testing.T) {
	policy, err := NewEgressPolicy()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{
		"127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "::1", "fe80::1%eth0", "fc00::1",
		"::ffff:127.0.0.1", "224.0.0.1", "100.64.0.1", "ff02::1", "2001:db8::1", "255.255.255.255", "2002:7f00:1::",
	} {
		if policy.Allows("host", netip.MustParseAddr(address), 80) {
			t.Errorf("%s is allowed", address)
		}
	}
	for _, address := range []string{"8.8.8.8", "2606:4700::1111", "192.0.0.9", "2001:20::1"} {
		if !policy.Allows("host", netip.MustParseAddr(address), 80) {
			t.Errorf("%s is not allowed", address)
		}
	}
}

func TestWhatAPolicyAllows(t *testing.T) {
	policy, err := NewEgressPolicy("10.0.0.0/8", "db.internal:5432", "[::1]:80", "192.168.7.7")
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range []struct {
		host, address string
		port          int
		allowed       bool
	}{
		{"x", "10.9.9.9", 80, true}, {"x", "::ffff:10.0.0.1", 80, true}, {"db.internal", "192.168.0.1", 5432, true},
		{"db.internal", "192.168.0.1", 80, false}, {"::1", "::1", 80, true}, {"x", "192.168.7.7", 1, true}, {"x", "192.168.7.8", 1, false},
	} {
		if policy.Allows(each.host, netip.MustParseAddr(each.address), each.port) != each.allowed {
			t.Errorf("%+v", each)
		}
	}
	for _, entry := range []string{"nonsense", "10.1.2.3/8", ":80", "x:y", "x:"} {
		if _, err := NewEgressPolicy(entry); err == nil || !strings.Contains(err.Error(), "neither") {
			t.Errorf("%s: %v", entry, err)
		}
	}
	var refused *EgressRefused
	if _, err := policy.DialContext(context.Background(), "tcp", "localhost:81"); !errors.As(err, &refused) {
		t.Error(err)
	}
}

func TestRoutes(t *testing.T) {
	for _, each := range []struct{ method, path, parameter string }{
		{"POST", "/api/v2/workflows/a b/execute", "a b"}, {"POST", "/api/v2/tasks/r:each[3]/pack/complete", "r:each[3]/pack"},
		{"POST", "/api/v2/tasks/poll", ""}, {"GET", "/api/v2/executions/x", "x"}, {"GET", "/api/v2/executions/x/stream", "x"},
		{"POST", "/api/v2/human-tasks/r:a/b/claim", "r:a/b"}, {"GET", "/health", ""},
	} {
		found := 0
		for index := range routes {
			if parameter, fits := routes[index].match(each.path); fits && routes[index].method == each.method {
				found++
				if parameter != each.parameter {
					t.Errorf("%v: %q", each, parameter)
				}
			}
		}
		if found != 1 {
			t.Errorf("%v fits %d routes", each, found)
		}
	}
	for _, path := range []string{"/api/v2/executions/", "/api/v2/executions/a/b", "/api/v2/workflows//execute", "/health/", "/"} {
		if problem := noRoute(path); problem.Status != 404 {
			t.Errorf("%s: %+v", path, problem)
		}
	}
	if problem := noRoute("/api/v2/executions/x"); problem.Detail != "this takes DELETE, GET, HEAD" {
		t.Error(problem.Detail)
	}
}

func TestMembers(t *testing.T) {
	known := map[string]kind{
		"any": anything, "text": aText, "number": anInteger, "object": anObject, "list": aList, "both": integerOrText,
		"time": durationMember,
	}
	found, err := membersOf(map[string]any{
		"any": true, "text": "x", "number": 1.0, "object": map[string]any{}, "list": []any{}, "both": "x", "time": 1.5,
	}, known)
	if err != nil || len(found) != 7 {
		t.Error(found, err)
	}
	if found, err = membersOf(map[string]any{"text": nil, "any": nil}, known); err != nil || len(found) != 0 {
		t.Error(found, err)
	}
	_, err = membersOf(map[string]any{"text": 1.0, "number": 1.5, "other": nil, "both": true, "time": []any{}}, known)
	var problem *Problem
	if !errors.As(err, &problem) {
		t.Fatal(err)
	}
	a := newAnswer()
	problem.append(a)
	for _, want := range []string{
		`{"path":"/both","message":"must be an integer or a string"},{"path":"/number","message":"must be an integer"}`,
		`{"path":"/other","message":"the member is unknown"}`, `"must be a string or an integer or a number"`,
	} {
		if !strings.Contains(string(a.out), want) {
			t.Errorf("%s is not in %s", want, a.out)
		}
	}
}

func TestQueries(t *testing.T) {
	for text, want := range map[string]string{"a+b%20c": "a b c", "%zz%4": "%zz%4", "%ff": "\uFFFD", "plain": "plain"} {
		if found := unescape(text); found != want {
			t.Errorf("%s: %q", text, found)
		}
	}
}

func TestKeysInHeaders(t *testing.T) {
	if found := quoteKey("r:t é/[1]~2"); found != "r:t%20%C3%A9/[1]~2" {
		t.Error(found)
	}
}

func TestAddressesWithQueries(t *testing.T) {
	query := map[string]any{"b": 3.0, "a": "x y", "none": nil}
	for address, want := range map[string]string{
		"http://h/p": "http://h/p?a=x+y&b=3", "http://h/p?q=1": "http://h/p?q=1&a=x+y&b=3", "http://h/#f": "http://h/?a=x+y&b=3#f",
	} {
		if found := addressOf(map[string]any{"url": address, "query": query}); found != want {
			t.Errorf("%s: %s", address, found)
		}
	}
}

func configOf(t *testing.T, file string, arguments ...string) (Config, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "server.yaml")
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	config, _, err := readConfig(&strings.Builder{}, append([]string{"--config", name}, arguments...))
	return config, err
}

func TestConfiguration(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TOKEN_A", "a")
	t.Setenv("TOKEN_B", "b")
	file := `
server: {host: 127.0.0.1, port: 9000, max_body_bytes: 5}
storage: {embedded: {path: data/runs.db}}
auth:
  tokens: [{name: a, value: "${TOKEN_A}"}, {name: b, value: "x-${env.TOKEN_B}"}, {name: c, file: ` + token + `}, {name: d, value: "${NOT_THERE}"}]
monitoring: {log_level: debug, log_format: text, tracing_enabled: false}
secrets: {source: files, path: secrets}
`
	config, err := configOf(t, file)
	if err != nil {
		t.Fatal(err)
	}
	if config.Port != 9000 || config.MaxBody != 5 || config.Database != "data/runs.db" || config.SecretsDirectory != "secrets" ||
		config.LogLevel != "debug" || config.LogFormat != "text" || !slices.Equal(config.Tokens, []string{"a", "x-b", "from-file"}) {
		t.Errorf("%+v", config)
	}
	t.Setenv("MAGICFLOW_PORT", "1")
	t.Setenv("MAGICFLOW_TOKENS", "t, u,")
	t.Setenv("MAGICFLOW_TOKENS_FILE", token)
	t.Setenv("MAGICFLOW_EGRESS_ALLOW", "10.0.0.0/8,x:1")
	config, err = configOf(t, file, "--database", "x.db")
	if err != nil || config.Port != 1 || config.Database != "x.db" || !slices.Equal(config.Tokens, []string{"t", "u", "from-file"}) ||
		!slices.Equal(config.EgressAllow, []string{"10.0.0.0/8", "x:1"}) {
		t.Errorf("%+v %v", config, err)
	}
	if config, err = configOf(t, file, "--port", "2", "--no-auth"); err != nil || config.Port != 2 || config.Auth {
		t.Errorf("%+v %v", config, err)
	}
}

func TestWhatAServerCannotUse(t *testing.T) {
	for file, want := range map[string]string{
		"a: [":                          "is no YAML",
		"[]":                            "has no keys",
		"server: 1":                     "`server` must have keys",
		"storage: {backend: redis}":     "`storage.backend: redis` is not there yet",
		"messaging: {backend: kafka}":   "`messaging.backend: kafka` is not there",
		"server: {tls: {cert_file: a}}": "`server.tls` is not there",
		"server: {tls: 5}":              "`server.tls` must have keys",
		"auth: {tokens: [{name: a, file: /none}]}":                      "/none: no such file",
		"server: {port: true}":                                          "`server.port` must be a whole number",
		"server: {max_body_bytes: -1}":                                  "at least 1 byte",
		"auth: {enabled: 'off'}":                                        "`auth.enabled` must be true or false",
		"auth: {tokens: 5}":                                             "`auth.tokens` must be a list",
		"auth: {tokens: [x]}":                                           "`auth.tokens[0]` must have keys",
		"auth: {tokens: [{value: [1]}]}":                                "`auth.tokens[0].value` must be a text",
		"auth: {tokens: [{name: a, value: t, scopes: [read]}]}":         "`auth.tokens.scopes` is not there yet",
		"{monitoring: {log_level: loud}, auth: {tokens: [{value: t}]}}": "log level `loud` is none of",
		"{monitoring: {log_format: xml}, auth: {tokens: [{value: t}]}}": "log format `xml` is none of",
		"secrets: {source: vault}":                                      "`secrets.source: vault` is not there yet",
		"{}":                                                            "no token is configured",
		"auth: {tokens: [{name: a, value: '${NOT_THERE}'}]}":            "no token is configured",
		"{server: {host: 0.0.0.0}, auth: {enabled: false}}":             "loopback only, not on 0.0.0.0",
		"{server: {host: example.org}, auth: {enabled: false}}":         "loopback only",
		"{server: {port: 70000}, auth: {tokens: [{value: t}]}}":         "not within",
	} {
		if config, err := configOf(t, file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %+v", file, err, config)
		}
	}
	for _, host := range []string{"127.0.0.1", "::1", "localhost", "127.9.9.9"} {
		if _, err := configOf(t, "{}", "--no-auth", "--host", host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for name, value := range map[string]string{"MAGICFLOW_PORT": "http", "MAGICFLOW_TOKENS_FILE": "/nowhere/x"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if _, err := configOf(t, "{}"); err == nil || !strings.Contains(err.Error(), name) {
				t.Error(err)
			}
		})
	}
}
