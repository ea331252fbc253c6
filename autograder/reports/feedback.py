"""A student's page."""

from __future__ import annotations

import os
from collections.abc import Iterable

from autograder.files import write_atomically
from autograder.reports.markup import Markup, page, tag
from autograder.reports.parts import optional_mark, table_head, verdict, wall_note
from autograder.reports.words import in_points, named_mistake, resting_on
from autograder.result import ExerciseResult, Result, TestResult


def write_feedback(result: Result, path: str | os.PathLike[str]) -> None:
    """A student's page: the score, what each check found and the likely cause, written answers, how it was graded."""
    score = f"{result.score} of {in_points(result.max_score)}"
    optional = any(exercise.optional for exercise in result.exercises)
    rows = [
        tag(
            "tr",
            tag("th", tag("a", exercise.name, href=f"#exercise-{number}"), optional_mark(exercise), scope="row"),
            tag("td", f"{exercise.score} / {exercise.max_score}", class_="n"),
            tag("td", verdict(exercise.score, exercise.max_score)),
        )
        for number, exercise in enumerate(result.exercises, 1)
    ]
    body = [
        tag("h1", f"{result.lab}: feedback"),
        tag("p", "For ", tag("b", result.student), class_="soft"),
        tag("p", tag("b", score), ", written answers not counted." if result.written else ".", class_="lead"),
        tag("p", "Optional exercises count on top.", class_="soft") if optional else "",
        _notes(result.notes),
        tag("h2", "Exercises"),
        tag("table", table_head("Exercise", ("Points", "n"), "Result"), tag("tbody", rows)),
        [_exercise(number, exercise) for number, exercise in enumerate(result.exercises, 1)],
        _written(result),
        tag("footer", wall_note(result.wall), _provenance(result)),
    ]
    write_atomically(path, page(f"{result.lab}: {result.student}", tag("main", body)))


def _notes(notes: Iterable[str]) -> Markup:
    items = [tag("li", note) for note in notes]
    return tag("div", tag("p", tag("b", "About the notebook")), tag("ul", items), class_="note") if items else Markup()


def _exercise(number: int, exercise: ExerciseResult) -> Markup:
    body = [
        tag("h2", exercise.name, optional_mark(exercise), id=f"exercise-{number}"),
        tag("p", f"{exercise.score} of {in_points(exercise.max_score)}: ", verdict(exercise.score, exercise.max_score)),
    ]
    if exercise.error:
        body.append(tag("div", tag("p", exercise.error, class_="message"), class_="note warn"))
    else:
        body.append(tag("ul", [_test(test) for test in exercise.tests], class_="checks"))
    if exercise.diagnosis:
        body.append(tag("p", tag("b", named_mistake(exercise)), class_="note"))
    if exercise.rests_on:
        body.append(tag("p", f"Your function {resting_on(exercise)}: mend that first.", class_="note"))
    return tag("section", body)


def _test(test: TestResult) -> Markup:
    sign, word, tone = ("✓", "passed", "good") if test.passed else ("✗", "failed", "bad")
    body = [
        tag("span", tag("span", sign, class_="sign", aria_hidden="true"), f" {word}", class_=tone),
        ": ",
        tag("b", test.name),
        tag("span", f" · {test.score} of {in_points(test.max_score)}", class_="soft"),
    ]
    if not test.passed and test.message:
        body.append(tag("p", tag("code", test.message), class_="message"))
    if not test.passed and test.hint:
        body.append(tag("p", tag("b", "Hint: "), test.hint))
    return tag("li", body)


def _written(result: Result) -> Markup:
    if not result.written:
        return Markup()
    answers = [
        tag(
            "section",
            tag("h3", f"{answer.question} · {answer.title} ({in_points(answer.max_score)})"),
            tag("div", answer.answer, class_="answer")
            if answer.answer.strip()
            else tag("p", "No answer.", class_="soft"),
        )
        for answer in result.written
    ]
    return tag(
        "section", tag("h2", "Written answers"), tag("p", "To be marked by hand; not in the score above."), answers
    )


def _provenance(result: Result) -> Markup:
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    return tag("p", "Notebook ", tag("code", result.notebook_sha256[:16]), " (SHA-256), graded with ", versions, ".")
