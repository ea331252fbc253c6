"""Points that a notebook shows as a report in colour."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.reports.pages import page
from autograder.reports.text import progress, text
from autograder.reports.words import so_far
from autograder.result import ExerciseResult


class Shown(float):
    """A float in all respects (nbgrader reads it as partial credit), which shows a report where HTML is shown."""

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)

    def report(self) -> str:
        """As text."""
        raise NotImplementedError


class Points(Shown):
    """The points of one exercise."""

    exercise: ExerciseResult

    def __new__(cls, exercise: ExerciseResult) -> Points:
        points = super().__new__(cls, exercise.score)
        points.exercise = exercise
        return points

    def report(self) -> str:
        return text(self.exercise)

    def _repr_html_(self) -> str:
        return page("check.html", exercise=self.exercise)


def in_a_notebook(exercise: ExerciseResult) -> dict[str, str]:
    """What a notebook keeps of the check of an exercise, by MIME type."""
    points = Points(exercise)
    return {"text/html": points._repr_html_(), "text/plain": points.report()}


class Progress(Shown):
    """The points of a lab so far."""

    title: str
    exercises: tuple[ExerciseResult, ...]

    def __new__(cls, title: str, exercises: Sequence[ExerciseResult]) -> Progress:
        points = super().__new__(cls, sum(exercise.score for exercise in exercises))
        points.title, points.exercises = title, tuple(exercises)
        return points

    def report(self) -> str:
        return progress(self.title, self.exercises)

    def _repr_html_(self) -> str:
        return page("check_all.html", title=self.title, exercises=self.exercises, **so_far(self.exercises))
