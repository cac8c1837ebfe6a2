"""The expression language: text of a scalar → AST with places → text again.

Names stay unresolved here (`$.validate-user.ok` is `$` with two member segments); the
check layer resolves them into the plan's form.
"""

from magicflow_cli.expr.ast import Expr
from magicflow_cli.expr.printing import print_expression, print_value
from magicflow_cli.expr.values import parse_expression, parse_value

__all__ = [
    "Expr",
    "parse_expression",
    "parse_value",
    "print_expression",
    "print_value",
]
