"""Where the course's rooms are: for a lab its source, notebook, checks, banks, reference module and answers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

PACKAGE = Path(__file__).parent
CHECKS = PACKAGE / "checks"
ANSWER_PROMPT = "*Write your answer here.*"
# What a notebook calls a lab, its sections and its exercises: `# Lab 1 · Likelihood`, `## 4 · A logarithm`, `**Exercise 4** · 3 points`.
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
EXERCISE = re.compile(r"^\*\*(Exercise \d+[^*\n]*)\*\*", re.MULTILINE)
# How a written question begins, in the file of answers and in the notebook.
TASK = re.compile(r"^### (?P<id>\d+\w*) · (?P<title>.+?)\s+\((?P<points>\d+) points?, written\)\s*$", re.MULTILINE)


class CourseError(Exception):
    """One clear line about a course that is not where it should be, or whose parts do not fit."""


@dataclass(frozen=True)
class Entry:
    """One exercise as its notebook lists it; `label` is "Exercise 4" and `section` the heading above it, "4 · A logarithm"."""

    name: str
    optional: bool
    label: str = ""
    section: str = ""


@dataclass(frozen=True)
class Task:
    """One written question as its notebook lists it."""

    id: str
    title: str
    points: int


@dataclass(frozen=True)
class Lab:
    """The files of one lab; `name` is "lab1", `topic` is "likelihood". The capstone is a lab, too: "capstone", "behavior"."""

    root: Path
    name: str
    topic: str

    @property
    def stem(self) -> str:
        return f"{self.name}_{self.topic}"

    @property
    def module(self) -> str:
        """The name of the module with the references: a lab's is called by its topic, the capstone's by its own name."""
        return self.topic if self.name.startswith("lab") else self.name

    @property
    def source(self) -> Path:
        return self.root / "solutions" / "notebooks" / f"{self.stem}.md"

    @property
    def reference(self) -> Path:
        return self.root / "solutions" / f"{self.module}.py"

    @property
    def answers(self) -> Path:
        return self.root / "solutions" / "answers" / f"{self.name}.md"

    @property
    def notebook(self) -> Path:
        return self.root / "labs" / f"{self.stem}.ipynb"

    @property
    def checks(self) -> Path:
        return self.root / "autograder" / "checks" / self.name

    @property
    def banks(self) -> Path:
        return self.root / "tests" / "banks" / self.name


class Listed(Protocol):
    """A cell of a notebook as it was handed out."""

    @property
    def code(self) -> bool: ...
    @property
    def source(self) -> str: ...
    @property
    def grade_id(self) -> str: ...
    @property
    def tags(self) -> frozenset[str]: ...


def listed(cells: Sequence[Listed]) -> tuple[str, list[Entry]]:
    """What a notebook calls its lab, "" where it says nothing, and its exercises in order."""
    checked = {cell.grade_id.removesuffix("-check") for cell in cells if cell.grade_id.endswith("-check")}
    title, label, section, found = "", "", "", []
    for cell in cells:
        if cell.code and cell.grade_id in checked:
            found.append(Entry(cell.grade_id, "optional" in cell.tags, label, section))
        elif not cell.code:
            title = title or next(iter(TITLE.findall(cell.source)), "")
            label = (EXERCISE.findall(cell.source) or [label])[-1]
            section = (SECTION.findall(cell.source) or [section])[-1]
    return title, found


def is_course(folder: Path) -> bool:
    """Whether labs can be graded from here: there are checks, and notebooks or the sources of notebooks."""
    return (folder / "autograder" / "checks").is_dir() and (
        (folder / "solutions" / "notebooks").is_dir() or (folder / "labs").is_dir()
    )


def find_root() -> Path:
    """The checkout in the current directory, else the one that this package was installed from.

    Raises
    ------
    CourseError
        Where there is neither: the students' installation holds no labs.
    """
    for folder in (Path.cwd(), PACKAGE.parent):
        if is_course(folder):
            return folder
    raise CourseError(
        "no course here: run this command in a checkout of the course (the students' package has no labs)"
    )


def labs(root: Path) -> list[Lab]:
    """All labs of a checkout, the capstone last; where it has no solutions (what Gradescope gets), those whose notebooks are there."""
    sources = root / "solutions" / "notebooks"
    paths = sources.glob("*.md") if sources.is_dir() else (root / "labs").glob("*.ipynb")
    found = []
    for path in sorted(paths):
        if match := re.fullmatch(r"(lab\d+|capstone)_(\w+)", path.stem):
            found.append(Lab(root, match[1], match[2]))
    return sorted(found, key=lambda lab: int(lab.name[3:]) if lab.name[3:].isdigit() else sys.maxsize)


def extras(root: Path) -> list[Lab]:
    """The notebooks beside the labs, "lab5x_your_own_animal" say: built and shown like a lab, without exercises, never graded."""
    paths = sorted((root / "solutions" / "notebooks").glob("*.md"))
    found = [re.fullmatch(r"(lab\d+x)_(\w+)", path.stem) for path in paths]
    return [Lab(root, match[1], match[2]) for match in found if match]


def find_lab(root: Path, name: str) -> Lab:
    """The lab of that name ("lab1" or "lab1_likelihood").

    Raises
    ------
    CourseError
        Where there is none.
    """
    known = labs(root)
    for lab in known:
        if name in (lab.name, lab.stem):
            return lab
    raise CourseError(f"there is no lab {name!r}; there are {', '.join(lab.name for lab in known) or 'none'}")


def released_entries(name: str) -> tuple[str, list[Entry]]:
    """What a lab's notebook, as students get it, calls it, and its exercises in order; "" and none where there is none."""
    from posekit.start import shipped

    if name not in (notebooks := shipped()):
        return "", []
    cells = json.loads(notebooks[name].read_text("utf-8"))["cells"]
    return listed(
        [
            SimpleNamespace(
                code=cell["cell_type"] == "code",
                source="".join(cell["source"]),
                grade_id=cell["metadata"].get("nbgrader", {}).get("grade_id", ""),
                tags=frozenset(cell["metadata"].get("tags", ())),
            )
            for cell in cells
        ]
    )


def published() -> str:
    """Where the course's site is published, as the installed package's `Site` among its project URLs says; "" where it says nothing."""
    try:
        urls = metadata.metadata("posekit").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    return dict(url.split(", ", 1) for url in urls).get("Site", "").rstrip("/")


def exercise_names(checks: Path) -> list[str]:
    """The exercises that a lab's folder of checks is about: one file each, named after it."""
    return sorted(path.stem.removeprefix("test_") for path in checks.glob("test_*.py"))


def checks_of(exercise: str) -> Path | None:
    """The file of the installed checks that tests an exercise."""
    return next(iter(sorted(CHECKS.glob(f"*/test_{exercise}.py"))), None) if exercise.isidentifier() else None
