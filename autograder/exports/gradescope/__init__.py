"""The autograder that Gradescope runs for one lab: a zip of two scripts and what grading needs."""

from __future__ import annotations

import io
import os
import re
import tempfile
import zipfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from autograder.authoring.build import Kind, build
from autograder.authoring.spans import BEGIN, END, STUB, Span, names_needed, read_spans
from autograder.authoring.written import read_questions
from autograder.course import Lab, find_lab
from autograder.exports import ExportError
from autograder.files import write_atomically

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
        **{name: _file(name, found.name) for name in ("setup.sh", "run_autograder", "README.md")},
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


def _file(name: str, lab: str) -> bytes:
    """One of the files beside this module, with the lab's name put in."""
    return Path(__file__).with_name(name).read_text("utf-8").replace("@LAB@", lab).encode()


def _course_files(lab: Lab) -> dict[str, bytes]:
    """What grading a lab needs, by path in the course: other labs' files, solutions and rubrics left out."""
    paths = [lab.root / name for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")]
    paths += [lab.source, lab.notebook, lab.root / "solutions" / "__init__.py"]
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
            and not (own_checks in path.parents and path.parent not in (own_checks, lab.checks))
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
