"""The `autograder` command: build, grade, export, score-capstone, example, doctor."""

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
from autograder.course import CourseError
from autograder.exports import ExportError
from autograder.files import one_line
from autograder.grading import UnitError
from autograder.grading.intake import IntakeError
from autograder.judge.checking import CheckError
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

KNOWN_ERRORS = (BuildError, CheckError, CourseError, ExportError, IntakeError, ScoreError, StartError, UnitError)
NAMED = 5  # students whom a line names
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
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where labs/ is stale.")] = False,
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
    from autograder.course import find_root, labs
    from autograder.files import write_atomically
    from autograder.judge.checking import ExtraNeeded

    stale, root = [], find_root()
    for folder, kind in ((walkthrough, Kind.WALKTHROUGH), (nbgrader, Kind.NBGRADER)):
        if folder is None:
            continue
        for lab in labs(root):
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / lab.notebook.name, build_lab(lab, kind))
            _say(f"built {folder / lab.notebook.name}")
    if walkthrough or nbgrader:
        return
    for lab in labs(root):
        try:
            text = build_lab(lab)
        except ExtraNeeded as error:
            if check or not lab.notebook.exists():
                raise
            _say(f"{lab.notebook.name} is left as it is: {error}")
            continue
        if lab.notebook.exists() and lab.notebook.read_text("utf-8") == text:
            _say(f"{lab.notebook.name} is up to date")
        elif check:
            stale.append(lab.notebook.name)
        else:
            lab.notebook.parent.mkdir(exist_ok=True)
            write_atomically(lab.notebook, text)
            _say(f"built {lab.notebook.name}")
    known = {lab.notebook for lab in labs(root)}
    orphans = [path.name for path in sorted((root / "labs").glob("*.ipynb")) if path not in known]
    if stale or orphans:
        said = [f"{', '.join(stale)} in labs/ is stale: run `autograder build`"] if stale else []
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
    from autograder.course import find_lab, find_root
    from autograder.grading.intake import collect
    from autograder.grading.plan import make_plan
    from autograder.grading.run import choose_seed, grade_class
    from autograder.grading.run_folder import RunFolder
    from autograder.grading.workers import cores
    from autograder.reports.text import table

    chosen = find_lab(find_root(), lab)
    folder = RunFolder(out)
    plan = make_plan(chosen, choose_seed(folder, seed, resume), private, thin)
    handed_in = collect(submissions, chosen.name, chosen.topic, plan.release, assignment, due)
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
    with folder.replaced_by(results) as files:
        _write_reports(results, files)
    console.print(table(results, console.width))
    walls = dict.fromkeys(
        result.wall["summary"] for result in results if result.wall["layers"] or result.wall["missing"]
    )
    for line in walls:
        _say(line, style=None if line.startswith("Wall") else "bold red")
    _say(f"Wrote {out / 'grades.csv'}, {out / 'class.html'}, {out / 'results'}/ and {out / 'feedback'}/.")
    if ours:
        said = [f"{student} ({error})" for student, error in list(ours.items())[:NAMED]]
        more = f" and {len(ours) - NAMED} more" if len(ours) > NAMED else ""
        raise UnitError(
            f"not graded, for a reason of ours: {', '.join(said)}{more}: try again with --resume, or mark by hand"
        )


def _write_reports(results: list[Result], files: Files) -> None:
    """grades.csv, class.html and a feedback page per student."""
    from autograder.reports.class_page import write_class_page
    from autograder.reports.feedback import write_feedback
    from autograder.reports.grades import write_grades

    for result in results:
        write_feedback(result, files.feedback(result.student))
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
def example(
    folder: Annotated[Path, typer.Argument(help="Where the notebooks go.")],
    lab: LabName = "lab1",
) -> None:
    """Write an example class of submissions, right, wrong, broken and hostile, to try the grader on."""
    from autograder.authoring.example import write_class
    from autograder.course import find_lab, find_root

    names = write_class(find_lab(find_root(), lab), folder)
    _say(f"wrote {len(names)} submissions to {folder}")


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
    lists = (("no row for", done.without_row), ("no result for", done.without_result), ("excused", done.excused))
    for said, students in lists:
        if students:
            _say(f"{said}: {', '.join(students)}")


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
def nbgrader(
    graded: Graded,
    lab: LabName,
    gradebook: Annotated[Path, typer.Option(help="nbgrader's database, made where it is missing.")] = Path(
        "gradebook.db"
    ),
) -> None:
    """Scores into nbgrader's gradebook, as if nbgrader had graded."""
    from autograder.course import find_lab, find_root
    from autograder.exports.nbgrader import to_nbgrader

    chosen = find_lab(find_root(), lab)
    results = _read_results(graded)
    to_nbgrader(results, gradebook, chosen.name, notebook=chosen.stem)
    _say(f"wrote the scores of {len(results)} students to {gradebook}")
