"""Checks of `m0_map`."""

import numpy as np

from autograder import budget, hint, no_probe, points
from autograder.checks.lab7.common import assert_at_a_maximum, assert_close, m0_log_joint, path, pixels, rig


def recording(rng, num_frames, num_cameras, eta2, noise, arc=360.0):
    """Cameras, a path, and its noisy detections."""
    P, X = rig(rng, num_cameras, arc), path(rng, num_frames, eta2)
    return P, X, pixels(P, X) + noise * rng.normal(size=(num_frames, num_cameras, 2))


@points(2)
@hint(
    "At the most probable path the slopes of -1/2 sum |y - f(x)|^2 / omega2 and of -1/2 sum |x_t - x_{t-1}|^2 / eta2 cancel. eta2 and "
    "omega2 are variances; a missing detection adds nothing; and a few steps of Gauss-Newton are not enough: go on until nothing moves."
)
@no_probe("integers", "float32")  # single precision does not reach the last digits of a maximum
def test_finds_the_most_probable_path(m0_map, rng):
    for num_frames, eta2, omega2 in ((8, 30.0, 4.0), (5, 2.0, 25.0)):
        P, _, Y = recording(rng, num_frames, 4, eta2, np.sqrt(omega2))
        Y[0, 1] = Y[1, 2:] = Y[3] = Y[4, 0] = np.nan
        Y[2, 1:] = np.nan  # one view: a ray, which the walk makes a point of
        X = m0_map(P, Y, eta2, omega2)
        assert_at_a_maximum(lambda X: m0_log_joint(X, P, Y, eta2, omega2), X, within=0.01)  # noqa: B023
    # Few cameras on one side: far from linear, so that two steps are not enough.
    for _ in range(6):
        P, _, Y = recording(rng, 6, 2, 100.0, 3.0, arc=60.0)
        assert_at_a_maximum(lambda X: m0_log_joint(X, P, Y, 900.0, 9.0), m0_map(P, Y, 900.0, 9.0), within=1e-3)  # noqa: B023
    # A single frame that goes down in all three coordinates at first: the same for all seeds, since few do.
    P, _, Y = recording(np.random.default_rng(79), 1, 3, 1.0, 2.0)
    assert_at_a_maximum(lambda X: m0_log_joint(X, P, Y, 5.0, 4.0), m0_map(P, Y, 5.0, 4.0), within=1e-3)


@points(1)
@hint(
    "A frame without detections is no evidence, and not one of pixel (0, 0): the walk bridges it by a straight line. Before the "
    "first detection and behind the last one the most probable path stands still."
)
@no_probe("integers", "float32")
def test_bridges_frames_without_evidence(m0_map, rng):
    P, _, Y = recording(rng, 14, 3, 20.0, 1.0)
    Y[:2] = Y[5:9] = Y[12:] = np.nan
    X = np.asarray(m0_map(P, Y, 20.0, 1.0))
    assert X.shape == (14, 3), f"the path has shape {X.shape}, expected (14, 3)"
    line = X[4] + np.arange(1, 5)[:, None] / 5 * (X[9] - X[4])
    expected = np.concatenate([[X[2], X[2]], X[2:5], line, X[9:12], [X[11], X[11]]])
    assert_close(X, expected, within=0.01)


@points(1)
@hint(
    "A matrix of 60,000 x 60,000 numbers fits nowhere, but all but seven of its diagonals are zero: give solveh_banded the bands "
    "(random_walk_precision, chain_bands), and no loop over frames is needed."
)
@no_probe("integers", "float32")
@budget(cpu=60, memory=1500)
def test_takes_time_that_grows_with_the_frames(m0_map):
    T, eta2, rng = 20_000, 1.0, np.random.default_rng(7)  # the same for all seeds: this is about cost
    P, angle = rig(rng, 3), np.arange(T) / 60.0
    circle = np.column_stack([60.0 * np.cos(angle), 60.0 * np.sin(angle), np.full(T, 40.0)])
    Y = pixels(P, circle) + rng.normal(size=(T, 3, 2))
    X = np.asarray(m0_map(P, Y, eta2, 1.0), dtype=float)
    assert X.shape == (T, 3), f"the path has shape {X.shape}, expected (20000, 3)"
    off = np.linalg.norm(
        X - circle, axis=-1
    ).mean()  # whether it is the best path is asked above; here any good one will do
    assert off < 8.0, f"the path is {off:.2g} mm off, on average"
