"""Written questions: their text, points, model answer and rubric, read from `solutions/answers/<lab>.md`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.course import TASK


@dataclass(frozen=True)
class Question:
    """One written question; `key` is everything that only an instructor reads."""

    id: str
    title: str
    points: int
    text: str
    key: str


def read_questions(path: Path) -> dict[str, Question]:
    """The questions of a lab by id, in the order of the file.

    Raises
    ------
    ValueError
        For a question without model answer, rubric and marked samples, or an id that stands twice.
    """
    source = path.read_text("utf-8")
    heads = list(TASK.finditer(source))
    questions: dict[str, Question] = {}
    for head, following in zip(heads, [*heads[1:], None]):
        body = source[head.end() : following.start() if following else len(source)]
        text, mark, key = body.partition("**Model answer.**")
        if not mark or "**Rubric.**" not in key or "**Marked samples.**" not in key:
            raise ValueError(f"{path.name}: question {head['id']} needs a model answer, a rubric and marked samples")
        if head["id"] in questions:
            raise ValueError(f"{path.name}: question {head['id']} stands twice")
        questions[head["id"]] = Question(
            head["id"], head["title"], int(head["points"]), text.strip(), (mark + key).strip()
        )
    return questions


def question(id: str) -> None:
    """Stand-in for a written question in a source notebook; the builder puts the text there."""
    print(f"Question {id}: see solutions/answers.")
