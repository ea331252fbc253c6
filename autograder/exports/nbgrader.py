"""Scores into nbgrader's database."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from autograder.exports import ExportError, require_one_class
from autograder.result import Result

_TASK = "written-"  # how the name of a written question's cell begins
_PATIENCE = 2  # seconds that a locked gradebook is waited for


def to_nbgrader(
    results: Iterable[Result],
    gradebook_db: str | os.PathLike[str],
    lab: str,
    notebook: str | None = None,
) -> None:
    """Fill nbgrader's gradebook.db, as if nbgrader had graded: assignment, cells, students, submissions, scores.

    Scores are those of the cells `<exercise>-check`; written answers are tasks `written-<question>` that wait to be
    marked by hand, or have the points and the comment that they were given here. A score of a check that somebody has entered
    by hand stays, and is marked for review; points of a task stay where there are none here. Running it again updates.

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
    results = list(results)
    require_one_class(results, lab)
    path = Path(gradebook_db).resolve()
    with _in_gradebook(path, "the scores cannot be written"):
        _fill_gradebook(path, results, lab, notebook or lab)


def manual_scores(gradebook_db: str | os.PathLike[str], lab: str, notebook: str) -> list[tuple[str, str, float, str]]:
    """What somebody gave by hand for written answers: student, question, points, comment.

    Raises
    ------
    ExportError
        Where nbgrader is not installed, or the gradebook is not nbgrader's, cannot be read, or knows no such lab.
    """
    path = Path(gradebook_db).resolve()
    if not path.exists():
        raise ExportError(f"there is no gradebook {path}")
    with _in_gradebook(path, "the points cannot be read"):
        return _read_tasks(path, lab, notebook)


def id_in_gradebook(result: Result) -> str:
    """The student's id; one that is no UTF-8 cannot enter the database as it is."""
    return result.student.encode("utf-8", "backslashreplace").decode()


@contextmanager
def _in_gradebook(path: Path, what: str) -> Iterator[None]:
    """Where nbgrader's API can be used on a gradebook; what it meets there is one line."""
    try:
        with _own_scripts_on_path():
            from nbgrader.api import InvalidEntry, MissingEntry
            from sqlalchemy.exc import DBAPIError, SQLAlchemyError
    except ImportError:
        raise ExportError("this needs nbgrader: pip install 'posekit[nbgrader]'") from None
    _require_gradebook(path)
    try:
        with _own_scripts_on_path():
            yield
    except (InvalidEntry, MissingEntry, SQLAlchemyError) as error:  # it turns some of SQLAlchemy's errors into its own
        reason = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
        raise ExportError(f"{path}: {what} ({reason})") from None


def _read_tasks(path: Path, lab: str, notebook: str) -> list[tuple[str, str, float, str]]:
    from nbgrader.api import Gradebook
    from sqlalchemy.engine import URL

    found = []
    with Gradebook(URL.create("sqlite", database=str(path))) as gradebook:
        for submission in gradebook.notebook_submissions(notebook, lab):
            comments = {comment.name: comment.comment or "" for comment in submission.comments}
            for grade in submission.grades:
                if grade.name.startswith(_TASK) and grade.manual_score is not None:
                    question, comment = grade.name.removeprefix(_TASK), comments.get(grade.name, "")
                    found.append((submission.student.id, question, grade.manual_score, comment))
    return found


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
        tasks = {f"{_TASK}{w.question}": w.max_score for result in results for w in result.written}
        for cell, max_score in points.items():
            gradebook.update_or_create_grade_cell(cell, name, lab, max_score=max_score, cell_type="code")
        for cell, max_score in tasks.items():
            gradebook.update_or_create_task_cell(cell, name, lab, max_score=max_score, cell_type="markdown")
        for result in results:
            student = id_in_gradebook(result)
            gradebook.update_or_create_student(student)
            with gradebook.db.no_autoflush:  # or SQLAlchemy warns of what nbgrader does
                gradebook.update_or_create_submission(lab, student)
            for exercise in result.exercises:
                grade = _grade(gradebook, f"{exercise.name}-check", name, lab, student)
                grade.auto_score = float(exercise.score)
                grade.needs_manual_grade = grade.manual_score is not None
            for cell in tasks:
                _grade(gradebook, cell, name, lab, student)
            for answer in result.written:
                if answer.points is not None:
                    cell = f"{_TASK}{answer.question}"
                    grade = _grade(gradebook, cell, name, lab, student)
                    grade.manual_score, grade.needs_manual_grade = float(answer.points), False
                    if answer.comment:
                        gradebook.find_comment(cell, name, lab, student).manual_comment = answer.comment
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
