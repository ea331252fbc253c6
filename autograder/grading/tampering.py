"""What in a notebook looks as if it were meant to move a score. It moves none: this is told, so that nobody wonders.

Code is read, never run. A line says what the code does, not what was meant: an honest helper may be called `check`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.grading.script import Script

MOST = 5  # lines about one notebook
# Modules that nobody changes who does not mean the checks, and their functions that change one.
JUDGES = frozenset({"autograder", "numpy", "pytest", "_pytest", "builtins"})
FACE = frozenset({"check", "check_all"})
SCORE = re.compile(r"[—–-] \d+ of \d+ points?\b|[\"']score[\"']\s*:\s*\d")


def tampering(script: Script) -> list[str]:
    """A line for each thing of the kind in the cells that are the student's own."""
    found: list[str] = []
    modules: dict[str, str] = {}
    for number, cell in enumerate(script.cells, start=1):
        try:
            tree = ast.parse(cell.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        modules |= _imported(tree)
        if not script.is_released(number):
            found += [f"Code cell {number} {what}" for what in _what(tree, modules)]
    return list(dict.fromkeys(found))[:MOST]


def _imported(tree: ast.Module) -> dict[str, str]:
    """The modules that judge, by the names that a cell gives them."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.split(".")[0]
                found[alias.asname or name] = name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {name: module for name, module in found.items() if module.split(".")[0] in JUDGES}


def _what(tree: ast.Module, modules: dict[str, str]) -> Iterator[str]:
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) and statement.name in FACE:
            yield f"gives `{statement.name}` another meaning"
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and target.id in FACE:
                    yield f"gives `{target.id}` another meaning"
                elif isinstance(target, ast.Attribute) and (module := _module(target.value, modules)):
                    yield f"changes `{module}`"
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr") and node.args:
                if module := _module(node.args[0], modules):
                    yield f"changes `{module}`"
            if isinstance(node.func, ast.Name) and node.func.id == "print":
                said = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                if any(isinstance(text, str) and SCORE.search(text) for text in said):
                    yield "prints what looks like a score"


def _module(node: ast.expr, modules: dict[str, str]) -> str:
    """The judging module that an expression such as `numpy.testing` is, or ""."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in modules:
        return ".".join([modules[node.id], *reversed(parts)])
    return ""
