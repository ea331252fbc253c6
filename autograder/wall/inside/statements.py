"""What the statements of a cell define, read from their syntax alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from copy import copy
from typing import TypeVar

# Calls that make a function or a small constant, by the last part of their name.
CHEAP = frozenset(
    "partial vectorize frompyfunc njit jit lru_cache cache namedtuple dict list tuple set frozenset range int float str bool complex "
    "len min max sum abs round array asarray zeros ones full eye arange linspace geomspace logspace float32 float64 int64 tensor "
    "device Path default_rng".split()
)
PLAIN = (
    ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare,
    ast.IfExp, ast.Subscript, ast.Slice, ast.Starred, ast.JoinedStr, ast.FormattedValue, ast.keyword,
    ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Node = TypeVar("Node", bound=ast.AST)
ANY = "*"  # stands for names that are not told, of a star import say


def definitions(body: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The statements that define something at little cost: imports, functions, classes, plain constants.

    Of an `if` or a `try` the definitions stay in it; of a `with` they stay without it. Loops define nothing here.
    """
    kept: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, (*SCOPES, ast.Import, ast.ImportFrom)):
            kept.append(statement)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            if statement.value is not None and is_plain(statement.value):
                kept.append(statement)
        elif isinstance(statement, ast.If):
            then, otherwise = definitions(statement.body), definitions(statement.orelse)
            if then or otherwise:
                kept.append(_with(statement, body=then, orelse=otherwise))
        elif isinstance(statement, ast.Try):
            parts = {part: definitions(getattr(statement, part)) for part in ("body", "orelse", "finalbody")}
            if any(parts.values()):
                handlers = [_with(handler, body=definitions(handler.body)) for handler in statement.handlers]
                kept.append(_with(statement, handlers=handlers, **parts))
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            kept += definitions(statement.body)
    return kept


def _with(node: Node, **parts: list) -> Node:
    """A copy of a node with other parts; its body must not be empty."""
    made = copy(node)
    for part, statements in parts.items():
        needed = part == "body" and not statements
        setattr(made, part, [ast.copy_location(ast.Pass(), node)] if needed else statements)
    return made


def is_plain(value: ast.AST) -> bool:
    """Whether an expression costs next to nothing."""
    if isinstance(value, ast.Lambda):
        return all(map(is_plain, [*value.args.defaults, *filter(None, value.args.kw_defaults)]))
    if isinstance(value, ast.Call):
        name = getattr(value.func, "attr", getattr(value.func, "id", ""))
        return name in CHEAP and all(map(is_plain, ast.iter_child_nodes(value)))
    return isinstance(value, PLAIN) and all(map(is_plain, ast.iter_child_nodes(value)))


def bound(statement: ast.AST) -> set[str]:
    """The names that a statement may give a meaning to, in the scope that it stands in."""
    found: set[str] = set()
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, SCOPES):
            found.add(node.name)
            todo += node.decorator_list
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            if not isinstance(node, ast.Lambda):  # its own names are its own, but for those that := gives
                found |= {inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)}
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        todo += ast.iter_child_nodes(node)
    return found


def used(statement: ast.AST) -> set[str]:
    """The names that a statement, or a function that it defines, asks for."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def start(statement: ast.stmt) -> tuple[int, int]:
    """Line and column where a statement begins, decorators included."""
    return min((node.lineno, node.col_offset) for node in (statement, *getattr(statement, "decorator_list", ())))


def at(body: Sequence[ast.stmt], place: tuple[int, int]) -> int | None:
    """Index of the statement that a place is in."""
    return max((i for i, statement in enumerate(body) if start(statement) <= place), default=None)


def outline(body: list[ast.stmt]) -> dict[str, list]:
    """What each definition of a cell binds and uses, and what its other statements bind."""
    kept = definitions(body)
    return {"definitions": [[sorted(bound(s)), sorted(used(s))] for s in kept], "left": left_out(body, kept)}


def left_out(body: list[ast.stmt], kept: list[ast.stmt]) -> list[str]:
    """The names that statements bind, and those of them that are kept do not."""
    return sorted(set().union(*map(bound, body)) - set().union(*map(bound, kept)))
