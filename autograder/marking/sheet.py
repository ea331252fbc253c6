"""Tables of marks: what a marker fills in, in a spreadsheet or on a page, and how it is taken."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.authoring.written import Criterion
from autograder.files import clean, defuse, one_line, write_atomically
from autograder.marking import MarkError
from autograder.marking.given import Answer
from autograder.marking.marks import Mark, Marks

NONE = "-"  # takes a mark or a comment back
SHOWN = 500  # characters of an answer in its row
NAMED = 5  # students in a row
_CRITERION = re.compile(r"r(\d{1,2})\b.*", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One line of a table, as text; `where` says which."""

    where: str
    question: str
    answer: str
    student: str
    criteria: Mapping[int, str]
    points: str
    comment: str


@dataclass(frozen=True)
class Asked:
    """A question of the class that is marked, with what its rubric gives points for."""

    id: str
    title: str
    points: int
    rubric: tuple[Criterion, ...] = ()


@dataclass
class Taken:
    """What became of rows.

    Attributes
    ----------
    marks : the marks with them
    changed : how many of these are new or other than before
    nobodys : codes of answers that nobody in the class gave, or gives any more; their marks are kept
    wrong : a line for each row that says what cannot be
    """

    marks: Marks
    changed: int = 0
    nobodys: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def columns(rubric: Sequence[Criterion]) -> list[str]:
    """The header of a question's table; the page's script writes the same."""
    criteria = [f"r{n} (0 to {c.points}): {c.text[:60]}" for n, c in enumerate(rubric, 1)]
    return ["question", "answer", "student", *criteria, "points", "comment"]


def write_sheet(path: Path, asked: Asked, answers: Iterable[Answer], marks: Marks, anonymous: bool) -> None:
    """A question's table: a row for each answer, and one for each student who was given something else for it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*map(defuse, columns(asked.rubric)), "given by", "text"])
    for answer in answers:
        names = answer.students[:NAMED] if not anonymous else []
        more = f" and {len(answer.students) - NAMED} more" if len(answer.students) > NAMED and names else ""
        text = " ".join(answer.said.answer.split())
        seen = [", ".join(names) + more, text[:SHOWN] + (" …" if len(text) > SHOWN else "")]
        own = [s for s in answer.students if (s, answer.code) in marks.students and not anonymous]
        for student in ["", *own]:
            mark = marks.students[student, answer.code] if student else marks.answers.get(answer.code, Mark())
            criteria = [*mark.criteria, *[None] * (len(asked.rubric) - len(mark.criteria))]
            given = [*criteria, mark.total]
            cells = [asked.id, answer.code, student, *("" if p is None else p for p in given), mark.comment, *seen]
            writer.writerow([defuse(clean(cell)) if isinstance(cell, str) else cell for cell in cells])
    write_atomically(path, "\ufeff" + out.getvalue())  # without the mark Excel takes it for another encoding


def read_sheet(path: Path) -> list[Row]:
    """The rows of a table, whatever spreadsheet has saved it.

    Raises
    ------
    MarkError
        Where it is no table of marks.
    OSError
        Where it cannot be read.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # what Excel saves as CSV
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise MarkError(f"{path} is no table of marks ({error})") from None
    header = [name.strip().lower() for name in lines[0]] if lines else []
    if "question" not in header or not {"answer", "student"} & set(header):
        raise MarkError(f"{path} is no table of marks: its first line needs question, and answer or student")
    criteria = {i: int(found[1]) for i, name in enumerate(header) if (found := _CRITERION.fullmatch(name))}
    rows = []
    for number, line in enumerate(lines[1:], 2):
        cells = [cell.strip() for cell in line] + [""] * (len(header) - len(line))
        if not any(cells):
            continue
        named = dict(zip(header, cells))
        rows.append(
            Row(
                f"{path.name}, line {number}",
                named["question"],
                named.get("answer", ""),
                named.get("student", ""),
                {n: cells[i] for i, n in criteria.items() if cells[i]},
                named.get("points", ""),
                named.get("comment", ""),
            )
        )
    return rows


def take(rows: Iterable[Row], marks: Marks, asked: Mapping[str, Asked], answers: Mapping[str, list[Answer]]) -> Taken:
    """Put rows into marks. A blank cell leaves what is there, `-` takes it back; where two rows disagree neither counts."""
    taken = Taken(Marks(dict(marks.answers), dict(marks.students)))
    given_by = {answer.code: answer.students for own in answers.values() for answer in own}
    code_of = {
        (question, name): answer.code
        for question, own in answers.items()
        for answer in own
        for student in answer.students
        for name in (student, defuse(clean(student)))
    }
    exact = {defuse(clean(s)): s for own in answers.values() for answer in own for s in answer.students}
    said: dict[tuple[str, str, object], tuple[str, str]] = {}
    before: dict[tuple[str, str], Mark | None] = {}
    for row in rows:
        given: dict[Any, str] = {**row.criteria, "points": row.points, "comment": row.comment}
        given = {what: text for what, text in given.items() if text}
        if not given:
            continue
        student = exact.get(row.student, row.student)
        code = row.answer or code_of.get((row.question, row.student), "")
        why = _misplaced(row, student, code, asked, given_by, marks)
        if why:
            taken.wrong.append(f"{row.where}: {why}")
            continue
        if code not in given_by or (student and student not in given_by[code]):
            taken.nobodys.append(code)
        for what, text in given.items():
            other, where = said.setdefault((student, code, what), (text, row.where))
            if other != text:
                named = what if isinstance(what, str) else f"r{what}"
                taken.wrong.append(f"{row.where}: {named} of {code} is {_shown(text)}, and {_shown(other)} in {where}")
        place: dict[Any, Mark] = taken.marks.students if student else taken.marks.answers
        key = (student, code) if student else code
        old = place.get(key)
        try:
            new = _merged(old or Mark(), row, asked[row.question])
        except ValueError as error:
            taken.wrong.append(f"{row.where}: {error}")
            continue
        before.setdefault((student, code), old)
        if new.is_empty:
            place.pop(key, None)
        else:
            place[key] = new
    for (student, code), old in before.items():
        now = taken.marks.students.get((student, code)) if student else taken.marks.answers.get(code)
        taken.changed += now != old
    return taken


def rows_of_students(
    scores: Iterable[tuple[str, str, float, str]], answers: Mapping[str, list[Answer]], where: str
) -> list[Row]:
    """Rows for points by student and question, as nbgrader keeps them: one for an answer where all who gave it have the same."""
    found = {(student, question): (f"{points:g}", comment) for student, question, points, comment in scores}
    rows = []
    for question, own in answers.items():
        for answer in own:
            marked = {s: mark for s in answer.students if (mark := found.pop((s, question), None)) is not None}
            if len(set(marked.values())) == 1 and len(marked) == len(answer.students):
                points, comment = next(iter(marked.values()))
                rows.append(Row(f"{where}, {answer.students[0]}", question, answer.code, "", {}, points, comment))
                continue
            for student, (points, comment) in marked.items():
                rows.append(Row(f"{where}, {student}", question, answer.code, student, {}, points, comment))
    strangers = [
        Row(f"{where}, {student}", question, "", student, {}, points, comment)
        for (student, question), (points, comment) in found.items()
    ]
    return rows + strangers


def _misplaced(
    row: Row, student: str, code: str, asked: Mapping[str, Asked], given_by: Mapping[str, list[str]], marks: Marks
) -> str:
    """Why a row cannot be placed; "" where it can."""
    if row.question not in asked:
        return f"there is no question {_shown(row.question)}; there are {', '.join(asked)}"
    if not row.answer and not row.student:
        return "whose answer? It names neither an answer nor a student"
    if not code:
        return f"there is no student {_shown(row.student)} with an answer to {row.question}"
    if not re.fullmatch(rf"{re.escape(row.question)}-[0-9a-f]{{12}}", code):
        return f"{_shown(code)} is no answer to {row.question}"
    if student and student not in given_by.get(code, ()) and (student, code) not in marks.students:
        return f"{_shown(row.student)} has not given the answer {code}, or gives another by now"
    return ""


def _merged(old: Mark, row: Row, asked: Asked) -> Mark:
    """A mark with what a row says. Raises ValueError for what it cannot say."""
    comment = "" if row.comment == NONE else _as_written(row.comment) or old.comment
    if row.points == NONE:
        return Mark((), None, comment)
    criteria = list(old.criteria)
    for number, text in row.criteria.items():
        if not 1 <= number <= len(asked.rubric):
            raise ValueError(
                f"the rubric of {asked.id} has no criterion r{number}: was it changed? Write the pages anew"
            )
        criteria += [None] * (len(asked.rubric) - len(criteria))
        criteria[number - 1] = None if text == NONE else _number(text, asked.rubric[number - 1].points, f"r{number}")
    new = replace(old, criteria=tuple(criteria), comment=comment)
    total = _number(row.points, asked.points, "points") if row.points else None
    if row.criteria and None not in new.criteria:
        if total is not None and total != sum(filter(None, new.criteria)):
            raise ValueError(f"points is {total}, and the criteria add up to {sum(filter(None, new.criteria))}")
        return replace(new, total=None)
    if total is None or total == old.points:
        return new
    return Mark(new.criteria if row.criteria else (), total, comment)


def _as_written(text: str) -> str:
    """A text without the apostrophe that `defuse` has put in front."""
    return text[1:] if text.startswith("'") and defuse(text[1:]) == text else text


def _number(text: str, most: int, what: str) -> int:
    """A whole number of points, also as a spreadsheet writes it: 2.0, or 2,0."""
    found = re.fullmatch(r"(\d{1,4})(?:[.,]0*)?", text)
    if found is None or int(found[1]) > most:
        raise ValueError(f"{what} is {_shown(text)}: a whole number from 0 to {most} is needed")
    return int(found[1])


def _shown(text: str) -> str:
    return repr(one_line(text)[:60])
