"""The `autograder` command: build, grade, mark, export, score-capstone, example, doctor."""

from __future__ import annotations

import errno
import io
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.authoring import BuildError
from autograder.course import CourseError, Lab
from autograder.exports import ExportError
from autograder.files import one_line
from autograder.grading import UnitError
from autograder.grading.intake import IntakeError
from autograder.judge.checking import CheckError
from autograder.marking import MarkError
from autograder.outcome import StartError
from autograder.result import Result
from autograder.scoring import ScoreError

if TYPE_CHECKING:
    from autograder.grading.run_folder import Files

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="Build, check and grade the labs."
)
export = typer.Typer(no_args_is_help=True, help="Results in the form that another system takes.")
app.add_typer(export, name="export")
# Paths and ids are printed as they are; a log file has no width of its own.
console = Console(width=None if sys.stdout and sys.stdout.isatty() else 120, markup=False, emoji=False, highlight=False)

KNOWN_ERRORS = (
    BuildError, CheckError, CourseError, ExportError, IntakeError, MarkError, ScoreError, StartError, UnitError
)  # fmt: skip
NAMED = 5  # students whom a line names
MOVED = 20  # students whose grade moved that are listed
Graded = Annotated[Path, typer.Argument(help="The folder that `autograder grade` wrote.")]
LabName = Annotated[str, typer.Option("--lab", help="The lab: lab1, lab2, …, capstone.")]


class _Stream(io.TextIOWrapper):
    """Standard output or error that never raises `OSError`: what counts is in files, whoever reads along."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())  # what is buffered goes there, too
        os.close(null)
        if error.errno != errno.EPIPE:  # who closes a pipe has read enough
            print(f"autograder: output is lost: {error.strerror}", file=sys.stderr)


def _guard_streams() -> None:
    """Open what the shell closed, and let neither a reader, a full disk nor an encoding end a run."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest free number, which is this
    for number, name in ((1, "stdout"), (2, "stderr")):
        encoding = getattr(getattr(sys, name), "encoding", "utf-8")
        binary = open(number, "wb", closefd=False)
        setattr(sys, name, _Stream(binary, encoding, errors="replace", line_buffering=True))


def _say(text: str, style: str | None = None) -> None:
    """Print one line, whatever a path or a student's id in it holds."""
    console.print(one_line(text), style=style)


def main() -> None:
    """Entry point: an error that we know is one line and exit status 1."""
    _guard_streams()
    try:
        app()
    except KNOWN_ERRORS as error:
        print(f"autograder: {one_line(str(error))}", file=sys.stderr)
        raise SystemExit(1) from None
    except OSError as error:
        said = f"{error.filename or 'file system'}: {error.strerror or error}"
        print(f"autograder: {one_line(said)}", file=sys.stderr)
        raise SystemExit(1) from None


def _require_unix() -> None:
    if not hasattr(os, "fork"):
        raise StartError("grading needs Linux or macOS; on Windows, do it in WSL (`wsl --install`, then as on Linux)")


def _version(asked: bool) -> None:
    if asked:
        from autograder.grading.plan import versions

        _say(f"posekit {versions().get('posekit', 'from a checkout that is not installed')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Say which version this is.")
    ] = False,
) -> None:
    pass


@app.command()
def build(
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit 1 where labs/ is stale. What cannot be built here is named."),
    ] = False,
    walkthrough: Annotated[
        Optional[Path], typer.Option(help="Write walkthroughs (references inlined) to this folder instead.")
    ] = None,
    nbgrader: Annotated[
        Optional[Path], typer.Option(help="Write nbgrader's source versions to this folder instead.")
    ] = None,
) -> None:
    """Build labs/*.ipynb from solutions/notebooks."""
    from autograder.authoring.build import Kind
    from autograder.authoring.build import build as build_lab
    from autograder.authoring.replace import refuse_labs, write_notebook
    from autograder.course import extras, find_root, labs
    from autograder.judge.checking import ExtraNeeded

    stale, refused, root = [], [], find_root()
    unchecked: dict[str, list[str]] = {}  # notebooks by why not
    notebooks = [*labs(root), *extras(root)]
    for folder, kind in ((walkthrough, Kind.WALKTHROUGH), (nbgrader, Kind.NBGRADER)):
        if folder is None:
            continue
        refuse_labs(folder, root / "labs")
        for lab in notebooks:
            write_notebook(folder / lab.notebook.name, build_lab(lab, kind), kind.value)
            _say(f"built {folder / lab.notebook.name}")
    if walkthrough or nbgrader:
        return
    for lab in notebooks:
        try:
            text = build_lab(lab)
        except ExtraNeeded as error:
            if not lab.notebook.exists():
                raise
            if check:
                unchecked.setdefault(str(error).removeprefix(f"{lab.name} "), []).append(lab.notebook.name)
            else:
                _say(f"{lab.notebook.name} is left as it is: {error}")
            continue
        if check:
            if not lab.notebook.exists() or lab.notebook.read_text("utf-8") != text:
                stale.append(lab.notebook.name)
            else:
                _say(f"{lab.notebook.name} is up to date")
            continue
        try:
            new = write_notebook(lab.notebook, text, Kind.STUDENT.value)
            _say(f"built {lab.notebook.name}" if new else f"{lab.notebook.name} is up to date")
        except BuildError as error:  # one notebook that is kept keeps the others from nothing
            refused.append(str(error))
    for why, names in unchecked.items():
        _say(f"not checked: {', '.join(names)}: each {why}", style="bold red")
    known = {lab.notebook for lab in notebooks}
    orphans = [path.name for path in sorted((root / "labs").glob("*.ipynb")) if path not in known]
    if stale or orphans or refused:
        said = refused + ([f"{', '.join(stale)} in labs/ is stale: run `autograder build`"] if stale else [])
        said += [f"{', '.join(orphans)} in labs/ belongs to no lab: remove it"] if orphans else []
        raise BuildError("; ".join(said))


@app.command()
def grade(
    submissions: Annotated[Path, typer.Argument(help="What your platform gives out, or a folder of notebooks.")],
    lab: LabName,
    out: Annotated[Path, typer.Option(help="Where results go.")] = Path("graded"),
    seed: Annotated[Optional[int], typer.Option(help="The instructor's seed; drawn once where not given.")] = None,
    jobs: Annotated[Optional[int], typer.Option(min=1, help="Workers; as many as cores where not given.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Use what an earlier, interrupted run finished.")] = False,
    scheduler: Annotated[Optional[str], typer.Option(help="Address of a dask.distributed scheduler.")] = None,
    private: Annotated[
        Optional[Path], typer.Option(help="A folder of checks of your own; known mistakes are not named then.")
    ] = None,
    assignment: Annotated[str, typer.Option(help="What your system calls the lab, where not by its name: hw1.")] = "",
    due: Annotated[
        Optional[datetime],
        typer.Option(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], help="When it was due here, for the column `late`."),
    ] = None,
    thin: Annotated[bool, typer.Option("--thin", help="Do without bubblewrap (not for graded use).")] = False,
) -> None:
    """Grade a class: grades.csv, results/, feedback/ and class.html."""
    _require_unix()
    from autograder.course import find_lab, find_root
    from autograder.grading.intake import collect
    from autograder.grading.plan import make_plan
    from autograder.grading.run import choose_seed, grade_class
    from autograder.grading.run_folder import RunFolder
    from autograder.grading.workers import cores
    from autograder.marking.marks import read_marks
    from autograder.reports.moved import moves, write_moves
    from autograder.reports.text import table

    chosen = find_lab(find_root(), lab)
    folder = RunFolder(out)
    plan = make_plan(chosen, choose_seed(folder, seed, resume), private, thin)
    handed_in = collect(submissions, chosen.name, chosen.topic, plan.release, assignment, due)
    marks = read_marks(out, chosen.name)
    workers = jobs or cores()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    stderr = Console(stderr=True)
    # Without a thread of its own: workers are forked from this process.
    with Progress(
        *columns,
        console=stderr,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        disable=not stderr.is_terminal,
    ) as bar:
        task = bar.add_task(f"grading {len(handed_in)} submissions to {chosen.name}", total=None)
        results, ours = grade_class(
            handed_in,
            plan,
            folder,
            workers,
            resume,
            scheduler,
            lambda done, total: bar.update(task, completed=done, total=total, refresh=True),
        )
    results = marks.applied(results)
    moved = moves(folder.before(chosen.name), results)
    with folder.replaced_by(results) as files:
        _write_reports(results, files)
        write_moves(moved, folder.moved, files.moved)
    console.print(table(results, console.width))
    walls = dict.fromkeys(
        result.wall["summary"] for result in results if result.wall["layers"] or result.wall["missing"]
    )
    for line in walls:
        _say(line, style=None if line.startswith("Wall") else "bold red")
    for move in moved[:MOVED]:
        _say(f"moved: {move}")
    if moved:
        _say(
            f"Since the run before {len(moved)} {'grade' if len(moved) == 1 else 'grades'} moved: {folder.moved} lists them."
        )
    _say(f"Wrote {out / 'grades.csv'}, {out / 'class.html'}, {out / 'results'}/ and {out / 'feedback'}/.")
    if ours:
        said = [f"{student} ({error})" for student, error in list(ours.items())[:NAMED]]
        more = f" and {len(ours) - NAMED} more" if len(ours) > NAMED else ""
        raise UnitError(
            f"not graded, for a reason of ours: {', '.join(said)}{more}: try again with --resume, or mark by hand"
        )


@app.command()
def mark(
    graded: Graded,
    tables: Annotated[
        Optional[list[Path]], typer.Argument(help="Tables of marks: saved from the pages, or by a spreadsheet.")
    ] = None,
    nbgrader: Annotated[
        Optional[Path], typer.Option(help="Take the points that somebody gave in this gradebook's formgrader, too.")
    ] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Name no student on pages and in tables.")] = False,
) -> None:
    """Written answers out for marking, points back into results, feedback, grades.csv and what is exported.

    Each question has a page and a table in marking/. Fill in either, and run the command again: it reads the tables in marking/ and
    those that are named. Nothing is counted twice, and nothing is taken where one row is wrong.
    """
    from autograder.course import find_lab, find_root
    from autograder.grading.run_folder import RunFolder
    from autograder.marking.desk import asked_of, keys_of, lay_out
    from autograder.marking.given import answers_of
    from autograder.marking.marks import read_marks, write_marks
    from autograder.marking.sheet import Taken, read_sheet, take

    folder = RunFolder(graded)
    record, results = folder.reopen(), folder.results()
    lab = find_lab(find_root(), record.lab)
    keys = keys_of(lab)
    asked = asked_of(results, keys)
    if not asked:
        raise MarkError(f"{record.lab} has no written answers to mark")
    answers = answers_of(results, record.seed)
    desk = graded / "marking"
    own = [desk / f"{id}.csv" for id in asked if (desk / f"{id}.csv").exists()]
    groups = [[row for path in paths for row in read_sheet(path)] for paths in (own, tables or [])]
    if nbgrader is not None:
        from autograder.exports.nbgrader import manual_scores
        from autograder.marking.sheet import rows_of_students

        groups.append(rows_of_students(manual_scores(nbgrader, lab.name, lab.stem), answers, nbgrader.name))
    taken = Taken(read_marks(graded, record.lab))
    for rows in groups:
        done = take(rows, taken.marks, asked, answers)
        taken = Taken(done.marks, taken.changed + done.changed, taken.nobodys + done.nobodys, taken.wrong + done.wrong)
    for line in taken.wrong:
        print(f"autograder: {one_line(line)}", file=sys.stderr)
    if taken.wrong:
        raise MarkError(f"no mark was taken: put right what is named above ({len(taken.wrong)}), and run this again")
    marked = taken.marks.applied(results)
    write_marks(taken.marks, graded, record.lab)
    if marked != results:
        with folder.replaced_by(marked) as files:
            _write_reports(marked, files)
    lay_out(desk, asked, keys, answers, taken.marks, anonymous)
    _say(f"Took {taken.changed} new or changed marks." if taken.changed else "No new marks.")
    for id, question in asked.items():
        waiting = sum(id in result.waiting for result in marked)
        there = [answer for answer in answers[id] if not answer.said.is_blank]
        said = f"{sum(len(answer.students) for answer in there)} answers, {len(there)} different"
        left = f"{waiting} to be marked" if waiting else "all marked"
        _say(f"{id} · {question.title}: {said}, {left}: {desk / id}.html")
    if taken.nobodys:
        _say(
            f"kept, and not counted, for nobody here gives these answers (any more): {', '.join(taken.nobodys[:NAMED])}"
        )
    for student, code in taken.marks.outdated(results):
        _say(f"{student} has another answer than {code} by now: the mark for that is kept, and does not count")


def _write_reports(results: list[Result], files: Files) -> None:
    """grades.csv, class.html and a feedback page per student."""
    from autograder.course import published
    from autograder.reports.class_page import write_class_page
    from autograder.reports.feedback import write_feedback
    from autograder.reports.grades import write_grades

    for result in results:
        write_feedback(result, files.feedback(result.student), published())
    write_class_page(results, files.class_page, files.pages)
    write_grades(results, files.grades)


@app.command("score-capstone")
def score_capstone(
    predictions: Annotated[
        Path, typer.Argument(help="A file of predictions (.npz), a folder of them, or your platform's archive.")
    ],
    out: Annotated[Path, typer.Option(help="Where leaderboard.html and scores.csv go.")] = Path("scored"),
) -> None:
    """Score the capstone's predictions against the clip's truth: leaderboard.html and scores.csv."""
    from autograder.course import find_root
    from autograder.scoring.board import write_board
    from autograder.scoring.measures import load_baselines, load_truth, score
    from autograder.scoring.reading import Refused, collect

    truth, baselines = load_truth(find_root()), load_baselines(find_root())
    found = collect(predictions)
    refused = [one for one in found if isinstance(one, Refused)]
    for one in refused:
        _say(f"{one.student}: {one.why}", style="bold red")
    scores = [score(one.student, one.positions, one.labels, truth) for one in found if not isinstance(one, Refused)]
    if not scores:
        raise ScoreError(f"nothing could be scored: {predictions} holds no predictions that can be read")
    write_board(out, scores, baselines, refused, truth)
    for row in sorted(scores + baselines, key=lambda row: row.raw):
        labels = "" if row.agreement is None else f", labels agree {row.agreement:.2f}"
        _say(f"{row.raw:6.1f} mm ({row.aligned:.1f} after Procrustes){labels}  {row.name}")
    _say(f"Wrote {out / 'leaderboard.html'} and {out / 'scores.csv'}.")


@app.command()
def alike(
    submissions: Annotated[Path, typer.Argument(help="What was graded: what your platform gives out, or a folder.")],
    lab: LabName,
    out: Annotated[Path, typer.Option(help="The page, for yourself.")] = Path("alike.html"),
    assignment: Annotated[str, typer.Option(help="As for `grade`.")] = "",
) -> None:
    """Ask about pairs of students whose code is the same but for names and layout, where hardly anybody else's is."""
    from autograder.alike.page import compare, write_page
    from autograder.course import find_lab, find_root
    from autograder.grading.intake import collect
    from autograder.grading.plan import make_plan

    chosen = find_lab(find_root(), lab)
    plan = make_plan(chosen, seed=0)
    handed_in = [s for s in collect(submissions, chosen.name, chosen.topic, plan.release, assignment) if not s.error]
    pairs, unread = compare({submission.student: submission.read for submission in handed_in}, plan)
    write_page(pairs, chosen.name, len(handed_in), out)
    _say(f"{len(pairs)} pairs of {len(handed_in)} students to ask about: {out}")
    if unread:
        _say(f"the code of these cannot be read: {', '.join(unread)}")


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="Where it goes.")],
    lab: LabName = "lab1",
    marks: Annotated[
        Optional[Path], typer.Option(help="Write what their written answers are worth here, a table for `mark`.")
    ] = None,
) -> None:
    """Write an example class of submissions, right, wrong, broken and hostile, to try the grader on."""
    from autograder.authoring.example import DUE, write_class
    from autograder.course import find_lab, find_root

    chosen = find_lab(find_root(), lab)
    names = write_class(chosen, folder)
    _say(f"wrote {len(names)} submissions to {folder}, due {DUE}")
    if marks is not None:
        from autograder.marking.desk import keys_of
        from autograder.marking.samples import write_sample_marks

        _say(f"wrote {write_sample_marks(marks, keys_of(chosen))} marks to {marks}")


@app.command()
def doctor(
    thin: Annotated[bool, typer.Option("--thin", help="Do without bubblewrap, to see what is left.")] = False,
) -> None:
    """Say what this machine can do, the wall included."""
    from autograder.course import find_root
    from autograder.grading.plan import versions
    from autograder.grading.workers import cores
    from autograder.wall.box import Wall, find_bubblewrap

    _say(", ".join(f"{name} {version}" for name, version in versions().items()))
    _require_unix()
    _say(f"workers: {cores()}; bubblewrap: {find_bubblewrap() or 'not found'}")
    with Wall(find_root(), thin=thin) as wall:
        layers = wall.layers()
    for name in layers["layers"]:
        _say(f"  ✓ {name}")
    for name, why in layers["missing"].items():
        _say(f"  ✗ {name}: {why}")
    _say("Fit for graded use." if layers["graded_use"] else layers["summary"])


def _read_results(graded: Path) -> list[Result]:
    """What `grade` wrote; of what it failed to grade there is no score to pass on, and that is said."""
    from autograder.grading.run_folder import RunFolder

    results = RunFolder(graded).results()
    if ours := [result.student for result in results if result.ours]:
        _say(f"left out, because grading them failed: {', '.join(ours)}", style="bold red")
    if waiting := [result.student for result in results if result.waiting]:
        more = f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
        _say(f"with written answers that nobody has marked yet: {', '.join(waiting[:NAMED])}{more}", style="bold red")
    return [result for result in results if not result.ours]


@export.command()
def canvas(
    graded: Graded,
    gradebook: Annotated[Path, typer.Argument(help="The gradebook as Canvas exports it (CSV).")],
    out: Annotated[Path, typer.Option(help="The CSV to upload.")] = Path("canvas.csv"),
    assignment: Annotated[
        Optional[str], typer.Option(help="The assignment's column, where its name is not the lab's.")
    ] = None,
) -> None:
    """Scores as a CSV that Canvas's gradebook imports."""
    from autograder.exports.canvas import to_canvas

    done = to_canvas(_read_results(graded), gradebook, out, assignment)
    _say(f"wrote {out}: {len(done.matched)} students matched")
    _say_lists(("no row for", done.without_row), ("no result for", done.without_result), ("excused", done.excused))


def _say_lists(*lists: tuple[str, tuple[str, ...]]) -> None:
    """Who is to be looked after by hand, and why."""
    for said, students in lists:
        if students:
            _say(f"{said}: {', '.join(students)}")


@export.command()
def moodle(
    graded: Graded,
    worksheet: Annotated[
        Path, typer.Argument(help="Moodle's grading worksheet, or its gradebook as a text file (CSV).")
    ],
    out: Annotated[Path, typer.Option(help="The CSV to upload.")] = Path("moodle.csv"),
    column: Annotated[Optional[str], typer.Option(help="The grade's column, where it cannot be told.")] = None,
) -> None:
    """Scores as a CSV that Moodle takes back."""
    from autograder.exports.moodle import to_moodle

    done = to_moodle(_read_results(graded), worksheet, out, column)
    _say(f"wrote {out}: {len(done.matched)} students matched")
    _say_lists(
        ("no row for", done.without_row), ("no result for", done.without_result), ("locked in Moodle", done.locked)
    )


@export.command()
def gradescope(
    lab: LabName,
    out: Annotated[Path, typer.Option(help="The zip to upload as autograder.")] = Path("autograder.zip"),
) -> None:
    """An autograder for Gradescope that grades one lab there."""
    from autograder.course import find_root
    from autograder.exports.gradescope import to_gradescope

    to_gradescope(find_root(), lab, out)
    _say(f"wrote {out}")


@export.command()
def workers(
    out: Annotated[Path, typer.Option(help="The folder for the wheel.")] = Path("."),
) -> None:
    """The course as a wheel for the machines of a dask cluster. It holds banks and references: nothing for students."""
    from autograder.course import find_root
    from autograder.exports.workers import to_workers

    _say(f"wrote {to_workers(find_root(), out)}")


@export.command()
def nbgrader(
    graded: Graded,
    lab: LabName,
    gradebook: Annotated[Path, typer.Option(help="nbgrader's database, made where it is missing.")] = Path(
        "gradebook.db"
    ),
    submissions: Annotated[
        Optional[Path], typer.Option(help="What was graded: formgrader shows it, with what the checks said.")
    ] = None,
    assignment: Annotated[str, typer.Option(help="What your system calls the lab, where not by its name: hw1.")] = "",
) -> None:
    """Scores into nbgrader's gradebook, as if nbgrader had graded; with --submissions, notebooks for its formgrader."""
    from autograder.course import find_lab, find_root
    from autograder.exports.nbgrader import to_nbgrader

    chosen = find_lab(find_root(), lab)
    results = _read_results(graded)
    handed_in = None if submissions is None else _graded_cells(results, submissions, chosen, assignment)
    to_nbgrader(results, gradebook, chosen.name, notebook=chosen.stem)
    _say(f"wrote the scores of {len(results)} students to {gradebook}")
    if handed_in is not None:
        from autograder.exports.formgrader import to_formgrader
        from autograder.reports.shown import in_a_notebook

        left_out = to_formgrader(results, handed_in, gradebook, chosen.notebook, chosen.name, in_a_notebook)
        _say(f"wrote their notebooks to {gradebook.parent / 'autograded'}/: open formgrader in {gradebook.parent}/")
        _say_lists(("no folder can have the name of", tuple(map(one_line, left_out))))


def _graded_cells(results: list[Result], submissions: Path, lab: Lab, assignment: str) -> dict[str, list[dict]]:
    """The cells that were graded, by student; none where a notebook cannot be read."""
    from autograder.grading.intake import collect
    from autograder.grading.notebook import NotebookError, as_jupyter, parse
    from autograder.grading.release import Release

    release = Release(tuple(parse(lab.notebook.read_bytes())))
    graded = {result.student: result.notebook_sha256 for result in results}
    cells = {}
    for submission in collect(submissions, lab.name, lab.topic, release, assignment):
        if submission.error or submission.student not in graded:
            continue
        if submission.digest != graded[submission.student]:
            raise CourseError(
                f"{one_line(submission.student)}'s notebook in {submissions} is not the one that was graded: grade again"
            )
        try:
            cells[submission.student] = as_jupyter(parse(submission.read()))
        except NotebookError:
            continue
    return cells
