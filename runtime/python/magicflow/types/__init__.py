"""Types: JSON in and out of the domain, validation, defaults and examples.

types = TypeSet(plan["types"])
value = decode_json(body)                      # DomainError: code MFD…
problems = types.compile(plan["input"]).check(value)
value = apply_defaults(types, plan["input"], value)
"""

from magicflow.types.decode import decode_json, encode_json
from magicflow.types.defaults import apply_defaults
from magicflow.types.domain import DomainError, check_domain
from magicflow.types.examples import NoExample, example
from magicflow.types.problems import Problem
from magicflow.types.validate import TypeRef, TypeSet, Validator

__all__ = [
    "DomainError",
    "NoExample",
    "Problem",
    "TypeRef",
    "TypeSet",
    "Validator",
    "apply_defaults",
    "check_domain",
    "decode_json",
    "encode_json",
    "example",
]
