"""Checks of `mean_position_error`."""

import numpy as np

from autograder import agree, hint, points, raises
from autograder.checks.lab7.common import directions


def displaced(rng, shape):
    """Truth and estimates (..., 3), and how far they are apart."""
    distance = rng.uniform(1.0, 40.0, size=shape)
    flat = directions(rng, *shape)
    tilt = rng.uniform(-1.0, 1.0, size=shape)
    offset = np.concatenate([flat * np.sqrt(1.0 - tilt**2)[..., None], tilt[..., None]], axis=-1)
    truth = rng.uniform(-200.0, 200.0, size=(*shape, 3))
    return truth, truth + distance[..., None] * offset, distance


@points(1)
@hint(
    "The mean of the Euclidean distances, over all points that have a truth: every point counts once, in whatever frame it is. It is "
    "neither a root mean square nor a mean of the means of frames."
)
def test_is_the_mean_distance(mean_position_error, rng):
    truth, X, distance = displaced(rng, (4, 5))
    agree(mean_position_error(X, truth), distance.mean(), rtol=1e-9)
    truth[0, :4] = truth[2, 1, 2] = np.nan  # frames with 1, 5, 4 and 5 truths
    known = np.isfinite(truth).all(axis=-1)
    agree(mean_position_error(X, truth), distance[known].mean(), rtol=1e-9)
    agree(mean_position_error(X[1, 0], truth[1, 0]), distance[1, 0], rtol=1e-9)


@points(1)
@hint(
    "An estimate that is NaN where there is a truth raises ValueError: a method must not look better by leaving out what is hard. One "
    "that is NaN where there is no truth does no harm, and without any truth the answer is NaN.",
    also=("exception",),
)
def test_does_not_forgive_a_gap(mean_position_error, rng):
    truth, X, distance = displaced(rng, (3, 4))
    truth[1, 2] = X[1, 2] = np.nan
    truth[0, 0, 1] = X[0, 0] = np.nan  # a truth that is not complete is none
    known = np.isfinite(truth).all(axis=-1)
    agree(mean_position_error(X, truth), distance[known].mean(), rtol=1e-9)
    for gap in ((0, 1), (2, 3, 1)):  # a whole point, and one of its coordinates
        missing = X.copy()
        missing[gap] = np.nan
        with raises(ValueError):
            mean_position_error(missing, truth)
    assert np.isnan(mean_position_error(X, np.full(X.shape, np.nan))), "without any truth, expected NaN"
