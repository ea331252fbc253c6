"""Checks of `refine`."""

import numpy as np
from scipy.optimize import least_squares

from autograder import hint, no_probe, points
from autograder.checks.lab7.common import assert_close, pixels, points_in_view, rig


def best(P, Y, start):
    """The minimum of the squared reprojection error of one point, by scipy."""
    seen = np.isfinite(Y)
    found = least_squares(
        lambda x: (pixels(P, x) - Y)[seen], start, jac="3-point", x_scale=10.0, xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    return found.x


@points(1)
@hint(
    "Repeat until the step vanishes: solve (J'J) step = J'(y - f(x)), summed over the views, at the point where you are now, and add "
    "the step. data_terms gives both sides. The sum is over squares of pixels, not over the DLT's equations."
)
@no_probe("integers", "float32")  # single precision does not reach the last digits of a minimum
def test_reaches_the_minimum(refine, rng):
    P, X = rig(rng, 5), points_in_view(rng, 6)
    Y = pixels(P, X) + 3.0 * rng.choice([-1.0, 1.0], size=(6, 5, 2)) * rng.uniform(0.5, 1.0, size=(6, 5, 2))
    Y[1, 2] = Y[2, 0] = Y[2, 3] = np.nan
    start = X + 20.0 * rng.choice([-1.0, 1.0], size=X.shape)
    expected = np.array([best(P, Y[n], start[n]) for n in range(6)])
    assert_close(refine(P, Y, start), expected, within=1e-3)
    # All cameras on one side, and a start ten centimetres off in each coordinate: three steps are not enough.
    P, X = rig(rng, 5, arc=40.0), points_in_view(rng, 6) / 2
    Y = pixels(P, X) + 3.0 * rng.choice([-1.0, 1.0], size=(6, 5, 2)) * rng.uniform(0.5, 1.0, size=(6, 5, 2))
    start = X + 100.0 * rng.choice([-1.0, 1.0], size=X.shape)
    expected = np.array([best(P, Y[n], X[n]) for n in range(6)])
    assert_close(refine(P, Y, start), expected, within=1e-3)


@points(1)
@hint(
    "Each point goes its own way: leading axes stay, and one that has no minimum (fewer than two views) or no start is NaN.",
    also=("shape", "exception"),
)
@no_probe("integers", "float32")
def test_serves_each_point_alone(refine, rng):
    P, X = rig(rng, 4), points_in_view(rng, 2, 3)
    Y = pixels(P, X)  # without noise, the minimum is the point itself
    Y[0, 0, 1:] = Y[1, 1] = np.nan
    start = X + 10.0 * rng.choice([-1.0, 1.0], size=X.shape)
    start[1, 2, 0] = np.nan
    expected = X.copy()
    expected[0, 0] = expected[1, 1] = expected[1, 2] = np.nan
    assert_close(refine(P, Y, start), expected, within=1e-4)
    assert_close(refine(P, Y[0, 1], start[0, 1]), X[0, 1], within=1e-4)
