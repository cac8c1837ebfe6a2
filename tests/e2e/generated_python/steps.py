"""Functions of a user: one that fails for an address, one that takes its time."""

import asyncio

from magicflow import WorkflowError
from workflows.user_onboarding import constants as c
from workflows.user_onboarding import steps
from workflows.user_onboarding import types as t
from workflows.user_onboarding.executor import UserOnboardingExecutor


class Accounts:
    """The methods of an executor's protocol."""

    def create_account(
        self, context, input: t.CreateAccountInput
    ) -> t.CreateAccountOutput:
        if input.email == "taken@example.com":
            raise WorkflowError("EMAIL_TAKEN", "there is one", retryable=False)
        return t.CreateAccountOutput(user_id=f"user-{input.name}")

    async def create_guest_account(
        self, context, input: t.CreateGuestAccountInput
    ) -> t.CreateGuestAccountOutput:
        return t.CreateGuestAccountOutput(user_id="guest")


async def validate_user_data(input: t.ValidateUserInput) -> t.ValidateUserOutput:
    if input.user_data.email == "slow@example.com":
        await asyncio.sleep(60)
    return t.ValidateUserOutput(valid=True, errors=[])


async def send_welcome_email(
    input: t.SendWelcomeEmailInput,
) -> t.SendWelcomeEmailOutput:
    return t.SendWelcomeEmailOutput(welcome_email_sent=True)


executor = UserOnboardingExecutor()
executor.use_account_service(Accounts())
executor.register_function(c.STEP_VALIDATE_USER, validate_user_data)
executor.register_function(c.STEP_SEND_WELCOME_EMAIL, send_welcome_email)
for name in executor.missing():
    module = getattr(steps, name.replace("-", "_"))
    executor.register(name, getattr(module, name.replace("-", "_")))
executor.start()
