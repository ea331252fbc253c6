"""The folder that a run is written to: what lies where under which name, and when it takes the place of the run before."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.course import CourseError
from autograder.files import file_names, write_atomically
from autograder.result import Result

_STAGED, _MOVING = ".next", ".moving"  # what will take the place of the last run's files, and what is about to


@dataclass(frozen=True)
class Record:
    """What run.json says of a run. The instructor's seed is in it: it is nothing for students.

    `parts` are the digests that `version` is made of (`Plan.parts`).
    """

    lab: str
    seed: int
    version: str
    parts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Files:
    """What a run writes for people, below a folder; `names` has a student's file name, without extension."""

    folder: Path
    names: dict[str, str]

    @property
    def grades(self) -> Path:
        return self.folder / "grades.csv"

    @property
    def moved(self) -> Path:
        return self.folder / "moved.csv"

    @property
    def class_page(self) -> Path:
        return self.folder / "class.html"

    @property
    def pages(self) -> dict[str, str]:
        """Where each student's feedback lies, as a path from the class page."""
        return {student: self.feedback(student).relative_to(self.folder).as_posix() for student in self.names}

    def result(self, student: str) -> Path:
        return self.folder / "results" / f"{self.names[student]}.json"

    def feedback(self, student: str) -> Path:
        return self.folder / "feedback" / f"{self.names[student]}.html"


class RunFolder:
    """run.json, units/, results/, feedback/, grades.csv and class.html.

    They belong to one run. The next one adds its units beside them, and says in run.json that it has begun; the rest it replaces when
    all of its own is written. So a run that fails, or is killed, takes nothing away.
    """

    _record: Record  # of the run that is under way, from `begin` on
    _kept: set[str]  # the names of its units' files

    def __init__(self, path: Path):
        self.path = path

    def last(self) -> Record | None:
        """The run that began last, finished or not; None where there was none.

        Raises
        ------
        CourseError
            Where run.json cannot be read.
        """
        if not self._json.exists():
            return None
        _, begun = self._said()
        if begun is None:
            raise CourseError(f"{self._json} is damaged: grade without --resume, or choose another --out")
        return begun

    def finished(self) -> Record | None:
        """The run whose results are here; None where there is none, or run.json cannot be read."""
        return self._said()[0]

    def begin(self, record: Record, units: Iterable[str]) -> None:
        """Claim the folder for a run of these units.

        Raises
        ------
        CourseError
            Where something lies in it that is not ours.
        """
        if not self._json.exists():
            for folder in (self._results, self._units, self._feedback):
                if folder.exists() and any(folder.iterdir()):
                    raise CourseError(
                        f"{self.path} has a folder `{folder.name}` that is no run of ours: choose another --out"
                    )
        for folder in (self._units, self._results):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.path, self._units, self._results, self._feedback):
            for half in folder.glob(".*.tmp"):
                half.unlink()  # of a run that was killed
        self._record, self._kept = record, {f"{unit}.json" for unit in units}
        if not any(self._results.iterdir()):  # otherwise there is nothing to resume from before the first unit
            self._say(record)

    def reopen(self) -> Record:
        """Claim the folder for new reports on the results that are in it.

        Raises
        ------
        CourseError
            Where there is no finished run, or another one has begun since.
        """
        finished, begun = self._said()
        if finished is None:
            raise CourseError(f"{self.path} holds no finished run: run `autograder grade` first")
        if begun != finished:
            raise CourseError(f"{self.path}: a run was interrupted: grade again with --resume first")
        self._record, self._kept = finished, {path.name for path in self._units.glob("*.json")}
        return finished

    def unit(self, unit: str) -> Result | None:
        """What a unit that was kept came to; None where it was not, or is not whole."""
        try:
            return Result.from_json(json.loads((self._units / f"{unit}.json").read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, unit: str, document: str) -> None:
        """Keep a finished unit, for a run that is resumed."""
        finished, begun = self._said()
        if begun != self._record:
            self._say(finished or self._record, self._record)
        write_atomically(self._units / f"{unit}.json", document)

    @contextmanager
    def replaced_by(self, results: list[Result]) -> Iterator[Files]:
        """Where the reports of a run are written. At the end they and the results take the last run's place; on an error nothing does."""
        staged = Files(self.path / _STAGED, file_names(result.student for result in results))
        for left_over in (_STAGED, _MOVING):
            shutil.rmtree(self.path / left_over, ignore_errors=True)
        for folder in (self._results, self._feedback):
            (staged.folder / folder.name).mkdir(parents=True)
        try:
            for result in results:
                write_atomically(staged.result(result.student), json.dumps(result.to_json(), indent=1) + "\n")
            yield staged
        except BaseException:
            shutil.rmtree(staged.folder)
            raise
        self._take(staged)

    def _take(self, staged: Files) -> None:
        """Put what is staged in place, and remove what is of earlier runs."""
        moving = staged.folder.rename(self.path / _MOVING)
        for path in sorted(moving.rglob("*")):
            target = self.path / path.relative_to(moving)
            target.mkdir(exist_ok=True) if path.is_dir() else os.replace(path, target)
        names = set(staged.names.values())
        stale = [
            path for path in (*self._results.glob("*.json"), *self._feedback.glob("*.html")) if path.stem not in names
        ]
        for path in [*stale, *(path for path in self._units.glob("*.json") if path.name not in self._kept)]:
            path.unlink()
        self._say(self._record)
        shutil.rmtree(moving)

    @property
    def moved(self) -> Path:
        """Whose grade moved from run to run, where one did."""
        return self.path / "moved.csv"

    def before(self, lab: str) -> Iterator[Result]:
        """What can be read of the results of the last run of this lab, one after the other, for comparison."""
        for path in sorted(self._results.glob("*.json")):
            try:
                result = Result.from_json(json.loads(path.read_text("utf-8")))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
            if result.lab == lab:
                yield result

    def results(self) -> list[Result]:
        """The results of the finished run, by file name.

        Raises
        ------
        CourseError
            Where there are none, or they are not whole.
        """
        if (self.path / _MOVING).exists():
            raise CourseError(
                f"{self.path}: a run was killed while it put its files in place: grade again with --resume"
            )
        try:
            results = [Result.from_json(json.loads(p.read_text("utf-8"))) for p in sorted(self._results.glob("*.json"))]
        except (ValueError, KeyError, TypeError):
            raise CourseError(f"{self._results} holds a file that is no result of ours: grade again") from None
        if not results:
            raise CourseError(f"{self.path} holds no results: run `autograder grade` first")
        return results

    @property
    def _json(self) -> Path:
        return self.path / "run.json"

    @property
    def _units(self) -> Path:
        return self.path / "units"

    @property
    def _results(self) -> Path:
        return self.path / "results"

    @property
    def _feedback(self) -> Path:
        return self.path / "feedback"

    def _said(self) -> tuple[Record | None, Record | None]:
        """The run whose results are here, and the one that began last; None for what cannot be read."""
        try:
            said = json.loads(self._json.read_text("utf-8"))
            records = [said, said.get("next", said)]
            finished, begun = (
                Record(str(r["lab"]), int(r["seed"]), str(r["version"]), dict(r.get("parts", {}))) for r in records
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None, None
        return finished, begun

    def _say(self, finished: Record, begun: Record | None = None) -> None:
        following = {} if begun in (None, finished) else {"next": asdict(begun)}
        write_atomically(self._json, json.dumps({**asdict(finished), **following}, indent=1) + "\n")
