"""Source notebooks (MyST text) to what people open: student notebooks, walkthroughs, and nbgrader's source version.

In a source notebook an exercise is an import. Here the import becomes the function's stub and a locked check cell (for students),
the whole function (walkthrough), or the function between nbgrader's markers (nbgrader).
"""

from __future__ import annotations

import ast
import hashlib
import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.authoring import BuildError, colab
from autograder.authoring.prose import Mark, fault_of_exercise, fault_of_hours, read_marks
from autograder.authoring.replace import SEAL, seal
from autograder.authoring.spans import Span, names_defined, names_needed, read_spans
from autograder.authoring.written import Question, read_questions
from autograder.course import ANSWER_PROMPT, Entry, Lab, exercise_names, labs
from autograder.judge.checking import Check, load_checks

# jupytext and nbformat take seconds to import where Jupyter is installed, and the graders' workers build nothing.
if TYPE_CHECKING:
    from nbformat import NotebookNode


class Kind(Enum):
    STUDENT = "student"
    WALKTHROUGH = "walkthrough"
    NBGRADER = "nbgrader"


TAGS = frozenset({"exercise", "given", "explore", "hide-input", "written"})
# What JupyterLab, then Colab, reads to show a cell's code on request only; the site goes by the tag.
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
COLAB = "colab"  # the tag of what the builder adds for Colab, and the site leaves out


def read_source(lab: Lab) -> NotebookNode:
    """The cells of a lab's MyST source.

    Raises
    ------
    BuildError
        Where the file is missing.
    """
    import jupytext

    if not lab.source.exists():
        raise BuildError(f"{lab.source.name} is missing in solutions/notebooks")
    return jupytext.read(lab.source, fmt="md:myst")


def entries(lab: Lab) -> list[Entry]:
    """The exercises of a lab, in order, as its source notebook imports them."""
    found = []
    for cell in read_source(lab).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and "exercise" in tags:
            _, name = _exercise_import(lab, cell.source)
            found.append(Entry(name, "optional" in tags))
    return found


def questions(lab: Lab) -> dict[str, Question]:
    """The written questions of a lab by id, none where it has no answers file."""
    try:
        return read_questions(lab.answers) if lab.answers.exists() else {}
    except ValueError as error:
        raise BuildError(str(error)) from None


def build(lab: Lab, kind: Kind = Kind.STUDENT) -> str:
    """The notebook of a lab as text; the same sources give the same bytes.

    Raises
    ------
    BuildError
        For an exercise that is missing, unused or listed twice, that has no checks, or that uses a name which no earlier cell
        defines; whose name another lab's exercise has; whose points or number the prose says wrongly; for unbalanced markers;
        for an import of `solutions` outside an exercise or given cell; for a cell that is no Python.
    """
    return _Builder(lab, kind).build()


class _Builder:
    def __init__(self, lab: Lab, kind: Kind):
        self.lab, self.kind = lab, kind
        self.spans: dict[str, dict[str, Span]] = {}
        self.checks: dict[str, list[Check]] = load_checks(lab.checks)
        self.questions = questions(lab)
        self.defined: set[str] = set()
        self.exercises: list[str] = []
        self.given: list[str] = []
        self.asked: list[str] = []
        self.cells: list[dict] = []
        self.prose: list[str] = []  # of the whole lab, an item for what stands between two exercises
        self.mark: Mark | None = None
        self.minutes = self.points = 0  # of what is not optional
        self.number = 0  # of the cell that is being translated, as an author counts them

    def build(self) -> str:
        self.prose.append("")
        self.cells.append({"cell_type": "markdown", "metadata": {"tags": [COLAB]}, **colab.badge(self.lab.stem)})
        for number, cell in enumerate(read_source(self.lab).cells, 1):
            self.number = number
            if cell.cell_type == "code" and not any(c["cell_type"] == "code" for c in self.cells):
                self.cells.append(_code(colab.install_cell(), {"tags": ["explore", COLAB]}))
            try:
                self._translate(cell)
            except SyntaxError as error:
                raise self._error(f"line {error.lineno}: {error.msg}") from None
        self.number = 0
        self._require_complete()
        return _serialise(self.lab, self.cells, self.kind)

    def _error(self, message: str) -> BuildError:
        where = f", cell {self.number}" if self.number else ""
        return BuildError(f"{self.lab.source.name}{where}: {message}")

    def _translate(self, cell: NotebookNode) -> None:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type != "code":
            self.prose[-1] += cell.source + "\n\n"
            self.cells.append(_markdown(cell.source))
        elif "exercise" in tags:
            self._exercise(cell.source, "optional" in tags)
        elif "given" in tags:
            self._given(cell.source)
        elif "written" in tags:
            self._written(cell.source)
        else:
            if unknown := tags - TAGS:
                raise self._error(f"no cell has the tag {sorted(unknown)[0]!r}; there are {', '.join(sorted(TAGS))}")
            code = _as_python(cell.source)
            if "solutions" in _imported_packages(code):
                raise self._error("only exercise and given cells import from solutions: students do not have it")
            self.defined |= names_defined(code)
            kept = [tag for tag in ("explore", "hide-input") if tag in tags]
            self.cells.append(
                _code(cell.source, ({"tags": kept} if kept else {}) | (FOLDED if "hide-input" in tags else {}))
            )

    def _span(self, module: str, name: str) -> Span:
        if module not in self.spans:
            path = self.lab.root / Path(*module.split(".")).with_suffix(".py")
            if not path.exists():
                raise self._error(f"there is no module {module}")
            self.spans[module] = read_spans(path)
        if name not in self.spans[module]:
            raise self._error(f"{module} has no function {name}")
        return self.spans[module][name]

    def _require_names(self, span: Span) -> None:
        missing = names_needed(span.full) - names_defined(span.full) - self.defined
        if missing:
            raise self._error(
                f"{span.name} uses {sorted(missing)[0]}, which no earlier cell defines: "
                "import it in the set-up cell, or give it in a given cell"
            )

    def _exercise(self, source: str, optional: bool) -> None:
        module, name = _exercise_import(self.lab, source)
        span = self._span(module, name)
        if name in self.exercises or name in self.given:
            raise self._error(f"{name} is listed twice")
        if not span.has_solution:
            raise self._error(f"{span.where} has nothing between solution markers: is it meant to be given?")
        if not self.checks.get(name):
            raise self._error(f"no check in checks/{self.lab.checks.name} takes {name}")
        self._require_names(span)
        self.exercises.append(name)
        self.defined.add(name)
        worth = sum(check.points for check in self.checks[name])
        if fault := fault_of_exercise(name, self.prose[-1], worth, self.mark):
            raise self._error(fault)
        (self.mark,) = read_marks(self.prose[-1])
        self.minutes += 0 if optional else self.mark.minutes
        self.points += 0 if optional else worth
        self.prose.append("")
        text = {Kind.STUDENT: span.stub, Kind.WALKTHROUGH: span.full, Kind.NBGRADER: span.marked}[self.kind]
        marked = {"tags": ["optional"]} if optional else {}
        self.cells.append(_code(text, {"nbgrader": _nbgrader(name, solution=True), **marked}))
        self.cells.append(
            _code(f'check("{name}")', {"nbgrader": _nbgrader(f"{name}-check", grade=True, locked=True, points=worth)})
        )

    def _given(self, source: str) -> None:
        module, names = _solution_import(self.lab, source)
        parts = []
        for name in names:
            span = self._span(module, name)
            if name in self.exercises or name in self.given:
                raise self._error(f"{name} is listed twice")
            self._require_names(span)
            self.given.append(name)
            self.defined.add(name)
            parts.append(span.full)
        self.cells.append(_code("\n\n\n".join(parts), {"nbgrader": _nbgrader(f"given-{names[0]}", locked=True)}))

    def _written(self, source: str) -> None:
        id = _question_id(source)
        if id not in self.questions:
            raise self._error(f"{self.lab.answers.name} has no question {id!r}")
        if id in self.asked:
            raise self._error(f"question {id} is asked twice")
        self.asked.append(id)
        asked = self.questions[id]
        text = f"### {id} · {asked.title}  ({asked.points} points, written)\n\n{asked.text}"
        task = _nbgrader(f"written-{id}", task=True, locked=True, points=asked.points)
        self.cells.append(_markdown(text, {"nbgrader": task}))
        self.cells.append(_markdown(ANSWER_PROMPT, {"tags": [f"answer-{id}"]}))

    def _require_complete(self) -> None:
        reference = f"solutions.{self.lab.module}"
        if self.exercises:
            own = self.spans.get(reference) or read_spans(self.lab.reference)
            unused = [n for n, span in own.items() if span.has_solution and n not in self.exercises]
            if unused:
                raise self._error(
                    f"{unused[0]} of {reference} is no exercise of the notebook: import it in a cell tagged exercise"
                )
        for other in labs(self.lab.root):
            if other.name != self.lab.name and (twice := set(self.exercises) & set(exercise_names(other.checks))):
                raise self._error(
                    f"{sorted(twice)[0]} is an exercise of {other.name}, too: `check` finds an exercise by its name alone"
                )
        if unused := [name for name in self.checks if name not in self.exercises]:
            raise self._error(f"checks/{self.lab.checks.name} tests {unused[0]}, which is no exercise of the notebook")
        if unused := [id for id in self.questions if id not in self.asked]:
            raise self._error(f"{self.lab.answers.name} has question {unused[0]}, which the notebook does not ask")
        written = sum(question.points for question in self.questions.values())
        if not self.exercises:
            return  # a notebook beside the labs: nothing counts
        if fault := fault_of_hours("".join(self.prose), self.minutes, self.points, written):
            raise self._error(fault)


def _solution_import(lab: Lab, source: str) -> tuple[str, list[str]]:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        body = []
    if len(body) == 1 and isinstance(body[0], ast.ImportFrom) and (body[0].module or "").split(".")[0] == "solutions":
        return str(body[0].module), [alias.name for alias in body[0].names]
    raise BuildError(
        f"{lab.source.name}: an exercise or given cell is one line, `from solutions.module import name`, not {source[:60]!r}"
    )


def _exercise_import(lab: Lab, source: str) -> tuple[str, str]:
    module, names = _solution_import(lab, source)
    if len(names) != 1:
        raise BuildError(f"{lab.source.name}: an exercise cell imports one name, this one {', '.join(names)}")
    return module, names[0]


def _question_id(source: str) -> str:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    if len(calls) != 1 or not calls[0].args or not isinstance(calls[0].args[0], ast.Constant):
        raise BuildError(f"a written cell calls question(id) once, not {source[:60]!r}")
    return str(calls[0].args[0].value)


def _as_python(source: str) -> str:
    """A cell as Python has it: magics and shell escapes are calls of IPython's."""
    try:
        ast.parse(source)
        return source
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return TransformerManager().transform_cell(source)


def _imported_packages(source: str) -> set[str]:
    packages = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            packages |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            packages.add(node.module.split(".")[0])
    return packages


def _nbgrader(grade_id: str, **flags) -> dict:
    """nbgrader's cell metadata, schema 3. (A task with grade=True would have its points counted twice.)"""
    return {
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
        "grade_id": grade_id,
        "schema_version": 3,
        **flags,
    }


def _markdown(source: str, metadata: dict | None = None) -> dict:
    return {"cell_type": "markdown", "metadata": metadata or {}, "source": source.strip()}


def _code(source: str, metadata: dict) -> dict:
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": source.strip("\n"),
        "outputs": [],
        "execution_count": None,
    }


def _serialise(lab: Lab, cells: list[dict], kind: Kind) -> str:
    import nbformat

    seen: dict[str, int] = {}
    for cell in cells:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id") or f"{cell['cell_type']}/{cell['source']}"
        seen[name] = seen.get(name, 0) + 1
        cell["id"] = hashlib.sha256(f"{lab.stem}/{name}/{seen[name]}".encode()).hexdigest()[:12]
    notebook = nbformat.from_dict(
        {
            "cells": cells,
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    nbformat.validate(notebook)
    notebook.metadata["posekit"] = {SEAL: seal(json.loads(nbformat.writes(notebook)), kind.value)}
    return nbformat.writes(notebook) + "\n"
