"""Checks of `random_walk_precision`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab7.common import dense


@points(1)
@hint(
    "x'Lx = sum of (x_t - x_{t-1})^2 / eta2. Each step adds 1/eta2 to the diagonal at both its ends, so the first and the last frame "
    "have one, the others two, and -1/eta2 beside the diagonal. No prior on the first frame."
)
def test_is_the_precision_of_a_walk(random_walk_precision, rng):
    for T, eta2 in ((2, 4.0), (3, 0.3), (7, 25.0)):
        bands = random_walk_precision(T, eta2)
        assert np.shape(bands) == (2, T), f"the bands have shape {np.shape(bands)}, expected {(2, T)}"
        bands = np.array(bands, dtype=float)
        assert np.isfinite(bands[0, 1:]).all() and np.isfinite(bands[1]).all(), (
            "a band holds a value that is not finite"
        )
        differences = np.diff(np.eye(T), axis=0)
        agree(dense(bands), differences.T @ differences / eta2, rtol=1e-12, atol=1e-12)


@points(1)
@hint("One frame makes no step: nothing is known of it, so its precision is 0, and the bands have shape (2, 1).")
def test_knows_nothing_of_one_frame(random_walk_precision):
    bands = np.asarray(random_walk_precision(1, 4.0), dtype=float)
    assert bands.shape == (2, 1), f"for one frame the bands have shape {bands.shape}, expected (2, 1)"
    assert bands[1, 0] == 0.0, f"for one frame the precision is {bands[1, 0]:.3g}, expected 0"
