"""The shape of an answer: its syntax tree without what two people may choose freely and one may change in a minute.

Names of its own are numbered in the order in which they appear; comments, docstrings, annotations and layout are dropped. Numbers, strings,
the order of statements, and the names of what it calls stay.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 200_000  # characters of a cell
MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Shape:
    """Of one answer; `size` counts the nodes of its syntax tree, `source` is its text."""

    digest: str
    size: int
    source: str


def names_defined(cells: Iterable[str]) -> frozenset[str]:
    """The functions and classes that code cells define."""
    return frozenset(_defined(cells))


def shapes(cells: Iterable[str], names: Iterable[str], handed_out: frozenset[str] = frozenset()) -> dict[str, Shape]:
    """The shapes of what code cells define last under these names, helpers with them that were not `handed_out`."""
    defined = _defined(cells)
    return {name: _shape(name, handed_out | set(names), defined) for name in names if name in defined}


def _defined(cells: Iterable[str]) -> dict[str, tuple[ast.AST, str]]:
    """The last definition of each name, and the cell that it stands in."""
    defined: dict[str, tuple[ast.AST, str]] = {}
    for source in cells:
        source = MAGIC.sub(r"\1pass", source[:LONGEST])
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for statement in body:
            if isinstance(statement, SCOPES):
                defined[statement.name] = statement, source
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
                defined |= {t.id: (statement, source) for t in statement.targets if isinstance(t, ast.Name)}
    return defined


def _shape(name: str, apart: frozenset[str], defined: dict[str, tuple[ast.AST, str]]) -> Shape:
    parts = [name]  # the answer and the helpers that it asks for, in that order
    for part in parts:
        asked = (node.id for node in ast.walk(defined[part][0]) if isinstance(node, ast.Name))
        parts += [n for n in dict.fromkeys(asked) if n in defined and n not in parts and n not in apart]
    known = {part: f"part {number}" for number, part in enumerate(parts)}
    trees = [defined[part][0] for part in parts]
    texts = [ast.get_source_segment(defined[part][1], defined[part][0]) or "" for part in parts]  # type: ignore[arg-type]
    said = "\n".join(_normal(tree, known) for tree in trees)
    size = sum(1 for tree in trees for _ in ast.walk(tree))
    return Shape(hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest(), size, "\n\n".join(texts))


def _normal(tree: ast.AST, known: dict[str, str]) -> str:
    tree = _Unannotated().visit(ast.parse(ast.unparse(tree)).body[0])  # a copy
    own = {name: "" for name in _bound(tree)}
    for node in ast.walk(tree):
        for field in ("id", "arg", "name", "asname"):
            name = getattr(node, field, None)
            if (
                not isinstance(name, str)
                or isinstance(node, ast.keyword)
                or (isinstance(node, ast.alias) and field == "name")
            ):
                continue
            if name in known:
                setattr(node, field, known[name])
            elif name in own:
                own[name] = own[name] or f"name {sum(map(bool, own.values()))}"
                setattr(node, field, own[name])
    return ast.dump(tree, annotate_fields=False)


def _bound(tree: ast.AST) -> set[str]:
    """The names that are given a meaning in a function or class; attributes and what comes from outside are not."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler)) and node.name:
            found.add(node.name)
    return found


class _Unannotated(ast.NodeTransformer):
    """Drops docstrings and annotations."""

    def visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        if isinstance(node, SCOPES):
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            return ast.Assign([node.target], node.value)
        for field in ("annotation", "returns"):
            if hasattr(node, field) and not isinstance(node, ast.AnnAssign):
                setattr(node, field, None)
        return node
