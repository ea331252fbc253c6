"""Written questions: their text, points, model answer and rubric, read from `solutions/answers/<lab>.md`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from autograder.course import TASK

_RUBRIC = re.compile(r"\*\*Rubric\.\*\*(.*?)(?=\*\*Marked samples\.\*\*)", re.DOTALL)
_SAMPLES = re.compile(r"\*\*Marked samples\.\*\*(.*)", re.DOTALL)
# "An answer." **1/3**: why; those to a part of the question say so behind the points, and are none to the whole.
_SAMPLE = re.compile(r'^ *"(?P<text>.+)" \*\*(?P<points>\d+)/\d+\*\*[:.,]? *(?P<why>.*)$', re.MULTILINE)
_CRITERION = re.compile(r"(?:^|(?<=[.!?\")]\s))(?P<points>\d+) (?=\S)")  # a number at the beginning of a sentence


@dataclass(frozen=True)
class Criterion:
    """What a rubric gives points for."""

    points: int
    text: str


@dataclass(frozen=True)
class Sample:
    """An answer as a student might give it, what it is worth, and why."""

    text: str
    points: int
    why: str


@dataclass(frozen=True)
class Question:
    """One written question; `key` is everything that only an instructor reads, the rubric's criteria and the samples included."""

    id: str
    title: str
    points: int
    text: str
    key: str
    rubric: tuple[Criterion, ...]
    samples: tuple[Sample, ...]


def read_questions(path: Path) -> dict[str, Question]:
    """The questions of a lab by id, in the order of the file.

    Raises
    ------
    ValueError
        For a question without model answer, rubric and marked samples, one whose rubric does not add up to its points, or an id that
        stands twice.
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
        rubric, points = read_rubric(key), int(head["points"])
        if (found := sum(criterion.points for criterion in rubric)) != points:
            raise ValueError(f"{path.name}: the rubric of question {head['id']} adds up to {found}, not to {points}")
        questions[head["id"]] = Question(
            head["id"], head["title"], points, text.strip(), (mark + key).strip(), rubric, read_samples(key)
        )
    return questions


def read_rubric(key: str) -> tuple[Criterion, ...]:
    """The criteria of a rubric: its sentences that begin with a number of points, each with the sentences behind it."""
    found = _RUBRIC.search(key)
    text = " ".join(found[1].split()) if found else ""
    heads = list(_CRITERION.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return tuple(
        Criterion(int(h["points"]), text[h.end() : end].removeprefix("for ").strip()) for h, end in zip(heads, ends)
    )


def read_samples(key: str) -> tuple[Sample, ...]:
    """The marked samples of a whole question, the best first."""
    found = _SAMPLES.search(key)
    samples = [Sample(s["text"], int(s["points"]), s["why"]) for s in _SAMPLE.finditer(found[1] if found else "")]
    return tuple(sorted(samples, key=lambda sample: -sample.points))


def question(id: str) -> None:
    """Stand-in for a written question in a source notebook; the builder puts the text there."""
    print(f"Question {id}: see solutions/answers.")
