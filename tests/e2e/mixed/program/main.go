// Command scripted is both ends of a mixed run: `work` runs the steps of the example
// workflows by a script, `drive` runs workflows for whoever writes requests to it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"workflows/paymentprocessing"
	payments "workflows/paymentprocessing/client"
	paymentexecutor "workflows/paymentprocessing/executor"
	"workflows/useronboarding"
	users "workflows/useronboarding/client"
	userexecutor "workflows/useronboarding/executor"

	"github.com/truongtu268/magic-flow/runtime/go/client"
	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

func main() {
	run := map[string]func() error{"work": work, "drive": drive}[os.Args[1]]
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// act is what one attempt of a step does.
type act struct {
	Sleep  int             `json:"sleep"` // milliseconds
	Output json.RawMessage `json:"output"`
	Error  *struct {
		Code      string          `json:"code"`
		Message   string          `json:"message"`
		Retryable *bool           `json:"retryable"`
		Details   json.RawMessage `json:"details"`
	} `json:"error"`
}

// next is the act of this attempt: the script has a list for each step, whose last act
// repeats.
func next(ctx context.Context) (act, error) {
	data, err := os.ReadFile(os.Getenv("SCRIPT"))
	if err != nil {
		return act{}, err
	}
	var script map[string][]act
	if err := json.Unmarshal(data, &script); err != nil {
		return act{}, err
	}
	task := worker.TaskFrom(ctx)
	acts := script[task.Step]
	if len(acts) == 0 {
		return act{}, fmt.Errorf("the script has no step %s", task.Step)
	}
	return acts[min(task.Attempt, len(acts))-1], nil
}

func play[In, Out any](of *mf.Codec[Out]) func(context.Context, *In) (*Out, error) {
	return func(ctx context.Context, _ *In) (*Out, error) {
		now, err := next(ctx)
		if err != nil {
			return nil, err
		}
		time.Sleep(time.Duration(now.Sleep) * time.Millisecond)
		if now.Error != nil {
			return nil, &worker.Failure{
				Code: now.Error.Code, Message: now.Error.Message, Retryable: now.Error.Retryable, Details: now.Error.Details,
			}
		}
		return mf.Example(of, string(now.Output))
	}
}

func work() error {
	user := userexecutor.New()
	user.RegisterFunction(useronboarding.StepValidateUser, play[useronboarding.ValidateUserInput](mf.Of[useronboarding.ValidateUserOutput]()))
	user.RegisterFunction(useronboarding.StepCreateAccount, play[useronboarding.CreateAccountInput](mf.Of[useronboarding.CreateAccountOutput]()))
	user.RegisterFunction(useronboarding.StepCreateGuestAccount, play[useronboarding.CreateGuestAccountInput](mf.Of[useronboarding.CreateGuestAccountOutput]()))
	user.RegisterFunction(useronboarding.StepSendWelcomeEmail, play[useronboarding.SendWelcomeEmailInput](mf.Of[useronboarding.SendWelcomeEmailOutput]()))
	user.RegisterFunction(useronboarding.StepCleanupPartialData, play[useronboarding.CleanupPartialDataInput](mf.Any()))
	user.RegisterFunction(useronboarding.StepNotifyValidationError, play[useronboarding.NotifyValidationErrorInput](mf.Any()))
	payment := paymentexecutor.New()
	payment.RegisterFunction(paymentprocessing.StepValidatePayment, play[paymentprocessing.ValidatePaymentInput](mf.Of[paymentprocessing.ValidatePaymentOutput]()))
	payment.RegisterFunction(paymentprocessing.StepChargeCard, play[paymentprocessing.ChargeCardInput](mf.Of[paymentprocessing.ChargeCardOutput]()))
	payment.RegisterFunction(paymentprocessing.StepUpdateInventory, play[paymentprocessing.UpdateInventoryInput](mf.Of[paymentprocessing.UpdateInventoryOutput]()))
	payment.RegisterFunction(paymentprocessing.StepConfirmOrder, play[paymentprocessing.ConfirmOrderInput](mf.Of[paymentprocessing.ConfirmOrderOutput]()))
	payment.RegisterFunction(paymentprocessing.StepNotifyFailure, play[paymentprocessing.NotifyFailureInput](mf.Any()))
	payment.RegisterFunction(paymentprocessing.StepRollbackPayment, play[paymentprocessing.RollbackPaymentInput](mf.Any()))
	config, err := worker.DefaultConfig().FromEnvironment()
	if err != nil {
		return err
	}
	return worker.Start(config, user.Executor, payment.Executor)
}

type request struct {
	Workflow string          `json:"workflow"`
	Input    json.RawMessage `json:"input"`
}

// ending is what became of a run, as the typed client has it.
type ending struct {
	ID      string          `json:"id"`
	Output  json.RawMessage `json:"output,omitempty"`
	Status  string          `json:"status,omitempty"`
	Code    string          `json:"code,omitempty"`
	Step    string          `json:"step,omitempty"`
	Invalid bool            `json:"invalid,omitempty"`
	Events  []string        `json:"events"`
}

func drive() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		var ended ending
		var err error
		if asked.Workflow == useronboarding.Workflow {
			ended, err = execute(users.FromEnvironment().Workflow, mf.Of[users.Input](), mf.Of[users.Output](), asked)
		} else {
			ended, err = execute(payments.FromEnvironment().Workflow, mf.Of[payments.Input](), mf.Of[payments.Output](), asked)
		}
		if err != nil {
			return err
		}
		data, err := json.Marshal(ended)
		if err != nil {
			return err
		}
		fmt.Println(string(data))
	}
	return lines.Err()
}

func execute[In, Out any](of *client.Workflow[In, Out], in *mf.Codec[In], out *mf.Codec[Out], asked request) (ending, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	input, err := mf.Example(in, string(asked.Input))
	if err != nil {
		return ending{Invalid: true}, nil
	}
	run, err := of.Start(ctx, input, client.WithMetadata(map[string]string{"by": "go"}))
	if err != nil {
		return ending{}, err
	}
	ended := ending{ID: run.ID}
	// follow the run while it goes on: the iteration ends with it
	for event, err := range of.Events(ctx, run.ID, 0) {
		if err != nil {
			return ended, err
		}
		ended.Events = append(ended.Events, event.Type)
	}
	output, err := of.Result(ctx, run.ID)
	var failed *client.RunFailed
	switch {
	case errors.As(err, &failed):
		ended.Status, ended.Code, ended.Step = string(failed.Status), failed.Code, failed.Step
	case err != nil:
		return ended, err
	default:
		ended.Status = "completed"
		if ended.Output, err = out.Encode(*output); err != nil {
			return ended, err
		}
	}
	return ended, nil
}
