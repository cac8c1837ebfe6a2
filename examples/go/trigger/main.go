// The trigger of the first description of Magic Flow, on generated packages: only the
// imports, the qualifiers and the payload types differ.
package main

import (
	"context"
	"time"

	"workflows/useronboarding"
	"workflows/useronboarding/client"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
)

func main() {
	// Initialize message broker client
	broker := client.NewMessageBroker()

	// Send workflow initialization event
	event := &client.WorkflowInitEvent{
		WorkflowName: "user-onboarding",
		InitialData: &useronboarding.UserOnboardingInput{
			Email: "user@example.com",
			Name:  "John Doe",
			Preferences: &useronboarding.UserOnboardingInputPreferences{
				Newsletter:    mf.Ptr(true),
				Notifications: mf.Ptr(false),
			},
		},
		Source:    "user-service",
		Timestamp: time.Now(),
	}

	err := broker.PublishWorkflowEvent(context.Background(), event)
	if err != nil {
		panic(err)
	}
}
