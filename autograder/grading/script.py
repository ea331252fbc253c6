"""What is to be done with the cells of a submission, one step after the other: which run, which part of them, and what is due then."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from autograder.grading.notebook import Cell
from autograder.grading.plan import Plan
from autograder.outcome import WallError
from autograder.wall.inside.shell import writes_a_file
from autograder.wall.inside.statements import ANY, outline

NO_CODE = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|#[^\n]*", re.DOTALL)
CHECKS = re.compile(r"\bcheck\s*\(\s*(?:name\s*=\s*)?[\"'](\w+)[\"']")
TO_THE_END = 1_000_000  # a line that no cell has

Definitions = list[tuple[frozenset[str], frozenset[str]]]  # what each binds, and what it uses
Outline = tuple[Definitions, frozenset[str]]  # and what the other statements of a cell bind


@dataclass
class Step:
    """A code cell, or the lines of it up to a call of `check`.

    Attributes
    ----------
    number : of the code cell, from 1
    lines : first and last line, where it is not the whole cell
    due : exercises that are checked behind it; not what a cell of ours defines and checks to show what a check says
    explores : it is tagged explore, or was handed out so: it draws and trains, and that is left out
    definitions : which of its definitions are wanted; None for all
    left : names that it does not bind, because it explores
    """

    number: int
    source: str
    lines: tuple[int, int] | tuple[()] = ()
    due: tuple[str, ...] = ()
    explores: bool = False
    definitions: list[int] | None = None
    left: frozenset[str] = frozenset()


@dataclass
class Script:
    """The steps of a notebook, and what is known of its code without running it."""

    cells: list[Cell]  # its code cells
    plan: Plan
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        exercises = {entry.name for entry in self.plan.exercises}
        stale = self._overruled()
        for number, cell in enumerate(self.cells, start=1):
            if cell.source.strip() in stale or not NO_CODE.sub("", cell.source).strip():
                continue
            drawn = "explore" in cell.tags or cell.source.strip() in self.plan.skipped
            explores = drawn and not writes_a_file(cell.source)
            graded = cell.grade_id.removesuffix("-check") if cell.grade_id.endswith("-check") else ""
            shown = {name for name in exercises if self.is_released(number) and may_define(cell.source, name)}
            for lines, names in [((), ())] if explores else _cuts(cell.source):
                due = tuple(name for name in dict.fromkeys((*names, graded)) if name in exercises - shown)
                self.steps.append(Step(number, cell.source, lines, due, explores))
        self.checked = frozenset(name for step in self.steps for name in step.due)

    def is_released(self, number: int) -> bool:
        """Whether a code cell is as it was handed out."""
        return self.cells[number - 1].source.strip() in self.plan.released

    def _overruled(self) -> set[str]:
        """The exercises as they were handed out whose answers are in other cells, of the student's own."""
        own = [NO_CODE.sub("", c.source) for c in self.cells if c.source.strip() not in self.plan.released]
        return {stub for stub, name in self.plan.stubs if any(may_define(source, name) for source in own)}

    def choose(self, read: Callable[[str], Outline]) -> None:
        """Choose which definitions of cells that explore are wanted: those of names that the rest of the notebook mentions.

        Parameters
        ----------
        read : function of a source
            Reads a cell that the student has changed, behind the wall; raises WallError where it cannot be read.
        """
        needed = {entry.name for entry in self.plan.exercises}
        for step in self.steps:
            if not step.explores:
                needed |= words(step.source)
        for step in reversed([step for step in self.steps if step.explores]):
            try:
                released = step.source.strip() in self.plan.skipped
                definitions, step.left = _outline_of_ours(step.source) if released else read(step.source)
            except WallError:
                continue  # all that can be had of it
            step.definitions = []
            for index, (bound, used) in reversed(list(enumerate(definitions))):
                if (
                    bound & needed or ANY in bound or (used & needed and not bound)
                ):  # the last as in np.trapz = np.trapezoid
                    step.definitions.insert(0, index)
                    needed |= used
                else:
                    step.left |= bound


def _cuts(source: str) -> list[tuple[tuple[int, int] | tuple[()], tuple[str, ...]]]:
    """The parts of a cell, each with what is checked at its end: it is cut behind lines that check, where there is more to come."""
    lines = source.splitlines()
    checking = {number: tuple(CHECKS.findall(line)) for number, line in enumerate(lines, start=1) if "check" in line}
    checking = {number: names for number, names in checking.items() if names}
    parts: list[tuple[tuple[int, int] | tuple[()], tuple[str, ...]]] = []
    begin = 1
    for number, names in checking.items():
        parts.append(((begin, number), names))
        begin = number + 1
    if not checking or any(NO_CODE.sub("", line).strip() for line in lines[begin - 1 :]):
        parts.append(((begin, TO_THE_END), ()))
    return [((), parts[0][1])] if len(parts) == 1 else parts


@lru_cache(maxsize=1000)
def words(source: str) -> frozenset[str]:
    """The words of some code, comments and docstrings aside."""
    return frozenset(re.findall(r"\w+", NO_CODE.sub("", source)))


@lru_cache(maxsize=1000)
def _outline_of_ours(source: str) -> Outline:
    """The outline of a cell that was handed out; a student's is not parsed on this side."""
    try:
        found = outline(ast.parse(source).body)
    except SyntaxError:  # IPython's magics: it draws, and defines nothing
        return [], frozenset()
    return [(frozenset(bound), frozenset(used)) for bound, used in found["definitions"]], frozenset(found["left"])


def may_define(code: str, name: str) -> bool:
    """Whether code, without comments and docstrings, gives a name a meaning: a function, a class or a value."""
    definition = rf"^[ \t]*(?:(?:async[ \t]+def|def|class)[ \t]+{name}\b|{name}[ \t]*(?::[^=\n]+)?=(?!=))"
    return name in code and re.search(definition, code, re.MULTILINE) is not None
