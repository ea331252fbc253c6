"""Checks of `m2_map`."""

import autograd.numpy as anp
import numpy as np

from autograder import hint, no_probe, points
from autograder.checks.lab7.common import assert_at_a_maximum, assert_close, m1_log_joint, path, pixels, rig
from autograder.checks.lab8.common import PARENTS, body, log_sinhc, m1_part


def recording(rng, num_frames=4):
    """Three cameras, detections of a body with a gap, and parameters that fit."""
    P, X = rig(rng, 3, arc=270.0), body(rng, num_frames)
    Y = pixels(P, X) + rng.uniform(-2.0, 2.0, size=(num_frames, 5, 3, 2))
    Y[1, 2, 0] = Y[0, 4, 1:] = np.nan
    lengths = np.linalg.norm(X - X[:, PARENTS], axis=-1).mean(axis=0)
    params = {"eta2": np.full(5, 10.0), "rho": lengths, "sigma2": rng.uniform(0.5, 1.5, 5)}
    params["rho"][0] = params["sigma2"][0] = np.nan  # not used
    return P, X, Y, params | {"omega2_in": 4.0, "omega2_out": 200.0, "outlier_prob": 0.05}


def log_joint(X, P, Y, params):
    d = X[:, 1:] - X[:, PARENTS[1:]]
    rho, sigma2 = params["rho"][1:], params["sigma2"][1:]
    r = anp.sqrt(anp.sum(d**2, axis=-1))
    return m1_part(X, P, Y, params) + anp.sum(log_sinhc(rho * r / sigma2) - 0.5 * r**2 / sigma2)


@points(1)
@hint(
    "`bones` gives four things: the *sum* of all log densities, the gradient and the stiffness (as_stiffness of "
    "the Hessian, with d as its axis) of each edge, and the heading as it is. d is child minus parent, and "
    "nothing is known of directions: m = 0."
)
@no_probe("integers", "float32")  # single precision does not reach the last digits of a maximum
def test_ends_at_a_maximum(m2_map, rng):
    P, _, Y, params = recording(rng)
    assert_at_a_maximum(lambda X: log_joint(X, P, Y, params), m2_map(P, Y, PARENTS, params), within=0.01)


@points(1)
@hint(
    "Where bones give way (sigma2 without bound), nothing is left of them, and each keypoint is where M1 would put it."
)
@no_probe("integers", "float32")
def test_is_m1_without_bones(m2_map, rng):
    P, X = rig(rng, 4), np.stack([path(rng, 4, 10.0) for _ in range(5)], axis=1)
    Y = pixels(P, X) + rng.uniform(-1.0, 1.0, size=(4, 5, 4, 2))
    params = {"eta2": np.full(5, 10.0), "rho": np.full(5, 20.0), "sigma2": np.full(5, 1e12)}
    noise = {"omega2_in": 1.0, "omega2_out": 200.0, "outlier_prob": 0.05}
    found = np.asarray(m2_map(P, Y, PARENTS, params | noise))
    assert found.shape == X.shape, f"the path has shape {found.shape}, expected {X.shape}"
    assert_close(found, X, within=15.0)
    for k in range(5):
        assert_at_a_maximum(lambda x, k=k: m1_log_joint(x, P, Y[:, k], 10.0, **noise), found[:, k], within=0.05)
