"""Comparing what came back with what is due: `agree`, and the mismatch that it raises."""

from __future__ import annotations

from typing import Any

import numpy as np


class Mismatch(AssertionError):
    """What came back is not what was expected.

    Attributes
    ----------
    actual, desired
        Both, as they were compared.
    strict : bool
        A scalar does not stand for an array.
    """

    def __init__(self, actual: Any, desired: Any, rtol: float = 0.0, atol: float = 0.0, strict: bool = True):
        super().__init__(f"{actual!r} instead of {desired!r}")
        self.actual, self.desired, self.rtol, self.atol, self.strict = actual, desired, rtol, atol, strict

    @property
    def index(self) -> tuple[int, ...]:
        """Where arrays of one shape differ most."""
        return worst(np.asarray(self.actual), np.asarray(self.desired), self.rtol, self.atol)


def agree(actual: Any, desired: Any, rtol: float = 1e-10, atol: float = 0.0) -> None:
    """Hold that two arrays have the same shape, and numbers that agree to `atol + rtol * abs(desired)`.

    Shapes too, where numpy.testing lets a scalar stand for an array and (1,) for a scalar. NaN agrees with NaN, infinity with itself.

    Parameters
    ----------
    actual : what the exercise gave, or what the check made of it
    desired : array_like of numbers

    Raises
    ------
    Mismatch
    """
    try:
        got, due = np.asarray(actual), np.asarray(desired)
    except ValueError:  # ragged
        raise Mismatch(actual, desired, rtol, atol) from None
    if got.dtype.kind not in "biufc" or got.shape != due.shape:
        raise Mismatch(actual, desired, rtol, atol)
    with np.errstate(all="ignore"):
        if not np.all(np.isclose(got, due, rtol=rtol, atol=atol, equal_nan=True)):
            raise Mismatch(actual, desired, rtol, atol)


def worst(actual: np.ndarray, desired: np.ndarray, rtol: float = 0.0, atol: float = 0.0) -> tuple[int, ...]:
    """Where two arrays of numbers differ most, relative to the entry, or to the array's scale where the entry is next to nothing.

    Entries that agree to `atol + rtol * abs(desired)` are not named, however far off they are beside their own size.
    """
    actual, desired = np.broadcast_arrays(actual, desired)
    if actual.ndim == 0:
        return ()
    with np.errstate(all="ignore"):
        equal = np.isclose(actual, desired, rtol=rtol, atol=atol, equal_nan=True)
        size = np.abs(desired.astype(complex))
        scale = size[np.isfinite(size)].max(initial=0.0)
        error = np.abs(actual.astype(complex) - desired.astype(complex)) / (size + 1e-9 * scale + 1e-300)
        error = np.where(equal, 0.0, np.where(np.isnan(error), np.inf, error))
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
