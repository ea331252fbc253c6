"""What all submissions of a run share: the lab, its exercises, the seed, and the notebook as it was handed out."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from autograder.course import CourseError, Entry, Lab
from autograder.grading.notebook import parse
from autograder.judge.checking import Check, load_checks, read_checks
from autograder.wall.limits import Limits

VERSIONED = ("posekit", "numpy", "scipy", "torch")


@dataclass(frozen=True)
class Plan:
    """What all submissions of a run share. Plain data, so that it travels to workers.

    `released` are the code cells of the notebook as handed out (their failures are consequences, not news), `skipped` those among
    them that are tagged `explore`, `stubs` those of the exercises, with their names.
    """

    lab: Lab
    exercises: tuple[Entry, ...]
    seed: int
    warm: str
    released: frozenset[str]
    skipped: frozenset[str]
    stubs: tuple[tuple[str, str], ...]
    private: Path | None = None
    thin: bool = False
    limits: Limits = Limits()

    def checks(self) -> dict[str, list[Check]]:
        """The lab's checks by exercise, the instructor's private ones behind them."""
        checks = {name: list(tests) for name, tests in load_checks(self.lab.checks).items()}
        for path in sorted(self.private.glob("test_*.py")) if self.private else []:
            for check in read_checks(path):
                if check.exercise not in checks:
                    raise CourseError(f"{path}: {check.exercise} is no exercise of {self.lab.name}")
                checks[check.exercise].append(check)
        return checks

    def version(self) -> str:
        """A digest of all that a grade depends on beside the notebook."""
        paths = [self.lab.notebook, self.lab.answers, *sorted(self.lab.banks.glob("*.py"))]
        paths += sorted(self.private.glob("*.py")) if self.private else []
        paths += sorted((self.lab.root / "autograder").rglob("*.py"))
        digest = hashlib.sha256(json.dumps([versions(), vars(self.limits), self.seed, self.thin]).encode())
        for path in filter(Path.exists, paths):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def make_plan(lab: Lab, seed: int, private: Path | None = None, thin: bool = False) -> Plan:
    """Read what a run needs from the notebook as it was handed out, and the checks.

    Raises
    ------
    CourseError
        Where the lab's notebook is not built, or there are no private checks where they should be.
    """
    if not lab.notebook.exists():
        raise CourseError(f"labs/{lab.notebook.name} is missing: run `autograder build`")
    if private is not None and not any(private.glob("test_*.py")):
        raise CourseError(f"{private} holds no test_*.py: --private takes a folder of checks")
    cells = [cell for cell in parse(lab.notebook.read_bytes()) if cell.code]
    checked = {cell.grade_id.removesuffix("-check") for cell in cells if cell.grade_id.endswith("-check")}
    setup = next((cell.source for cell in cells if not cell.tags and not cell.grade_id), "")
    plan = Plan(
        lab=lab,
        exercises=tuple(Entry(c.grade_id, "optional" in c.tags) for c in cells if c.grade_id in checked),
        seed=seed,
        warm=setup,
        released=frozenset(cell.source.strip() for cell in cells),
        skipped=frozenset(cell.source.strip() for cell in cells if "explore" in cell.tags),
        stubs=tuple((cell.source.strip(), cell.grade_id) for cell in cells if cell.grade_id in checked),
        private=private,
        thin=thin,
    )
    plan.checks()
    return plan


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
