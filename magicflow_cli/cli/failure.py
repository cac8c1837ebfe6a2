"""What ends a command before it is done: exit code 2, said as a diagnostic."""

from __future__ import annotations

from magicflow_cli.diagnostics.model import Code, Diagnostic, Span


class NotDone(Exception):
    """The command cannot do what it was asked for, whatever the workflows say."""

    def __init__(
        self, code: Code, message: str, *, help: str = "", span: Span | None = None
    ) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code.id, code.severity, message, span, help)
