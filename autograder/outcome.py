"""What may become of a call of a student's function: its budget, and the ways in which it fails. The ground floor of judge and wall."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """What one call may use: CPU seconds, and MiB beyond the size that the process had before.

    `declared` budgets belong to a check of cost: exceeding one fails that check alone, where exceeding the default one (an
    endless loop) ends the exercise.
    """

    cpu: float
    memory: float | None = None
    declared: bool = False


DEFAULT_BUDGET = Budget(cpu=5.0)
NOT_WRITTEN = "not written yet"
NOT_RUN = "not run: "  # what the checks say after a call that ended the exercise, and why


class StudentError(AssertionError):
    """The exercise failed as a piece of code: it raised, changed its input, ran out of a budget, or gave back no plain data.

    Attributes
    ----------
    types : tuple of str
        Names of the exception's class and of its bases, as far as they are Python's own; empty where nothing was raised.
    line : str
        "line 3: `return 1 / 0`", or "".
    """

    def __init__(self, message: str, types: tuple[str, ...] = (), line: str = ""):
        super().__init__(message)
        self.types = types
        self.line = line


class WallError(StudentError):
    """The student's process answers no more: killed for its budget, gone, or talking nonsense."""


class StartError(Exception):
    """The wall cannot be started, or has fallen: why, and what to do. It is nobody's answer that is wrong."""
