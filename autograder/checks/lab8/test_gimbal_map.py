"""Checks of `gimbal_map`."""

import autograd
import autograd.numpy as anp
import numpy as np

from autograder import hint, no_probe, points
from autograder.checks.lab7.common import assert_at_a_maximum, pixels, rig
from autograder.checks.lab8.common import PARENTS, log_sinhc, m1_part, turned

SKELETON = (("root", "chest", "head", "hip", "foot"), PARENTS, ("root", "chest"))


def recording(rng, num_frames=3):
    """Three cameras, detections of a body, and two pose states that fit it nearly, one surer than the other.

    They differ in how steep the bones are, so that no turn of the body makes it more like one of them.
    """
    flat = np.deg2rad([0.0, 0.0, 40.0, -75.0, 160.0]) + rng.uniform(-0.2, 0.2, 5)
    steep, aside = np.array([0.0, 0.2, -0.2, 0.1, -0.3]), 0.39 * np.array([0.0, 1.0, -1.0, -1.0, 1.0])
    rho, heading = rng.uniform(25.0, 35.0, 5), rng.uniform(-np.pi, np.pi)

    def directions(steep):
        return np.stack([np.cos(steep) * np.cos(flat), np.cos(steep) * np.sin(flat), np.sin(steep)], axis=-1)

    bones = turned((rho[:, None] * directions(steep))[None], np.array([heading])) + rng.normal(size=(num_frames, 5, 3))
    X = np.zeros((num_frames, 5, 3))
    for k in range(1, 5):
        X[:, k] = X[:, PARENTS[k]] + bones[:, k]
    X += np.cumsum(3.0 * rng.normal(size=(num_frames, 1, 3)), axis=0) + [0.0, 0.0, 50.0]
    P = rig(rng, 3, arc=270.0)
    mu = np.stack([directions(steep + aside), directions(steep - aside)])
    params = {
        "eta2": np.full(5, 10.0), "rho": rho, "sigma2": rng.uniform(4.0, 9.0, 5), "omega2_in": 1.0,
        "omega2_out": 200.0, "outlier_prob": 0.05, "mu": mu,
        "kappa": np.array([[1.0], [0.4]]) * [0.0, 25.0, 20.0, 25.0, 15.0],
        "pi": np.array([0.4, 0.6]), "A": np.array([[0.65, 0.35], [0.2, 0.8]]),
    }  # fmt: skip
    Y = pixels(P, X) + rng.uniform(-1.0, 1.0, size=(num_frames, 5, 3, 2))
    return P, X, Y, params


def log_sum(values):
    """Log of the sum of exponentials along the last axis, for autograd."""
    total = values[..., 0]
    for s in range(1, values.shape[-1]):
        total = anp.logaddexp(total, values[..., s])
    return total


def pose_terms(X, h, params):
    """Log likelihoods (..., T, S) of the bones in each state, of headings (..., T), the directions integrated out."""
    rho, sigma2 = params["rho"][1:], params["sigma2"][1:]
    d = X[:, 1:] - X[:, PARENTS[1:]]
    cos, sin = anp.cos(h)[..., None, None], anp.sin(h)[..., None, None]
    m = (params["kappa"][..., None] * params["mu"])[:, 1:]
    m = anp.stack(
        [cos * m[..., 0] - sin * m[..., 1], sin * m[..., 0] + cos * m[..., 1], m[..., 2] + 0.0 * cos], axis=-1
    )
    size = anp.sqrt(anp.sum((m + d[:, None] * (rho / sigma2)[:, None]) ** 2, axis=-1))
    return anp.sum(log_sinhc(size) - log_sinhc(params["kappa"][:, 1:]), axis=-1)


def log_evidence(X, h, params):
    """Of headings (..., T), the states summed out by the forward algorithm."""
    log_lik = pose_terms(X, h, params)
    alpha = np.log(params["pi"]) + log_lik[..., 0, :]
    for t in range(1, len(X)):
        alpha = log_sum(alpha[..., None, :] + np.log(params["A"]).T) + log_lik[..., t, :]
    return log_sum(alpha)


def log_joint(X, h, P, Y, params):
    """With directions integrated and states and outliers summed out."""
    d2 = anp.sum((X[:, 1:] - X[:, PARENTS[1:]]) ** 2, axis=-1)
    return m1_part(X, P, Y, params) + log_evidence(X, h, params) - 0.5 * anp.sum(d2 / params["sigma2"][1:])


def headings_on_top(X, params):
    """The headings (T,) that make the log joint largest, from the best of a ring of them in each frame, by Newton's method."""
    ring = np.linspace(-np.pi, np.pi, 73)[:-1]
    h = np.zeros(len(X))
    for t in range(len(X)):
        trials = np.where(np.arange(len(X)) == t, ring[:, None], h)
        h = trials[int(np.argmax(log_evidence(X, trials, params)))]
    joint = lambda h: log_evidence(X, h, params)  # noqa: E731
    for _ in range(15):
        bend = autograd.hessian(joint)(h) - 1e-9 * np.eye(len(h))
        step = np.clip(np.linalg.solve(bend, autograd.grad(joint)(h)), -0.1, 0.1)
        h = h - step
        if np.abs(step).max() < 1e-9:
            break
    return h


@points(1)
@hint(
    "Given d, the natural parameters are kappa mu + rho d / sigma2, one for each state; a state's log likelihood "
    "is the sum over bones of log_normalizer(their length) - log_normalizer(kappa); gamma and the log evidence "
    "come from forward_backward; and u is the gamma-weighted mean of each state's mean_resultant times its "
    "direction."
)
@no_probe("integers", "float32")
def test_ends_at_a_maximum(gimbal_map, rng):
    P, _, Y, params = recording(rng)
    X = np.asarray(gimbal_map(P, Y, SKELETON, params, tol=1e-6, max_iter=500), dtype=float)
    assert X.shape == (3, 5, 3), f"the path has shape {X.shape}, expected (3, 5, 3)"
    assert np.isfinite(X).all(), "the path holds a value that is not finite"
    both = np.concatenate([X.ravel(), headings_on_top(X, params)])
    joint = lambda v: log_joint(v[:45].reshape(3, 5, 3), v[45:], P, Y, params)  # noqa: E731
    slope, bend = autograd.grad(joint)(both), autograd.hessian(joint)(both)
    distance = np.abs(np.linalg.solve(bend, slope)[:45]).max()
    assert distance < 0.002, f"the maximum of the log joint is {distance:.2g} mm away, where its slope is zero"


@points(1)
@hint(
    "Where nothing is known of directions (kappa = 0), the natural parameters are those of the bones alone, all "
    "states say the same, and GIMBAL is M2. The mean of a direction is mean_resultant(size) times b / size: never "
    "longer than 1, and gamma sums to one over the states."
)
@no_probe("integers", "float32")
def test_is_m2_where_nothing_is_known_of_directions(gimbal_map, rng):
    P, _, Y, params = recording(rng)
    X = gimbal_map(P, Y, SKELETON, params | {"kappa": np.zeros((2, 5))}, tol=1e-6, max_iter=500)
    rho, sigma2 = params["rho"][1:], params["sigma2"][1:]

    def m2_log_joint(X):
        r = anp.sqrt(anp.sum((X[:, 1:] - X[:, PARENTS[1:]]) ** 2, axis=-1))
        return m1_part(X, P, Y, params) + anp.sum(log_sinhc(rho * r / sigma2) - 0.5 * r**2 / sigma2)

    assert_at_a_maximum(m2_log_joint, X, within=0.002)
