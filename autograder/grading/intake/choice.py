"""Which of a student's files is graded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from autograder.files import one_line
from autograder.grading.intake.hand_ins import HandIn, Piece, age
from autograder.grading.intake.levels import is_notebook, is_zip, stem_of
from autograder.grading.intake.sources import NOTEBOOK_BYTES, File, Unreadable, inside
from autograder.grading.intake.titles import Title

NO_NOTEBOOK = "no notebook handed in"
READ = 20  # notebooks of one student that are looked into for work
SNIFFED = 5  # files under other names that are looked into for a notebook


class Choice:
    """Chooses by title and by content: `has_work` says of a notebook's bytes whether there is work in it, `parses` whether it is one."""

    def __init__(self, title: Title, has_work: Callable[[bytes], bool], parses: Callable[[bytes], bool]):
        self.title, self.has_work, self.parses = title, has_work, parses

    def choose(self, hand_in: HandIn) -> tuple[Piece | None, list[str], str]:
        """The piece that counts and what was odd; where there is none, why."""
        notes = list(dict.fromkeys(hand_in.notes))
        attempts: dict[datetime | None, list[Piece]] = defaultdict(list)
        for piece in hand_in.pieces:
            attempts[piece.when].append(piece)
        faults: dict[str, str] = {}
        notebooks = [piece for attempt in attempts.values() for piece in self._notebooks(attempt, faults)]
        if not notebooks:
            names = sorted({piece.name for piece in hand_in.pieces if piece.name != "timestamp.txt"})
            return None, notes, NO_NOTEBOOK + (f", but {_listing(names, faults)}" if names else "")
        ranked = sorted(notebooks, key=self._rank)
        chosen = ranked[-1]
        if len(ranked) > 1:
            worked = [piece for piece in ranked[-READ:] if self._is_work(piece.file)]
            chosen = worked[-1] if worked else chosen
            notes.append(_said(ranked, chosen, passed_over=ranked[-1] is not chosen))
        if chosen.wrapped or not chosen.name.lower().endswith(".ipynb"):
            notes.append(f"handed in as {one_line((chosen.wrapped or chosen.name)[:80])}")
        return chosen, notes, ""

    def _rank(self, piece: Piece) -> tuple:
        """The newest attempt, in it what is named like the lab, then what lies least deep, then what is newest.

        Sorting is stable: of two entries with one name, the later one counts, as for who unpacks the archive.
        """
        when = piece.when
        if when is not None and when.tzinfo is not None:
            when = when.astimezone(UTC).replace(tzinfo=None)
        return (when or datetime.min, self.title.rank(stem_of(piece.name)), -piece.depth, piece.order)

    def _notebooks(self, pieces: list[Piece], faults: dict[str, str]) -> list[Piece]:
        """Those of an attempt's pieces that are notebooks: by their names, else inside a zip, else by what is in them.

        What is wrong with a zip is entered in `faults`, as the end of a phrase.
        """
        named = [piece for piece in pieces if is_notebook(piece.name)]
        if named:
            return named
        unpacked: list[Piece] = []
        for piece in [piece for piece in pieces if is_zip(piece.name)][-SNIFFED:]:
            try:
                files = [file for file in inside(piece.file) if is_notebook(file.name)]
            except Unreadable as error:
                faults[piece.name] = f", which {error}"
                continue
            unpacked += [
                replace(piece, file=file, name=file.name, order=age(file), depth=len(file.parts), wrapped=piece.name)
                for file in files
            ]
            faults[piece.name] = ", in which there is no notebook" if not files else ""
        if unpacked:
            return unpacked
        others = [piece for piece in pieces if piece.name.lower().endswith((".json", ".txt")) or "." not in piece.name]
        return [piece for piece in sorted(others, key=self._rank)[-SNIFFED:] if self._is_notebook(piece.file)]

    def _is_work(self, file: File) -> bool:
        try:
            return self.has_work(file.read(NOTEBOOK_BYTES))
        except Unreadable:
            return False

    def _is_notebook(self, file: File) -> bool:
        try:
            return self.parses(file.read(NOTEBOOK_BYTES))
        except Unreadable:
            return False


def _said(ranked: list[Piece], chosen: Piece, passed_over: bool) -> str:
    """Which of several counts."""
    why = ", since there is work in it" if passed_over else ""
    if len({piece.name for piece in ranked}) == 1:
        return f"handed in {len(ranked)} times: {'an earlier one counts' + why if passed_over else 'the newest counts'}"
    others = _listing([piece.name for piece in ranked if piece is not chosen], {})
    return f"{len(ranked)} notebooks: {one_line(chosen.name)} counts{why}, not {others}"


def _listing(names: list[str], faults: dict[str, str]) -> str:
    """Names for a line, cut where they are long, each with what is wrong with it."""
    shown = [one_line(name if len(name) <= 60 else name[:59] + "…") + faults.get(name, "") for name in names[:5]]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
