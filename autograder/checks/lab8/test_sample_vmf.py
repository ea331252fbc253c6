"""Checks of `sample_vmf`. An honest sampler fails one of the tests of fit once in ten million runs."""

import numpy as np
from scipy import stats

from autograder import hint, no_probe, points
from autograder.checks.lab8.common import unit_vectors

RARE = 1e-7


def held(name, statistic):
    assert statistic.pvalue > RARE, f"{name}: a test of fit gives p = {statistic.pvalue:.1g}"


@points(1)
@hint(
    "w = mu.u has a density proportional to exp(kappa w) on [-1, 1]; around mu every direction is alike. The two "
    "together make a unit vector: w mu plus sqrt(1 - w^2) times a unit vector at right angles to mu."
)
@no_probe("integers", "float32")
def test_has_the_right_distribution(sample_vmf, rng):
    for kappa, mu in ((0.5, unit_vectors(rng)), (8.0, unit_vectors(rng)), (2.0, np.array([0.0, 0.0, 1.0]))):
        u = np.asarray(sample_vmf(np.tile(kappa * mu, (5000, 1)), rng))
        assert u.shape == (5000, 3), f"the samples have shape {u.shape}, expected (5000, 3)"
        length = np.linalg.norm(u, axis=-1)
        assert np.abs(length - 1).max() < 1e-9, f"a sample has length {length[np.abs(length - 1).argmax()]:.3g}, not 1"
        w = u @ mu
        held("mu.u", stats.kstest(w, lambda w, k=kappa: (np.exp(k * w) - np.exp(-k)) / (np.exp(k) - np.exp(-k))))
        across = np.linalg.svd(mu[None])[2][1:] @ u.T
        angle = np.arctan2(*across)
        held("the angle around mu", stats.kstest(angle / (2 * np.pi) + 0.5, "uniform"))
    # Of a uniform angle cos(4 angle) has the mean 0 and the variance 1/2; what is uniform in a box prefers the corners.
    off = abs(np.cos(4 * angle).mean()) * np.sqrt(2 * 5000)
    assert off < stats.norm.isf(RARE / 2), (
        f"around mu = (0, 0, 1) the diagonals are preferred or avoided ({off:.0f} standard errors)"
    )


@points(1)
@hint(
    "For kappa = 1e15, 1 - mu.u is about 1e-15, and subtracting from 1 leaves hardly a digit. Draw 1 - w itself, "
    "as -log(1 - U (1 - exp(-2 kappa))) / kappa with log1p and expm1, and take sqrt((1 - w)(1 + w)) for the "
    "length across."
)
@no_probe("integers", "float32")
def test_is_right_for_great_concentrations(sample_vmf, rng):
    for kappa in (1e4, 1e15):
        mu = unit_vectors(rng)
        u = np.asarray(sample_vmf(np.tile(kappa * mu, (5000, 1)), rng))
        assert np.isfinite(u).all(), f"at kappa = {kappa:.0e} a sample is not finite"
        # Half the squared distance is 1 - mu.u without cancellation. Times kappa it is exponential.
        held(
            f"kappa (1 - mu.u) at kappa = {kappa:.0e}",
            stats.kstest(kappa * np.sum((u - mu) ** 2, axis=-1) / 2, "expon"),
        )


@points(1)
@hint(
    "Every natural parameter gets a direction of its own, whatever the leading axes; kappa = 0 means uniform, "
    "also for one of many. All randomness comes from rng."
)
@no_probe("integers", "float32")
def test_draws_one_for_each(sample_vmf, rng):
    m = 1e4 * unit_vectors(rng, 2, 3)
    m[1, 2] = 0.0
    u, again, other = (np.asarray(sample_vmf(m, np.random.default_rng(seed))) for seed in (1, 1, 2))
    assert u.shape == (2, 3, 3), f"the samples have shape {u.shape}, expected (2, 3, 3)"
    near = np.sum(u * m, axis=-1)[m.any(axis=-1)]
    assert near.min() > 0.99e4, "a sample is far from its own mu, at kappa = 10,000"
    assert np.array_equal(u, again), "the same seed gave other samples"
    assert not np.any(u == other), "another seed gave some of the same numbers"
    free = np.asarray(sample_vmf(np.zeros((3000, 3)), rng))
    for i, axis in enumerate("xyz"):
        held(f"{axis} at kappa = 0", stats.kstest((free[:, i] + 1) / 2, "uniform"))  # Archimedes
    alike = np.asarray(sample_vmf(np.tile(3.0 * unit_vectors(rng), (200, 1)), rng))
    assert len(np.unique(alike, axis=0)) == 200, "rows with the same natural parameter got the same sample"
