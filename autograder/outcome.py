"""What becomes of an exercise, of a check and of a call, as data; how it is said is the business of `reports`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


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


class Outcome(StrEnum):
    """What became of an exercise, or of one of its checks."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_WRITTEN = "not written"  # it is the stub as it was handed out
    BLOCKED = "blocked"  # written, but it uses another one that is not written or not defined
    NOT_DEFINED = "not defined"  # nothing has its name
    NOT_RUN = "not run"  # an earlier call ended the exercise
    UNREADABLE = "unreadable"  # the file is no notebook, or none of this lab
    OURS = "ours"  # the grader failed, not the student: no score


class Kind(StrEnum):
    """In which way something failed."""

    # A value came back.
    VALUE = "value"
    ROUNDED = "rounded"  # right to single precision, and no further
    SHAPE = "shape"
    NOT_NUMBERS = "not numbers"
    INCOMPARABLE = "incomparable"
    UNUSABLE = "unusable"  # the check itself failed on it
    INDESCRIBABLE = "indescribable"
    CLAIM = "claim"  # an assert of the check; `said` holds its own words
    WARNING = "warning"
    INTEGERS = "integers"  # the generic probes
    SINGLE = "float32"
    CHANGED = "changed input"
    PARTS = "parts"  # a module without the parameters that are due
    # A value came back that cannot cross to the judge.
    NOT_PLAIN = "not plain"
    DTYPE = "dtype"
    FUNCTION = "function"
    DIMENSIONS = "dimensions"
    TOO_LARGE = "too large"
    NESTED = "nested"
    HUGE_INTEGER = "huge integer"
    TOO_MANY = "too many parts"
    # Nothing came back.
    EXCEPTION = "exception"
    NO_EXCEPTION = "no exception"
    SIGNATURE = "signature"
    NOT_CALLABLE = "not callable"
    UNWRITTEN = "unwritten"  # of the function `name`
    PARTLY_WRITTEN = "partly written"
    NO_GPU = "no gpu"
    UNHASHABLE = "unhashable"
    NO_INPUT = "no input"
    DEBUGGER = "debugger"
    NO_ATTRIBUTE = "no attribute"  # of a module: perhaps of another version
    NO_MODULE = "no module"
    NO_NAME = "no name"
    MISSING = "missing"  # there is nothing called `name`
    CALLBACK = "callback"  # it misuses a function that it was given
    CALLBACKS = "callbacks"  # it calls one too often
    TIME = "time"
    MEMORY = "memory"
    # The process answers no more.
    ENDED = "ended"
    WAITS = "waits"
    UNFINISHED = "unfinished"
    PROCESSES = "processes"
    PROCESS_MEMORY = "process memory"
    GARBLED = "garbled"
    SLOW_ANSWER = "slow answer"
    RECEIVED = "received"
    EXERCISE_TIME = "exercise time"
    NOTEBOOK_TIME = "notebook time"
    EXERCISE_IDLE = "exercise idle"
    NOTEBOOK_UNFINISHED = "notebook unfinished"
    CELLS_TIME = "cells time"
    CELL_TOO_LONG = "cell too long"
    JUDGING = "judging"  # what came back takes too long to compare
    # The answer is missing; where it was seen.
    NOWHERE = "nowhere"
    TEXT_CELL = "text cell"
    COMMENTED_OUT = "commented out"
    OTHER_NAME = "other name"
    EXPLORE_CELL = "explore cell"
    CELL_FAILED = "cell failed"  # with the cell's exception, or with what ended it as `cause`
    GONE = "gone"  # it had a meaning, and lost it before it was checked
    # What was not run of a cell; why, as `cause`.
    PASSED_OVER = "passed over"  # one statement failed, and the next one was run
    INTERRUPTED = "interrupted"  # one statement took too long, and the next one was run
    REDUCED = "reduced"  # to its definitions
    LEFT_OUT = "left out"
    THREADS = "threads"
    # A whole file, in the words of whoever tried to read it.
    FILE = "file"
    OURS = "ours"


@dataclass(frozen=True)
class Failure:
    """Why a check or a call failed, or an answer is missing. What is secret is not in it.

    Attributes
    ----------
    call : str
        The call as feedback shows it, "softplus([…, 710.0, …])", or the exercise alone.
    secret : bool
        The inputs were drawn from the instructor's seed, and are not shown.
    direct : bool
        `got` is what the call gave, and not what the check computed from it.
    got, due : str
        What came back and what was expected, in a few characters.
    index : tuple of int
        Where, in an array.
    error, said : str
        The class of an exception and its message; `said` alone is what a check says itself.
    name : str
        Of another function, an argument, a type or a dtype.
    takes : tuple of int
        How many arguments a function needs and takes at most, and how many it was given.
    parameters : tuple of str
        What its definition says that it takes.
    limit : float or None
        Seconds, MiB or a count.
    cell, line : int
        From 1; 0 where that is not known.
    source : str
        The student's line.
    version, written_for : str
        What runs here where that may be the reason, "numpy 2.4.6", and what the notebook was written with, where that is known.
    changed : tuple of str
        Arguments that were changed in place, besides.
    cause : Failure or None
        What came first.
    """

    kind: Kind
    call: str = ""
    secret: bool = False
    direct: bool = True
    got: str = ""
    due: str = ""
    index: tuple[int, ...] = ()
    error: str = ""
    said: str = ""
    name: str = ""
    takes: tuple[int, ...] = ()
    parameters: tuple[str, ...] = ()
    limit: float | None = None
    cell: int = 0
    line: int = 0
    source: str = ""
    version: str = ""
    written_for: str = ""
    changed: tuple[str, ...] = ()
    cause: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return said | ({"cause": self.cause.to_json()} if self.cause else {})

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Failure:
        """Read back what `to_json` wrote. Raises KeyError, TypeError or ValueError where it is not one of ours."""
        read: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items()}
        cause = read.pop("cause", None)
        return cls(Kind(read.pop("kind")), cause=cls.from_json(cause) if cause else None, **read)


class StudentError(AssertionError):
    """The exercise failed as a piece of code: it raised, ran out of a budget, or gave back no plain data.

    Attributes
    ----------
    types : tuple of str
        Names of the exception's class and of its bases, as far as they are Python's own; empty where nothing was raised.
    """

    def __init__(self, failure: Failure, types: tuple[str, ...] = ()):
        super().__init__(f"{failure.kind}: {failure.said}" if failure.said else failure.kind.value)
        self.failure = failure
        self.types = types


class WallError(StudentError):
    """The student's process answers no more: killed for its budget, gone, or talking nonsense."""


class StartError(Exception):
    """The wall cannot be started, or has fallen: why, and what to do. It is nobody's answer that is wrong."""
