"""The instructor's page about a class: what it counts, and what the template is given."""

from __future__ import annotations

import math
import os
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from autograder.files import write_atomically
from autograder.outcome import Outcome
from autograder.reports.fairness import CLASS, Verdict, out_of_budget, verdicts
from autograder.reports.lessons import SHARED, Finding, failed_checks, is_blank, named_mistakes, to_say
from autograder.reports.pages import page
from autograder.reports.words import (
    LEVELS,
    SIGNS,
    TONES,
    WORDS,
    by_student,
    exercises_of,
    in_points,
    level_of,
    notes_on,
    single_line,
    unreadable,
)
from autograder.result import ExerciseResult, Result, WrittenAnswer

MOST_FAILED = 10
ONE_TABLE = 24  # students
NAMED = 2  # checks, of each kind, that the first screen names as perhaps unfair
# In the map of the class what is not there is told from what is wrong.
BLANK = {"sign": "·", "tone": "soft", "word": "nothing handed in"}


def write_class_page(results: Iterable[Result], path: str | os.PathLike[str], pages: Mapping[str, str]) -> None:
    """The instructor's page: how it went, what to say, who needs help, what may be unfair; then a map of the class, and all of it.

    Parameters
    ----------
    pages : dict
        Where the feedback for each student lies, as a path from here.

    Raises
    ------
    ValueError
        Without any result.
    """
    results = by_student(results)
    if not results:
        raise ValueError("write_class_page: there are no results to report on")
    graded = [result for result in results if not result.ours]
    links = _Links(results, pages)
    mistakes, checks, fair = named_mistakes(graded), failed_checks(graded), verdicts(graded)
    context = {
        "title": results[0].title or results[0].lab,
        "total": len(results),
        "levels": LEVELS,
        "blank": BLANK,
        "figures": _key_figures(results, graded),
        "how": _how_it_went(graded),
        "lessons": [links.of(finding) for finding in to_say(graded)],
        "help": _who_needs_help(graded, links),
        "unfair": _unfair(graded, list(fair.values()), links),
        "tampering": [(links.student(r), _by_cell(r.tampering)) for r in results if r.tampering],
        "failed_by_us": [(r.student, single_line(_why_ours(r))) for r in results if r.ours],
        "walls": _walls(results),
        "mistakes": [links.of(finding) for finding in mistakes if len(finding.students) >= SHARED],
        "slips": [links.of(finding) for finding in mistakes if len(finding.students) < SHARED],
        "checks": [
            links.of(finding) | {"verdict": fair[finding.exercise.name, finding.what]}
            for finding in checks[:MOST_FAILED]
        ],
        "most_answers": max((verdict.answers for verdict in fair.values()), default=0),
        "enough": CLASS,
        "errors": _errors(graded),
        "exercises": _exercises(results),
        "written": _written(results),
        "scores": _distribution(graded, max(result.max_score for result in results)),
        "halves": _halves(_students(results, links)),
        "notes": [(links.student(result), lines) for result in results if (lines := notes_on(result))],
    }
    write_atomically(path, page("class.html", **context))


@dataclass(frozen=True)
class _Link:
    """A student's name and where it leads to; `said` stands behind it in brackets."""

    name: str
    href: str
    said: str = ""


class _Links:
    """Names that lead to a student's page, and to an exercise on it."""

    def __init__(self, results: list[Result], pages: Mapping[str, str]):
        self._pages = {result.student: quote(pages[result.student]) for result in results}
        self._bare = {
            result.student for result in results if unreadable(result)
        }  # these have no exercises on their pages
        self._numbers = {
            (result.student, exercise.name): number
            for result in results
            for number, exercise in enumerate(result.exercises, 1)
        }

    def to(self, student: str, exercise: str) -> str:
        page = self._pages[student]
        return page if student in self._bare else f"{page}#exercise-{self._numbers[student, exercise]}"

    def student(self, result: Result, said: str = "") -> _Link:
        return _Link(result.student, self._pages[result.student], said)

    def of(self, finding: Finding) -> dict[str, Any]:
        """A finding with its students as links."""
        names = [_Link(student, self.to(student, finding.exercise.name)) for student in finding.students]
        return {"finding": finding, "students": names}


def _why_ours(result: Result) -> str:
    return next(exercise.error or "" for exercise in result.exercises if level_of(exercise) == "ours")


def _by_cell(lines: Iterable[str]) -> list[str]:
    """What was found in a notebook, "Code cell 2 changes `numpy`", with each cell said once."""
    found: dict[str, list[str]] = {}
    for line in lines:
        cell, what = re.findall(r"^(Code cell \d+ |)(.*)", line)[0]
        found.setdefault(cell, []).append(what)
    return [cell + ", ".join(what) for cell, what in found.items()]


def _walls(results: list[Result]) -> list[dict[str, Any]]:
    """What stood, each once; where nothing was handed in, nothing ran behind a wall."""
    ran = [r for r in results if r.wall["layers"] or r.wall["missing"] or not r.wall["graded_use"]] or results[:1]
    walls: list[dict[str, Any]] = []
    for result in ran:
        if result.wall not in walls:
            walls.append(result.wall)
    return walls


def _key_figures(results: list[Result], graded: list[Result]) -> list[tuple[str, str]]:
    scores = [result.score for result in graded]
    best = max(result.max_score for result in results)
    full = sum(result.score >= result.max_score for result in graded)
    return [
        ("submission" if len(results) == 1 else "submissions", str(len(results))),
        (f"mean of {in_points(best)}", f"{statistics.mean(scores):.1f}" if scores else "–"),
        ("median", f"{statistics.median(scores):g}" if scores else "–"),
        ("with full marks", str(full)),
        ("with no points", str(scores.count(0))),
    ]


def _how_it_went(graded: list[Result]) -> str:
    """One sentence about the spread; "" for a handful, of whom each is in the map."""
    if len(graded) < 8:
        return ""
    low, middle, _ = (math.floor(cut) for cut in statistics.quantiles((r.score for r in graded), method="inclusive"))
    late = sum(bool(result.late) for result in graded)
    said = f"Half of the class has {in_points(middle)} or more, a quarter {low} or fewer."
    return said + (f" {late} handed in late." if late else "")


def _who_needs_help(graded: list[Result], links: _Links) -> list[dict[str, Any]]:
    """Who cannot go on alone, by reason: the weakest first."""
    groups: dict[str, list[tuple[int, Result, str]]] = {}
    for result in graded:
        if unreadable(result):
            why, said = "Nothing that could be read", single_line(unreadable(result))
        elif all(is_blank(exercise) for exercise in result.exercises):
            why, said = "Nothing written", ""
        elif 2 * result.score < result.max_score:
            why, said = "Less than half of the points", str(result.score)
        else:
            continue
        groups.setdefault(why, []).append((result.score, result, said))
    order = ("Less than half of the points", "Nothing written", "Nothing that could be read")
    return [
        {
            "why": why,
            "students": [
                links.student(result, said) for _, result, said in sorted(groups[why], key=lambda group: group[0])
            ],
        }
        for why in order
        if why in groups
    ]


def _unfair(graded: list[Result], fair: list[Verdict], links: _Links) -> dict[str, Any]:
    """What the instructor should look at before the class does."""
    scattered = sorted((v for v in fair if v.is_scattered), key=lambda v: (-v.ways, v.exercise, v.check))
    blind = sorted((v for v in fair if v.is_blind), key=lambda v: (v.index, v.exercise, v.check))
    stopped = [
        _Link(student, links.to(student, exercise.name), exercise.name) for student, exercise in out_of_budget(graded)
    ]
    return {"scattered": scattered[:NAMED], "blind": blind[:NAMED], "stopped": stopped}


def _errors(results: list[Result]) -> list[tuple[str, str, int]]:
    """Why answers could not be run; what befell a whole notebook is counted once."""
    counts: Counter[tuple[str, str]] = Counter()
    for result in results:
        common = result.shared_error
        if common:
            counts["all exercises", single_line(common)] += 1
        else:
            counts.update((e.name, single_line(e.error)) for e in result.exercises if e.error)
    return [(where, why, n) for (where, why), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _exercises(results: list[Result]) -> list[dict[str, Any]]:
    rows = []
    for name in exercises_of(results):
        all_of_it = [e for result in results for e in result.exercises if e.name == name]
        graded = [e for e in all_of_it if level_of(e) != "ours"]
        counts = Counter(level_of(e) for e in graded)
        rows.append(
            {
                "name": name,
                "optional": all_of_it[0].optional,
                "max_score": all_of_it[0].max_score,
                "graded": len(graded),
                "counts": [(level, counts[level]) for level in LEVELS],
                "label": f"{counts['full']} in full, {counts['part']} in part, {counts['none']} with no points",
                "mean": f"{statistics.mean(e.score for e in graded):.1f}" if graded else "–",
            }
        )
    return rows


def _written(results: list[Result]) -> list[dict[str, Any]]:
    """How far each written question is marked; the mean is of those who have points, blank answers included."""
    answers: dict[str, list[WrittenAnswer]] = defaultdict(list)
    for result in results:
        for answer in result.written:
            answers[answer.question].append(answer)
    rows = []
    for question, own in answers.items():
        there = [answer for answer in own if not answer.is_blank]
        points = [answer.points or 0 for answer in own if not answer.waits]
        rows.append(
            {
                "id": question,
                "title": own[0].title,
                "max_score": own[0].max_score,
                "answers": len(there),
                "marked": sum(not answer.waits for answer in there),
                "mean": f"{statistics.mean(points):.1f}" if points and not all(a.waits for a in there) else "–",
            }
        )
    return rows


def _distribution(graded: list[Result], best: int) -> dict[str, Any]:
    width = max(1, -(-best // 10))
    counts = Counter(min(result.score, best) // width for result in graded)
    above = sum(result.score > best for result in graded)
    rows = []
    for step in range(best // width, -1, -1):
        low, high = step * width, min((step + 1) * width - 1, best)
        rows.append((str(low) if low == high else f"{low}–{high}", counts[step]))
    note = f" {above} above {best} through optional exercises, counted in the top row." if above else ""
    return {"rows": rows, "most": max(counts.values(), default=0), "note": note}


def _students(results: list[Result], links: _Links) -> list[dict[str, Any]]:
    names = exercises_of(results)
    rows = []
    for result in results:
        own: dict[str, ExerciseResult] = {exercise.name: exercise for exercise in result.exercises}
        rows.append(
            {
                "link": links.student(result),
                "score": "–" if result.ours else f"{result.score}/{result.max_score}",
                "late": result.late,
                "tampering": bool(result.tampering),
                "cells": [_cell(result, own[name], links) if name in own else None for name in names],
            }
        )
    return rows


def _halves(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """A long class in two tables, which stand side by side where there is room."""
    middle = -(-len(rows) // 2) if len(rows) > ONE_TABLE else len(rows)
    return [half for half in (rows[:middle], rows[middle:]) if half]


def _cell(result: Result, exercise: ExerciseResult, links: _Links) -> dict[str, Any]:
    level = level_of(exercise)
    mark = {"sign": SIGNS[level], "tone": TONES[level], "word": WORDS[level]}
    if level == "none" and is_blank(exercise):
        mark, level = BLANK, "blank"
    points = "–" if exercise.outcome is Outcome.OURS else str(exercise.score)
    said = f"{exercise.name}: {points} of {in_points(exercise.max_score)}"
    why = exercise.diagnosis or mark["word"]
    return {
        **mark,
        "level": level,
        "points": points,
        "href": links.to(result.student, exercise.name),
        "said": f"{said}, {why}",
    }
