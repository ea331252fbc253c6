"""The one object that every output is made from: notebook output, feedback, class page, CSV, Gradescope, nbgrader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TestResult:
    """What one check said.

    `message` (what came back, what was expected) and `hint` (the likely misconception) are empty when the check passed.
    """

    __test__ = False  # not a pytest class, whatever its name says

    name: str
    score: int
    max_score: int
    message: str = ""
    hint: str = ""

    @property
    def passed(self) -> bool:
        return self.score == self.max_score


@dataclass(frozen=True)
class ExerciseResult:
    """The checks of one exercise.

    Attributes
    ----------
    error : str or None
        Why nothing could be checked (not written yet, a cell that fails, an unreadable notebook).
    diagnosis : str or None
        The known mistake that behaves exactly like this answer, as a verb phrase: "takes the mean instead of the sum".
    rests_on : tuple of str
        Exercises of the same notebook that a wrong answer uses and that are not right themselves.
    """

    name: str
    tests: tuple[TestResult, ...]
    optional: bool = False
    error: str | None = None
    diagnosis: str | None = None
    rests_on: tuple[str, ...] = ()

    @property
    def score(self) -> int:
        return sum(test.score for test in self.tests)

    @property
    def max_score(self) -> int:
        return sum(test.max_score for test in self.tests)

    @property
    def hints(self) -> list[str]:
        """The hints of the failed checks, each once, in the order of the checks."""
        return list(dict.fromkeys(test.hint for test in self.tests if not test.passed and test.hint))


@dataclass(frozen=True)
class WrittenAnswer:
    """A student's answer to a written question, collected to be marked by hand; it carries no score here."""

    question: str
    title: str
    max_score: int
    answer: str


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
    """

    student: str
    lab: str
    exercises: tuple[ExerciseResult, ...]
    wall: dict[str, Any]
    notebook_sha256: str
    versions: dict[str, str]
    written: tuple[WrittenAnswer, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def score(self) -> int:
        return sum(exercise.score for exercise in self.exercises)

    @property
    def max_score(self) -> int:
        """Points that can be had without the optional exercises."""
        return sum(exercise.max_score for exercise in self.exercises if not exercise.optional)

    def to_json(self) -> dict[str, Any]:
        """Gradescope's results.json, with what else we know in `extra_data`."""
        return {
            "score": self.score,
            "output": "\n".join([self.wall["summary"], *self.notes]),
            "tests": [
                {
                    "name": f"{exercise.name}: {test.name}",
                    "score": test.score,
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
                        "score": exercise.score,
                        "max_score": exercise.max_score,
                        "optional": exercise.optional,
                        "hints": exercise.hints,
                        "error": exercise.error,
                        "diagnosis": exercise.diagnosis,
                        "rests_on": list(exercise.rests_on),
                        "tests": [
                            {
                                "name": t.name,
                                "score": t.score,
                                "max_score": t.max_score,
                                "message": t.message,
                                "hint": t.hint,
                            }
                            for t in exercise.tests
                        ],
                    }
                    for exercise in self.exercises
                },
                "written": [vars(answer) for answer in self.written],
                "notes": list(self.notes),
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
        KeyError, TypeError
            Where the document is not one of ours.
        """
        extra = document["extra_data"]
        return cls(
            student=extra["student"],
            lab=extra["lab"],
            exercises=tuple(
                ExerciseResult(
                    name,
                    tuple(TestResult(**test) for test in exercise["tests"]),
                    exercise["optional"],
                    exercise["error"],
                    exercise["diagnosis"],
                    tuple(exercise["rests_on"]),
                )
                for name, exercise in extra["exercises"].items()
            ),
            wall=extra["wall"],
            notebook_sha256=extra["notebook_sha256"],
            versions=extra["versions"],
            written=tuple(WrittenAnswer(**answer) for answer in extra["written"]),
            notes=tuple(extra["notes"]),
        )
