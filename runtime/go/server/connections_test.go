package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// impatient makes clients wait less; it is put back with the test.
func impatient(t *testing.T, of *time.Duration, patience time.Duration) {
	t.Helper()
	before := *of
	*of = patience
	t.Cleanup(func() { *of = before })
}

func connect(t *testing.T, to net.Addr, text string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	return connection
}

func TestSilentConnectionsAreClosed(t *testing.T) {
	impatient(t, &headPatience, 150*time.Millisecond)
	impatient(t, &bodyPatience, 150*time.Millisecond)
	impatient(t, &idlePatience, 150*time.Millisecond)
	running := open(t, nil, "three")
	head := "POST /api/v2/workflows/three/execute HTTP/1.1\r\nHost: x\r\n"
	for name, text := range map[string]string{
		"nothing": "", "half a head": head, "half a body": head + "Content-Length: 20\r\n\r\n{",
		"half a chunk": head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
		"idle":         "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		connection := connect(t, running.Address(), text)
		if err := connection.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(connection); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection stays", name)
		}
	}
	// who waits for an answer is not silent
	status, ended, _ := ask(t, running, "GET", "/api/v2/executions?limit=1", "")
	if status != 200 {
		t.Error(status, ended)
	}
}

func TestWhoDoesNotReadHoldsNothingUp(t *testing.T) {
	impatient(t, &writePatience, 200*time.Millisecond)
	bound, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	served := newHTTPServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		part := make([]byte, 1<<20)
		for range 64 {
			if _, err := out.Write(part); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}))
	go func() { _ = served.Serve(listener{bound}) }()
	defer served.Close()
	connect(t, bound.Addr(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case err := <-failed:
		if err == nil {
			t.Error("64 MiB went to somebody who does not read")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the handler hangs")
	}
	// who reads slowly gets all of it
	slow := connect(t, bound.Addr(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	total, buffer := 0, make([]byte, 4<<20)
	for {
		count, err := slow.Read(buffer)
		if total += count; err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := <-failed; err != nil || total < 64<<20 {
		t.Errorf("who reads gets %d bytes: %v", total, err)
	}
}

// TestNothingIsLeftAfterADrain: no goroutine of ours, whatever was under way.
func TestNothingIsLeftAfterADrain(t *testing.T) {
	before := ours()
	for name, database := range map[string]string{"memory": "", "sqlite": filepath.Join(t.TempDir(), "runs.db")} {
		running := open(t, func(config *Config) { config.Database = database }, "three", "asks")
		for range 20 {
			ask(t, running, "POST", "/api/v2/workflows/three/execute?wait=5s", `{"input":{"n":1}}`)
		}
		ask(t, running, "POST", "/api/v2/workflows/three/execute?wait=5s", `{"input":{"n":1},"webhook":"http://127.0.0.1:1/"}`)
		_, asked, _ := ask(t, running, "POST", "/api/v2/workflows/asks/execute", `{}`)
		id, _ := asked["execution_id"].(string)
		ctx, stop := context.WithCancel(context.Background())
		for _, each := range [][3]string{
			{"GET", "/api/v2/executions/" + id + "/stream", ""},
			{"GET", "/api/v2/executions/" + id + "?wait=60s", ""},
			{"POST", "/api/v2/tasks/poll", `{"executors":["far"],"wait_ms":60000}`},
		} {
			request, err := http.NewRequestWithContext(ctx, each[0], "http://"+running.Address().String()+each[1], strings.NewReader(each[2]))
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				if response, err := http.DefaultClient.Do(request); err == nil {
					_, _ = io.Copy(io.Discard, response.Body)
					response.Body.Close()
				}
			}()
		}
		connect(t, running.Address(), "POST /health HTTP/1.1\r\n")
		time.Sleep(50 * time.Millisecond)
		running.Close()
		stop()
		http.DefaultClient.CloseIdleConnections()
		var left []string
		for range 100 {
			if left = ours(); len(left) <= len(before) {
				break
			}
			time.Sleep(30 * time.Millisecond)
		}
		if len(left) > len(before) {
			t.Errorf("%s: %d goroutines are left, %d were there before:\n%s", name, len(left), len(before), strings.Join(left, "\n\n"))
		}
	}
}

// ours are the stacks of the goroutines that run this module's code or serve for it, but
// the test's own.
func ours() []string {
	buffer := make([]byte, 4<<20)
	all := strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n")
	var found []string
	for _, stack := range all[1:] {
		if strings.Contains(stack, "magic-flow/runtime/go/") || strings.Contains(stack, "net/http.(*conn)") {
			found = append(found, stack)
		}
	}
	return found
}

func TestHostileRequestsAreRefusedAndNothingElse(t *testing.T) {
	running := open(t, nil, "three", "asks")
	_, asked, _ := ask(t, running, "POST", "/api/v2/workflows/asks/execute", `{}`)
	dice := newHostile(fmt.Sprint(asked["execution_id"]), uint64(time.Now().UnixNano()))
	for range 3_000 {
		request := dice.request()
		answerTo(t, running, request)
	}
	if status, ready, _ := ask(t, running, "GET", "/ready", ""); status != 200 {
		t.Error(status, ready)
	}
}
