"""Small notebooks with right answers, to which peculiarities are then done."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import nbformat

from autograder.authoring.build import Kind, build
from autograder.authoring.spans import names_needed, read_spans
from autograder.course import find_lab
from autograder.judge.checking import load_checks

ROOT = Path(__file__).parent.parent.parent
LABS = {"lab1": 5, "lab2": 4, "lab3": 4, "lab4": 1}  # and how often each comes up


@dataclass
class Draft:
    """The code cells of a notebook: [source, tags, grade_id] each, in order.

    Attributes
    ----------
    chosen : the exercises that are in it
    names : those of them to which more can be done
    promised : grading gives full marks for all of them
    done : which peculiarities were done to it
    """

    rng: Random
    lab: str
    chosen: tuple[str, ...]
    names: list[str]
    cells: list[list[Any]]
    promised: bool = True
    done: list[str] = field(default_factory=list)
    wraps: int = 0

    def answer(self, name: str) -> int:
        return next(i for i, cell in enumerate(self.cells) if cell[2] == name)

    def check(self, name: str) -> int:
        return next(i for i, cell in enumerate(self.cells) if cell[2] == f"{name}-check")

    def insert(self, index: int, source: str, *tags: str) -> None:
        self.cells.insert(index, [source, list(tags), ""])

    def before(self, name: str, source: str, *tags: str) -> None:
        """A cell anywhere between the set-up and an answer."""
        self.insert(self.rng.randint(1, self.answer(name)), source, *tags)

    def after(self, name: str, source: str, *tags: str) -> None:
        """A cell anywhere behind a check."""
        self.insert(self.rng.randint(self.check(name) + 1, len(self.cells)), source, *tags)

    def above(self, name: str, source: str) -> None:
        """More in an answer's cell, in front of the answer."""
        cell = self.cells[self.answer(name)]
        cell[0] = source + "\n" + cell[0]

    def below(self, name: str, source: str) -> None:
        cell = self.cells[self.answer(name)]
        cell[0] = cell[0] + "\n\n" + source

    def needs(self, name: str, first: str) -> None:
        """Put a function around an answer, which must be one, that does something else first: where that fails, so does the answer."""
        self.wraps += 1
        inner = f"_{name}_{self.wraps}"
        self.below(
            name,
            f"{inner} = {name}\n\n\ndef {name}(*args, **kwargs):\n    {first}\n    return {inner}(*args, **kwargs)",
        )

    def notebook(self) -> nbformat.NotebookNode:
        cells = []
        for source, tags, grade_id in self.cells:
            metadata: dict[str, Any] = {"tags": tags} if tags else {}
            if grade_id:
                metadata["nbgrader"] = {"grade_id": grade_id}
            cells.append(nbformat.v4.new_code_cell(source, metadata=metadata))
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


@cache
def _solved(lab: str) -> list[tuple[str, tuple[str, ...], str]]:
    """The code cells of a lab with all answers in it."""
    notebook = nbformat.reads(build(find_lab(ROOT, lab), Kind.WALKTHROUGH), as_version=4)
    return [
        (cell.source, tuple(cell.metadata.get("tags", ())), cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        for cell in notebook.cells if cell.cell_type == "code"
    ]  # fmt: skip


@cache
def worth(lab: str) -> dict[str, int]:
    return {name: sum(c.points for c in checks) for name, checks in load_checks(find_lab(ROOT, lab).checks).items()}


def draft(rng: Random) -> Draft:
    """The set-up of a lab, what it gives, and two to four exercises of it, with the ones that they use."""
    lab = rng.choices(list(LABS), LABS.values())[0]
    cells, spans = _solved(lab), read_spans(find_lab(ROOT, lab).reference)
    listed = [grade_id for _, _, grade_id in cells if grade_id in worth(lab)]
    chosen = set(rng.sample(listed, rng.randint(2, 4)))
    while more := {n for name in chosen for n in names_needed(spans[name].full)} & set(listed) - chosen:
        chosen |= more
    kept = [
        [source, list(tags), grade_id]
        for source, tags, grade_id in cells
        if "explore" not in tags
        and (not grade_id or grade_id.removesuffix("-check") in chosen or grade_id.startswith("given-"))
    ]
    names = [name for name in listed if name in chosen]
    return Draft(rng, lab, tuple(names), names, kept)
