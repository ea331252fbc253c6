"""Checks of `fit_gimbal`."""

import numpy as np

from autograder import agree, hint, no_probe, points
from autograder.checks.lab7.common import pixels, rig
from autograder.checks.lab8.common import PARENTS, turned, unit_vectors, vmf

SKELETON = (("root", "chest", "head", "hip", "foot"), PARENTS, ("root", "chest"))


def training(rng, num_frames=400):
    """A body that turns and takes two poses, with gaps in what is known, its detections, and its true directions by pose."""
    first = unit_vectors(rng, 5) * [1.0, 1.0, 0.5]
    first[1] = [1.0, 0.0, 0.2]  # the heading, in the animal's own frame
    second = -first
    second[1] = first[1]
    mu = np.stack([first, second])
    mu /= np.linalg.norm(mu, axis=-1, keepdims=True)
    states = np.repeat(rng.permutation(np.arange(num_frames // 20) % 2), 20)
    kappa = np.array([1.0, 300.0, 200.0, 200.0, 200.0])
    h = np.cumsum(rng.normal(0.1, 0.05, num_frames))
    u = turned(vmf_many(rng, kappa[:, None] * mu[states]), h)
    X = np.zeros((num_frames, 5, 3))
    for k in range(1, 5):
        X[:, k] = X[:, PARENTS[k]] + (20.0 + 5.0 * k + (1.0 + k) * rng.normal(size=(num_frames, 1))) * u[:, k]
    X += np.cumsum(rng.normal(0.0, 2.0, (num_frames, 1, 3)), axis=0) + [0.0, 0.0, 60.0]
    X -= X[:, :1].mean(axis=0) - [0.0, 0.0, 60.0]
    P = rig(rng, 3)
    Y = pixels(P, X) + rng.normal(size=(num_frames, 5, 3, 2))
    known = X.copy()
    known[rng.random(num_frames) < 0.1, 2] = np.nan
    known[50:60] = np.nan
    return known, Y, P, mu, states


def vmf_many(rng, m):
    """vMF directions for large natural parameters: normal around the mean direction, which is as good there."""
    kappa = np.maximum(np.linalg.norm(m, axis=-1, keepdims=True), 1e-9)
    if kappa.max() < 30:
        return vmf(rng, m)
    u = m / kappa + rng.normal(size=m.shape) / np.sqrt(kappa)
    return u / np.linalg.norm(u, axis=-1, keepdims=True)


@points(1)
@hint(
    "rho is the mean and sigma2 the variance of a bone's length, eta2 the mean squared step per coordinate; each "
    "over the frames where it is known (np.nanmean, np.nanvar)."
)
@no_probe("integers", "float32")
def test_measures_bones_and_steps(fit_gimbal, rng):
    X, Y, P, _, _ = training(rng)
    params = fit_gimbal(X, Y, P, SKELETON, num_states=2)
    for name, shape in {
        "eta2": (5,),
        "rho": (5,),
        "sigma2": (5,),
        "mu": (2, 5, 3),
        "kappa": (2, 5),
        "pi": (2,),
        "A": (2, 2),
    }.items():
        assert name in params, f"params lack {name!r}"
        assert np.shape(params[name]) == shape, f"params[{name!r}] has shape {np.shape(params[name])}, expected {shape}"
    rho, sigma2, eta2 = np.empty(5), np.empty(5), np.empty(5)
    for k in range(5):
        lengths = [np.linalg.norm(x[k] - x[PARENTS[k]]) for x in X if np.isfinite(x[[k, PARENTS[k]]]).all()]
        rho[k], sigma2[k] = np.mean(lengths), np.var(lengths)
        steps = [b[k] - a[k] for a, b in zip(X[:-1], X[1:], strict=True) if np.isfinite(a[k] + b[k]).all()]
        eta2[k] = np.mean(np.square(steps))
    agree(np.asarray(params["rho"])[1:], rho[1:], rtol=1e-6)
    agree(np.asarray(params["sigma2"])[1:], sigma2[1:], rtol=1e-2)  # with or without one degree of freedom less
    agree(params["eta2"], eta2, rtol=1e-6)


@points(1)
@hint(
    "Pose states are about *unit* vectors from the parent to the child, in the animal's own frame: divide d by "
    "its length, and turn by canonicalize with the heading h of each frame."
)
@no_probe("integers", "float32")
def test_finds_poses_in_the_animals_own_frame(fit_gimbal, rng):
    X, Y, P, mu, states = training(rng)
    params = fit_gimbal(X, Y, P, SKELETON, num_states=2)
    found = np.asarray(params["mu"], dtype=float)
    assert found.shape == (2, 5, 3), f"mu has shape {found.shape}, expected (2, 5, 3)"
    scores = np.einsum("ski,nki->sn", found[:, 1:], mu[:, 1:]) / 4
    best = max(min(scores[0, 0], scores[1, 1]), min(scores[0, 1], scores[1, 0]))
    assert best > 0.97, (
        f"the mean directions have a mean cosine of {best:.2f} with those of the two poses that were shown"
    )
    kappa = np.asarray(params["kappa"], dtype=float)[:, 1:]
    assert kappa.min() > 20.0, f"a direction has kappa = {kappa.min():.3g}, but within a pose directions hardly vary"
    # Its heading is that of the first bone, which is 300 at most; lengths that are left in would reach the bound of 500.
    assert kappa.max() < 480.0, f"a direction has kappa = {kappa.max():.3g}, as if it hardly varied at all"
    # As seen from near or from far, frame by frame: directions stay what they are.
    size = rng.choice([0.5, 1.5], size=(len(X), 1, 1))
    scaled = fit_gimbal(size * X, Y, P, SKELETON, num_states=2)
    for name in ("mu", "kappa"):
        agree(np.asarray(scaled[name])[:, 1:], np.asarray(params[name])[:, 1:], rtol=1e-3, atol=1e-3)
