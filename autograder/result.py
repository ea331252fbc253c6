"""The one object that every output is made from: notebook output, feedback, class page, CSV, Gradescope, nbgrader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autograder.outcome import Failure, Outcome


@dataclass(frozen=True)
class TestResult:
    """What one check said.

    Attributes
    ----------
    message, hint : str
        What came back and what was expected, and what to do about it; empty when the check passed.
    failure : Failure or None
        What `message` says, as data.
    """

    __test__ = False  # not a pytest class, whatever its name says

    name: str
    max_score: int
    outcome: Outcome
    message: str = ""
    hint: str = ""
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    @property
    def score(self) -> int:
        return self.max_score if self.passed else 0

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "score": None if self.outcome is Outcome.OURS else self.score,
            "max_score": self.max_score,
            "outcome": self.outcome,
            "message": self.message,
            "hint": self.hint,
            "failure": self.failure and self.failure.to_json(),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> TestResult:
        failure = document["failure"]
        return cls(
            document["name"],
            document["max_score"],
            Outcome(document["outcome"]),
            document["message"],
            document["hint"],
            failure and Failure.from_json(failure),
        )


@dataclass(frozen=True)
class ExerciseResult:
    """The checks of one exercise.

    Attributes
    ----------
    error : str or None
        Why nothing could be checked (not written yet, a cell that fails, an unreadable notebook), in words.
    diagnosis : str or None
        The known mistake that behaves exactly like this answer, as a verb phrase: "takes the mean instead of the sum".
    rests_on : tuple of str
        Exercises of the same notebook that a wrong answer uses and that are not right themselves.
    notes : tuple of str
        What is odd about an answer and costs no point, one line each.
    label, section : str
        What the notebook calls it, "Exercise 4", and the heading above it, "4 · A logarithm that survives"; "" where that is not known.
    """

    name: str
    tests: tuple[TestResult, ...]
    optional: bool = False
    error: str | None = None
    diagnosis: str | None = None
    rests_on: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    label: str = ""
    section: str = ""

    @property
    def title(self) -> str:
        """ "Exercise 4 · softplus"."""
        return f"{self.label} · {self.name}" if self.label else self.name

    @property
    def outcome(self) -> Outcome:
        """What became of all its checks; FAILED where that is not the same for all."""
        found = {test.outcome for test in self.tests}
        return found.pop() if len(found) == 1 else Outcome.FAILED

    @property
    def score(self) -> int:
        return sum(test.score for test in self.tests)

    @property
    def max_score(self) -> int:
        return sum(test.max_score for test in self.tests)

    @property
    def mistake(self) -> str:
        """The diagnosis as a sentence; "" where there is none."""
        return f"It looks as if your function {self.diagnosis}." if self.diagnosis else ""

    @property
    def gist(self) -> str:
        """What its author should read first: the mistake by name, else why nothing could be checked, else a hint; "" where all is right."""
        wrong = [test for test in self.tests if not test.passed]
        said = (self.mistake, self.error, *(test.hint for test in wrong), *(test.message for test in wrong))
        return next(filter(None, said), "")

    @property
    def hints(self) -> list[str]:
        """The hints of the failed checks, each once, in the order of the checks."""
        return list(dict.fromkeys(test.hint for test in self.tests if not test.passed and test.hint))


@dataclass(frozen=True)
class WrittenAnswer:
    """A student's answer to a written question, which somebody marks by hand.

    `attachments` are pictures as data URIs by name, of raster images only; the text has them as `attachment:<name>`. `points` is what
    it was given, None where nobody has marked it; `comment` is the marker's word to the student.
    """

    question: str
    title: str
    max_score: int
    answer: str
    attachments: dict[str, str] = field(default_factory=dict)
    points: int | None = None
    comment: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.answer.strip() and not self.attachments

    @property
    def waits(self) -> bool:
        """Nobody has marked it, and there is something to mark."""
        return self.points is None and not self.is_blank


@dataclass(frozen=True)
class Result:
    """One student's submission to one lab, graded.

    Attributes
    ----------
    wall : dict
        `layers` (names of the active layers), `missing` (layer -> why), `graded_use` (False where the wall is too thin) and
        `summary` (one line for reports).
    notes : tuple of str
        One line each on what was odd about the submission: a cell that failed, a late duplicate that was ignored.
    late : str
        How late it was handed in, as far as the system that it came from says; "" where it was not.
    title : str
        What its notebook calls the lab, "Lab 1 · Likelihood".
    tampering : tuple of str
        One line each on code that prints a score, or changes what checks are made of. The grade does not hang on it.
    """

    student: str
    lab: str
    exercises: tuple[ExerciseResult, ...]
    wall: dict[str, Any]
    notebook_sha256: str
    versions: dict[str, str]
    written: tuple[WrittenAnswer, ...] = ()
    notes: tuple[str, ...] = ()
    late: str = ""
    title: str = ""
    tampering: tuple[str, ...] = ()

    @property
    def score(self) -> int:
        return sum(exercise.score for exercise in self.exercises)

    @property
    def max_score(self) -> int:
        """Points that can be had without the optional exercises."""
        return sum(exercise.max_score for exercise in self.exercises if not exercise.optional)

    @property
    def written_score(self) -> int:
        """Points that written answers were given so far."""
        return sum(answer.points or 0 for answer in self.written)

    @property
    def total(self) -> int:
        """Points of checks and of what is marked of the written answers."""
        return self.score + self.written_score

    @property
    def waiting(self) -> list[str]:
        """The questions whose answers nobody has marked yet."""
        return [answer.question for answer in self.written if answer.waits]

    @property
    def ours(self) -> bool:
        """The grader failed here: there is no score, and nothing may pass a zero on."""
        return any(exercise.outcome is Outcome.OURS for exercise in self.exercises)

    @property
    def shared_error(self) -> str | None:
        """The error that all exercises share: the notebook as a whole could not be graded."""
        errors = {exercise.error for exercise in self.exercises}
        return errors.pop() if len(errors) == 1 and len(self.exercises) > 1 else None

    @property
    def summary(self) -> list[str]:
        """What its author should read first: a line for each exercise that is not right, one for those that share the reason."""
        if self.shared_error:
            return [f"All exercises: {self.shared_error}"]
        alike: dict[str, list[str]] = {}
        for exercise in self.exercises:
            if exercise.score < exercise.max_score and not (exercise.optional and exercise.error):
                points = "–" if exercise.outcome is Outcome.OURS else exercise.score
                alike.setdefault(exercise.gist, []).append(f"{exercise.title} ({points} of {exercise.max_score})")
        return [f"{', '.join(titles)}: {gist}" for gist, titles in alike.items()]

    def to_json(self) -> dict[str, Any]:
        """Gradescope's results.json, with what else we know in `extra_data`; null is the score of what we failed."""
        return {
            "score": None if self.ours else self.score,
            "output": "\n".join([*self.summary, *self.notes, *self.tampering, self.wall["summary"]]),
            "tests": [
                {
                    "name": f"{exercise.name}: {test.name}",
                    "score": None if test.outcome is Outcome.OURS else test.score,
                    "max_score": test.max_score,
                    "output": "\n".join(line for line in (test.message, test.hint) if line),
                }
                for exercise in self.exercises
                for test in exercise.tests
            ],
            "extra_data": {
                "student": self.student,
                "lab": self.lab,
                "exercises": {
                    exercise.name: {
                        "outcome": exercise.outcome,
                        "score": None if exercise.outcome is Outcome.OURS else exercise.score,
                        "max_score": exercise.max_score,
                        "optional": exercise.optional,
                        "hints": exercise.hints,
                        "error": exercise.error,
                        "diagnosis": exercise.diagnosis,
                        "rests_on": list(exercise.rests_on),
                        "notes": list(exercise.notes),
                        "label": exercise.label,
                        "section": exercise.section,
                        "tests": [test.to_json() for test in exercise.tests],
                    }
                    for exercise in self.exercises
                },
                "written": [vars(answer) for answer in self.written],
                "notes": list(self.notes),
                "late": self.late,
                "title": self.title,
                "tampering": list(self.tampering),
                "wall": self.wall,
                "notebook_sha256": self.notebook_sha256,
                "versions": self.versions,
            },
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Result:
        """Read back what `to_json` wrote (a file of ours, on resume or for an export).

        Raises
        ------
        KeyError, TypeError, ValueError
            Where the document is not one of ours.
        """
        extra = document["extra_data"]
        return cls(
            student=extra["student"],
            lab=extra["lab"],
            exercises=tuple(
                ExerciseResult(
                    name,
                    tuple(TestResult.from_json(test) for test in exercise["tests"]),
                    exercise["optional"],
                    exercise["error"],
                    exercise["diagnosis"],
                    tuple(exercise["rests_on"]),
                    tuple(exercise["notes"]),
                    exercise["label"],
                    exercise["section"],
                )
                for name, exercise in extra["exercises"].items()
            ),
            wall=extra["wall"],
            notebook_sha256=extra["notebook_sha256"],
            versions=extra["versions"],
            written=tuple(WrittenAnswer(**answer) for answer in extra["written"]),
            notes=tuple(extra["notes"]),
            late=extra["late"],
            title=extra["title"],
            tampering=tuple(extra["tampering"]),
        )
