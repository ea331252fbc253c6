"""What markers gave: kept by answer, so that the same answer gets the same points and a changed one waits again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from autograder.files import write_atomically
from autograder.marking import MarkError
from autograder.marking.given import code_of
from autograder.result import Result, WrittenAnswer


@dataclass(frozen=True)
class Mark:
    """What an answer was given.

    Attributes
    ----------
    criteria : tuple
        Points for each criterion of the rubric, None where nobody has decided yet; empty where only the sum is known.
    total : int or None
        The sum, where it is not that of the criteria.
    comment : str
        For the student.
    """

    criteria: tuple[int | None, ...] = ()
    total: int | None = None
    comment: str = ""

    @property
    def points(self) -> int | None:
        """What it comes to; None where something is undecided."""
        decided = [points for points in self.criteria if points is not None]
        return sum(decided) if self.criteria and len(decided) == len(self.criteria) else self.total

    @property
    def is_empty(self) -> bool:
        return self.total is None and not self.comment and all(points is None for points in self.criteria)


@dataclass
class Marks:
    """All marks of a class: by the answer's code, and by student and answer where one student's differs."""

    answers: dict[str, Mark] = field(default_factory=dict)
    students: dict[tuple[str, str], Mark] = field(default_factory=dict)

    def of(self, student: str, code: str) -> Mark:
        return self.students.get((student, code)) or self.answers.get(code, Mark())

    def applied(self, results: Iterable[Result]) -> list[Result]:
        """The results with these marks and no others."""
        return [replace(r, written=tuple(self._marked(r.student, answer) for answer in r.written)) for r in results]

    def _marked(self, student: str, answer: WrittenAnswer) -> WrittenAnswer:
        mark = self.of(student, code_of(answer))
        return replace(answer, points=mark.points, comment=mark.comment)

    def outdated(self, results: Iterable[Result]) -> list[tuple[str, str]]:
        """Students and codes of answers that one was marked for, and has given another since."""
        given = {(result.student, code_of(answer)) for result in results for answer in result.written}
        return sorted(key for key in self.students if key not in given)


def store(graded: Path) -> Path:
    """Where the marks of a graded class lie."""
    return graded / "marking" / "marks.json"


def read_marks(graded: Path, lab: str) -> Marks:
    """The marks that were kept; none where there are none yet.

    Raises
    ------
    MarkError
        Where the file is damaged, or of another lab.
    """
    path = store(graded)
    if not path.exists():
        return Marks()
    try:
        document = json.loads(path.read_text("utf-8"))
        of = str(document["lab"])
        answers = {str(code): _mark(mark) for code, mark in document["answers"].items()}
        students = {(str(row["student"]), str(row["answer"])): _mark(row["mark"]) for row in document["students"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise MarkError(f"{path} is damaged: put it right, or move it away and mark again") from None
    if of != lab:
        raise MarkError(f"{path} has the marks of {of}, not of {lab}: choose another folder, or move it away")
    return Marks(answers, students)


def _mark(document: dict[str, object]) -> Mark:
    criteria, total, comment = document["criteria"], document["total"], document["comment"]
    if not isinstance(criteria, list) or not isinstance(comment, str):
        raise TypeError
    if not all(points is None or type(points) is int for points in [*criteria, total]):
        raise TypeError
    return Mark(tuple(criteria), total, comment)  # type: ignore[arg-type]  # checked above


def write_marks(marks: Marks, graded: Path, lab: str) -> None:
    students = [
        {"student": student, "answer": code, "mark": asdict(mark)}
        for (student, code), mark in sorted(marks.students.items())
    ]
    answers = {code: asdict(mark) for code, mark in sorted(marks.answers.items())}
    store(graded).parent.mkdir(exist_ok=True)
    document = {"lab": lab, "answers": answers, "students": students}
    write_atomically(store(graded), json.dumps(document, indent=1) + "\n")
