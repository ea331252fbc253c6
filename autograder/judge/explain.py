"""One line for a failed check: the input, what came back, what was expected."""

from __future__ import annotations

import builtins
import re
import traceback
from typing import Any

import numpy as np

from autograder.judge.binding import Call, Exercise, Module, Named
from autograder.outcome import StudentError

LONGEST = 400


def failure(error: BaseException, exercise: Exercise, secret: bool) -> str:
    """Why a check failed, in one line.

    Parameters
    ----------
    secret : bool
        The inputs were drawn from the instructor's seed: then neither they nor what came of them is shown.
    """
    call = exercise.calls[-1] if exercise.calls else None
    if isinstance(error, StudentError):
        text = _secretly(error, exercise) if secret and error.types else _student_error(error)
    elif isinstance(error, AssertionError):
        text = _assertion(error, exercise._name, call, secret)
    else:
        text = _unusable(error, exercise._name, call, secret)
    return clip(text)


def clip(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _student_error(error: StudentError) -> str:
    return f"{error} ({error.line})" if error.line else str(error)


def _secretly(error: StudentError, exercise: Exercise) -> str:
    """What is known of an exception without its class, its message and its line, which may all be made to carry the secret input.

    A line that stands in the notebook is shown, and so is a missing name that stands in this line.
    """
    name = exercise._name
    absent = f"{name} raised NameError: {name} is not defined"
    if str(error) == absent or {"OutOfTime", "MemoryError"} & set(error.types):
        text = str(error)  # in our words
    elif "WireError" in error.types:
        text = f"{name} returned what cannot be compared: return arrays, numbers, strings, lists, tuples or dicts"
    else:
        known = (kind for kind in error.types if isinstance(getattr(builtins, kind, None), type))
        text = f"{name} raised {next(known, 'an exception')}"
    number, _, source = error.line.partition(": ")
    if not source or source.strip("`") not in exercise._transport.code:
        return text
    missing = re.search(r"name '(\w+)' is not defined", str(error))
    if missing and re.search(rf"\b{missing[1]}\b", source):
        text += f": {missing[0]}"
    return f"{text} ({number}: {source})"


def _assertion(error: AssertionError, name: str, call: Call | None, secret: bool) -> str:
    compared = _compared(error)
    if compared is None:
        return _plain_assertion(error, name, call, secret)
    actual, desired = compared
    got = call.value if call is not None else None
    scalar = isinstance(got, (int, float, complex, np.generic)) and np.ndim(actual) == 0
    direct = actual is got or (scalar and actual == got)
    called = (
        f"{call.what}({_arguments(call)})"
        if call is not None and not secret
        else f"{name} on a random input"
        if secret
        else name
    )
    verb = "gave" if direct or call is None else "led to"
    try:
        actual, desired = np.asarray(actual), np.asarray(desired)
        if actual.dtype.kind not in "biufc":
            return f"{called} {verb} {brief(got)}, where numbers are due"
        if actual.shape != desired.shape and desired.ndim > 0:
            return f"{called} {verb} an array of shape {actual.shape}, expected shape {desired.shape}"
        index = _first_mismatch(actual, desired)
    except (ValueError, TypeError):
        return f"{called} {verb} {brief(got)}, which cannot be compared with what is expected"
    if secret:
        return f"{called} {verb} a wrong value" + (f" at index {list(map(int, index))}" if index else "")
    desired_here = desired if desired.ndim == 0 else desired[index]
    got_here, due_here = _pair(actual[index], desired_here)
    if not index:
        return f"{called} {verb} {got_here}, expected {due_here}"
    where = _elementwise(call, index, actual.shape)
    at = "" if where else f" at index {list(map(int, index))}"
    return f"{where or called} {verb} {got_here}{at}, expected {due_here}"


def _plain_assertion(error: AssertionError, name: str, call: Call | None, secret: bool) -> str:
    """What the check itself says, or what the rewritten assert shows."""
    said = str(error).split("\nassert ")[0].strip()
    if said and not said.startswith("assert "):
        return said if not secret else f"{name} on a random input: {said}"
    if secret or call is None:
        return f"{name} fails on a random input" if secret else said
    return f"{call.what}({_arguments(call)}) gave {brief(call.value)}"


def _unusable(error: BaseException, name: str, call: Call | None, secret: bool) -> str:
    if call is None:
        return f"{name} could not be called ({type(error).__name__})"
    got = kind(call.value) if secret else brief(call.value)
    called = f"{name} on a random input" if secret else f"{call.what}({_arguments(call)})"
    return f"{called} gave {got}, which is not of the kind that is asked for"


def _compared(error: AssertionError) -> tuple[Any, Any] | None:
    """The two sides that a function of numpy.testing compared, from the innermost of its frames that has both."""
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.replace("\\", "/").endswith("numpy/testing/_private/utils.py"):
            names = frame.f_locals
            for left, right in (("actual", "desired"), ("x", "y")):
                if found is None and left in names and right in names:
                    found = names[left], names[right]
    return found


def _first_mismatch(actual: np.ndarray, desired: np.ndarray) -> tuple[int, ...]:
    """Where two arrays differ most, relative to the entry, or to the array's scale where the entry is next to nothing."""
    actual, desired = np.broadcast_arrays(actual, desired)
    if actual.ndim == 0:
        return ()
    with np.errstate(all="ignore"):
        equal = (actual == desired) | ((actual != actual) & (desired != desired))
        size = np.abs(desired.astype(complex))
        scale = size[np.isfinite(size)].max(initial=0.0)
        error = np.abs(actual.astype(complex) - desired.astype(complex)) / (size + 1e-9 * scale + 1e-300)
        error = np.where(equal, 0.0, np.where(np.isnan(error), np.inf, error))
    return tuple(np.unravel_index(int(np.argmax(error)), error.shape))


def _elementwise(call: Call | None, index: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """`softplus([…, -40.0, …])` where the single argument is an array of the result's shape."""
    if call is None or call.kwargs or len(call.args) != 1 or np.shape(call.args[0]) != shape:
        return ""
    return f"{call.what}([…, {number(np.asarray(call.args[0])[index])}, …])"


def _arguments(call: Call) -> str:
    parts = [brief(value) for value in call.args] + [f"{key}={brief(value)}" for key, value in call.kwargs.items()]
    return ", ".join(parts)


def number(value: Any, digits: int = 4) -> str:
    """A number in a few digits, floats recognisable as such."""
    value = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"{value:.{digits}g}" if isinstance(value, complex) else str(value)
    if isinstance(value, int):
        return str(value)
    text = f"{value:.{digits}g}"
    return text if any(c in text for c in ".en") else text + ".0"


def _pair(actual: Any, desired: Any) -> tuple[str, str]:
    """Two numbers in as many digits as it takes to tell them apart."""
    for digits in (4, 8, 12, 17):
        pair = number(actual, digits), number(desired, digits)
        if pair[0] != pair[1]:
            break
    return pair


def kind(value: Any) -> str:
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"a value of type {type(value).__name__}"


def brief(value: Any) -> str:
    """A value in a few characters: small arrays in full, large ones by their shape."""
    if value is None:
        return kind(value)
    if isinstance(value, (bool, int, float, complex, np.generic)):
        return number(value)
    if isinstance(value, str):
        return repr(value[:60])
    if isinstance(value, (list, tuple)) and len(value) <= 4:
        inner = ", ".join(brief(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, np.ndarray) and value.ndim <= 2 and value.size <= 6:
        return np.array2string(value, separator=", ", formatter={"all": number}).replace("\n", "")
    if hasattr(value, "shape"):
        return f"<array of shape {tuple(value.shape)}>"
    if isinstance(value, Module):
        return "<a torch object>"
    if isinstance(value, Named):
        return value.name
    if callable(value):
        return "<a function>"
    return f"<{type(value).__name__}>"
