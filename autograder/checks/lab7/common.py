"""Oracles and inputs that several checks of Lab 7 share."""

import autograd
import autograd.numpy as anp
import numpy as np

from autograder import agree


def rig(rng, num_cameras, arc=360.0):
    """Camera matrices (C, 3, 4) of a ring, or an arc of it, that looks at its middle, each times a positive factor of its own.

    The directions of two neighbours differ by at least 0.84 arc / C degrees, so that no pair sees along the same line.
    """
    angles = np.deg2rad(arc) * (np.arange(num_cameras) + rng.uniform(-0.08, 0.08, num_cameras)) / num_cameras
    matrices = []
    for angle in angles + rng.uniform(0.0, 2 * np.pi):
        distance, height = rng.uniform(500.0, 800.0), rng.uniform(150.0, 350.0)
        centre = np.array([distance * np.cos(angle), distance * np.sin(angle), height])
        matrices.append(np.exp(rng.uniform(-2.0, 2.0)) * camera(centre, rng.uniform(150.0, 250.0)))
    return np.array(matrices)


def camera(centre, focal):
    """One that stands at `centre` (mm) and looks at the point 40 mm above the middle of the floor, its picture upright."""
    forward = np.array([0.0, 0.0, 40.0]) - centre
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(forward, right), forward])
    inner = np.array([[focal, 0.0, 63.5], [0.0, focal, 55.5], [0.0, 0.0, 1.0]])
    return inner @ np.column_stack([turn, -turn @ centre])


def points_in_view(rng, *shape):
    """Points (..., 3) in the middle of a `rig`, mm: in front of all its cameras."""
    return rng.uniform([-120.0, -120.0, 0.0], [120.0, 120.0, 90.0], size=(*shape, 3))


def directions(rng, *shape):
    """Unit vectors (..., 2) of random direction."""
    angle = rng.uniform(0.0, 2 * np.pi, size=shape)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def pixels(P, X):
    """Image points (..., C, 2) by homogeneous coordinates, camera by camera, of points in front of them all; for autograd too."""
    homogeneous = anp.concatenate([X, anp.ones((*X.shape[:-1], 1))], axis=-1)
    images = [anp.dot(homogeneous, matrix.T) for matrix in P]
    return anp.stack([image[..., :2] / image[..., 2:] for image in images], axis=-2)


def path(rng, num_frames, eta2):
    """A random walk (T, 3) in the middle of a `rig`, mm."""
    steps = np.sqrt(eta2) * rng.normal(size=(num_frames, 3))
    steps[0] = points_in_view(rng) / 2
    return np.cumsum(steps, axis=0)


def squared_errors(X, P, Y):
    """(..., C), 0 where there is no detection."""
    seen = np.isfinite(Y)
    return anp.sum(anp.where(seen, np.where(seen, Y, 0.0) - pixels(P, X), 0.0) ** 2, axis=-1)


def m0_log_joint(X, P, Y, eta2, omega2):
    """Of model M0, up to a constant."""
    walk = anp.sum((X[1:] - X[:-1]) ** 2)
    return -0.5 * anp.sum(squared_errors(X, P, Y)) / omega2 - 0.5 * walk / eta2


def m1_log_joint(X, P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    """Of model M1 with the outliers summed out, up to a constant."""
    r2 = squared_errors(X, P, Y)
    good = np.log(1.0 - outlier_prob) - np.log(omega2_in) - 0.5 * r2 / omega2_in
    bad = np.log(outlier_prob) - np.log(omega2_out) - 0.5 * r2 / omega2_out
    seen = np.isfinite(Y).all(axis=-1)
    return anp.sum(anp.logaddexp(good, bad) * seen) - 0.5 * anp.sum((X[1:] - X[:-1]) ** 2) / eta2


def assert_at_a_maximum(log_joint, X, within):
    """Hold that one Newton step on automatic derivatives would move no frame by more than `within` mm, and that it would go up."""
    assert np.shape(X)[-1:] == (3,), f"the path has shape {np.shape(X)}, expected (T, 3)"
    X = np.asarray(X, dtype=float)
    assert np.isfinite(X).all(), "the path holds a value that is not finite"
    flat = lambda x: log_joint(x.reshape(X.shape))  # noqa: E731
    slope, bend = autograd.grad(flat)(X.ravel()), autograd.hessian(flat)(X.ravel())
    assert np.linalg.eigvalsh(bend)[-1] < 0, "the log joint does not curve down there: this is no maximum"
    distance = np.linalg.norm(np.linalg.solve(bend, slope).reshape(X.shape), axis=-1).max()
    assert distance <= within, f"the maximum is up to {distance:.2g} mm away, where the slope is zero"


def dense(bands):
    """The symmetric matrix of an upper banded form."""
    matrix = np.diag(bands[-1])
    for offset in range(1, len(bands)):
        above = np.diag(bands[-1 - offset][offset:], offset)
        matrix = matrix + above + above.T
    return matrix


def assert_close(X, truth, within):
    """Hold that no point is more than `within` mm from where it should be."""
    agree(X, truth, rtol=0.0, atol=within)
