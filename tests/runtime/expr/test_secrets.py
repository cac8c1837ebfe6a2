"""From the mapping to the value that a handler sees: secrets inside texts too."""

from __future__ import annotations

from magicflow.expr import Scope, evaluate, secret_pointers
from magicflow.worker.secrets import Secrets

from tests.runtime.expr.lowering import lower_mapping


def test_a_secret_inside_a_text() -> None:
    plan = lower_mapping(
        {
            "headers": {
                "Authorization": "Bearer ${secrets.API_KEY}",
                "Host": "${env.HOST}",
            },
            "path": "/${$.input.id}/${secrets.API_KEY}",
        }
    )
    value = evaluate(plan, Scope(input={"id": 7}))
    assert "k-1" not in str(value)
    secrets = Secrets(environment={"API_KEY": "k-1", "HOST": "example.org"})
    assert secrets.resolve(value, secret_pointers(plan)) == {
        "headers": {"Authorization": "Bearer k-1", "Host": "example.org"},
        "path": "/7/k-1",
    }
