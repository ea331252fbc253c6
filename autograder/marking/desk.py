"""A marker's desk: for each question a page with all answers beside the rubric, and a table to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.authoring.written import Question, read_questions
from autograder.course import Lab
from autograder.files import write_atomically
from autograder.marking import MarkError
from autograder.marking.given import Answer
from autograder.marking.marks import Mark, Marks
from autograder.marking.sheet import Asked, columns, write_sheet
from autograder.reports.formulas import mathml, with_formulas
from autograder.reports.pages import page
from autograder.result import Result

ON_A_PAGE = 100  # answers, with the pictures that belong to them


def asked_of(results: Iterable[Result], keys: Mapping[str, Question]) -> dict[str, Asked]:
    """The questions that a class was asked, in the order of the lab.

    Raises
    ------
    MarkError
        Where a question has other points now than when the class was graded.
    """
    found: dict[str, Asked] = {}
    for result in results:
        for said in result.written:
            key = keys.get(said.question)
            if key is not None and key.points != said.max_score:
                raise MarkError(
                    f"question {key.id} has {key.points} points now and had {said.max_score} when this class was graded: "
                    "grade again with --resume"
                )
            found.setdefault(said.question, Asked(said.question, said.title, said.max_score, key.rubric if key else ()))
    return found


def keys_of(lab: Lab) -> dict[str, Question]:
    """The questions of a lab with what only an instructor reads; none where the solutions are not here.

    Raises
    ------
    MarkError
        Where the file of answers is not as it should be.
    """
    try:
        return read_questions(lab.answers) if lab.answers.exists() else {}
    except ValueError as error:
        raise MarkError(str(error)) from None


def lay_out(
    folder: Path,
    asked: Mapping[str, Asked],
    keys: Mapping[str, Question],
    answers: Mapping[str, list[Answer]],
    marks: Marks,
    anonymous: bool,
) -> None:
    """Write a table for each question, and a page for each hundred answers to it."""
    folder.mkdir(exist_ok=True)
    for id, question in asked.items():
        write_sheet(folder / f"{id}.csv", question, answers[id], marks, anonymous)
        for path in folder.glob(f"{id}-*.html"):
            path.unlink()  # of a larger class
        there = [answer for answer in answers[id] if not answer.said.is_blank]
        parts = [there[start : start + ON_A_PAGE] for start in range(0, len(there), ON_A_PAGE)] or [[]]
        names = [id, *(f"{id}-{number}" for number in range(2, len(parts) + 1))]
        for number, (name, part) in enumerate(zip(names, parts)):
            document = page(
                "mark.html",
                asked=question,
                text=_rendered(keys[id].text) if id in keys else "",
                key=_rendered(keys[id].key) if id in keys else "",
                rubric=[(criterion, _rendered(criterion.text)) for criterion in question.rubric],
                answers=[_shown(answer, marks, question, anonymous) for answer in part],
                before=number * ON_A_PAGE,
                different=len(there),
                blank=[student for answer in answers[id] if answer.said.is_blank for student in answer.students],
                anonymous=anonymous,
                columns=columns(question.rubric),
                students=sum(len(answer.students) for answer in answers[id]),
                name=name,
                names=names,
            )
            write_atomically(folder / f"{name}.html", document)


def _shown(answer: Answer, marks: Marks, asked: Asked, anonymous: bool) -> dict[str, Any]:
    mark = marks.answers.get(answer.code, Mark())
    own = {s: marks.students[s, answer.code].points for s in answer.students if (s, answer.code) in marks.students}
    return {
        "code": answer.code,
        "said": answer.said,
        "text": with_formulas(answer.said.answer),
        "students": answer.students,
        "mark": mark,
        "criteria": [*mark.criteria, *[None] * (len(asked.rubric) - len(mark.criteria))],
        "own": {} if anonymous else own,
        "exceptions": len(own),
    }


def _rendered(text: str) -> Markup:
    """The course's own Markdown, formulas included; HTML in it is shown as text."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.use(dollarmath_plugin, renderer=lambda tex, options: mathml(tex, options["display_mode"]))
    return Markup(reader.render(text))
