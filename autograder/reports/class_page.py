"""The instructor's page about a class."""

from __future__ import annotations

import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from autograder.files import file_names, write_atomically
from autograder.reports.markup import Markup, page, tag
from autograder.reports.parts import optional_mark, table_head, wall_note
from autograder.reports.words import (
    SIGNS,
    TONES,
    WORDS,
    by_student,
    exercises_of,
    in_points,
    level_of,
    shared_error,
    single_line,
)
from autograder.result import ExerciseResult, Result

MOST_FAILED = 10


def _bar(shares: Sequence[tuple[str, int]], total: int, label: str) -> Markup:
    """A bar of `total` units from (level, count) pieces; partial is striped too, so that colour alone says nothing."""
    pieces, left = [tag("rect", class_="track", width=100, height=10)], 0.0
    for level, count in shares:
        width = 100 * count / max(total, 1)
        place = {"x": f"{left:.3f}", "width": f"{width:.3f}", "height": 10}
        pieces.append(tag("rect", class_=level, **place))
        if level == "part":
            pieces.append(tag("rect", fill="url(#stripes)", **place))
        left += width
    return tag("svg", pieces, viewBox="0 0 100 10", preserveAspectRatio="none", role="img", aria_label=label)


def _stripes() -> Markup:
    """The pattern that the bars of this page refer to."""
    line = tag("line", x1=0, y1=0, x2=0, y2=2, class_="stripe")
    pattern = tag("pattern", line, id="stripes", width=1.2, height=2, patternUnits="userSpaceOnUse")
    return tag("svg", tag("defs", pattern), class_="off", aria_hidden="true", focusable="false")


def _scroll(label: str, *content: Markup) -> Markup:
    """A region that scrolls sideways on a phone, and by keyboard."""
    return tag("div", *content, class_="scroll", role="region", aria_label=label, tabindex=0)


def write_class_page(results: Iterable[Result], path: str | os.PathLike[str]) -> None:
    """The instructor's page: what the class misunderstood, how each exercise went, who scored what.

    It lies beside the folder `feedback`, whose pages it links to by the names of `autograder.files.file_names`.

    Raises
    ------
    ValueError
        Without any result.
    """
    results = by_student(results)
    if not results:
        raise ValueError("write_class_page: there are no results to report on")
    lab = results[0].lab
    body = [
        _stripes(),
        tag("h1", f"{lab}: the class"),
        _key_figures(results),
        *dict.fromkeys(wall_note(result.wall) for result in _run_ones(results)),
        tag("h2", "What the class misunderstood"),
        _named_mistakes(results),
        _most_failed(results),
        _errors(results),
        tag("h2", "Exercises"),
        _exercise_table(results),
        tag("h2", "Scores"),
        _distribution(results),
        tag("h2", "Students"),
        _student_table(results),
        _odd(results),
    ]
    write_atomically(path, page(f"{lab}: the class", tag("main", body)))


def _run_ones(results: list[Result]) -> list[Result]:
    """The results that say something about the wall: where nothing was handed in, nothing ran behind it."""
    return [r for r in results if r.wall["layers"] or r.wall["missing"] or not r.wall["graded_use"]] or results[:1]


def _key_figures(results: list[Result]) -> Markup:
    scores = [result.score for result in results]
    best = max(result.max_score for result in results)
    full = sum(result.score >= result.max_score for result in results)
    figures = [
        ("submission" if len(results) == 1 else "submissions", str(len(results))),
        (f"mean of {in_points(best)}", f"{statistics.mean(scores):.1f}"),
        ("median", f"{statistics.median(scores):g}"),
        ("with full marks", str(full)),
        ("with no points", str(scores.count(0))),
    ]
    return tag(
        "ul", [tag("li", tag("b", value), tag("span", name, class_="soft")) for name, value in figures], class_="cards"
    )


def _named_mistakes(results: list[Result]) -> Markup:
    counts = Counter((e.name, e.diagnosis) for result in results for e in result.exercises if e.diagnosis)
    if not counts:
        return tag("p", "No answer behaves like one of the known mistakes.")
    items = []
    for (name, diagnosis), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        share = f"{count} of {len(results)}"
        line = tag("p", tag("b", f"{share}: "), diagnosis, tag("span", " · ", tag("code", name), class_="soft"))
        items.append(tag("li", line, _bar([("none", count)], len(results), share)))
    return tag(
        "section",
        tag("h3", "Known mistakes"),
        tag("p", "Wrong answers that do on every check exactly what a known mistake does.", class_="soft"),
        tag("ul", items, class_="items"),
    )


def _most_failed(results: list[Result]) -> Markup:
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
    if not failed:
        return Markup()
    items = []
    for key in sorted(failed, key=lambda key: (-failed[key], key))[:MOST_FAILED]:
        exercise, check = key
        share = f"{failed[key]} of {ran[exercise]}"
        hint = hints[key].most_common(1)[0][0]
        line = tag("p", tag("b", f"{share}: "), check, tag("span", " · ", tag("code", exercise), class_="soft"))
        items.append(tag("li", line, tag("p", hint, class_="soft") if hint else ""))
    return tag(
        "section",
        tag("h3", "Checks that failed most"),
        tag("p", "Of the answers that could be run, with the hint that most of them got.", class_="soft"),
        tag("ul", items, class_="items"),
    )


def _errors(results: list[Result]) -> Markup:
    """Why answers could not be run; what befell a whole notebook is counted once."""
    counts: Counter[tuple[str, str]] = Counter()
    for result in results:
        common = shared_error(result)
        if common:
            counts["all exercises", single_line(common)] += 1
        else:
            counts.update((e.name, single_line(e.error)) for e in result.exercises if e.error)
    if not counts:
        return Markup()
    rows = [
        tag("tr", tag("td", str(count), class_="n"), tag("td", where), tag("td", error, class_="free"))
        for (where, error), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    head = table_head(("Students", "n"), "Where", "Why")
    grid = tag("table", head, tag("tbody", rows))
    return tag("section", tag("h3", "Answers that could not be run"), _scroll("Answers that could not be run", grid))


def _exercise_table(results: list[Result]) -> Markup:
    rows = []
    for number, name in enumerate(exercises_of(results), 1):
        exercises = [e for result in results for e in result.exercises if e.name == name]
        levels = Counter(level_of(e.score, e.max_score) for e in exercises)
        counts = [(level, levels[level]) for level in ("full", "part", "none")]
        words = f"{levels['full']} in full, {levels['part']} in part, {levels['none']} with no points"
        mean = statistics.mean(e.score for e in exercises)
        rows.append(
            tag(
                "tr",
                tag("td", str(number), class_="n"),
                tag(
                    "th",
                    name,
                    optional_mark(exercises[0]),
                    _bar(counts, len(exercises), words),
                    scope="row",
                    class_="wide",
                ),
                [tag("td", str(count), class_="n") for _, count in counts],
                tag("td", f"{mean:.1f} / {exercises[0].max_score}", class_="n"),
            )
        )
    signs = [(f"{SIGNS[level]} {word}", "n") for level, word in (("full", "full"), ("part", "part"), ("none", "none"))]
    head = table_head(("#", "n"), "Exercise", *signs, ("Mean", "n"))
    key = [
        tag("span", _bar([(level, 1)], 1, ""), f"{SIGNS[level]} {WORDS[level]}") for level in ("full", "part", "none")
    ]
    return tag(
        "section", tag("p", key, class_="key soft"), _scroll("Exercises", tag("table", head, tag("tbody", rows)))
    )


def _distribution(results: list[Result]) -> Markup:
    best = max(result.max_score for result in results)
    width = max(1, -(-best // 10))
    counts = Counter(min(result.score, best) // width for result in results)
    above = sum(result.score > best for result in results)
    rows = []
    for step in range(best // width, -1, -1):
        low, high = step * width, min((step + 1) * width - 1, best)
        label = str(low) if low == high else f"{low}–{high}"
        count = counts[step]
        bar = _bar([("full", count)], max(counts.values()), f"{count} of {len(results)}")
        rows.append(
            tag(
                "tr",
                tag("th", label, scope="row", class_="n"),
                tag("td", bar, class_="wide"),
                tag("td", str(count), class_="n"),
            )
        )
    note = f" {above} above {best} through optional exercises, counted in the top row." if above else ""
    caption = tag("caption", "Number of students by points.", note)
    return tag("table", caption, table_head(("Points", "n"), "", ("Students", "n")), tag("tbody", rows))


def _student_table(results: list[Result]) -> Markup:
    names = exercises_of(results)
    files = file_names(result.student for result in results)
    rows = []
    for result in results:
        exercises = {exercise.name: exercise for exercise in result.exercises}
        link = tag("a", result.student or "(no name)", href=f"feedback/{quote(files[result.student], safe='')}.html")
        cells = [
            tag("th", link, scope="row", class_="free"),
            tag("td", f"{result.score}/{result.max_score}", class_="n"),
        ]
        cells += [_student_cell(exercises.get(name)) for name in names]
        rows.append(tag("tr", cells))
    numbers = [(str(number), "n") for number in range(1, len(names) + 1)]
    return tag(
        "section",
        tag(
            "p", "Exercises are numbered as in the table above; a name leads to the student's feedback.", class_="soft"
        ),
        _scroll("Students", tag("table", table_head("Student", ("Score", "n"), *numbers), tag("tbody", rows))),
    )


def _student_cell(exercise: ExerciseResult | None) -> Markup:
    if exercise is None:
        return tag("td", "–", class_="n")
    level = level_of(exercise.score, exercise.max_score)
    title = f"{exercise.name}: {exercise.score} of {in_points(exercise.max_score)}"
    return tag(
        "td", tag("span", SIGNS[level], class_=f"sign {TONES[level]}"), f" {exercise.score}", class_="n", title=title
    )


def _odd(results: list[Result]) -> Markup:
    rows = [
        tag("tr", tag("th", result.student, scope="row"), tag("td", tag("ul", [tag("li", n) for n in result.notes])))
        for result in results
        if result.notes
    ]
    if not rows:
        return Markup()
    grid = tag("table", table_head("Student", "Note"), tag("tbody", rows))
    return tag("section", tag("h2", "Notes on submissions"), grid)
