package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

const (
	maxAnswer    = 1 << 20
	maxRedirects = 5
	// silence is how long the other side may say nothing.
	silence = 60 * time.Second
)

// guardedClient sends HTTP requests under an egress policy; redirects are followed by
// hand, so that each hop is checked like the first.
type guardedClient struct{ transport *http.Transport }

func newGuardedClient(policy *EgressPolicy) *guardedClient {
	return &guardedClient{&http.Transport{
		DialContext:         policy.DialContext,
		DisableCompression:  true,
		MaxIdleConns:        200,
		MaxIdleConnsPerHost: 50,
		MaxConnsPerHost:     200,
		IdleConnTimeout:     75 * time.Second,
		TLSHandshakeTimeout: connectTimeout,

		MaxResponseHeaderBytes: maxHeaderBytes,
	}}
}

// received is an answer; Headers have their names in lower case.
type received struct {
	status  int
	headers map[string]string
	content []byte
}

// private are headers that do not follow a redirect to another origin.
var private = map[string]bool{"authorization": true, "cookie": true, "proxy-authorization": true}

// request sends one request and follows redirects. The error is a *worker.Failure.
func (c *guardedClient) request(
	ctx context.Context, method, address string, headers map[string]string, body []byte,
) (*received, error) {
	here, err := httpAddress(address)
	if err != nil {
		return nil, err
	}
	for range maxRedirects + 1 {
		answer, err := c.once(ctx, method, here, headers, body)
		if err != nil {
			return nil, err
		}
		location, moved := answer.headers["location"]
		if !moved || !isRedirect(answer.status) {
			return answer, nil
		}
		target, err := here.Parse(location)
		if err != nil {
			return nil, malformed(fmt.Errorf("it was redirected to what is no address: %w", err))
		}
		if target, err = httpAddress(target.String()); err != nil {
			return nil, err
		}
		if target.Scheme != here.Scheme || target.Host != here.Host {
			headers = withoutPrivate(headers)
		}
		if answer.status == 303 || (answer.status <= 302 && method == http.MethodPost) {
			method, body = http.MethodGet, nil
		}
		here = target
	}
	return nil, worker.Fail("UNAVAILABLE", "the request was redirected too often")
}

func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

func withoutPrivate(headers map[string]string) map[string]string {
	kept := make(map[string]string, len(headers))
	for name, value := range headers {
		if lower := strings.ToLower(name); !private[lower] && lower != "host" {
			kept[name] = value
		}
	}
	return kept
}

func httpAddress(text string) (*url.URL, error) {
	address, err := url.Parse(text)
	if err != nil {
		return nil, malformed(err)
	}
	if (address.Scheme != "http" && address.Scheme != "https") || address.Hostname() == "" {
		return nil, final("VALIDATION", "the url is not http or https")
	}
	return address, nil
}

// final is a failure that no retry mends.
func final(code, message string) *worker.Failure {
	retryable := false
	return &worker.Failure{Code: code, Message: message, Retryable: &retryable}
}

func malformed(err error) *worker.Failure {
	return final("VALIDATION", "the request is malformed: "+err.Error())
}

func (c *guardedClient) once(
	ctx context.Context, method string, address *url.URL, headers map[string]string, body []byte,
) (*received, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var late atomic.Bool
	watch := time.AfterFunc(silence, func() {
		late.Store(true)
		cancel()
	})
	defer watch.Stop()
	request, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, malformed(err)
	}
	if body == nil {
		request.Body, request.ContentLength, request.GetBody = nil, 0, nil
	}
	request.Header["User-Agent"] = nil // none
	for name, value := range headers {
		if strings.EqualFold(name, "host") {
			request.Host = value
		} else {
			request.Header.Set(name, value)
		}
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, failureOf(err, late.Load())
	}
	defer response.Body.Close()
	content, err := readAnswer(response.Body, func() { watch.Reset(silence) })
	if err != nil {
		return nil, failureOf(err, late.Load())
	}
	answer := &received{response.StatusCode, make(map[string]string, len(response.Header)), content}
	for name, values := range response.Header {
		answer.headers[strings.ToLower(name)] = values[len(values)-1]
	}
	return answer, nil
}

func readAnswer(from io.Reader, alive func()) ([]byte, error) {
	var content []byte
	buffer := make([]byte, 16<<10)
	for {
		count, err := from.Read(buffer)
		content = append(content, buffer[:count]...)
		switch {
		case len(content) > maxAnswer:
			return nil, worker.Fail("LIMIT", fmt.Sprintf("the answer has more than %d bytes", maxAnswer))
		case errors.Is(err, io.EOF):
			return content, nil
		case err != nil:
			return nil, err
		}
		alive()
	}
}

// failureOf is what a workflow learns of a request that came to nothing.
func failureOf(err error, late bool) error {
	var failure *worker.Failure
	var refused *EgressRefused
	var network net.Error
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.As(err, &refused):
		return final("EGRESS_DENIED", refused.Message)
	case late || (errors.As(err, &network) && network.Timeout()):
		return worker.Fail("TIMEOUT", "no answer in time: "+err.Error())
	}
	var invalid *net.AddrError
	if errors.As(err, &invalid) || strings.Contains(err.Error(), "invalid header field") {
		return malformed(err)
	}
	return worker.Fail("UNAVAILABLE", "the request failed: "+err.Error())
}
