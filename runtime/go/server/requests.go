package server

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// httpExecutor is the executor `@http`: it sends the request of an HTTP step.
// `$.response` is `{status, headers, body}`.
type httpExecutor struct {
	client  *guardedClient
	secrets string
}

// Concurrency is how many requests are under way at most.
func (h *httpExecutor) Concurrency() int { return 1_000 }

// Close leaves connections to the process's end.
func (h *httpExecutor) Close() {}

// Run sends one request.
func (h *httpExecutor) Run(ctx context.Context, task *engine.TaskMessage, _ int64, _ func()) engine.Outcome {
	output, err := h.send(ctx, task)
	if err != nil {
		return engine.Outcome{Error: wireError(err)}
	}
	return engine.Outcome{Output: output}
}

// wireError is the error of an attempt as a workflow sees it.
func wireError(err error) map[string]any {
	var failure *worker.Failure
	if !errors.As(err, &failure) {
		failure = worker.Fail("INTERNAL", err.Error())
	}
	told := map[string]any{"code": failure.Code, "message": failure.Message}
	if failure.Retryable != nil {
		told["retryable"] = *failure.Retryable
	}
	if failure.Details != nil {
		if details, err := types.DecodeValue(failure.Details, types.MaxDepth); err == nil {
			told["details"] = details
		}
	}
	if failure.RetryAfter > 0 {
		told["retry_after"] = float64(failure.RetryAfter.Milliseconds())
	}
	return told
}

func (h *httpExecutor) send(ctx context.Context, task *engine.TaskMessage) (map[string]any, error) {
	given, err := h.resolve(task)
	if err != nil {
		return nil, err
	}
	headers := map[string]string{}
	names := map[string]bool{}
	listed, _ := given["headers"].(map[string]any)
	for name, value := range listed {
		headers[name] = textOf(value)
		names[strings.ToLower(name)] = true
	}
	if !names["idempotency-key"] {
		headers["Idempotency-Key"] = quoteKey(task.IdempotencyKey)
	}
	if task.Traceparent != "" && !names["traceparent"] {
		headers["traceparent"] = task.Traceparent
	}
	var body []byte
	switch of := given["body"].(type) {
	case nil:
	case string:
		body = []byte(of)
	default:
		if body, err = types.AppendValue(nil, of); err != nil {
			return nil, err
		}
		if !names["content-type"] {
			headers["Content-Type"] = "application/json"
		}
	}
	answer, err := h.client.request(ctx, strings.ToUpper(task.Settings.Function), addressOf(given), headers, body)
	if err != nil {
		return nil, err
	}
	return stepResult(answer, given)
}

// resolve is the request with its secrets.
func (h *httpExecutor) resolve(task *engine.TaskMessage) (map[string]any, error) {
	request := task.Request
	if len(task.Secrets) == 0 {
		return request, nil
	}
	text, err := types.AppendValue(nil, request)
	if err != nil {
		return nil, err
	}
	if text, err = worker.ResolveSecrets(h.secrets, text, task.Secrets); err != nil {
		return nil, err
	}
	value, err := types.DecodeValue(text, types.MaxDepth)
	if err != nil {
		return nil, err
	}
	request, _ = value.(map[string]any)
	return request, nil
}

func stepResult(answer *received, given map[string]any) (map[string]any, error) {
	body, err := decodeAnswer(answer)
	if err != nil {
		return nil, err
	}
	headers := make(map[string]any, len(answer.headers))
	for name, value := range answer.headers {
		headers[name] = strings.ToValidUTF8(value, "\uFFFD")
	}
	result := map[string]any{"status": float64(answer.status), "headers": headers, "body": body}
	expected, _ := given["expect"].([]any)
	if len(expected) == 0 && answer.status >= 200 && answer.status < 300 {
		return result, nil
	}
	if slices.ContainsFunc(expected, func(each any) bool { return each == float64(answer.status) }) {
		return result, nil
	}
	return nil, unexpected(answer, result)
}

func unexpected(answer *received, result map[string]any) error {
	status := strconv.Itoa(answer.status)
	failure := worker.Fail("HTTP_"+status, "the answer has the status "+status)
	retryable := answer.status >= 500
	switch answer.status {
	case 429, 502, 503, 504:
		failure.Code = "UNAVAILABLE"
		retryable = true
	case 408, 425:
		retryable = true
	}
	failure.Retryable = &retryable
	details, err := types.AppendValue(nil, result)
	if err != nil {
		return err
	}
	failure.Details = details
	if after := answer.headers["retry-after"]; isNumber(after) && len(after) < 7 {
		seconds, _ := strconv.Atoi(after) // 6 digits
		failure.RetryAfter = time.Duration(seconds) * time.Second
	}
	return failure
}

func decodeAnswer(answer *received) (any, error) {
	if len(answer.content) == 0 {
		return nil, nil
	}
	kind, _, _ := strings.Cut(answer.headers["content-type"], ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if kind == "application/json" || strings.HasSuffix(kind, "+json") {
		value, err := types.DecodeValue(answer.content, 0)
		if err != nil {
			return nil, worker.Fail("VALIDATION", "the answer: "+err.Error())
		}
		return value, nil
	}
	return strings.ToValidUTF8(string(answer.content), "\uFFFD"), nil
}

// addressOf is the url with the query's members behind it.
func addressOf(given map[string]any) string {
	address := textOf(given["url"])
	query, _ := given["query"].(map[string]any)
	values := url.Values{}
	for name, value := range query {
		if value != nil {
			values.Set(name, textOf(value))
		}
	}
	if len(values) == 0 {
		return address
	}
	before, fragment, fragmented := strings.Cut(address, "#")
	joint := "?"
	if _, already, _ := strings.Cut(before, "?"); already != "" {
		joint = "&"
	}
	address = before + joint + values.Encode()
	if fragmented {
		address += "#" + fragment
	}
	return address
}

// textOf is a text as it is, anything else as JSON.
func textOf(value any) string {
	if text, is := value.(string); is {
		return text
	}
	text, err := types.AppendValue(nil, value)
	if err != nil {
		return ""
	}
	return string(text)
}

// quoteKey writes an idempotency key so that a header may hold it.
func quoteKey(key string) string {
	const hex = "0123456789ABCDEF"
	var text strings.Builder
	for at := range len(key) {
		c := key[at]
		if c < utf8.RuneSelf && (c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("_.-~:/[]", c) >= 0) {
			text.WriteByte(c)
			continue
		}
		text.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return text.String()
}
