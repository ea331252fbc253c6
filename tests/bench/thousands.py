"""Grades classes of growing size, and prints what each notebook costs in time, memory and disk, and what 100,000 would cost.

    python -m tests.bench.thousands [--sizes 100 300] [--kept 300 2000] [--lab lab1] [--jobs 2] [--paper 100000]

The notebooks are the example class over and over, each with a comment of its own, so that none shares another's grade. Times are of whole
commands; CPU time is of all processes. The planner is the process that lists, spreads and writes: its peak memory is VmHWM of /proc, and
grows with the class, as its disk does; the workers' does not. In classes of the sizes `--kept` every grade is there already, as
where a run was interrupted at its end: what they cost is the planner's part, in minutes instead of hours. Sizes beyond those that were
run are computed from the line through the smallest and the largest of either kind, and said to be so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
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
from autograder.grading.run import unit_name
from autograder.wall.inside.confine import adopt_orphans
from tests.bench.grading import ROOT, cpu_of_children, wait_for_all, write_submissions

FEW = 36  # notebooks that are graded for those whose grades are kept


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
    return _run(folder, write_submissions(find_lab(ROOT, lab), size, folder, bare=False), lab, jobs)


def resume(folder: Path, lab: str, size: int, jobs: int) -> Cost:
    """What the planner's part of a class costs: each of its notebooks has the grade of one of a few that were graded before."""
    few = write_submissions(find_lab(ROOT, lab), FEW, folder, bare=False)
    _run(folder, few, lab, jobs)
    results = folder / "out"
    version = json.loads((results / "run.json").read_text())["version"]

    def unit(notebook: Path) -> Path:
        return results / "units" / f"{unit_name(version, hashlib.sha256(notebook.read_bytes()).hexdigest())}.json"

    kept = {path.name: unit(path).read_bytes() for path in few}
    paths = []
    for number in range(size):
        source = few[number % FEW]
        path = source.with_name(f"s{number:06}.ipynb")
        mark = f"# student {number % FEW}"
        path.write_text(source.read_text().replace(f'"{mark}"', f'"{mark} again, {number}"'))
        unit(path).write_bytes(kept[source.name])
        paths.append(path)
    for path in few:
        path.unlink()
    return _run(folder, paths, lab, jobs, "--resume")


def _run(folder: Path, paths: list[Path], lab: str, jobs: int, *more: str) -> Cost:
    handed_in, results = paths[0].parent, folder / "out"
    words = ["grade", str(handed_in), "--lab", lab, "--out", str(results), "--seed", "1", "--jobs", str(jobs), *more]
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
    files = sum(path.is_file() for path in results.rglob("*"))
    return Cost(len(paths), wall, cpu_of_children() - before, peak[0], _disk(handed_in), _disk(results), files)


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
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 300])
    parser.add_argument("--kept", type=int, nargs="*", default=[])
    parser.add_argument("--lab", default="lab1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--paper", type=int, default=100_000)
    arguments = parser.parse_args()
    table = Table(title=f"Grading {arguments.lab} with {arguments.jobs} workers, wall on")
    for column in (
        "notebooks",
        "wall s",
        "CPU s",
        "CPU ms each",
        "planner MiB",
        "handed in MiB",
        "results MiB",
        "files",
    ):
        table.add_column(column, justify="right")
    for sizes, how, said in ((arguments.sizes, grade, ""), (arguments.kept, resume, ", grades kept")):
        costs = []
        for size in sorted(set(sizes)):
            with tempfile.TemporaryDirectory() as name:
                costs.append(how(Path(name), arguments.lab, size, arguments.jobs))
            print(f"{size} notebooks{said}: {costs[-1].wall:.0f} s", flush=True)
        rows = [(f"{cost.size:,}{said}", cost) for cost in costs]
        if len(costs) > 1:
            rows.append((f"{arguments.paper:,}{said}, on paper", Cost.on_paper(arguments.paper, costs[0], costs[-1])))
        for label, cost in rows:
            each = 1e3 * cost.cpu / cost.size
            figures = (cost.wall, cost.cpu, each, cost.planner, cost.handed_in, cost.results, cost.files)
            table.add_row(label, *(f"{figure:,.0f}" for figure in figures))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
