"""The notebook as it was handed out: which cells of a submission are the course's, and whether there is work in it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.grading.notebook import Cell

LINE = 12  # characters that tell a line from another
ENOUGH = 3  # such lines make a cell that is known by them, also where a student has changed it


@dataclass(frozen=True)
class Release:
    """The cells of a lab's notebook, in order."""

    cells: tuple[Cell, ...]

    @cached_property
    def stubs(self) -> dict[str, str]:
        """The exercises as they were handed out, by name."""
        checked = {cell.grade_id.removesuffix("-check") for cell in self.cells if cell.grade_id.endswith("-check")}
        return {cell.grade_id: cell.source for cell in self.cells if cell.code and cell.grade_id in checked}

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Places by what the builder marks a cell with: its id, its `grade_id`, the tag `answer-…`."""
        marks = [(cell.id, cell.grade_id, *_answer_tags(cell)) for cell in self.cells]
        return {mark: i for i, own in enumerate(marks) for mark in own if mark}

    @cached_property
    def _by_text(self) -> dict[str, int]:
        texts = [_plain(cell.source) for cell in self.cells]
        return {text: i for i, text in enumerate(texts) if texts.count(text) == 1}

    @cached_property
    def _by_line(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for i, cell in enumerate(self.cells):
            for line in _lines(cell.source):
                found.setdefault(line, set()).add(i)
        return found

    def place_by_mark(self, cell: Cell) -> int | None:
        """The place of the released cell that this one was, by what the builder has marked it with."""
        marks = (cell.grade_id, *_answer_tags(cell), cell.id)
        return next((self.place_of[mark] for mark in marks if mark in self.place_of), None)

    def place_by_text(self, cell: Cell) -> int | None:
        """The place of the released cell that this one was, by its text, of which half may have been changed."""
        if (place := self._by_text.get(_plain(cell.source))) is not None:
            return place
        shared = Counter(place for line in _lines(cell.source) for place in self._by_line.get(line, ()))
        for place, count in shared.most_common():
            if count >= max(ENOUGH, len(_lines(self.cells[place].source)) / 2):
                return place
        return None

    def has_answers(self, cells: Sequence[Cell]) -> bool:
        """Whether an exercise in it is not as it was handed out."""
        for cell in cells:
            if cell.code and _plain(cell.source) not in self._by_text:
                for name, stub in self.stubs.items():
                    if (cell.grade_id == name or _binds(cell.source, name)) and not _same_code(cell.source, stub):
                        return True
        return False

    def is_foreign(self, cells: Sequence[Cell]) -> bool:
        """Whether nothing in it is of this lab: no cell of the course, and no exercise by name, be it in a text."""
        for cell in cells:
            if self.place_by_mark(cell) is not None:
                return False
            if any(_binds(cell.source, name) or _checks(cell.source, name) for name in self.stubs):
                return False
        return all(self.place_by_text(cell) is None for cell in cells if len(_lines(cell.source)) >= ENOUGH)


def _answer_tags(cell: Cell) -> list[str]:
    return sorted(tag for tag in cell.tags if tag.startswith("answer-"))


def _plain(source: str) -> str:
    return " ".join(source.split())


def _lines(source: str) -> set[str]:
    """The lines of a cell that tell it from another."""
    return {line for line in map(str.strip, source.splitlines()) if len(line) >= LINE}


def _binds(source: str, name: str) -> bool:
    """Whether a text defines or assigns an exercise, be it commented out."""
    return name in source and bool(re.search(rf"\b(?:def|class)\s+{name}\b|\b{name}\s*=(?!=)", source))


def _checks(source: str, name: str) -> bool:
    return name in source and bool(re.search(rf"""\bcheck\(\s*["']{name}["']""", source))


def _same_code(source: str, stub: str) -> bool:
    """Whether two sources are the same code: comments, docstrings and `raise NotImplementedError()` with or without () aside."""
    if _plain(source) == _plain(stub):
        return True
    try:
        return _dump(source) == _dump(stub)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _dump(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and not node.exc.args:
            node.exc = node.exc.func
    return ast.dump(tree)
