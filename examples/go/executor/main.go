// The executor of the first description of Magic Flow, on generated packages: only the
// imports and the payload types differ.
package main

import (
	"context"
	"errors"
	"strings"

	. "workflows/useronboarding"
	"workflows/useronboarding/executor"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
)

func main() {
	// Create executor with business logic
	exec := executor.New()

	// Register your business functions using generated constants
	exec.RegisterFunction(StepValidateUser, validateUserData)
	exec.RegisterFunction(StepCreateAccount, createUserAccount)
	exec.RegisterFunction(StepSendWelcomeEmail, sendWelcomeEmail)

	// Start the executor
	exec.Start()
}

func validateUserData(ctx context.Context, input *ValidateUserInput) (*ValidateUserOutput, error) {
	// Your validation logic here
	email := input.UserData.Email
	name := input.UserData.Name

	// Validate email format, check for duplicates, etc.
	if !isValidEmail(email) {
		return nil, errors.New("invalid email format")
	}

	return &ValidateUserOutput{
		Valid:  name != "",
		Errors: mf.Raw("[]"),
	}, nil
}

func isValidEmail(email string) bool {
	return !strings.HasSuffix(email, "@example.invalid")
}

func createUserAccount(ctx context.Context, input *CreateAccountInput) (*CreateAccountOutput, error) {
	return &CreateAccountOutput{
		UserID:        "user-" + input.Name,
		AccountStatus: mf.Ptr(UserOnboardingOutputAccountStatusActive),
	}, nil
}

func sendWelcomeEmail(ctx context.Context, input *SendWelcomeEmailInput) (*SendWelcomeEmailOutput, error) {
	return &SendWelcomeEmailOutput{
		WelcomeEmailSent: mf.Ptr(true),
	}, nil
}
