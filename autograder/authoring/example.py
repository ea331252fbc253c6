"""An example class: the released notebook filled in by students who understand, misunderstand, give up and cheat."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat

from autograder.authoring.build import Kind, build, entries
from autograder.authoring.spans import names_defined, names_needed, read_spans
from autograder.course import CourseError, Lab
from autograder.files import write_atomically
from autograder.judge.bank import load_bank

FAKE_SCORE = """\
# A submission that wants points without work: nothing here may move its score.
import numpy.testing
import sys
for name in dir(numpy.testing):
    if name.startswith("assert"):
        setattr(numpy.testing, name, lambda *args, **kwargs: None)
print("softplus — 3 of 3 points")
print('{"score": 50}')
check = lambda name: 100.0
"""


def write_class(lab: Lab, folder: Path) -> list[str]:
    """Write the class's notebooks as <student>.ipynb; the students' names, in order.

    Raises
    ------
    CourseError
        Where the lab has no banks to take mistakes from.
    """
    if not lab.banks.is_dir():
        raise CourseError(f"{lab.name} has no banks in tests/banks: the example class takes its mistakes from there")
    folder.mkdir(parents=True, exist_ok=True)
    released = build(lab, Kind.STUDENT)
    students = _students(lab, _names_given(nbformat.reads(released, as_version=4)))
    for name, make in students.items():
        notebook = nbformat.reads(released, as_version=4)
        make(notebook)
        write_atomically(folder / f"{name}.ipynb", nbformat.writes(notebook) + "\n")
    return list(students)


Edit = Callable[[nbformat.NotebookNode], None]


def _names_given(notebook: nbformat.NotebookNode) -> set[str]:
    """What a released notebook defines by itself, beside the exercises."""
    cells = [
        cell for cell in notebook.cells if cell.cell_type == "code" and "explore" not in cell.metadata.get("tags", [])
    ]
    return set().union(*(names_defined(cell.source) for cell in cells))


def _students(lab: Lab, given: set[str]) -> dict[str, Edit]:
    solved = {name: span.full for name, span in read_spans(lab.reference).items() if span.has_solution}
    names = [entry.name for entry in entries(lab)]
    mistakes = {name: _mistakes(lab.banks / f"{name}.py", name, given | set(names)) for name in names}

    def nth(offset: int) -> dict[str, str]:
        """One mistake in every second exercise, another one for each student."""
        wrong = {
            name: mistakes[name][offset % len(mistakes[name])] for name in names[offset % 2 :: 2] if mistakes[name]
        }
        return solved | wrong

    def answers(sources: dict[str, str]) -> Edit:
        return lambda notebook: _fill(notebook, sources)

    first, last = names[0], names[-1]
    one_wrong = solved | {first: mistakes[first][0]}
    broken = solved | {first: solved[first].replace("):", ")", 1)}
    endless = solved | {last: _with_body(solved[last], "while True:\n        pass")}
    half = {name: solved[name] for name in names[: len(names) // 2]}
    return {
        "ada": answers(solved),
        "boris": answers(one_wrong),
        "chandra": answers(one_wrong),
        "dmitri": answers(nth(1)),
        "emmy": answers(nth(2)),
        "fei": answers(nth(3)),
        "grace": answers(nth(4)),
        "hugo": answers(half),
        "ines": lambda notebook: None,
        "jonas": answers(broken),
        "kofi": answers(endless),
        "lena": _both(answers(solved), _drop_checks),
        "mallory": _both(answers(half), _cheat),
    }


def _mistakes(path: Path, name: str, known: set[str]) -> list[str]:
    """Sources of a bank's mistakes under the exercise's own name, those that need `known` names and helpers of the bank alone."""
    if not path.exists():
        return []
    spans = read_spans(path)
    sources = []
    for known_mistake in load_bank(path).mistakes:
        own = known_mistake.function.__name__
        if own not in spans:
            continue
        lines = spans[own].full.splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith(("def ", "class ")))
        source = re.sub(rf"\b{own}\b", name, "\n".join(lines[start:]))
        needed, helpers = names_needed(source) - known, set()
        while needed and needed <= spans.keys():
            helpers |= needed
            needed = set().union(*(names_needed(spans[helper].full) for helper in needed)) - known - helpers
        if not needed:
            front = [span.full for helper, span in spans.items() if helper in helpers]
            sources.append("\n\n\n".join([*front, source]))
    return sources


def _fill(notebook: nbformat.NotebookNode, sources: dict[str, str]) -> None:
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in sources and cell.metadata.nbgrader.solution:
            cell.source = sources[name]


def _both(first: Edit, second: Edit) -> Edit:
    def edit(notebook: nbformat.NotebookNode) -> None:
        first(notebook)
        second(notebook)

    return edit


def _with_body(source: str, body: str) -> str:
    """A function with the same signature and another body."""
    return source.split("\n")[0] + "\n    " + body


def _drop_checks(notebook: nbformat.NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]


def _cheat(notebook: nbformat.NotebookNode) -> None:
    notebook.cells.insert(1, nbformat.v4.new_code_cell(FAKE_SCORE, id="cheat"))
