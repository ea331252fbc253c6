"""Pieces that the pages for student and class share."""

from __future__ import annotations

from autograder.reports.markup import Markup, tag
from autograder.reports.words import SIGNS, TONES, WORDS, level_of
from autograder.result import ExerciseResult


def verdict(score: int, max_score: int) -> Markup:
    level = level_of(score, max_score)
    return tag(
        "span", tag("span", SIGNS[level], class_="sign", aria_hidden="true"), f" {WORDS[level]}", class_=TONES[level]
    )


def wall_note(wall: dict) -> Markup:
    missing = [tag("li", f"{layer}: {why}") for layer, why in wall.get("missing", {}).items()]
    details = tag("ul", missing) if missing else ""
    if wall["graded_use"]:
        return tag("div", tag("p", "How it was graded: ", wall["summary"]), details, class_="note")
    return tag("div", tag("p", tag("b", "⚠ Not for graded use. "), wall["summary"]), details, class_="note warn")


def table_head(*cells: str | tuple[str, str]) -> Markup:
    """A table's head; a cell with a class is a pair."""
    pairs = [cell if isinstance(cell, tuple) else (cell, "") for cell in cells]
    return tag(
        "thead", tag("tr", [tag("th", name, scope="col", **({"class": kind} if kind else {})) for name, kind in pairs])
    )


def optional_mark(exercise: ExerciseResult) -> Markup:
    return tag("span", " (optional)", class_="soft") if exercise.optional else Markup()
