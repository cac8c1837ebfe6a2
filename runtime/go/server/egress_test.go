package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Names that change their address (DNS rebinding): what is checked is what is connected
// to, on every connection and redirect anew. tests/runtime/server/test_egress.py is the
// same for Python.

// naming gives one answer after the other, then the last again.
func naming(t *testing.T, answers ...string) (asked *[]string) {
	t.Helper()
	asked = &[]string{}
	before := lookup
	lookup = func(_ context.Context, _, host string) ([]netip.Addr, error) {
		if address, err := netip.ParseAddr(host); err == nil {
			return []netip.Addr{address}, nil
		}
		*asked = append(*asked, host)
		address := netip.MustParseAddr(answers[0])
		answers = answers[min(1, len(answers)-1):]
		return []netip.Addr{address}, nil
	}
	t.Cleanup(func() { lookup = before })
	return asked
}

type target struct {
	*httptest.Server
	port string
	seen atomic.Int64
	away string // where it redirects to
}

func newTarget(t *testing.T) *target {
	t.Helper()
	made := &target{}
	made.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		made.seen.Add(1)
		if made.away != "" && request.URL.Path == "/" {
			http.Redirect(out, request, made.away, http.StatusFound)
		}
	}))
	t.Cleanup(made.Close)
	at, err := url.Parse(made.URL)
	if err != nil {
		t.Fatal(err)
	}
	made.port = at.Port()
	return made
}

func fetch(t *testing.T, address string, allow ...string) (int, error) {
	t.Helper()
	policy, err := NewEgressPolicy(allow...)
	if err != nil {
		t.Fatal(err)
	}
	client := newGuardedClient(policy)
	t.Cleanup(client.transport.CloseIdleConnections)
	answer, err := client.request(context.Background(), "GET", address, nil, nil)
	if err != nil {
		return 0, err
	}
	return answer.status, nil
}

func denied(err error) bool {
	var failure *worker.Failure
	return errors.As(err, &failure) && failure.Code == "EGRESS_DENIED" && !*failure.Retryable
}

func TestAPublicNameOfAPrivateAddressIsRefused(t *testing.T) {
	at := newTarget(t)
	for _, private := range []string{"127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"} {
		naming(t, private)
		if _, err := fetch(t, "http://shop.example:"+at.port+"/x"); !denied(err) {
			t.Errorf("%s: %v", private, err)
		}
	}
	if at.seen.Load() != 0 {
		t.Error("it was asked")
	}
}

func TestTheNameIsAskedOnceForAConnection(t *testing.T) {
	at := newTarget(t)
	asked := naming(t, "127.0.0.2", "127.0.0.1")
	// nobody listens on 127.0.0.2; the target on 127.0.0.1 is not asked
	if _, err := fetch(t, "http://shop.example:"+at.port+"/x", "127.0.0.2/32"); err == nil || denied(err) {
		t.Error(err)
	}
	if !slices.Equal(*asked, []string{"shop.example"}) || at.seen.Load() != 0 {
		t.Error(*asked, at.seen.Load())
	}
}

func TestARedirectToANameThatHasBecomePrivateIsRefused(t *testing.T) {
	at := newTarget(t)
	naming(t, "127.0.0.1")
	for _, away := range []string{"http://shop.example:" + at.port + "/x", "http://127.0.0.1:1/x", "http://[::1]:1/"} {
		at.away = away
		before := at.seen.Load()
		if _, err := fetch(t, at.URL+"/", strings.TrimPrefix(at.URL, "http://")); !denied(err) {
			t.Errorf("%s: %v", away, err)
		}
		if at.seen.Load() != before+1 {
			t.Error("the target was asked again")
		}
	}
}

func TestTheNextConnectionIsCheckedAnew(t *testing.T) {
	at := newTarget(t)
	naming(t, "127.0.0.1", "10.0.0.7")
	address := "http://shop.example:" + at.port + "/x"
	if status, err := fetch(t, address, "127.0.0.1/32"); status != 200 || err != nil {
		t.Error(status, err)
	}
	if _, err := fetch(t, address, "127.0.0.1/32"); !denied(err) {
		t.Error(err)
	}
}
