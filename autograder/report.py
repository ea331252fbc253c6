"""What people read about results: text in a notebook, a table in the terminal, pages for student and class, a CSV."""

from __future__ import annotations

import csv
import io
import os
import re
import statistics
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from autograder.files import clean, file_names, write_atomically
from autograder.inside.student import NOT_RUN
from autograder.markup import Markup, page, tag
from autograder.result import ExerciseResult, Result, TestResult

if TYPE_CHECKING:  # rich is for the terminal; a notebook that only prints `text` does without
    from rich.table import Table

WIDTH = 100
NAME_WIDTH = 25
LONGEST_NAME = 40
CELL = 1000  # characters of remarks in one cell of grades.csv
MOST_FAILED = 10

SIGNS = {"full": "✓", "part": "◐", "none": "✗"}
WORDS = {"full": "full marks", "part": "partial", "none": "no points"}
TONES = {"full": "good", "part": "fair", "none": "bad"}
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|]")


def _level(score: int, max_score: int) -> str:
    """ "full", "part" or "none": what a score is worth in a sign and a word."""
    if score >= max_score:
        return "full"
    return "part" if score > 0 else "none"


def _points(count: int) -> str:
    return f"{count} point" if count == 1 else f"{count} points"


def _diagnosis(exercise: ExerciseResult) -> str:
    return f"It looks as if your function {exercise.diagnosis}."


def _rests_on(exercise: ExerciseResult) -> str:
    *others, last = exercise.rests_on
    named = f"{', '.join(others)} and {last}, which are" if others else f"{last}, which is"
    return f"uses {named} not right yet"


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


# --- in a notebook ----------------------------------------------------------------------------------------------------


def text(exercise: ExerciseResult) -> str:
    """What `check` prints: the points, one line per check, under a failed one its hint, then the diagnosis."""
    optional = " (optional)" if exercise.optional else ""
    lines = [f"{exercise.name}{optional} — {exercise.score} of {_points(exercise.max_score)}"]
    if exercise.error:
        lines += _wrap(exercise.error, f"  {SIGNS['none']} ", "    ")
    else:
        failed = [len(test.name) for test in exercise.tests if not test.passed]
        width = min(max([NAME_WIDTH, *failed]), LONGEST_NAME)
        for test in exercise.tests:
            lines += _test_lines(test, width)
    if exercise.diagnosis:
        lines += _wrap(_diagnosis(exercise), "  ", "  ")
    return "\n".join(lines)


def _test_lines(test: TestResult, width: int) -> list[str]:
    if test.passed:
        return [f"  {SIGNS['full']} {test.name}"]
    start = f"  {SIGNS['none']} {test.name:{width}}  "
    if not test.message:
        lines = [start.rstrip()]
    elif len(test.name) > width:
        lines = [start.rstrip(), *_wrap(test.message, " " * 6, " " * 6)]
    else:
        lines = _wrap(test.message, start, " " * len(start))
    return lines + (_wrap(test.hint, " " * 6, " " * 6) if test.hint else [])


def _wrap(message: str, first: str, rest: str) -> list[str]:
    """Lines of at most `WIDTH` columns; no break after a minus sign, and the message keeps its own line ends."""
    lines: list[str] = []
    for part in clean(message).splitlines():
        lines += textwrap.wrap(
            part, WIDTH, initial_indent=rest if lines else first, subsequent_indent=rest, break_on_hyphens=False
        )
    return lines


# --- in the terminal --------------------------------------------------------------------------------------------------


def table(results: Iterable[Result], width: int = 120) -> Table:
    """The class, one row per student: score, points per exercise (numbered; the caption names them), first remark.

    `width` is the terminal's, in columns: the remark is cut to what is left of it.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    results = _sorted(results)
    names = _exercise_names(results)
    legend = "   ".join(f"{number} {name}" for number, name in enumerate(names, 1))
    grid = Table(box=box.SIMPLE_HEAD, caption=Text(legend), caption_justify="left", pad_edge=False, padding=0)
    grid.add_column("Student", no_wrap=True, max_width=28)
    grid.add_column("Score", justify="right", no_wrap=True)
    for number, _ in enumerate(names, 1):
        grid.add_column(str(number), justify="right", no_wrap=True)
    grid.add_column("Remarks", no_wrap=True)
    taken = max([7, *(min(len(_one_line(r.student)), 28) for r in results)]) + 7 + 4 * len(names) + 4
    room = max(width - taken, 16)
    styles = {"full": "green", "part": "yellow", "none": "red"}
    for result in results:
        cells = [Text(_one_line(result.student)), Text(f"{result.score}/{result.max_score}")]
        exercises = {exercise.name: exercise for exercise in result.exercises}
        for name in names:
            exercise = exercises.get(name)
            level = _level(exercise.score, exercise.max_score) if exercise else ""
            cells.append(Text(f"{SIGNS[level]} {exercise.score}", styles[level]) if exercise else Text("–"))
        first, *more = _remarks(result, diagnoses=True) or [""]
        grid.add_row(*cells, Text(_remark(first, len(more), room)))
    return grid


def _remark(first: str, more: int, room: int) -> str:
    tail = f" (+{more})" if more else ""
    return textwrap.shorten(first, room - len(tail), placeholder=" …") + tail


def _sorted(results: Iterable[Result]) -> list[Result]:
    return sorted(results, key=lambda result: result.student)


def _exercise_names(results: Iterable[Result]) -> list[str]:
    """All exercises, in the order of the lab."""
    return list(dict.fromkeys(exercise.name for result in results for exercise in result.exercises))


def _common_error(result: Result) -> str | None:
    """The error that all exercises share: the notebook as a whole could not be graded."""
    errors = {exercise.error for exercise in result.exercises}
    return errors.pop() if len(errors) == 1 and len(result.exercises) > 1 else None


def _remarks(result: Result, diagnoses: bool = False) -> list[str]:
    """Errors, notes and, where asked for, diagnoses, each one line; an optional exercise left out is no remark."""
    lines = []
    common = _common_error(result)
    if common:
        lines.append(f"all exercises: {common}")
    for exercise in result.exercises:
        if exercise.error and not common and not exercise.optional:
            lines.append(f"{exercise.name}: {exercise.error}")
        if exercise.diagnosis and diagnoses:
            lines.append(f"{exercise.name} {exercise.diagnosis}")
        if exercise.rests_on and diagnoses:
            lines.append(f"{exercise.name} {_rests_on(exercise)}")
        stopped = next((test.message for test in exercise.tests if test.message.startswith(NOT_RUN)), None)
        if stopped and diagnoses:
            lines.append(f"{exercise.name}: {stopped.removeprefix(NOT_RUN)}")
    lines += result.notes
    return [_one_line(line) for line in lines]


# --- grades.csv -------------------------------------------------------------------------------------------------------


def write_grades(results: Iterable[Result], path: str | os.PathLike[str]) -> None:
    """`grades.csv` (RFC 4180): student, score, max_score, the points of each exercise, remarks; one row per student.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    results = _sorted(results)
    names = _exercise_names(results)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["student", "score", "max_score", *names, "remarks"])
    for result in results:
        points = {exercise.name: exercise.score for exercise in result.exercises}
        remarks = _remarks(result)
        if not result.wall["graded_use"]:
            remarks.insert(0, f"not for graded use: {_one_line(result.wall['summary'])}")
        row = [result.score, result.max_score, *(points.get(name, "") for name in names)]
        writer.writerow([defuse(clean(result.student)), *row, defuse("; ".join(remarks)[:CELL])])
    write_atomically(path, out.getvalue())


def defuse(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if _FORMULA.match(cell) else cell


# --- pages ------------------------------------------------------------------------------------------------------------


def _verdict(score: int, max_score: int) -> Markup:
    level = _level(score, max_score)
    return tag(
        "span", tag("span", SIGNS[level], class_="sign", aria_hidden="true"), f" {WORDS[level]}", class_=TONES[level]
    )


def _wall_note(wall: dict) -> Markup:
    missing = [tag("li", f"{layer}: {why}") for layer, why in wall.get("missing", {}).items()]
    details = tag("ul", missing) if missing else ""
    if wall["graded_use"]:
        return tag("div", tag("p", "How it was graded: ", wall["summary"]), details, class_="note")
    return tag("div", tag("p", tag("b", "⚠ Not for graded use. "), wall["summary"]), details, class_="note warn")


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


def _header(*cells: str | tuple[str, str]) -> Markup:
    """A table's head; a cell with a class is a pair."""
    pairs = [cell if isinstance(cell, tuple) else (cell, "") for cell in cells]
    return tag(
        "thead", tag("tr", [tag("th", name, scope="col", **({"class": kind} if kind else {})) for name, kind in pairs])
    )


def write_feedback(result: Result, path: str | os.PathLike[str]) -> None:
    """A student's page: the score, what each check found and the likely cause, written answers, how it was graded."""
    score = f"{result.score} of {_points(result.max_score)}"
    optional = any(exercise.optional for exercise in result.exercises)
    rows = [
        tag(
            "tr",
            tag("th", tag("a", exercise.name, href=f"#exercise-{number}"), _optional(exercise), scope="row"),
            tag("td", f"{exercise.score} / {exercise.max_score}", class_="n"),
            tag("td", _verdict(exercise.score, exercise.max_score)),
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
        tag("table", _header("Exercise", ("Points", "n"), "Result"), tag("tbody", rows)),
        [_exercise(number, exercise) for number, exercise in enumerate(result.exercises, 1)],
        _written(result),
        tag("footer", _wall_note(result.wall), _provenance(result)),
    ]
    write_atomically(path, page(f"{result.lab}: {result.student}", tag("main", body)))


def _optional(exercise: ExerciseResult) -> Markup:
    return tag("span", " (optional)", class_="soft") if exercise.optional else Markup()


def _notes(notes: Iterable[str]) -> Markup:
    items = [tag("li", note) for note in notes]
    return tag("div", tag("p", tag("b", "About the notebook")), tag("ul", items), class_="note") if items else Markup()


def _exercise(number: int, exercise: ExerciseResult) -> Markup:
    body = [
        tag("h2", exercise.name, _optional(exercise), id=f"exercise-{number}"),
        tag("p", f"{exercise.score} of {_points(exercise.max_score)}: ", _verdict(exercise.score, exercise.max_score)),
    ]
    if exercise.error:
        body.append(tag("div", tag("p", exercise.error, class_="message"), class_="note warn"))
    else:
        body.append(tag("ul", [_test(test) for test in exercise.tests], class_="checks"))
    if exercise.diagnosis:
        body.append(tag("p", tag("b", _diagnosis(exercise)), class_="note"))
    if exercise.rests_on:
        body.append(tag("p", f"Your function {_rests_on(exercise)}: mend that first.", class_="note"))
    return tag("section", body)


def _test(test: TestResult) -> Markup:
    sign, word, tone = ("✓", "passed", "good") if test.passed else ("✗", "failed", "bad")
    body = [
        tag("span", tag("span", sign, class_="sign", aria_hidden="true"), f" {word}", class_=tone),
        ": ",
        tag("b", test.name),
        tag("span", f" · {test.score} of {_points(test.max_score)}", class_="soft"),
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
            tag("h3", f"{answer.question} · {answer.title} ({_points(answer.max_score)})"),
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


def write_class_page(results: Iterable[Result], path: str | os.PathLike[str]) -> None:
    """The instructor's page: what the class misunderstood, how each exercise went, who scored what.

    It lies beside the folder `feedback`, whose pages it links to by the names of `autograder.files.file_names`.

    Raises
    ------
    ValueError
        Without any result.
    """
    results = _sorted(results)
    if not results:
        raise ValueError("write_class_page: there are no results to report on")
    lab = results[0].lab
    body = [
        _stripes(),
        tag("h1", f"{lab}: the class"),
        _key_figures(results),
        *dict.fromkeys(_wall_note(result.wall) for result in _run_ones(results)),
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
        (f"mean of {_points(best)}", f"{statistics.mean(scores):.1f}"),
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
        common = _common_error(result)
        if common:
            counts["all exercises", _one_line(common)] += 1
        else:
            counts.update((e.name, _one_line(e.error)) for e in result.exercises if e.error)
    if not counts:
        return Markup()
    rows = [
        tag("tr", tag("td", str(count), class_="n"), tag("td", where), tag("td", error, class_="free"))
        for (where, error), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    head = _header(("Students", "n"), "Where", "Why")
    grid = tag("table", head, tag("tbody", rows))
    return tag("section", tag("h3", "Answers that could not be run"), _scroll("Answers that could not be run", grid))


def _exercise_table(results: list[Result]) -> Markup:
    rows = []
    for number, name in enumerate(_exercise_names(results), 1):
        exercises = [e for result in results for e in result.exercises if e.name == name]
        levels = Counter(_level(e.score, e.max_score) for e in exercises)
        counts = [(level, levels[level]) for level in ("full", "part", "none")]
        words = f"{levels['full']} in full, {levels['part']} in part, {levels['none']} with no points"
        mean = statistics.mean(e.score for e in exercises)
        rows.append(
            tag(
                "tr",
                tag("td", str(number), class_="n"),
                tag(
                    "th", name, _optional(exercises[0]), _bar(counts, len(exercises), words), scope="row", class_="wide"
                ),
                [tag("td", str(count), class_="n") for _, count in counts],
                tag("td", f"{mean:.1f} / {exercises[0].max_score}", class_="n"),
            )
        )
    signs = [(f"{SIGNS[level]} {word}", "n") for level, word in (("full", "full"), ("part", "part"), ("none", "none"))]
    head = _header(("#", "n"), "Exercise", *signs, ("Mean", "n"))
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
    return tag("table", caption, _header(("Points", "n"), "", ("Students", "n")), tag("tbody", rows))


def _student_table(results: list[Result]) -> Markup:
    names = _exercise_names(results)
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
        _scroll("Students", tag("table", _header("Student", ("Score", "n"), *numbers), tag("tbody", rows))),
    )


def _student_cell(exercise: ExerciseResult | None) -> Markup:
    if exercise is None:
        return tag("td", "–", class_="n")
    level = _level(exercise.score, exercise.max_score)
    title = f"{exercise.name}: {exercise.score} of {_points(exercise.max_score)}"
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
    grid = tag("table", _header("Student", "Note"), tag("tbody", rows))
    return tag("section", tag("h2", "Notes on submissions"), grid)
