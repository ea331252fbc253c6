"""Where an answer was seen that is not there when it is to be judged. Comments only: nothing here moves a score."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import cached_property

from autograder.grading.notebook import Cell
from autograder.grading.reading import Reading
from autograder.grading.script import NO_CODE, Script, may_define
from autograder.outcome import Failure, Kind, WallError
from autograder.wall.box import Wall
from autograder.wall.limits import Meter

ALIKE = 0.75  # of two names, by difflib: sofplus and softplus


class Search:
    """Looks for answers of a notebook that has been read; its process has ended.

    Parameters
    ----------
    cells : list of Cell
        All of them, text as well.
    reading : Reading
        What became of its code.
    """

    def __init__(self, cells: list[Cell], script: Script, reading: Reading, wall: Wall):
        self._cells, self._script, self._reading, self._wall = cells, script, reading, wall

    def where_is(self, name: str) -> Failure:
        """Why an exercise has no meaning, from the cell that was to give it one, or from where it was seen instead."""
        for number, names in self._bound.items():
            if name in names:
                return self._fate(name, number)
        for number, cell in enumerate(
            self._script.cells, start=1
        ):  # what does not parse has no names that can be known
            if may_define(NO_CODE.sub("", cell.source), name) and (failed := self._error_in(number)):
                return Failure(Kind.CELL_FAILED, call=name, cell=number, cause=failed)
        return self.seen_elsewhere(name) or self._renamed(name) or Failure(Kind.NOWHERE, call=name)

    def seen_elsewhere(self, name: str) -> Failure | None:
        """An answer that does not run: in a text cell, or commented out."""
        code = 0
        for number, cell in enumerate(self._cells, start=1):
            code += cell.code
            if name not in cell.source:
                continue
            if not cell.code and may_define(cell.source, name):
                return Failure(Kind.TEXT_CELL, call=name, cell=number)
            bare = re.sub(r"^[ \t]*#+ ?", "", cell.source, flags=re.MULTILINE)
            if cell.code and may_define(bare, name) and not may_define(NO_CODE.sub("", cell.source), name):
                return Failure(Kind.COMMENTED_OUT, call=name, cell=code)
        return None

    @cached_property
    def _bound(self) -> dict[int, frozenset[str]]:
        """The names that the student's code cells give a meaning to, by number; read behind the wall, where none of them has run."""
        found = {}
        with self._wall.process(Meter(self._script.plan.limits)) as process:
            for number, cell in enumerate(self._script.cells, start=1):
                if not self._script.is_released(number) and cell.source.strip():
                    try:
                        definitions, left = process.outline(cell.source)
                    except WallError:
                        break
                    found[number] = left.union(*(bound for bound, _ in definitions))
        return found

    def _fate(self, name: str, number: int) -> Failure:
        """What became of a name that a cell was to define."""
        if failed := self._error_in(number):
            return Failure(Kind.CELL_FAILED, call=name, cell=number, cause=failed)
        if any(step.explores for step in self._script.steps if step.number == number):
            return Failure(Kind.EXPLORE_CELL, call=name, cell=number)
        return Failure(Kind.GONE, call=name, cell=number)

    def _error_in(self, number: int) -> Failure | None:
        """What kept a cell from running to its end."""
        for index, (step, ran) in enumerate(zip(self._script.steps, self._reading.ran)):
            if step.number == number:
                for failed in (*ran.errors, *ran.cut, self._reading.reduced.get(index)):
                    if failed is not None:
                        return failed
        return None

    def _renamed(self, name: str) -> Failure | None:
        """Another name in the cell of the answer, or one that is almost the same."""
        exercises = {entry.name for entry in self._script.plan.exercises}
        for number, names in self._bound.items():
            cell = self._script.cells[number - 1]
            defined = [
                other for other in re.findall(r"^(?:def|class)[ \t]+(\w+)", cell.source, re.MULTILINE) if other in names
            ]
            strange = [other for other in dict.fromkeys([*defined, *sorted(names)]) if other not in exercises]
            alike = [other for other in strange if _is_like(other, name)]
            if cell.grade_id == name:
                alike += [other for other in strange if other in defined]
            if alike:
                return Failure(Kind.OTHER_NAME, call=name, name=alike[0], cell=number)
        return None


def _is_like(other: str, name: str) -> bool:
    plain, due = (re.sub(r"[\d_]", "", text).casefold() for text in (other, name))
    if min(len(plain), len(due)) < 4:
        return plain == due
    return due in plain or SequenceMatcher(None, plain, due).ratio() >= ALIKE
