"""What all submissions of a run share: the lab, its exercises, the seed, and the notebook as it was handed out."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from autograder.course import CHECKS, PACKAGE, TASK, CourseError, Entry, Lab, Task, listed
from autograder.grading.notebook import Cell, NotebookError, parse
from autograder.grading.release import Release
from autograder.judge.checking import Check, load_checks, read_checks
from autograder.judge.diagnose import names_of
from autograder.wall.limits import Limits

VERSIONED = ("posekit", "numpy", "scipy", "torch")


@dataclass(frozen=True)
class Plan:
    """What all submissions of a run share. Plain data, so that it travels to workers.

    `released` are the code cells of the notebook as handed out (their failures are consequences, not news), `skipped` those among
    them that are tagged `explore`, `stubs` those of the exercises, with their names; `release` is the whole of it, and `title` what it
    calls the lab. Where `only` is given no other exercise is judged.
    """

    lab: Lab
    title: str
    exercises: tuple[Entry, ...]
    tasks: tuple[Task, ...]
    seed: int
    warm: str
    released: frozenset[str]
    skipped: frozenset[str]
    stubs: tuple[tuple[str, str], ...]
    release: Release
    private: Path | None = None
    thin: bool = False
    limits: Limits = Limits()
    only: frozenset[str] | None = None

    def checks(self) -> dict[str, list[Check]]:
        """The lab's checks by exercise, the instructor's private ones behind them."""
        checks = {name: list(tests) for name, tests in _checks(self.lab.checks).items()}
        for path in sorted(self.private.glob("test_*.py")) if self.private else []:
            for check in read_checks(path):
                if check.exercise not in checks:
                    raise CourseError(f"{path}: {check.exercise} is no exercise of {self.lab.name}")
                checks[check.exercise].append(check)
        return checks

    def bank(self, exercise: str) -> Path | None:
        """The file of an exercise's known mistakes; None where nobody's mistake is named.

        Private checks ask what no bank was made for, and Gradescope gets none.
        """
        path = self.lab.banks / f"{exercise}.py"
        return path if self.private is None and path.exists() else None

    def version(self) -> str:
        """A digest of all that a grade depends on beside the submitted notebook."""
        return hashlib.sha256(json.dumps(self.parts(), sort_keys=True).encode()).hexdigest()

    def parts(self) -> dict[str, str]:
        """Digests of what the grades depend on: by exercise its own checks and bank, under "" what all of them share."""
        root, names = self.lab.root, {entry.name for entry in self.exercises}
        shared = hashlib.sha256(json.dumps([versions(), vars(self.limits), self.seed, self.thin]).encode())
        own = {name: hashlib.sha256() for name in names}
        judged_by = [self.lab.notebook, self.lab.checks, self.lab.banks, *([self.private] if self.private else [])]
        run_against = [root / "posekit", root / "data" / "arrays"]
        for number, place in enumerate([PACKAGE, *judged_by, *run_against]):
            for path in _files(place):
                name = f"{number}/{path.relative_to(place).as_posix()}"
                digest, exercise = shared, path.stem.removeprefix("test_")
                if place in (self.lab.checks, self.lab.banks) and path.parent == place and exercise in own:
                    digest = own[exercise]
                digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        for name in names:
            for reference in _references(root, self.bank(name)):
                own[name].update(hashlib.sha256(reference.read_bytes()).digest())
        return {"": shared.hexdigest(), **{name: own[name].hexdigest() for name in sorted(own)}}


def _references(root: Path, bank: Path | None) -> list[Path]:
    """The reference modules that a bank's mistakes are made of."""
    modules = re.findall(r"^from solutions\.(\w+) import", bank.read_text("utf-8"), re.MULTILINE) if bank else []
    paths = [root / "solutions" / f"{module}.py" for module in sorted(set(modules))]
    return [path for path in paths if path.exists()]


@lru_cache(maxsize=4)
def _checks(folder: Path) -> dict[str, list[Check]]:
    """As `load_checks`, once for all notebooks of a run."""
    return load_checks(folder)


def _files(place: Path) -> Iterator[Path]:
    """A file, or all files below a folder, but for caches; below this package not the checks, of which only a lab's own matter."""
    if place.is_file():
        yield place
    for path in sorted(place.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not (place == PACKAGE and CHECKS in path.parents):
            yield path


def make_plan(lab: Lab, seed: int, private: Path | None = None, thin: bool = False) -> Plan:
    """Read all that a run needs, before it begins: the notebook as it was handed out, the checks, the banks.

    Raises
    ------
    CourseError
        Where the lab's notebook is not built, damaged, or fits the checks no more, or there are no private checks where they should be.
    CheckError
        Where a check or a bank cannot be loaded.
    """
    if private is not None and not any(private.glob("test_*.py")):
        raise CourseError(f"{private} holds no test_*.py: --private takes a folder of checks")
    cells = _released(lab)
    code = [cell for cell in cells if cell.code]
    checked = {cell.grade_id.removesuffix("-check") for cell in code if cell.grade_id.endswith("-check")}
    title, exercises = listed(cells)
    plan = Plan(
        lab=lab,
        title=title or lab.name,
        exercises=tuple(exercises),
        tasks=tuple(_task(lab, cell) for cell in cells if cell.grade_id.startswith("written-")),
        seed=seed,
        warm=next((cell.source for cell in code if not cell.tags and not cell.grade_id), ""),
        released=frozenset(cell.source.strip() for cell in code),
        skipped=frozenset(cell.source.strip() for cell in code if "explore" in cell.tags),
        stubs=tuple((cell.source.strip(), cell.grade_id) for cell in code if cell.grade_id in checked),
        release=Release(tuple(cells)),
        private=private,
        thin=thin,
    )
    names = {entry.name for entry in plan.exercises}
    if odd := sorted(names ^ set(plan.checks())):
        here, there = ("", "no ") if odd[0] in names else ("not ", "")
        raise _stale(lab, f"{odd[0]} is {here}in it, and has {there}checks")
    for name in names:
        if (bank := plan.bank(name)) is not None:
            names_of(bank)
    return plan


def _released(lab: Lab) -> list[Cell]:
    """The cells of a lab's notebook as it was handed out."""
    if not lab.notebook.exists():
        raise CourseError(f"labs/{lab.notebook.name} is missing: run `autograder build`")
    try:
        return parse(lab.notebook.read_bytes())
    except NotebookError as error:
        raise _stale(lab, str(error)) from None


def _task(lab: Lab, cell: Cell) -> Task:
    found = TASK.search(cell.source)
    if found is None:
        raise _stale(lab, f"its question {cell.grade_id.removeprefix('written-')} has no title and points")
    return Task(found["id"], found["title"], int(found["points"]))


def _stale(lab: Lab, why: str) -> CourseError:
    return CourseError(f"labs/{lab.notebook.name} cannot be graded by ({why}): run `autograder build`")


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of what a grade may depend on."""
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
