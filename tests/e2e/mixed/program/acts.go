package main

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/client"
)

// doing is something that is done to a run: At so many milliseconds after its start, and
// not before its steps have the statuses of When.
type doing struct {
	Do      string            `json:"do"`
	At      int               `json:"at"`
	When    map[string]string `json:"when"`
	Ended   bool              `json:"ended"`
	Event   string            `json:"event"`
	EventID string            `json:"event_id"`
	Data    json.RawMessage   `json:"data"`
	Reason  string            `json:"reason"`
}

// start are the options of a start.
func (o options) start() ([]client.StartOption, error) {
	var found []client.StartOption
	if o.IdempotencyKey != "" {
		found = append(found, client.WithIdempotencyKey(o.IdempotencyKey))
	}
	if o.ForeignID != "" {
		found = append(found, client.WithForeignID(o.ForeignID))
	}
	if o.Metadata != nil {
		found = append(found, client.WithMetadata(o.Metadata))
	}
	if o.Timeout != "" {
		timeout, err := time.ParseDuration(o.Timeout)
		if err != nil {
			return nil, err
		}
		found = append(found, client.WithRunTimeout(timeout))
	}
	return found, nil
}

// actAll does one thing after the other; said is what came of each.
func actAll(ctx context.Context, of *client.Client, id string, acts []doing, said *[]string, again func() (*client.Execution, error)) error {
	begin := time.Now()
	for _, each := range acts {
		time.Sleep(time.Until(begin.Add(time.Duration(each.At) * time.Millisecond)))
		if err := until(ctx, of, id, each.When); err != nil {
			return err
		}
		if each.Ended {
			if _, err := of.Wait(ctx, id); err != nil {
				return err
			}
		}
		came, err := each.perform(ctx, of, id, again)
		var refused *client.APIError
		if errors.As(err, &refused) {
			came, err = strconv.Itoa(refused.Status), nil
		}
		if err != nil {
			return err
		}
		*said = append(*said, came)
	}
	return nil
}

// until waits until steps have the wanted statuses, or the run has ended.
func until(ctx context.Context, of *client.Client, id string, wanted map[string]string) error {
	for len(wanted) > 0 {
		steps, err := of.Steps(ctx, id)
		if err != nil {
			return err
		}
		found := map[string]string{}
		for _, step := range steps {
			found[step.Step] = step.Status
		}
		missing := 0
		for step, status := range wanted {
			if found[step] != status {
				missing++
			}
		}
		run, err := of.Status(ctx, id)
		if err != nil || missing == 0 || run.Status.IsFinal() {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

func (d doing) perform(ctx context.Context, of *client.Client, id string, again func() (*client.Execution, error)) (string, error) {
	var err error
	switch d.Do {
	case "event":
		_, err = of.Signal(ctx, id, d.Event, d.Data, d.EventID)
	case "cancel":
		_, err = of.Cancel(ctx, id, d.Reason)
	case "pause":
		_, err = of.Pause(ctx, id)
	case "resume":
		_, err = of.Resume(ctx, id)
	case "retry":
		return endOf(ctx, of, id)
	case "start":
		run, err := again()
		if err != nil {
			return "", err
		}
		if run.ID == id {
			return "same", nil
		}
		return "other", nil
	default:
		err = errors.New("unknown act " + d.Do)
	}
	return "done", err
}

// endOf retries a run and waits for the end of the new one.
func endOf(ctx context.Context, of *client.Client, id string) (string, error) {
	run, err := of.Retry(ctx, id)
	if err != nil {
		return "", err
	}
	if run, err = of.Wait(ctx, run.ID); err != nil {
		return "", err
	}
	return string(run.Status), nil
}
