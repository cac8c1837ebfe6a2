package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// DeliveryFailed says that a receiver did not take a message; the outbox tries again.
type DeliveryFailed struct{ Message string }

func (e *DeliveryFailed) Error() string { return e.Message }

// Webhooks posts messages. `Magicflow-Delivery` is the same over all deliveries of one
// message, so that a receiver can drop duplicates; `Magicflow-Signature` is
// `sha256=<hex>` of the body under the shared secret.
type Webhooks struct {
	client *guardedClient
	secret []byte
}

// NewWebhooks signs with a secret, unless it is empty.
func NewWebhooks(policy *EgressPolicy, secret string) *Webhooks {
	return &Webhooks{newGuardedClient(policy), []byte(secret)}
}

// Call posts what became of a run to the address that its start named.
func (w *Webhooks) Call(ctx context.Context, address string, body map[string]any) error {
	message := maps.Clone(body)
	delete(message, "url")
	return w.post(ctx, address, message, "application/json")
}

// Sink delivers CloudEvents to one address.
func (w *Webhooks) Sink(address string) func(context.Context, map[string]any) error {
	return func(ctx context.Context, cloud map[string]any) error {
		return w.post(ctx, address, cloud, "application/cloudevents+json")
	}
}

func (w *Webhooks) post(ctx context.Context, address string, body map[string]any, kind string) error {
	content, err := types.AppendValue(nil, body)
	if err != nil {
		return err
	}
	delivery, _ := body["id"].(string)
	headers := map[string]string{"Content-Type": kind, "Magicflow-Delivery": delivery}
	if len(w.secret) > 0 {
		digest := hmac.New(sha256.New, w.secret)
		digest.Write(content)
		headers["Magicflow-Signature"] = "sha256=" + hex.EncodeToString(digest.Sum(nil))
	}
	answer, err := w.client.request(ctx, http.MethodPost, address, headers, content)
	if err != nil {
		return err
	}
	if answer.status < 200 || answer.status >= 300 {
		return &DeliveryFailed{fmt.Sprintf("%s answered %d", address, answer.status)}
	}
	return nil
}
