"""The evaluator of the plan's expressions.

`compile_expression` turns an expression of the plan into a function of a scope, once
per plan; evaluation reads nothing but the scope and changes nothing that it reads.
"""

from magicflow.expr.compile import (
    compile_expression,
    evaluate,
    secret_places,
    secret_pointers,
)
from magicflow.expr.scope import Scope
from magicflow.expr.values import MISSING, ExpressionError, Value, equal, truth

__all__ = [
    "MISSING",
    "ExpressionError",
    "Scope",
    "Value",
    "compile_expression",
    "equal",
    "evaluate",
    "secret_places",
    "secret_pointers",
    "truth",
]
