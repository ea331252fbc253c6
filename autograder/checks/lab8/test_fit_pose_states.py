"""Checks of `fit_pose_states`."""

import numpy as np
from scipy.optimize import brentq

from autograder import hint, no_probe, points
from autograder.checks.lab8.common import unit_vectors, vmf


def poses(rng, num_frames=300):
    """Directions (T, 4, 3) of three poses, far from each other, the root's unknown; and which frame shows which."""
    first, other = unit_vectors(rng, 2, 4)
    across = np.cross(first, other)
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    mu = np.stack([first, -first, across])
    states = rng.permutation(
        np.repeat([0, 1, 2], [num_frames // 2, num_frames // 3, num_frames - num_frames // 2 - num_frames // 3])
    )
    U = vmf(rng, 25.0 * mu[states])
    U[:, 0] = np.nan
    return U, states, mu


def penalised(U, found):
    """The objective, from the docstring, by explicit sums."""
    pi, mu, kappa = (np.asarray(found[name]) for name in ("pi", "mu", "kappa"))
    log_z = np.where(
        kappa > 0,
        np.log(4 * np.pi) + kappa + np.log(-np.expm1(-2 * np.maximum(kappa, 1e-9)) / (2 * np.maximum(kappa, 1e-9))),
        np.log(4 * np.pi),
    )
    log_p = np.log(pi) + np.einsum("tki,ski->ts", U[:, 1:], kappa[:, 1:, None] * mu[:, 1:]) - log_z[:, 1:].sum(axis=1)
    return np.logaddexp.reduce(log_p, axis=1).sum() + 0.5 * np.log(pi).sum() - 2.0 * np.sum(log_z - np.log(4 * np.pi))


@points(1)
@hint(
    "The log likelihood is that of mixture densities, log sum_s exp(...) in each frame, plus the two priors, "
    "after each iteration. Expectation maximisation never lowers it: the responsibilities come from the new "
    "parameters, those from the old responsibilities, with the pseudo-counts in the denominator."
)
@no_probe("integers", "float32")
def test_climbs(fit_pose_states, rng):
    U, _, _ = poses(rng)
    for num_states in (3, 6):
        found = fit_pose_states(U, num_states, rng, num_iter=25)
        history = np.asarray(found["log_likelihood"], dtype=float)
        assert history.shape == (25,), f"log_likelihood has shape {history.shape}, expected (25,)"
        assert np.isfinite(history).all(), "log_likelihood holds a value that is not finite"
        fall = np.max(-np.diff(history))
        assert fall <= 1e-6 * np.abs(history).max(), f"log_likelihood falls by {fall:.3g} in an iteration"
        last = penalised(U, found)
        assert abs(history[-1] - last) < 1e-6 * abs(last), (
            f"log_likelihood ends at {history[-1]:.6g}, but what was returned has {last:.6g}"
        )


@points(1)
@hint(
    "pi is the share of each state, half a frame more for each; mu the direction of its weighted sum of directions, "
    "a unit vector in any case; and kappa, at most max_kappa, = concentration(length of that sum / (sum of its weights "
    "where the direction is known + pseudo_counts), max_kappa): the weights are the responsibilities."
)
@no_probe("integers", "float32")
def test_finds_the_poses(fit_pose_states, rng):
    U, states, mu = poses(rng)
    found = fit_pose_states(U, 3, rng, num_iter=25)
    pi, mean, kappa = (np.asarray(found[name], dtype=float) for name in ("pi", "mu", "kappa"))
    assert mean.shape == (3, 4, 3) and kappa.shape == (3, 4) and pi.shape == (3,), (
        "mu, kappa or pi has another shape than promised"
    )
    match = [int(np.argmax([np.sum(mean[s, 1:] * mu[n, 1:]) for s in range(3)])) for n in range(3)]
    assert sorted(match) == [0, 1, 2], "two of the three poses were taken for one"
    cosine = np.sum(mean[match, 1:] * mu[:, 1:], axis=-1).min()
    assert cosine > 0.98, f"a mean direction is {np.degrees(np.arccos(cosine)):.0f} degrees off"
    shares = (np.bincount(states) + 0.5) / (len(states) + 1.5)
    assert np.abs(pi[match] - shares).max() < 5e-4, (  # the poses are so far apart that no frame is in doubt
        f"the shares are {np.round(pi[match], 4)}, expected {np.round(shares, 4)}"
    )
    compare(kappa[match, 1:], U[:, 1:], states, counts=2.0)
    length = np.linalg.norm(mean, axis=-1)
    assert np.abs(length - 1.0).max() < 1e-6, f"a mean direction has length {length.min():.3g}, expected a unit vector"
    assert kappa[:, 0].max() < 1e-6, (
        f"nothing is known of the root's direction, but it has kappa = {kappa[:, 0].max():.3g}"
    )
    # One direction is unknown in most frames, and never two: of what shows a single one the pose would be in doubt.
    hidden = np.flatnonzero(rng.random(len(U)) < 0.6)
    U[hidden, rng.integers(1, 4, size=len(hidden))] = np.nan
    found = fit_pose_states(U, 3, rng, num_iter=25, max_kappa=9.0, pseudo_counts=6.0)
    mean, kappa = (np.asarray(found[name], dtype=float) for name in ("mu", "kappa"))
    match = [int(np.argmax([np.sum(mean[s, 1:] * mu[n, 1:]) for s in range(3)])) for n in range(3)]
    compare(kappa[match, 1:], U[:, 1:], states, counts=6.0, most=9.0)
    # One frame for three states: those that have lost it are uniform, and win a share of it back.
    alone = unit_vectors(rng, 1, 3)
    cosine = np.sum(np.asarray(fit_pose_states(alone, 3, rng, num_iter=25)["mu"], dtype=float) * alone, axis=-1).min()
    assert abs(cosine - 1.0) < 1e-6, (
        f"with one frame and three states, a mean direction has a cosine of {cosine:.3g} with it"
    )


def compare(kappa, U, states, counts, most=500.0):
    """Hold concentrations (S, K) against those of frames whose pose is known, by solving the equation itself."""
    due = np.empty(kappa.shape)
    for n, k in np.ndindex(*due.shape):
        frames = U[states == n, k]
        frames = frames[np.isfinite(frames).all(axis=-1)]
        r = np.linalg.norm(frames.sum(axis=0)) / (len(frames) + counts)
        due[n, k] = min(brentq(lambda x, r=r: 1 / np.tanh(x) - 1 / x - r, 1e-3, 400.0), most)
    worst = np.unravel_index(np.abs(np.log(kappa / due)).argmax(), due.shape)
    assert np.abs(np.log(kappa[worst] / due[worst])) < 0.01, (
        f"a direction has kappa = {kappa[worst]:.3f}, expected {due[worst]:.3f} ({counts:g} pseudo-counts, at most {most:g})"
    )
