"""Which answers anybody may come to, and the page about those that two students share."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

from autograder.alike.pairs import ENOUGH, RARE, Pair, pairs
from autograder.alike.reading import read_all
from autograder.alike.shape import SCOPES, Shape, names_defined, shapes
from autograder.course import Lab
from autograder.files import write_atomically
from autograder.grading.plan import Plan
from autograder.reports.pages import page


def compare(notebooks: dict[str, Callable[[], bytes]], plan: Plan) -> tuple[list[Pair], list[str]]:
    """The pairs worth a question, and the students whose notebooks cannot be read."""
    names = tuple(entry.name for entry in plan.exercises)
    cells = [cell.source for cell in plan.release.cells if cell.code]
    handed_out, released = names_defined(cells), shapes(cells, names)
    found = dict(read_all(notebooks, names, handed_out))
    expected = [*released.values(), *_solutions(plan.lab, names, handed_out)]
    read = {student: own for student, own in found.items() if own is not None}
    given = {name: released[name].size for name in names if name in released}
    return pairs(read, expected, given), [student for student, own in found.items() if own is None]


def _solutions(lab: Lab, names: tuple[str, ...], handed_out: frozenset[str]) -> list[Shape]:
    """The reference, and the other honest solutions of the banks, as far as they are here."""
    reference = [lab.reference.read_text("utf-8")] if lab.reference.exists() else []
    found = list(shapes(reference, names, handed_out).values())
    for path in (lab.banks / f"{name}.py" for name in names):
        if not path.exists():
            continue
        body = ast.parse(path.read_text("utf-8")).body
        own = [s for s in body if isinstance(s, SCOPES) and any(_is_alternative(d) for d in s.decorator_list)]
        for statement in body:
            if isinstance(statement, SCOPES):
                statement.decorator_list = []
        found += shapes([ast.unparse(ast.Module(body, []))], [s.name for s in own], handed_out).values()
    return found


def _is_alternative(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id == "alternative"


def write_page(found: list[Pair], lab: str, students: int, path: Path) -> None:
    """The page, for the instructor alone."""
    write_atomically(path, page("alike.html", pairs=found, lab=lab, students=students, enough=ENOUGH, rare=RARE))
