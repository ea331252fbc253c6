"""The instructor's page about a class: what it counts, and what the template is given."""

from __future__ import annotations

import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from autograder.files import write_atomically
from autograder.reports.pages import page
from autograder.reports.words import (
    LEVELS,
    by_student,
    exercises_of,
    in_points,
    level_of,
    notes_on,
    shared_error,
    single_line,
)
from autograder.result import ExerciseResult, Result, WrittenAnswer

MOST_FAILED = 10


def write_class_page(results: Iterable[Result], path: str | os.PathLike[str], pages: Mapping[str, str]) -> None:
    """The instructor's page: what the class misunderstood, how each exercise went, who scored what.

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
    context = {
        "lab": results[0].lab,
        "total": len(results),
        "levels": LEVELS,
        "figures": _key_figures(results, graded),
        "failed_by_us": [(r.student, single_line(_why_ours(r))) for r in results if r.ours],
        "walls": _walls(results),
        "mistakes": _named_mistakes(results),
        "most_failed": _most_failed(results),
        "errors": _errors(graded),
        "exercises": _exercises(results),
        "written": _written(results),
        "scores": _distribution(graded, max(result.max_score for result in results)),
        "students": _students(results, pages),
        "notes": [(result.student, lines) for result in results if (lines := notes_on(result))],
    }
    write_atomically(path, page("class.html", **context))


def _why_ours(result: Result) -> str:
    return next(exercise.error or "" for exercise in result.exercises if level_of(exercise) == "ours")


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


def _named_mistakes(results: list[Result]) -> list[tuple[str, str, int]]:
    counts = Counter((e.name, e.diagnosis) for result in results for e in result.exercises if e.diagnosis)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name, diagnosis, count) for (name, diagnosis), count in ordered]


def _most_failed(results: list[Result]) -> list[dict[str, Any]]:
    """The checks that most of those failed whose function could be run at all."""
    ran: Counter[str] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    hints: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for exercise in (e for result in results for e in result.exercises if not e.error):
        ran[exercise.name] += 1
        for test in exercise.tests:
            if not test.passed:
                failed[exercise.name, test.name] += 1
                hints[exercise.name, test.name][test.hint] += 1
    most = sorted(failed, key=lambda key: (-failed[key], key))[:MOST_FAILED]
    return [
        {
            "exercise": key[0],
            "name": key[1],
            "failed": failed[key],
            "ran": ran[key[0]],
            "hint": hints[key].most_common(1)[0][0],
        }
        for key in most
    ]


def _errors(results: list[Result]) -> list[tuple[str, str, int]]:
    """Why answers could not be run; what befell a whole notebook is counted once."""
    counts: Counter[tuple[str, str]] = Counter()
    for result in results:
        common = shared_error(result)
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


def _students(results: list[Result], pages: Mapping[str, str]) -> list[dict[str, Any]]:
    names = exercises_of(results)
    rows = []
    for result in results:
        own: dict[str, ExerciseResult] = {exercise.name: exercise for exercise in result.exercises}
        rows.append(
            {
                "name": result.student,
                "link": quote(pages[result.student]),
                "score": "–" if result.ours else f"{result.score}/{result.max_score}",
                "exercises": [own.get(name) for name in names],
            }
        )
    return rows
