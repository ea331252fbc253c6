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
    "pi is the share of each state, mu the direction of its weighted sum of directions, and kappa = "
    "concentration(length of that sum / (sum of its weights where the direction is known + pseudo_counts)): the "
    "weights are the responsibilities."
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
    shares = np.bincount(states) / len(states)
    assert np.abs(pi[match] - shares).max() < 0.02, (
        f"the shares are {np.round(pi[match], 2)}, expected {np.round(shares, 2)}"
    )
    for n in range(3):
        frames = U[states == n, 1:]
        length = np.linalg.norm(frames.sum(axis=0), axis=-1) / (len(frames) + 2.0)
        due = [brentq(lambda k, r=r: 1 / np.tanh(k) - 1 / k - r, 1e-3, 400.0) for r in length]
        ratio = np.abs(np.log(kappa[match[n], 1:] / due)).max()
        assert ratio < 0.1, f"a state has kappa = {np.round(kappa[match[n], 1:], 1)}, expected about {np.round(due, 1)}"
    assert kappa[:, 0].max() < 1e-6, (
        f"nothing is known of the root's direction, but it has kappa = {kappa[:, 0].max():.3g}"
    )
