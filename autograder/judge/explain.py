"""Why a check failed, as data: what was called, what came back, what was expected. `reports.failures` says it.

What is shown of an input that was drawn from the instructor's seed is decided here: nothing that a student could make carry it.
"""

from __future__ import annotations

import builtins
import inspect
import traceback
import types
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.testing

from autograder.judge.binding import Call, Exercise, Module, Named
from autograder.judge.compare import Mismatch, worst
from autograder.judge.known import FAMILIAR, TYPES, recognise, stands_in, version_of
from autograder.outcome import Failure, Kind, StudentError

SHOWN = 4  # results of so many numbers are shown whole
LONGEST_CALL = 80  # characters of a call's arguments, beyond which what its lists hold is left out
SINGLE = 1e-5  # single precision, and what adds up of it: relative to the largest number that is due
MANY = 16  # a secret input holds so many numbers for each one that is shown


def failure(error: BaseException, exercise: Exercise, secret: bool) -> Failure:
    """Why a check failed.

    Parameters
    ----------
    secret : bool
        The inputs were drawn from the instructor's seed.
    """
    call = exercise.calls[-1] if exercise.calls else None
    called = exercise._name if secret or call is None else f"{call.what}({_arguments(call)})"
    if isinstance(error, StudentError):
        found = _exception(error, exercise._transport.code if secret else None)
        if found.kind is Kind.SIGNATURE and not secret and call is not None:
            found = replace(found, got=f"{call.what}({_arguments(call)})")
        return replace(found, call=found.call or (called if found.kind is Kind.NO_EXCEPTION else exercise._name))
    about = Failure(Kind.CLAIM, call=called, secret=secret)
    if not isinstance(error, AssertionError):
        return _unusable(error, about, call)
    compared = _compared(error)
    return _plain_assertion(error, about, call) if compared is None else _difference(compared, about, call)


def _exception(error: StudentError, code: str | None) -> Failure:
    """What a call failed with; without what may have been made to carry a secret input where `code`, the student's, is given."""
    found = error.failure
    if found.kind is Kind.EXCEPTION:
        kind, said = recognise(found.error, found.said, code)
        familiar = (name for name in (found.error, *error.types) if name in FAMILIAR or hasattr(builtins, name))
        name = found.error if code is None else next(familiar, "")
        version = version_of(said) if kind is Kind.NO_ATTRIBUTE else ""
        found = replace(found, kind=kind, error=name, said=said, version=version)
    elif found.kind is Kind.CALLBACK and code is not None:
        _, said = recognise(found.error, found.said, code)
        found = replace(found, said=said)
    if code is None:
        return found
    if found.kind is Kind.SIGNATURE and not all(stands_in(name.strip("*=…"), code) for name in found.parameters):
        found = replace(found, parameters=())
    if found.kind is Kind.PARTS:  # numbers that a module's maker chose
        found = replace(found, got="")
    if found.kind not in (Kind.MISSING, Kind.SIGNATURE):  # those names are the judge's own
        harmless = found.name in TYPES or found.name == found.call or stands_in(found.name, code)
        found = replace(found, name=found.name if harmless else "")
    if not found.source or found.source not in code or found.line > code.count("\n") + 1:
        found = replace(found, line=0, source="")
    return found


def _difference(compared: Mismatch, about: Failure, call: Call | None) -> Failure:
    """What a comparison found."""
    got = call.value if call is not None else None
    actual, desired = compared.actual, compared.desired
    scalar = isinstance(got, (int, float, complex, np.generic)) and np.ndim(actual) == 0
    about = replace(about, direct=call is None or actual is got or (scalar and actual == got))
    try:
        actual, desired = np.asarray(actual), np.asarray(desired)
        if actual.dtype.kind not in "biufc":
            return replace(about, kind=Kind.NOT_NUMBERS, got=kind(got) if about.secret else brief(got))
        if actual.shape != desired.shape and (compared.strict or desired.ndim > 0):
            return replace(about, kind=Kind.SHAPE, got=str(actual.shape), due=str(desired.shape))
        index = compared.index
    except (ValueError, TypeError):
        return replace(about, kind=Kind.INCOMPARABLE, got=kind(got) if about.secret else brief(got))
    about = replace(about, kind=Kind.ROUNDED if _is_single(actual, desired) else Kind.VALUE)
    if about.secret and not _tells_nothing(compared, call):
        return replace(about, index=index)
    if about.secret:
        return replace(about, got=_numbers(actual, 4), due=_numbers(desired, 4))
    desired = np.broadcast_to(desired, actual.shape)
    where = index and _elementwise(call, index, actual.shape)
    if actual.size <= SHOWN and not where:
        got_here, due_here = _told_apart(actual, desired)
        return replace(about, got=got_here, due=due_here)
    got_here, due_here = _told_apart(actual[index], desired[index])
    return replace(about, call=where or about.call, index=() if where else index, got=got_here, due=due_here)


def _is_single(actual: np.ndarray, desired: np.ndarray) -> bool:
    """Whether numbers of single precision are right as such, where more digits are due."""
    if actual.dtype.kind != "f" or not np.all(np.isfinite(desired)):
        return False
    with np.errstate(all="ignore"):
        size, error = np.abs(desired), np.abs(actual - desired)
        if actual.dtype == np.float64:  # converted in the end: every digit is single precision's, and so is every error
            single = np.array_equal(actual, actual.astype(np.float32)) and np.any(actual != actual.astype(np.float16))
            return bool(single and np.all(error <= SINGLE * size))
    return bool(np.all(error <= SINGLE * np.max(size, initial=0.0)))


def _tells_nothing(compared: Mismatch, call: Call | None) -> bool:
    """Whether the answer and what was expected may be shown, in four digits, although the input is secret.

    They are few against what went in, so that the input cannot be had from them. None of them is a number that went in. And whoever
    returns what is shown as expected fails again, because it is rounded: not where the numbers are whole, or the check is coarse.
    """
    if call is None:
        return False
    actual, desired = np.asarray(compared.actual), np.asarray(compared.desired)
    if not 0 < actual.size <= SHOWN or desired.shape != actual.shape or desired.dtype.kind not in "fc":
        return False
    given = _numbers_in((*call.args, *call.kwargs.values()))
    if given.size < MANY * actual.size or not np.all(np.isfinite(desired)):
        return False
    shown = np.concatenate([actual.ravel(), desired.ravel()])
    with np.errstate(all="ignore"):
        went_in = any(np.any(np.abs(given - value) <= 1e-3 * np.abs(value)) for value in shown)
        rounded = np.array([complex(f"{value:.4g}") for value in desired.astype(complex).ravel()])
        passes = np.isclose(rounded, desired.ravel(), rtol=max(compared.rtol, 1e-6), atol=compared.atol)
    return not went_in and not passes.any()


def _numbers_in(values: Any) -> np.ndarray:
    """All numbers of the arguments, whatever holds them."""
    if isinstance(values, (tuple, list)):
        return np.concatenate([np.empty(0, complex), *(_numbers_in(value) for value in values)])
    if isinstance(values, dict):
        return _numbers_in(list(values.values()))
    values = values.detach() if hasattr(values, "detach") else values  # a tensor
    if isinstance(values, (int, float, complex, np.generic)) or hasattr(values, "__array__"):
        array = np.asarray(values)
        if array.dtype.kind in "biufc":
            return array.astype(complex).ravel()
    return np.empty(0, complex)


def _plain_assertion(error: AssertionError, about: Failure, call: Call | None) -> Failure:
    """What the check itself says, or what the rewritten assert shows."""
    said = str(error).split("\nassert ")[0].strip()
    if said and not said.startswith("assert "):
        return replace(about, said=said)
    return about if about.secret or call is None else replace(about, got=brief(call.value))


def _unusable(error: BaseException, about: Failure, call: Call | None) -> Failure:
    """What came back, where the check could not even compute with it; or that what was done does not fit the check's own notes of it."""
    got = None if call is None else call.value
    if isinstance(error, (TypeError, ValueError, AttributeError, IndexError)):
        return replace(about, kind=Kind.INCOMPARABLE, got=kind(got) if about.secret else brief(got))
    return replace(about, kind=Kind.UNUSABLE, error=type(error).__name__, said="" if about.secret else str(error)[:200])


def _compared(error: AssertionError) -> Mismatch | None:
    """The two sides of a comparison: of `agree`, or the arguments of the function of numpy.testing that failed."""
    if isinstance(error, Mismatch):
        return error
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if sides := _COMPARE.get(frame.f_code):
            names = frame.f_locals
            tolerance = {key: names[key] for key in ("rtol", "atol") if key in names}
            return Mismatch(names[sides[0]], names[sides[1]], strict=False, **tolerance)
    return None


def _sides() -> dict[types.CodeType, list[str]]:
    """The public functions of numpy.testing that compare two things, by their code, with the names of the two arguments."""
    found = {}
    for name in numpy.testing.__all__:
        function = inspect.unwrap(getattr(numpy.testing, name))
        if name.startswith("assert_") and inspect.isfunction(function):
            first = list(inspect.signature(function).parameters)[:2]
            if first in (["actual", "desired"], ["x", "y"]):
                found[function.__code__] = first
    return found


_COMPARE = _sides()


def _elementwise(call: Call | None, index: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """`softplus([…, -40.0, …])` where the single argument is an array of the result's shape."""
    if call is None or call.kwargs or len(call.args) != 1 or np.shape(call.args[0]) != shape:
        return ""
    given = call.args[0].detach() if hasattr(call.args[0], "detach") else call.args[0]  # a tensor
    return f"{call.what}([…, {number(np.asarray(given)[index])}, …])"


def _arguments(call: Call) -> str:
    def said(show: Callable[[Any], str]) -> str:
        return ", ".join([show(v) for v in call.args] + [f"{key}={show(v)}" for key, v in call.kwargs.items()])

    text = said(brief)
    return text if len(text) <= LONGEST_CALL else said(lambda value: brief(value, whole=False))


def number(value: Any, digits: int = 4) -> str:
    """A number in a few digits, floats recognisable as such."""
    value = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"{value:.{digits}g}" if isinstance(value, complex) else str(value)
    if isinstance(value, int):
        return str(value)
    text = f"{value:.{digits}g}"
    return text if any(c in text for c in ".en") else text + ".0"


def _numbers(value: Any, digits: int) -> str:
    """One number, or a small array of them."""
    array = np.asarray(value)
    if array.ndim == 0:
        return number(array, digits)
    return np.array2string(array, separator=", ", formatter={"all": lambda x: number(x, digits)}).replace("\n", "")


def _told_apart(actual: Any, desired: Any) -> tuple[str, str]:
    """Two numbers or small arrays in as many digits as it takes to tell them apart."""
    for count in (4, 8, 12, 17):
        pair = _numbers(actual, count), _numbers(desired, count)
        if pair[0] != pair[1]:
            break
    return pair


def beside(actual: np.ndarray, desired: np.ndarray) -> dict[str, Any]:
    """What a failure says of two arrays of one shape: both of them where they are small, else where they differ most."""
    index = () if actual.size <= SHOWN else worst(actual, desired)
    got, due = _told_apart(actual[index], desired[index])
    return {"got": got, "due": due, "index": index}


def kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"a value of type {type(value).__name__}"


def brief(value: Any, whole: bool = True) -> str:
    """A value in a few characters: small arrays in full, large ones by their shape; lists of few things in full where `whole`."""
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float, complex, np.generic)):
        return number(value)
    if isinstance(value, str):
        return repr(value[:60])
    if isinstance(value, (list, tuple)):
        if not whole or len(value) > 4:
            return f"<{type(value).__name__} of {len(value)}>"
        inner = ", ".join(brief(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, np.ndarray) and value.ndim <= 2 and value.size <= 6:
        return _numbers(value, 4)
    if hasattr(value, "shape"):
        return f"<array of shape {tuple(value.shape)}>"
    if isinstance(value, Module):
        return "<a torch object>"
    if isinstance(value, Named):
        return value.name
    if callable(value):
        return "<a function>"
    return f"<{type(value).__name__}>"
