"""Grades the same notebooks with ours, `nbgrader autograde` and `otter run`, in one run, and prints ratios.

    python -m tests.bench.grading [--bare] [--notebooks 40] [--jobs 2] [--peers nbgrader otter]

The notebooks are as students hand them in. The other two run all of their cells, ours leaves out those that only draw or train; with
`--bare` these are cut out for all three, so that nothing is compared but the grading of the same few functions. All three run the
same checks, with one BLAS thread. Otter lives in an environment of its own, build/bench/otter, which is made on the first run. Times are
of whole commands, as an instructor would start them, with start-up; CPU time is the user's and the system's, children included. The
machine's other load moves all of them, so look at the ratios.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from zipfile import ZipFile

import nbformat
import numpy as np
from rich.console import Console
from rich.table import Table

from autograder.authoring.build import Kind, build, entries
from autograder.authoring.example import write_class
from autograder.course import Lab, find_lab
from autograder.grading.one import grade_notebook
from autograder.grading.plan import make_plan
from autograder.judge.binding import Exercise
from autograder.judge.checking import load_checks
from autograder.outcome import DEFAULT_BUDGET
from autograder.wall.box import Wall
from autograder.wall.inside.confine import adopt_orphans
from autograder.wall.limits import Limits, Meter
from autograder.wall.process import WalledTransport

ROOT = Path(__file__).parent.parent.parent
# Time in an endless loop or a killed process is the submission's, not the grader's; the other two know no such notebooks.
LEFT_OUT = {"bolzano", "cardano", "zeno"}
OTTER = "otter-grader==7.0.0"


@dataclass(frozen=True)
class Time:
    wall: float
    cpu: float


def cpu_of_children() -> float:
    """CPU seconds of the children that have ended so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wait_for_all() -> None:
    """Wait for all children, also processes that outlived their parents, as bubblewrap's do."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def timed(command: list[str], cwd: Path, environment: dict[str, str] | None = None) -> Time:
    """Run a command that must succeed. CPU time is also of processes that outlive their parents, as bubblewrap's do."""
    adopt_orphans()
    before, start = cpu_of_children(), time.perf_counter()
    environment = {**(environment or os.environ), "OMP_NUM_THREADS": "1"}  # idle threads of BLAS would count, too
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    wall = time.perf_counter() - start
    wait_for_all()
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{done.stderr[-2000:]}")
    return Time(wall, cpu_of_children() - before)


def without_figures(text: str) -> str:
    notebook = nbformat.reads(text, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "explore" not in cell.metadata.get("tags", [])]
    return nbformat.writes(notebook)


def write_submissions(lab: Lab, count: int, folder: Path, bare: bool) -> list[Path]:
    """So many different notebooks: the example class over and over, each copy marked by a comment of its own."""
    write_class(lab, folder / "class")
    handed_in = sorted((folder / "class").glob(f"*/{lab.name}/{lab.notebook.name}"))
    sources = [path for path in handed_in if path.parent.parent.name not in LEFT_OUT]
    paths = []
    for number, source in zip(range(count), cycle(sources)):
        text = without_figures(source.read_text()) if bare else source.read_text()
        notebook = nbformat.reads(text, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(f"# student {number}", id=f"student{number}"))
        path = folder / "flat" / f"s{number:03}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(nbformat.writes(notebook))
        paths.append(path)
    return paths


def ours(lab: Lab, paths: list[Path], folder: Path, jobs: int) -> Time:
    words = [
        "grade",
        str(paths[0].parent),
        "--lab",
        lab.name,
        "--out",
        str(folder / "ours"),
        "--seed",
        "1",
        "--jobs",
        str(jobs),
    ]
    return timed([sys.executable, "-m", "autograder", *words], ROOT)


def nbgrader(lab: Lab, paths: list[Path], folder: Path, bare: bool) -> Time:
    course = folder / "nbgrader"
    source = course / "source" / lab.name / lab.notebook.name
    source.parent.mkdir(parents=True)
    released = build(lab, Kind.NBGRADER)
    source.write_text(without_figures(released) if bare else released)
    for path in paths:
        submitted = course / "submitted" / path.stem / lab.name / lab.notebook.name
        submitted.parent.mkdir(parents=True)
        submitted.write_text(path.read_text())
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'posekit'\n")
    environment = {**os.environ, "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader"]
    timed([*command, "generate_assignment", lab.name], course, environment)
    return timed([*command, "autograde", lab.name], course, environment)


def otter(lab: Lab, paths: list[Path], folder: Path) -> Time:
    """`otter run` takes one notebook; its tests are our checks, one Otter test per exercise."""
    home = ROOT / "build" / "bench" / "otter"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print("making an environment for Otter (once) …", flush=True)
        venv.create(home, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, "-e", str(ROOT), "ipykernel", OTTER], check=True)
        (home / "ready").touch()
    archive = folder / "autograder.zip"
    with ZipFile(archive, "w") as zipped:
        for name, checks in load_checks(lab.checks).items():
            worth = float(sum(check.points for check in checks))
            case = {"code": f'>>> check("{name}") == {worth}\nTrue', "hidden": False, "locked": False}
            test = {
                "name": name,
                "points": worth,
                "suites": [{"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}],
            }
            zipped.writestr(f"tests/{name}.py", f"OK_FORMAT = True\n\ntest = {test!r}\n")
        zipped.writestr("otter_config.json", json.dumps({"lang": "python"}))
    total = Time(0.0, 0.0)
    environment = {**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for path in paths:
        command = [str(home / "bin" / "otter"), "run", str(path), "-a", str(archive), "-o", str(folder)]
        once = timed(command, folder, environment)
        total = Time(total.wall + once.wall, total.cpu + once.cpu)
    return total


SETUPS = {
    "numpy": ("import numpy as np\n", "def f(x):\n    return x\n", 1.0),
    "torch": (
        "import numpy as np\nimport torch\n",
        "def f(x):\n    return torch.relu(torch.as_tensor(x))\n",
        np.ones((1, 16, 16)),
    ),
}


def call_overhead(lab: Lab, kind: str) -> dict[str, float]:
    """Cost of a worker and of a call behind the wall, for a lab that needs numpy alone and for one that needs torch."""
    warm, cell, argument = SETUPS[kind]
    start = time.perf_counter()
    with Wall(lab.root, warm) as wall:
        started, spawned = time.perf_counter() - start, []
        for _ in range(20):
            start = time.perf_counter()
            meter = Meter(Limits())
            with wall.process(meter) as submission:
                submission.run_cell(warm + cell, 1)
                transport = WalledTransport(submission.exercise, meter)
                proxy = Exercise("f", transport, DEFAULT_BUDGET)
                proxy(argument)
                spawned.append(time.perf_counter() - start)
                calls = []
                for _ in range(100):
                    start = time.perf_counter()
                    proxy(argument)
                    calls.append(time.perf_counter() - start)
                memory = submission.resident()
                transport.close()
    return {
        "start the wall once per worker (s)": started,
        "fork, confine, one cell, one call (ms)": 1e3 * median(spawned),
        "a further call (ms)": 1e3 * median(calls),
        "memory of a submission, most of it shared with its worker's (MiB)": memory / 2**20,
    }


def where_the_time_goes(lab: Lab, paths: list[Path]) -> dict[str, float]:
    """Seconds in the parts of one worker's life, by the profiler (which slows Python's part down)."""
    plan, profile = make_plan(lab, seed=1), cProfile.Profile()
    with Wall(lab.root, plan.warm) as wall:
        profile.enable()
        for path in paths:
            grade_notebook(path.read_bytes(), plan, wall)
        profile.disable()
    spent = {(Path(file).name, name): figures[3] for (file, _, name), figures in pstats.Stats(profile).stats.items()}
    parts = {
        "waiting for students' functions": spent["process.py", "request"],
        "running their cells": spent["reading.py", "advance"],
        "naming mistakes": spent["diagnose.py", "diagnose"],
    }
    total = spent["one.py", "grade_notebook"]
    return {**parts, "the judge's checks, oracles and the rest": total - sum(parts.values()), "all": total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bare", action="store_true", help="cut out the cells that only draw or train")
    parser.add_argument("--notebooks", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--lab", default="lab1")
    parser.add_argument("--peers", nargs="*", default=["nbgrader", "otter"], choices=["nbgrader", "otter"])
    arguments = parser.parse_args()
    lab, console = find_lab(ROOT, arguments.lab), Console(width=100)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_submissions(lab, arguments.notebooks, folder, arguments.bare)
        print(f"{len(paths)} notebooks of {lab.name}, {len(entries(lab))} exercises each", flush=True)
        times = {"ours": ours(lab, paths, folder, arguments.jobs)}
        for peer in arguments.peers:
            print(f"{peer} …", flush=True)
            if peer == "nbgrader":
                times[peer] = nbgrader(lab, paths, folder, arguments.bare)
            else:
                times[peer] = otter(lab, paths, folder)
        parts = where_the_time_goes(lab, paths)
    kind = "without the cells that only draw or train" if arguments.bare else "as handed in"
    table = Table(title=f"Grading {len(paths)} notebooks {kind} (ours: {arguments.jobs} workers, wall on)")
    for column in ("", "wall s", "CPU s", "wall s each", "wall ratio", "CPU ratio"):
        table.add_column(column, justify="left" if not column else "right")
    base = times["ours"]
    for name, spent in times.items():
        each = spent.wall / len(paths)
        ratios = (f"{spent.wall / base.wall:.1f}×", f"{spent.cpu / base.cpu:.1f}×")
        table.add_row(name, f"{spent.wall:.1f}", f"{spent.cpu:.1f}", f"{each:.3f}", *ratios)
    console.print(table)
    print("\nWhere one worker's time goes:")
    for what, value in parts.items():
        print(f"  {value / parts['all']:5.0%}  {1e3 * value / len(paths):6.0f} ms a notebook  {what}")
    for kind in SETUPS:
        print(f"\nBehind the wall, a lab with {kind}:")
        for what, value in call_overhead(lab, kind).items():
            print(f"  {value:8.2f}  {what}")


if __name__ == "__main__":
    main()
