"""The snippets of the first description, on generated packages, against a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from magicflow.client import Client

from tests.e2e.mixed.conftest import ROOT
from tests.languages import need
from tests.runtime.serving import serving

EXECUTOR = [
    "func main() { // Create executor with business logic exec := New()"
    " // Register your business functions using generated constants"
    " exec.RegisterFunction(StepValidateUser, validateUserData)"
    " exec.RegisterFunction(StepCreateAccount, createUserAccount)"
    " exec.RegisterFunction(StepSendWelcomeEmail, sendWelcomeEmail)"
    " // Start the executor exec.Start() }",
    "func validateUserData(ctx context.Context, input *",
    ") (*ValidateUserOutput, error) { // Your validation logic here",
    "// Validate email format, check for duplicates, etc. if !isValidEmail(email) {"
    ' return nil, errors.New("invalid email format") } return &ValidateUserOutput{',
]
TRIGGER = [
    "func main() { // Initialize message broker client broker := NewMessageBroker()"
    " // Send workflow initialization event event := &WorkflowInitEvent{"
    ' WorkflowName: "user-onboarding", InitialData: &UserOnboardingInput{'
    ' Email: "user@example.com", Name: "John Doe", Preferences: ',
    'Source: "user-service", Timestamp: time.Now(), }'
    " err := broker.PublishWorkflowEvent(context.Background(), event)"
    " if err != nil { panic(err) } }",
]


def test_an_event_starts_a_run_that_the_executor_completes(
    examples: dict[str, Path], plans: list[dict[str, Any]]
) -> None:
    with serving(*plans) as running, Client(running.url, running.token) as client:
        given = {"MAGICFLOW_URL": running.url, "MAGICFLOW_TOKEN": running.token}
        executor = subprocess.Popen(
            [examples["executor"]],
            env={**os.environ, **given},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            subprocess.run(
                [examples["trigger"]], env={**os.environ, **given}, check=True
            )
            (started,), _ = client.executions()
            ended = client.wait(started.id, 20)
        finally:
            executor.terminate()
            _, words = executor.communicate(timeout=20)
    assert ended.status == "completed", (ended.error, words)
    assert ended.output == {
        "user_id": "user-John Doe",
        "account_status": "active",
        "welcome_email_sent": True,
    }
    assert executor.returncode == 0
    assert "steps without a function" in words


def test_the_demo_ends_well_and_leaves_nothing_running() -> None:
    """What `make demo LANGUAGE=go` runs, in a group of processes of its own."""
    need("go")
    demo = subprocess.Popen(
        [sys.executable, ROOT / "examples" / "demo_go.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    words, _ = demo.communicate(timeout=600)
    assert demo.returncode == 0, words
    assert '"status": "completed"' in words
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)


@pytest.mark.parametrize(
    ("file", "lines"), [("executor", EXECUTOR), ("trigger", TRIGGER)]
)
def test_the_examples_are_the_first_descriptions_own(
    file: str, lines: list[str]
) -> None:
    """Imports, qualifiers and the payload's types aside."""
    text = (ROOT / "examples" / "go" / file / "main.go").read_text("utf-8")
    plain = re.sub(r"\b(?:client|useronboarding|executor)\.(?=[A-Z])", "", text)
    words = " ".join(plain.split())
    for line in lines:
        assert line in words, line
