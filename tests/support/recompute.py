"""Working out the formula of a trace: plain arithmetic on fractions, knowing nothing of rules or the engine."""

from __future__ import annotations

import ast
import json
from fractions import Fraction

from tests.support.oracle_cells import round_to


def points_of(trace: str) -> Fraction:
    """The points that the formula of a trace gives."""
    return _work_out(ast.parse(json.loads(trace)["formula"], mode="eval").body)


def _work_out(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(ast.unparse(node))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_work_out(operand)
        case ast.BinOp(left=left, op=operation, right=right):
            a, b = _work_out(left), _work_out(right)
            return {ast.Add: a.__add__, ast.Sub: a.__sub__, ast.Mult: a.__mul__, ast.Div: a.__truediv__}[
                type(operation)
            ](b)
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=arguments):
            return {"min": min, "max": max}[name](map(_work_out, arguments))
        case ast.Call(func=ast.Name(id=name), args=[value, ast.Constant(value=int(digits))]):
            return round_to(_work_out(value), digits, name.removeprefix("round_"))
    raise AssertionError(ast.dump(node))
