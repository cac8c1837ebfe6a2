"""Handlers are checked when they are registered."""

from __future__ import annotations

from typing import Any

import pytest
from magicflow.worker import (
    RegistrationError,
    Registry,
    Secrets,
    Signature,
    WorkflowError,
)
from magicflow.worker.invoke import plain_json
from magicflow.worker.registry import build_handler
from pydantic import BaseModel


class In(BaseModel):
    x: int


class Out(BaseModel):
    y: int


class Other(BaseModel):
    z: int


SIGNATURES = {"step-a": Signature("doA", In, Out), "step-b": Signature("doB")}


def typed(input: In) -> Out:
    return Out(y=input.x)


def test_a_fitting_handler_is_taken_and_decodes() -> None:
    registry = Registry("svc", SIGNATURES)
    registry.register_function("step-a", typed)
    handler = registry.find("step-a", "doA")
    assert handler is not None
    assert handler.call(None, {"x": 3}) == Out(y=3)  # type: ignore[arg-type]
    assert registry.missing() == ["step-b"]
    assert list(registry) == ["step-a"]


def test_context_comes_first() -> None:
    def with_context(context: Any, input: In) -> Any:
        return (context, input.x)

    handler = build_handler("a", with_context, None)
    assert handler.call("ctx", {"x": 1}) == ("ctx", 1)  # type: ignore[arg-type]
    assert not handler.is_async


def wrong_input(input: Other) -> Out: ...  # type: ignore[empty-body]
def wrong_output(input: In) -> Other: ...  # type: ignore[empty-body]
def no_parameter() -> None: ...
def three(a: Any, b: Any, c: Any) -> None: ...
def keyword(input: Any, *, needed: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (wrong_input, "takes `Other`, the workflow wants `In`"),
        (wrong_output, "returns `Other`, the workflow wants `Out`"),
        (no_parameter, r"a handler takes `\(input\)`"),
        (three, r"a handler takes"),
        (keyword, r"a handler takes"),
        (5, "not callable"),
    ],
)
def test_a_handler_that_does_not_fit_is_refused(function: Any, text: str) -> None:
    with pytest.raises(RegistrationError, match=text):
        Registry("svc", SIGNATURES).register_function("step-a", function)


def test_unknown_and_taken_names_are_refused() -> None:
    registry = Registry("svc", SIGNATURES)
    with pytest.raises(RegistrationError, match="did you mean `step-a`"):
        registry.register_function("step-aa", typed)
    registry.register_function("step-a", typed)
    with pytest.raises(RegistrationError, match="already has a handler"):
        registry.register_function("step-a", typed)


def test_the_decorator_and_function_names() -> None:
    registry = Registry("svc")

    @registry.handler("doIt")
    async def do_it(input: Any) -> Any:
        return input

    handler = registry.find("some-step", "doIt")
    assert handler is not None and handler.is_async
    assert registry.find("x", "y") is None


def test_what_undoes_a_step_is_found_by_its_function() -> None:
    signatures = {"step-a": Signature("doA"), "svc/undo": Signature("undo")}
    registry = Registry("svc", signatures)
    registry.register_function("step-a", lambda input: "a")
    registry.register_function("svc/undo", lambda input: "undone")
    for function, name in (("undo", "svc/undo"), ("doA", "step-a")):
        found = registry.find("step-a/compensate", function)
        assert found is registry.find(name, function)
        assert found is not None
    assert registry.find("step-a/compensate", "other") is None


def test_a_step_without_a_handler_borrows_none() -> None:
    both = {"step-a": Signature("same"), "step-b": Signature("same")}
    registry = Registry("svc", both)
    registry.register_function("step-a", lambda input: "a")
    assert registry.find("step-b", "same") is None


def test_results_become_json() -> None:
    assert plain_json({"a": [Out(y=1), (1, None)]}) == {"a": [{"y": 1}, [1, None]]}
    for bad in (object(), {"a": {1, 2}}, float("nan"), 2**53, "\ud800", {1: 2}):
        with pytest.raises((TypeError, ValueError)):
            plain_json(bad)


def test_secrets_are_resolved_at_the_last_moment(tmp_path: Any) -> None:
    (tmp_path / "KEY").write_text("from-file\n")
    secrets = Secrets(tmp_path, {"KEY": "env", "OTHER": "o"})
    value = {
        "a": {"$secret": "KEY"},
        "b~/": [1, {"$env": "OTHER"}],
        "t": {"$template": ["Bearer ", {"$secret": "KEY"}]},
        "data": {"$secret": "KEY"},
    }
    places = ["/a", "/b~0~1/1", "/t", "/gone/x", "/b~0~1/9"]
    assert secrets.resolve(value, places) == {
        "a": "from-file",
        "b~/": [1, "o"],
        "t": "Bearer from-file",
        "data": {"$secret": "KEY"},
    }
    assert value["a"] == {"$secret": "KEY"}
    assert secrets.resolve({"$secret": "KEY"}, [""]) == "from-file"
    assert secrets.resolve(5, [""]) == 5
    for name in ("NONE", "../KEY", ""):
        with pytest.raises(WorkflowError, match="there is no secret"):
            secrets.secret(name)
    with pytest.raises(WorkflowError):
        secrets.variable("NONE")
