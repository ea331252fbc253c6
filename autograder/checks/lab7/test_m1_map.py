"""Checks of `m1_map`."""

import numpy as np

from autograder import agree, hint, no_probe, points
from autograder.checks.lab7.common import (
    assert_at_a_maximum,
    directions,
    m1_log_joint,
    path,
    pixels,
    rig,
    squared_errors,
)

MODEL = {"eta2": 30.0, "omega2_in": 0.8, "omega2_out": 400.0, "outlier_prob": 0.1}


def recording(rng, num_frames=8):
    """Six cameras, a path, its detections, within 1 px but for a gross mistake in every other frame; and which ones these are."""
    P, X = rig(rng, 6), path(rng, num_frames, 30.0)
    Y = pixels(P, X) + rng.uniform(0.2, 1.0, size=(num_frames, 6, 1)) * directions(rng, num_frames, 6)
    wrong = np.zeros((num_frames, 6), dtype=bool)
    odd = np.arange(1, num_frames, 2)
    wrong[odd, rng.integers(6, size=len(odd))] = True
    Y[wrong] += rng.uniform(25.0, 40.0, size=(len(odd), 1)) * directions(rng, len(odd))
    return P, X, Y, wrong


def with_gaps(Y, wrong):
    """The same with a few detections missing, none of them wrong, and one frame without any."""
    Y = np.array(Y)
    for t in (1, 3, 4):
        Y[t, np.flatnonzero(~wrong[t])[:2]] = np.nan
    Y[6] = np.nan
    return Y


def with_doubts(rng, Y, wrong, distance=3.7):
    """The same with one detection in each frame that may be right or wrong: at 3.7 px both are equally probable."""
    Y = np.array(Y)
    for t in range(len(Y)):
        right = np.flatnonzero(~wrong[t] & np.isfinite(Y[t]).all(axis=-1))
        Y[t, right[:1]] += distance * directions(rng, len(right[:1]))
    return Y


@points(1)
@hint(
    "At the end the slope of the log joint is zero: that of the detections, each weighed by its expected precision (1 - p) / omega2_in + "
    "p / omega2_out, against that of the walk. Find p anew in each iteration, give a missing detection the weight 0, and go on until "
    "nothing moves: that may take a hundred iterations."
)
@no_probe("integers", "float32")  # single precision does not reach the last digits of a maximum
def test_ends_at_a_maximum(m1_map, rng):
    P, _, Y, wrong = recording(rng)
    Y = with_doubts(rng, with_gaps(Y, wrong), wrong, distance=3.0)
    X, _, _ = m1_map(P, Y, **MODEL)
    assert_at_a_maximum(lambda X: m1_log_joint(X, P, Y, **MODEL), X, within=0.05)
    # The same for all seeds, since few are like this: expectation maximisation needs some fifty iterations here, and there a
    # single frame goes down in all three coordinates at first.
    rng = np.random.default_rng(24)
    P, _, Y, wrong = recording(rng)
    Y = with_doubts(rng, with_gaps(Y, wrong), wrong)
    X, _, _ = m1_map(P, Y, **MODEL)
    assert_at_a_maximum(lambda X: m1_log_joint(X, P, Y, **MODEL), X, within=0.05)
    rng = np.random.default_rng(34)
    P, _, Y, wrong = recording(rng, 1)
    Y = with_doubts(rng, Y, wrong)
    X, _, _ = m1_map(P, Y, **MODEL)
    assert_at_a_maximum(lambda X: m1_log_joint(X, P, Y, **MODEL), X, within=0.05)


@points(1)
@hint(
    "One gross mistake in six views must not move the path by more than a few millimetres: a detection that is probably wrong weighs "
    "little."
)
@no_probe("integers", "float32")
def test_is_robust(m1_map, rng):
    P, truth, Y, _ = recording(rng)
    X, _, _ = m1_map(P, Y, **MODEL)
    assert np.shape(X) == truth.shape, f"the path has shape {np.shape(X)}, expected {truth.shape}"
    error = np.linalg.norm(X - truth, axis=-1).max()
    assert error < 7.0, f"the path is up to {error:.2g} mm off"


@points(1)
@hint(
    "log_joint is log p(Y, X) with the outliers summed out: the log of a sum of two densities for each detection, plus the log density "
    "of the walk. Expectation maximisation never lowers it; where a step does, it was too long."
)
@no_probe("integers", "float32")
def test_climbs(m1_map, rng):
    P, X, clear, wrong = recording(rng)
    clear = with_gaps(clear, wrong)
    aside = clear + pixels(P, X + [30.0, -20.0, 10.0]) - pixels(P, X)  # the same mistakes along another path
    last, expected = [], []
    for Y in (clear, with_doubts(rng, aside, wrong)):
        X, _, history = m1_map(P, Y, **MODEL)
        history = np.asarray(history, dtype=float)
        assert history.ndim == 1 and len(history) > 1, (
            f"log_joint has shape {history.shape}, expected (number of iterations,), and one iteration is not enough"
        )
        fall = np.max(-np.diff(history), initial=0.0)
        assert fall <= 1e-6 * (1.0 + np.abs(history).max()), f"log_joint falls by {fall:.3g} in an iteration"
        last.append(history[-1])
        expected.append(m1_log_joint(np.asarray(X, dtype=float), P, Y, **MODEL))
    # The same gaps and the same model: a constant that is left out is the same in both, and the difference must be right.
    agree(last[1] - last[0], expected[1] - expected[0], atol=0.01)


@points(1)
@hint(
    "outlier (T, C) is outlier_posterior at the squared distances from the final path: near 1 for a gross mistake, not near 0."
)
@no_probe("integers", "float32")
def test_says_which_detections_are_wrong(m1_map, rng):
    P, _, Y, wrong = recording(rng)
    Y = with_doubts(rng, with_gaps(Y, wrong), wrong)
    X, outlier, _ = m1_map(P, Y, **MODEL)
    assert np.shape(outlier) == (8, 6), f"outlier has shape {np.shape(outlier)}, expected (8, 6)"
    r2 = squared_errors(np.asarray(X, dtype=float), P, Y)
    bad = 0.1 * np.exp(-r2 / 800.0) / 400.0
    good = 0.9 * np.exp(-r2 / 1.6) / 0.8
    seen = np.isfinite(Y).all(axis=-1)
    agree(np.asarray(outlier)[seen], (bad / (bad + good))[seen], atol=0.01)
