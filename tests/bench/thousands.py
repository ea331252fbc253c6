"""Grades classes of growing size, and prints what each notebook costs in time, memory and disk, and what 100,000 would cost.

    python -m tests.bench.thousands [--sizes 100 300] [--lab lab1] [--jobs 2] [--paper 100000]

The notebooks are the example class over and over, each with a comment of its own, so that none shares another's grade. Times are of whole
commands; CPU time is of all processes. The planner is the process that lists, spreads and writes: its peak memory is VmHWM of /proc, and
grows with the class, as its disk does; the workers' does not. Sizes beyond those that were run are computed from the line through the
smallest and the largest, and said to be so.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.course import find_lab
from autograder.wall.inside.confine import adopt_orphans
from tests.bench.grading import ROOT, cpu_of_children, wait_for_all, write_submissions


@dataclass(frozen=True)
class Cost:
    """Of one class: seconds, MiB, and the number of files in the results folder."""

    size: int
    wall: float
    cpu: float
    planner: float
    handed_in: float
    results: float
    files: float

    @classmethod
    def on_paper(cls, size: int, small: Cost, large: Cost) -> Cost:
        """From the line through two classes that were graded."""

        def at(name: str) -> float:
            low, high = getattr(small, name), getattr(large, name)
            return high + (high - low) / (large.size - small.size) * (size - large.size)

        return cls(size, *map(at, ("wall", "cpu", "planner", "handed_in", "results", "files")))


def grade(folder: Path, lab: str, size: int, jobs: int) -> Cost:
    paths = write_submissions(find_lab(ROOT, lab), size, folder, bare=False)
    words = [
        "grade",
        str(paths[0].parent),
        "--lab",
        lab,
        "--out",
        str(folder / "out"),
        "--seed",
        "1",
        "--jobs",
        str(jobs),
    ]
    adopt_orphans()
    before, start = cpu_of_children(), time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "autograder", *words], cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL
    ) as run:  # fmt: skip
        peak: list[float] = [0.0]
        watcher = threading.Thread(target=_watch, args=(run, peak))
        watcher.start()
        if run.wait():
            sys.exit("grading failed")
        watcher.join()
    wall = time.perf_counter() - start
    wait_for_all()
    results = folder / "out"
    files = sum(path.is_file() for path in results.rglob("*"))
    return Cost(size, wall, cpu_of_children() - before, peak[0], _disk(paths[0].parent), _disk(results), files)


def _watch(run: subprocess.Popen[bytes], peak: list[float]) -> None:
    """The planner's largest resident memory, in MiB, as long as it lives."""
    while run.poll() is None:
        try:
            lines = Path(f"/proc/{run.pid}/status").read_text().splitlines()
            peak[0] = max(peak[0], *(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
        except OSError:
            return
        time.sleep(0.2)


def _disk(folder: Path) -> float:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file()) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--lab", default="lab1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--paper", type=int, default=100_000)
    arguments = parser.parse_args()
    costs = []
    for size in sorted(set(arguments.sizes)):
        with tempfile.TemporaryDirectory() as name:
            costs.append(grade(Path(name), arguments.lab, size, arguments.jobs))
        print(f"{size} notebooks: {costs[-1].wall:.0f} s", flush=True)
    rows = [(f"{cost.size:,}", cost) for cost in costs]
    if len(costs) > 1:
        rows.append((f"{arguments.paper:,} (on paper)", Cost.on_paper(arguments.paper, costs[0], costs[-1])))
    table = Table(title=f"Grading {arguments.lab} with {arguments.jobs} workers, wall on")
    for column in (
        "notebooks",
        "wall s",
        "CPU s",
        "CPU s each",
        "planner MiB",
        "handed in MiB",
        "results MiB",
        "files",
    ):
        table.add_column(column, justify="right")
    for label, cost in rows:
        each = f"{cost.cpu / cost.size:.3f}"
        figures = (
            f"{cost.wall:,.0f}",
            f"{cost.cpu:,.0f}",
            each,
            f"{cost.planner:,.0f}",
            f"{cost.handed_in:,.0f}",
            f"{cost.results:,.0f}",
            f"{cost.files:,.0f}",
        )
        table.add_row(label, *figures)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
