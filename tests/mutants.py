"""Mistakes that nobody thought of: every small change of a reference must be noticed by the checks.

    python -m tests.mutants [lab1 ...] [--exercise NAME]

Each mutant differs from the reference in one node of its syntax tree, among the lines that the student writes. A survivor is
either killed by a better check or listed, with the reason why it is no mistake, in `tests/banks/<lab>/equivalent.toml`. Exit
status 1 where a survivor is not listed, or a listed one is gone.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import resource
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from autograder.authoring.spans import BEGIN, END, Span, read_spans
from autograder.course import Lab, find_lab, labs
from autograder.judge.binding import LocalTransport
from autograder.judge.checking import PUBLIC_SEED, load_checks
from autograder.judge.diagnose import diagnose, names_of
from autograder.judge.run import run_exercise

ROOT = Path(__file__).parent.parent
MEMORY = 6 << 30  # a mutant may well allocate without end

OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
NAMES = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "argmin": "argmax",
    "log1p": "log",
    "expm1": "exp",
    "exp": "expm1",
    "floor": "ceil",
    "ceil": "floor",
    "zeros": "ones",
    "ones": "zeros",
    "any": "all",
    "all": "any",
    "abs": "positive",
    "sqrt": "positive",
    "cumsum": "positive",
    "sort": "positive",
    "round": "floor",
    "rint": "floor",
    "left": "right",
    "right": "left",
}


@dataclass(frozen=True)
class Mutant:
    """A changed function; `change` names it in the list of equivalents: "a + b -> a - b", "#2" for the second such place."""

    exercise: str
    change: str
    source: str


def mutants(span: Span) -> Iterator[Mutant]:
    """All mutants of one function or class, in the order of its syntax tree."""
    tree = ast.parse(span.marked)
    lines = _written_by_students(span.marked)
    name = span.name
    seen: Counter[str] = Counter()
    original = ast.unparse(tree)
    for index, node in enumerate(ast.walk(tree)):
        if getattr(node, "lineno", None) not in lines:
            continue
        for change, apply in _changes(node):
            mutated = copy.deepcopy(tree)
            apply(list(ast.walk(mutated))[index])
            text = ast.unparse(ast.fix_missing_locations(mutated))
            if text == original:
                continue
            seen[change] += 1
            yield Mutant(name, change if seen[change] == 1 else f"{change} #{seen[change]}", text)


def _written_by_students(marked: str) -> set[int]:
    inside, lines = False, set()
    for number, line in enumerate(marked.splitlines(), start=1):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            lines.add(number)
    return lines


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """(name, function that changes a copy of the node in place) for every change that suits the node."""

    def setting(**fields):
        def apply(copied):
            for field, value in fields.items():
                setattr(copied, field, copy.deepcopy(value))

        after = copy.deepcopy(node)
        apply(after)
        return f"{_line(node)} -> {_line(after)}", apply

    if isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)) and type(node.op) in OPERATORS:
        yield setting(op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        yield setting(ops=[OPERATORS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield setting(value=node.value + 1)
        yield setting(value=node.value - 1)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield setting(value=not node.value)
    elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
        field = "id" if isinstance(node, ast.Name) else "attr"
        new = NAMES.get(getattr(node, field))
        if new is not None and not (field == "id" and new == "positive"):
            yield setting(**{field: new})
    elif isinstance(node, ast.Call):
        plain = [a for a in node.args if not isinstance(a, ast.Starred)]
        if len(plain) == len(node.args) >= 2 and ast.dump(plain[0]) != ast.dump(plain[1]):
            yield setting(args=[node.args[1], node.args[0], *node.args[2:]])
        for i, keyword in enumerate(node.keywords):
            if keyword.arg not in ("dtype",):
                yield setting(keywords=node.keywords[:i] + node.keywords[i + 1 :])
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
        yield setting(elts=node.elts[::-1])
    elif isinstance(node, ast.If):
        yield setting(test=ast.Constant(True))
        yield setting(test=ast.Constant(False))
    elif isinstance(node, ast.IfExp):
        yield setting(body=node.orelse)
        yield setting(orelse=node.body)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield (
            setting(op=ast.UAdd())
            if not isinstance(node.op, ast.Not)
            else setting(op=ast.Not(), operand=ast.UnaryOp(ast.Not(), node.operand))
        )
    for field in ("body", "orelse"):
        statements = getattr(node, field, None)
        for i, statement in enumerate(statements if isinstance(statements, list) else []):
            if isinstance(statement, (ast.AugAssign, ast.Raise)) or (
                isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            ):

                def delete(copied, field=field, i=i):
                    getattr(copied, field)[i] = ast.Pass()

                yield f"delete {_line(statement)}", delete


def _line(node: ast.AST) -> str:
    text = ast.unparse(node).splitlines()[0]
    return text if len(text) <= 90 else text[:89] + "…"


def equivalents(lab: Lab) -> dict[tuple[str, str], str]:
    """(exercise, change) -> reason, from the lab's list."""
    path = lab.banks / "equivalent.toml"
    listed = tomllib.loads(path.read_text("utf-8"))["equivalent"] if path.exists() else []
    return {(entry["exercise"], entry["change"]): entry["reason"] for entry in listed}


def judge(lab: Lab, mutant: Mutant) -> tuple[bool, str | None]:
    """(noticed by the checks, name that the diagnosis gave)."""
    namespace = dict(vars(importlib.import_module(f"solutions.{lab.module}")))
    try:
        exec(compile(mutant.source, f"<{mutant.change}>", "exec"), namespace)
    except Exception:  # a default or decorator that no longer works
        return True, None
    checks = load_checks(lab.checks)[mutant.exercise]
    transport = LocalTransport(mutant.exercise, namespace[mutant.exercise])
    result, recording = run_exercise(mutant.exercise, checks, transport)
    names = names_of(lab.banks / f"{mutant.exercise}.py")
    return result.score < result.max_score, diagnose(result, recording, names, checks, transport, PUBLIC_SEED)


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(lab: Lab, only: str | None = None) -> bool:
    """Judge all mutants of a lab, print what survived, and say whether the list of equivalents is right."""
    spans = read_spans(lab.reference)
    names = [name for name in load_checks(lab.checks) if only in (None, name)]
    todo = [mutant for name in names for mutant in mutants(spans[name])]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=_limit_memory) as pool:
        verdicts = list(pool.map(judge, [lab] * len(todo), todo, chunksize=8))
    listed = {key: reason for key, reason in equivalents(lab).items() if key[0] in names}
    survivors = {(m.exercise, m.change) for m, (noticed, _) in zip(todo, verdicts) if not noticed}
    named = sum(name is not None for noticed, name in verdicts if noticed)
    killed = len(todo) - len(survivors)
    unlisted, gone = survivors - listed.keys(), listed.keys() - survivors
    rest = len(todo) - len(survivors & listed.keys())
    print(
        f"{lab.name}: {len(todo)} mutants, {killed} noticed, {len(survivors & listed.keys())} equivalent: "
        f"{killed / rest:.1%} of the rest noticed; {named} of {killed} ({named / killed:.0%}) named by the diagnosis"
    )
    for exercise, change in sorted(unlisted):
        print(f"  survived   {exercise}: {change}")
    for exercise, change in sorted(gone):
        print(f"  is noticed, or is no mutant any more: {exercise}: {change}")
    return not unlisted and not gone


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labs", nargs="*")
    parser.add_argument("--exercise")
    arguments = parser.parse_args()
    chosen = [find_lab(ROOT, name) for name in arguments.labs] or [lab for lab in labs(ROOT) if lab.banks.is_dir()]
    return 0 if all([run(lab, arguments.exercise) for lab in chosen]) else 1


if __name__ == "__main__":
    sys.exit(main())
