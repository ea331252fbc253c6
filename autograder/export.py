"""Results on their way to other systems: Canvas's gradebook, Gradescope's autograder, nbgrader's database."""

from __future__ import annotations

import csv
import io
import os
import re
import sqlite3
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.build import Kind, build
from autograder.course import Lab, find_lab
from autograder.files import write_atomically
from autograder.report import defuse
from autograder.result import Result
from autograder.spans import BEGIN, END, STUB, Span, names_needed, read_spans
from autograder.written import read_questions


class ExportError(ValueError):
    """What the other system gave, or needs, does not fit; the message is one clear line."""


def _require_one_class(results: list[Result], lab: str | None = None) -> None:
    """Refuse what is not one lab's results (of `lab`, where given), one for each student."""
    if not results:
        raise ExportError("there are no results to export")
    labs = sorted({result.lab for result in results})
    if len(labs) > 1:
        raise ExportError(f"results of {', '.join(labs)} are mixed: export one lab at a time")
    if lab is not None and labs != [lab]:
        raise ExportError(f"these are results of {labs[0]}, not of {lab}")
    student, count = Counter(result.student for result in results).most_common(1)[0]
    if count > 1:
        raise ExportError(f"{student!r} has {count} results: one for each student is needed")


# --- Canvas -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CanvasExport:
    """What became of an upload file.

    Attributes
    ----------
    matched : dict
        Student id -> the name in Canvas's row that got the score.
    without_row : tuple of str
        Students with a result who fit no row, more than one, or a row that another student fits, too.
    without_result : tuple of str
        Names in rows that got no score.
    """

    matched: Mapping[str, str]
    without_row: tuple[str, ...]
    without_result: tuple[str, ...]


def to_canvas(
    results: Iterable[Result],
    template_csv: str | os.PathLike[str],
    out: str | os.PathLike[str],
    assignment: str | None = None,
) -> CanvasExport:
    """Write the CSV that Canvas's gradebook imports.

    Students are matched to rows by Canvas's id, the SIS id or the login, else by the id that ends Canvas's name of a
    submission, or by a login or name that only one row has.
    A row without a result keeps the cell that it had.

    Parameters
    ----------
    template_csv : path
        The gradebook as Canvas exports it.
    assignment : str, optional
        The assignment's column; needed where not exactly one column is named like the lab ("Lab 1: ... (12345)").

    Raises
    ------
    ExportError
        Where the results are not of one lab or a student has two, the template is no gradebook, or the column cannot
        be told.
    OSError
        Where a file cannot be read or written.
    """
    results = list(results)
    _require_one_class(results)
    header, rows = _read_gradebook(Path(template_csv))
    column = _assignment_column(header, results[0].lab, assignment)
    students = [row for row in rows if row[header.index("ID")].strip()]
    assigned = _match(results, [dict(zip(header, row, strict=True)) for row in students])
    matched = {}
    for result in results:
        if result.student in assigned:
            row = students[assigned[result.student]]
            row[column] = str(result.score)
            matched[result.student] = row[header.index("Student")]
    # Canvas wants its own columns back as they were; only the names, which it does not read, are made harmless.
    kept = [i for i, name in enumerate(header) if name in _CANVAS_COLUMNS] + [column]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([header[i] for i in kept])
    name_column = header.index("Student")
    writer.writerows([[defuse(row[i]) if i == name_column else row[i] for i in kept] for row in rows])
    write_atomically(out, text.getvalue())
    graded = {assigned[student] for student in matched}
    return CanvasExport(
        matched,
        tuple(result.student for result in results if result.student not in matched),
        tuple(
            row[name_column] for i, row in enumerate(students) if i not in graded and not _is_test_student(row, header)
        ),
    )


_CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")


def _read_gradebook(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows below it, each as long as the header."""
    try:
        content = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ExportError(f"{path}: not a CSV in UTF-8, as Canvas exports it") from None
    first = content.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        lines = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ExportError(f"{path}: not a CSV ({error})") from None
    if not lines or not {"Student", "ID"} <= set(lines[0]):
        raise ExportError(f"{path}: not a gradebook of Canvas (its first line needs the columns Student and ID)")
    header = lines[0]
    return header, [(row + [""] * len(header))[: len(header)] for row in lines[1:] if row]


def _assignment_column(header: list[str], lab: str, assignment: str | None) -> int:
    if assignment is not None:
        if assignment not in header:
            raise ExportError(f"the gradebook has no column {assignment!r}")
        return header.index(assignment)
    named = [re.fullmatch(r"(.*)\(\d+\)\s*", name, re.DOTALL) for name in header]  # an assignment, its number behind it
    wanted = re.compile(rf"{re.escape(_letters(lab))}(?!\d)")
    columns = [i for i, match in enumerate(named) if match and wanted.match(_letters(match[1]))]
    if len(columns) != 1:
        found = ", ".join(repr(header[i]) for i in columns) or "none"
        raise ExportError(f"which column is {lab}? Named like it: {found}. Give the column's exact name")
    return columns[0]


def _is_test_student(row: list[str], header: list[str]) -> bool:
    return row[header.index("Student")].strip() == "Student, Test"


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _match(results: list[Result], rows: list[dict[str, str]]) -> dict[str, int]:
    """Student -> number of the row; nobody is matched where there is a doubt."""
    exact: dict[str, set[int]] = defaultdict(set)
    by_id: dict[str, set[int]] = defaultdict(set)
    by_login: dict[str, set[int]] = defaultdict(set)
    by_name: dict[str, set[int]] = defaultdict(set)
    for number, row in enumerate(rows):
        canvas, sis, login = (row.get(name, "").strip().casefold() for name in ("ID", "SIS User ID", "SIS Login ID"))
        last, _, first = row["Student"].partition(",")
        for key in (canvas, sis, login):
            exact[key].add(number)
        by_id[canvas].add(number)
        by_login[login.partition("@")[0]].add(number)
        for key in (_letters(last + first), _letters(first + last)):
            by_name[key].add(number)
    for rows_of in (exact, by_id, by_login, by_name):
        rows_of.pop("", None)  # what a row lacks says nothing about a student
    found: dict[str, int] = {}
    for result in results:
        student = result.student.strip().casefold()
        canvas_name = re.fullmatch(r".+_(\d+)", student)  # as `intake` names who handed in through Canvas
        guesses = (
            by_id.get(canvas_name[1] if canvas_name else "", set()),
            by_login.get(student, set()),
            by_name.get(_letters(student), set()),
        )
        numbers = exact.get(student) or set().union(*guesses)
        if len(numbers) == 1:
            (found[result.student],) = numbers
    claims = Counter(found.values())
    return {student: number for student, number in found.items() if claims[number] == 1}


# --- Gradescope -------------------------------------------------------------------------------------------------------

_SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: Python 3.11 or later, and the course's packages.
set -euo pipefail
cd "$(dirname "$0")"
python=""
for candidate in python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" > /dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    apt-get update -qq
    apt-get install -y -qq python3.11
    python=python3.11
fi
if ! "$python" -c 'import ensurepip' 2> /dev/null; then
    apt-get update -qq
    apt-get install -y -qq "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
fi
"$python" -m venv environment
environment/bin/pip install -q -c course/constraints.txt -e "./course[grade]"
environment/bin/autograder doctor || true  # into the image's log: which layers of the wall this machine has
"""

_RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission, from the folder that holds source, submission and results.
set -euo pipefail
root=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# One student's folder as nbgrader has it: the grader itself chooses between notebooks, or says that there is none.
mkdir -p "$work/in/submitted/submission/@LAB@" "$root/results"
find "$root/submission" -maxdepth 1 -type f -iname '*.ipynb' -exec cp -p -t "$work/in/submitted/submission/@LAB@" {} +
cd "$root/source/course"
"$root/source/environment/bin/autograder" grade "$work/in" --lab @LAB@ --out "$work/out" --jobs 1
cp "$work/out/results/submission.json" "$root/results/results.json"
"""

_README = """\
# Gradescope autograder for @LAB@

Upload this zip as the assignment's autograder (a base image with Python 3.11 or later, or one whose package manager has
it; at least 2 CPUs and 3 GB of memory). Gradescope runs `setup.sh` once and `run_autograder` for each submission.
The score that it shows is the sum of the checked exercises; give the assignment as many points. Written answers are
collected in the results file, not marked.

## What is inside, and what is not

`course/` holds the grader, the checks, `posekit` with its data, and this lab's text. The reference solutions of
the lab's exercises, the model answers and rubrics, and the bank of known mistakes are **not** in it, so a submission
that breaks out finds none of them. For the same reason the feedback here never names a mistake ("It looks as if your
function ..."), as grading on a machine of your own does.

## What it can promise

The student's code runs in a process of its own and scores are computed outside it. The rest of the wall (no network, no
files, own namespaces) needs rights that a container on Gradescope usually lacks. Each result says in its output which
layers were active; where it says "not for graded use", a hostile notebook could read what the container holds, this
file and the checks included, and disturb its own grading. Then use Gradescope for feedback, and
grade for the record with `autograder grade` on the zip of submissions that Gradescope exports.
"""

_STAMP = (1980, 1, 1, 0, 0, 0)  # the same contents make the same zip
_WITHHELD = "**Model answer.** Withheld.\n\n**Rubric.** Withheld.\n\n**Marked samples.** Withheld.\n"


def to_gradescope(course_root: str | os.PathLike[str], lab: str, out_zip: str | os.PathLike[str]) -> None:
    """Write the autograder zip of a lab for Gradescope: `setup.sh`, `run_autograder`, a README and the course.

    The solutions are taken out of it, and the lab is built once from what is left to see that nothing is missing.

    Raises
    ------
    ExportError
        Where a file that it needs is missing, or the lab without its solutions does not build to the same notebook.
    CourseError, BuildError, SpanError
        Where there is no such lab, or it does not build.
    """
    root = Path(course_root)
    found = find_lab(root, lab)
    course = _course_files(found)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in course.items():
            target = Path(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if build(replace(found, root=Path(folder)), Kind.STUDENT) != build(found, Kind.STUDENT):
            raise ExportError(f"{found.name} without its solutions builds to another notebook")
    members = {
        "setup.sh": _SETUP.encode(),
        "run_autograder": _RUN.replace("@LAB@", found.name).encode(),
        "README.md": _README.replace("@LAB@", found.name).encode(),
        **{f"course/{name}": data for name, data in course.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members.items()):
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name in ("setup.sh", "run_autograder") else 0o100644) << 16
            archive.writestr(entry, data)
    write_atomically(out_zip, buffer.getvalue())


def _course_files(lab: Lab) -> dict[str, bytes]:
    """What grading a lab needs, by path in the course: other labs' files, solutions and rubrics left out."""
    paths = [lab.root / name for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")]
    paths += [lab.source, lab.checks, lab.notebook, lab.root / "solutions" / "__init__.py"]
    for path in paths:
        if not path.is_file():
            raise ExportError(f"{path} is missing: the autograder needs it")
    own_checks = lab.root / "autograder" / "checks"
    for folder in ("autograder", "posekit", "data/arrays"):
        paths += [
            path
            for path in (lab.root / folder).rglob("*")
            if path.is_file()
            and "__pycache__" not in path.parts
            and not (path.parent == own_checks and path.name.startswith("test_"))
        ]
    files = {path.relative_to(lab.root).as_posix(): path.read_bytes() for path in paths}
    for module, given in _modules(lab).items():
        path = lab.root / Path(*module.split(".")).with_suffix(".py")
        files[path.relative_to(lab.root).as_posix()] = _without_solutions(path, given).encode()
    if lab.answers.exists():
        files[lab.answers.relative_to(lab.root).as_posix()] = _without_keys(lab.answers).encode()
    return files


def _modules(lab: Lab) -> dict[str, set[str]]:
    """The modules of solutions that a lab's source imports from, each with the names that are given to students."""
    modules: dict[str, set[str]] = defaultdict(set)
    cell = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    for body in cell.findall(lab.source.read_text("utf-8")):
        for module, names in re.findall(r"^from (solutions[\w.]*) import ([\w, ]+)$", body, re.MULTILINE):
            given = re.search(r"^:tags:.*\bgiven\b", body, re.MULTILINE)
            modules[module] |= {name.strip() for name in names.split(",")} if given else set()
    return modules


def _without_solutions(path: Path, given: set[str]) -> str:
    source = path.read_text("utf-8")
    for name, span in read_spans(path).items():
        if name not in given:
            source = source.replace(span.marked, _redacted(span))
    return source


def _redacted(span: Span) -> str:
    """A function with its markers, and between them what the student is given."""
    # The lines after a solution may use names that it assigned; the builder must still see where they come from.
    lost = sorted(names_needed(span.stub) - names_needed(span.full))
    given = [*STUB, *(f"{name} = None" for name in lost)]
    lines, inside = [], False
    for line in span.marked.splitlines():
        if line.strip() == END:
            inside = False
        if not inside:
            lines.append(line)
        if line.strip() == BEGIN:
            inside = True
            lines += [line.replace(BEGIN, text) for text in given]
    return "\n".join(lines)


def _without_keys(path: Path) -> str:
    return "\n".join(
        f"### {question.id} · {question.title}  ({question.points} points, written)\n\n{question.text}\n\n{_WITHHELD}"
        for question in read_questions(path).values()
    )


# --- nbgrader ---------------------------------------------------------------------------------------------------------


_PATIENCE = 2  # seconds that a locked gradebook is waited for


def to_nbgrader(
    results: Iterable[Result],
    gradebook_db: str | os.PathLike[str],
    lab: str,
    notebook: str | None = None,
) -> None:
    """Fill nbgrader's gradebook.db, as if nbgrader had graded: assignment, cells, students, submissions, scores.

    Scores are those of the cells `<exercise>-check`; written answers are tasks `written-<question>` that wait to be
    marked by hand. A score that somebody has entered by hand stays, and is marked for review. Running it again updates.

    Parameters
    ----------
    lab : str
        The lab that the results are of, and the assignment's name.
    notebook : str, optional
        The notebook's name without extension ("lab1_likelihood"); the lab's name if left out.

    Raises
    ------
    ExportError
        Where nbgrader is not installed, the results are not this lab's or a student has two, or the gradebook is not
        nbgrader's or cannot be written.
    """
    try:
        with _own_scripts_on_path():
            from nbgrader.api import InvalidEntry
            from sqlalchemy.exc import DBAPIError, SQLAlchemyError
    except ImportError:
        raise ExportError("this export needs nbgrader: pip install 'posekit[lab]'") from None
    results = list(results)
    _require_one_class(results, lab)
    path = Path(gradebook_db).resolve()
    _require_gradebook(path)
    try:
        with _own_scripts_on_path():
            _fill_gradebook(path, results, lab, notebook or lab)
    except (InvalidEntry, SQLAlchemyError) as error:  # nbgrader turns some of SQLAlchemy's errors into its own
        reason = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
        raise ExportError(f"{path}: the scores cannot be written ({reason})") from None


def _require_gradebook(path: Path) -> None:
    """Refuse what nbgrader could not open or write, or would add its tables to though it is another program's."""
    if path.is_dir():
        raise ExportError(f"{path} is a folder, not nbgrader's database")
    if not path.parent.is_dir():
        raise ExportError(f"there is no folder {path.parent} for the gradebook")
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as database:
            database.execute("BEGIN EXCLUSIVE")  # fails where another program reads or writes
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise ExportError(f"{path}: cannot be used as nbgrader's database ({error})") from None
    if tables and not {"assignment", "submitted_assignment", "submitted_notebook"} <= tables:
        raise ExportError(f"{path} is a database, but not nbgrader's")


def _fill_gradebook(path: Path, results: list[Result], lab: str, name: str) -> None:
    from nbgrader.api import Gradebook
    from sqlalchemy.engine import URL

    with Gradebook(URL.create("sqlite", database=str(path))) as gradebook:  # a URL as text ends at ? and #
        gradebook.update_or_create_assignment(lab)
        gradebook.update_or_create_notebook(name, lab)
        points = {f"{e.name}-check": e.max_score for result in results for e in result.exercises}
        tasks = {f"written-{w.question}": w.max_score for result in results for w in result.written}
        for cell, max_score in points.items():
            gradebook.update_or_create_grade_cell(cell, name, lab, max_score=max_score, cell_type="code")
        for cell, max_score in tasks.items():
            gradebook.update_or_create_task_cell(cell, name, lab, max_score=max_score, cell_type="markdown")
        for result in results:
            # A student id that is no UTF-8 cannot enter the database as it is.
            student = result.student.encode("utf-8", "backslashreplace").decode()
            gradebook.update_or_create_student(student)
            with gradebook.db.no_autoflush:  # or SQLAlchemy warns of what nbgrader does
                gradebook.update_or_create_submission(lab, student)
            for exercise in result.exercises:
                grade = _grade(gradebook, f"{exercise.name}-check", name, lab, student)
                grade.auto_score = float(exercise.score)
                grade.needs_manual_grade = grade.manual_score is not None
            for cell in tasks:
                _grade(gradebook, cell, name, lab, student)
            gradebook.db.commit()


def _grade(gradebook: Any, cell: str, notebook: str, assignment: str, student: str) -> Any:
    """A student's grade of a cell, made where the cell or notebook is newer than the submission in the gradebook."""
    from nbgrader.api import Comment, Grade, MissingEntry, SubmittedNotebook

    try:
        return gradebook.find_grade(cell, notebook, assignment, student)
    except MissingEntry:
        known = gradebook.find_graded_cell(cell, notebook, assignment)
    try:
        submitted = gradebook.find_submission_notebook(notebook, assignment, student)
    except MissingEntry:
        submission, released = (
            gradebook.find_submission(assignment, student),
            gradebook.find_notebook(notebook, assignment),
        )
        submitted = SubmittedNotebook(notebook=released, assignment=submission)
    grade = Grade(cell_id=known.id, notebook=submitted)
    if known.type == "TaskCell":
        gradebook.db.add(Comment(cell_id=known.id, notebook=submitted))
    gradebook.db.add_all([submitted, grade])
    gradebook.db.commit()
    return grade


@contextmanager
def _own_scripts_on_path() -> Iterator[None]:
    """nbgrader runs `alembic` by name, which an environment that is not activated does not find."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
