"""The source of reference functions, cut from their file: in full, as a student's stub, and the names that it needs."""

from __future__ import annotations

import ast
import builtins
import symtable
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring import BuildError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")  # as nbgrader writes it


class SpanError(BuildError):
    """A reference function that cannot be cut: where, and what to do."""


@dataclass(frozen=True)
class Span:
    """A top-level function or class: its lines from the first decorator to the last indented line, comments included."""

    name: str
    marked: str
    where: str

    @property
    def full(self) -> str:
        """Without the markers."""
        return "\n".join(line for line in self.marked.splitlines() if line.strip() not in (BEGIN, END))

    @property
    def has_solution(self) -> bool:
        return BEGIN in self.marked

    @property
    def stub(self) -> str:
        """What the student gets: each marked region replaced; the lines outside are scaffolding."""
        lines, inside = [], False
        for line in self.marked.splitlines():
            if line.strip() == BEGIN:
                inside = True
                indent = line[: len(line) - len(line.lstrip())]
                lines += [indent + text for text in STUB]
            elif line.strip() == END:
                inside = False
            elif not inside:
                lines.append(line)
        return "\n".join(lines)

    @property
    def missing_lines(self) -> int:
        """Lines of code between the markers, blank ones and comments left out."""
        inside, count = False, 0
        for line in self.marked.splitlines():
            if line.strip() in (BEGIN, END):
                inside = line.strip() == BEGIN
            elif inside and line.strip() and not line.strip().startswith("#"):
                count += 1
        return count


def read_spans(path: Path) -> dict[str, Span]:
    """The public top-level functions and classes of a module by name.

    Raises
    ------
    SpanError
        For unbalanced or misspelt markers, or a file that is no Python.
    """
    source = path.read_text("utf-8")
    lines = source.splitlines()
    spans: dict[str, Span] = {}
    covered = 0
    try:
        body = ast.parse(source, filename=str(path)).body
    except SyntaxError as error:
        raise SpanError(f"{path.name}:{error.lineno}: {error.msg}") from None
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        last = node.end_lineno or node.lineno
        while last < len(lines) and (not lines[last].strip() or lines[last][0] in " \t"):
            last += 1
        while not lines[last - 1].strip():
            last -= 1
        span = Span(node.name, "\n".join(lines[first - 1 : last]), f"{path.name}:{first} {node.name}")
        _require_balance(span)
        covered += span.marked.count("BEGIN SOLUTION")
        spans[node.name] = span
    if covered != source.count("BEGIN SOLUTION"):
        raise SpanError(f"{path.name}: a {BEGIN} stands outside every top-level function")
    return spans


def _require_balance(span: Span) -> None:
    inside = False
    for number, line in enumerate(span.marked.splitlines()):
        if line.strip() in (BEGIN, END):
            if inside == (line.strip() == BEGIN):
                raise SpanError(f"{span.where}: {line.strip()} in line {number + 1} of the function has no partner")
            inside = not inside
        elif "BEGIN SOLUTION" in line or "END SOLUTION" in line:
            raise SpanError(f"{span.where}: write the markers exactly as {BEGIN} and {END}, alone on their lines")
    if inside:
        raise SpanError(f"{span.where}: {BEGIN} has no {END}")


def names_needed(source: str) -> set[str]:
    """Global names that a piece of code reads, in its bodies, defaults, decorators and annotations, builtins left out."""
    table = symtable.symtable(source, "<span>", "exec")
    needed: set[str] = set()

    def visit(scope: symtable.SymbolTable, top: bool) -> None:
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (
                symbol.is_global() or (top and not symbol.is_assigned() and not symbol.is_imported())
            ):
                needed.add(symbol.get_name())
        for child in scope.get_children():
            visit(child, False)

    visit(table, True)
    return {
        name for name in needed if not hasattr(builtins, name) and name not in ("get_ipython", "display", "__name__")
    }


def names_defined(source: str) -> set[str]:
    """Names that running a cell defines."""
    table = symtable.symtable(source, "<cell>", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
