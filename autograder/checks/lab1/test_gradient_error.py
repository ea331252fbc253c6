"""Checks of `gradient_error`."""

import numpy as np
import pytest

from autograder import hint, points


class Hill:
    """f(w) = scale * sum of exp(Aw), its gradient, and the same gradient with errors: each entry times a factor.

    Every row of the positive matrix A is steep, so that f'' / f' is about 30 and a forward difference is off by 1e-5,
    and no entry of the gradient is much smaller than another.
    """

    def __init__(self, rng, D=3, scale=1.0):
        self.A = rng.uniform(25.0, 35.0, size=(3, D))
        self.w = rng.uniform(-0.02, 0.02, size=D) / np.sqrt(D)  # Aw is of order one, whatever D
        self.scale = scale
        self.factors = np.ones(D)

    def f(self, w):
        return float(self.scale * np.sum(np.exp(self.A @ w)))

    def gradient(self, w):
        return self.factors * self.scale * (self.A.T @ np.exp(self.A @ w))


def measure(gradient_error, *arguments):
    """The error as a float; a check compares it with `<`, which an array would answer with an array."""
    error = gradient_error(*arguments)
    assert np.shape(error) == (), f"want one number, returned shape {np.shape(error)}"
    return float(error)


@points(1)
@hint(
    "Use central differences, (f(w + eps e_i) - f(w - eps e_i)) / (2 eps), moving one coordinate at a time: a "
    "one-sided difference is off by about eps f''/2, which here makes a right gradient look wrong."
)
@pytest.mark.parametrize("D", [3, 1])
def test_accepts_a_right_gradient(gradient_error, rng, D):
    hill = Hill(rng, D)
    error = measure(gradient_error, hill.f, hill.gradient, hill.w)
    assert abs(error) < 1e-6, f"a right gradient gave {error:.2g}, which should be below 1e-6"
    whole = np.array([1, 2, 3])
    error = measure(gradient_error, lambda w: float(np.sum(np.cos(w))), lambda w: -np.sin(w), whole)
    assert error < 1e-6, (
        f"a right gradient at the integers [1, 2, 3] gave {error:.2g}: move a copy of w that holds floats"
    )


@points(1)
@hint(
    "Every coordinate counts, also one of a hundred: move each of them by itself, not a sample of them and not all at once. "
    "Signed differences cancel in a sum, a mean over the coordinates hides one that is wrong, a maximum without abs sees one "
    "sign only, and comparing norms or directions misses errors that keep them: take the norm of g - d, or its largest "
    "|entry|."
)
@pytest.mark.parametrize(
    "factors",
    [
        (1.1, 1.0, 1.0),
        (1.0, 1.0, 0.9),
        (1.0, -1.0, 1.0),
        (1.0, 0.0, 1.0),
        (2.0, 2.0, 2.0),
        (-1.0, -1.0, -1.0),
        (0.0, 0.0, 0.0),
        "one of a hundred",
    ],
)
def test_notices_one_wrong_coordinate(gradient_error, rng, factors):
    if factors == "one of a hundred":
        notices_one_of_a_hundred(gradient_error, rng)
        return
    hill = Hill(rng)
    hill.factors = np.array(factors)
    error = measure(gradient_error, hill.f, hill.gradient, hill.w)
    assert not error <= 1e-3, f"a gradient with its entries times {factors} got away with {error:.2g}"


def notices_one_of_a_hundred(gradient_error, rng):
    hill, visited = Hill(rng, D=120), []

    def spy(w):
        visited.append(np.array(w))
        return hill.f(w)

    for wrong in (0, 119):  # so that no part of the coordinates will do
        hill.factors = np.where(np.arange(120) == wrong, 1.1, 1.0)
        visited.clear()
        error = measure(gradient_error, spy, hill.gradient, hill.w)
        moves = np.array(visited).reshape(len(visited), -1) - hill.w
        moved = np.abs(moves) > 1e-9  # an eps of 1e-6, beside the rounding of one that is added and taken away again
        alone = moves[moved.sum(axis=1) == 1]
        for way, seen in (("up", np.any(alone > 1e-9, axis=0)), ("down", np.any(alone < -1e-9, axis=0))):
            assert seen.all(), f"of 120 coordinates, {np.sum(~seen)} were never moved {way} by themselves"
        assert not error <= 1e-3, f"a gradient with one of its 120 entries a tenth too large got away with {error:.2g}"


@points(1)
@hint(
    "Errors that make up for each other are still errors: entries of g - d of opposite sign add up to nothing, so "
    "take absolute values or squares before summing."
)
def test_does_not_let_errors_cancel(gradient_error, rng):
    hill = Hill(rng)
    g = hill.gradient(hill.w)
    shift = 0.4 * np.min(np.abs(g)) * np.array([1.0, -2.0, 1.0])
    error = measure(gradient_error, hill.f, lambda w: hill.gradient(w) + shift, hill.w)
    assert not error <= 1e-3, f"errors of opposite sign got away with {error:.2g}"


@points(1)
@hint(
    "Divide by the size of the gradients: in other units (a million f, or a millionth of f) the same gradient must "
    "be as right, and the same mistake as wrong, as before."
)
@pytest.mark.parametrize("scale", [1e6, 1e-6])
def test_does_not_depend_on_units(gradient_error, rng, scale):
    hill = Hill(rng, scale=scale)
    error = measure(gradient_error, hill.f, hill.gradient, hill.w)
    assert error < 1e-6, f"the right gradient of {scale:g} f gave {error:.2g}"
    hill.factors = np.array([1.0, 0.5, 1.0])
    error = measure(gradient_error, hill.f, hill.gradient, hill.w)
    assert not error <= 1e-3, f"a wrong gradient of {scale:g} f got away with {error:.2g}"


@points(1)
@hint(
    "Where the gradient and all differences are zero there is nothing to divide by: 0 / 0 is nan, and the answer is "
    "0; where only one of the two is zero there is an error. Take care that eps is used as it was given, too."
)
def test_is_zero_where_both_vanish(gradient_error):
    w = np.array([0.5, -1.0, 2.0])
    error = measure(gradient_error, lambda w: 3.0, lambda w: np.zeros(3), w)
    assert error == 0.0, f"a constant function and a zero gradient gave {error:.2g}"
    error = measure(gradient_error, lambda w: float(w[0] ** 2), lambda w: np.array([2 * w[0], 0.0, 0.0]), w)
    assert error < 1e-6, f"a right gradient of a function that ignores two of its three weights gave {error:.2g}"
    for f, claimed in ((lambda w: 3.0, [0.5, 0.0, 0.0]), (lambda w: float(w[0] ** 2), [1.0, 0.5, 0.0])):
        error = measure(gradient_error, f, lambda w, claimed=claimed: np.array(claimed), w)
        assert not error <= 1e-3, f"a slope of 0.5 where the function has none got away with {error:.2g}"
    # The central difference of w^3 is 3 w^2 + eps^2: with a coarse step even a right gradient must show it.
    error = measure(gradient_error, lambda w: float(np.sum(w**3)), lambda w: 3 * w**2, w, 0.1)
    assert error > 1e-5, f"with eps = 0.1 the differences of w^3 are off by 0.01, but the error came out as {error:.2g}"
