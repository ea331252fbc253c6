"""Oracles of Lab 6: enumeration of all poses on small grids, and two kinds of problems on large ones whose answer is known."""

from itertools import product

import numpy as np

from autograder import agree as compare

# Answers in single precision are right as well, so most values are compared to six digits.
DIGITS = 1e-6

# Parents of trees: a fork, a chain, and roots that do not come first.
ROOT_FIRST = ([0], [0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 1, 1])
ANY_ROOT = ([1, 1], [1, 2, 2], [2, 2, 2, 0], [3, 0, 3, 3], [1, 2, 3, 3])


def agree(result, expected, rtol=DIGITS, atol=1e-9):
    """Hold that shapes and values are the same."""
    compare(result, expected, rtol=rtol, atol=atol)


def indices(result, shape, size, what):
    """Arg-mins as an array. AssertionError where they are not whole numbers in 0 ... size - 1, of the shape."""
    found = np.asarray(result)
    assert found.shape == shape, f"{what} have shape {found.shape}, expected {shape}"
    assert found.dtype.kind in "iu", f"{what} are of type {found.dtype}, and are indices: return whole numbers"
    assert (found >= 0).all() and (found < size).all(), (
        f"{what} lie in {int(found.min())} ... {int(found.max())}, where 0 ... {size - 1} are due"
    )
    return found


def draw_problem(rng, parents, height=3, width=4, centred=False):
    """Random costs (K, H, W), mu and w; what stands in the root's rows of the two must not matter.

    With `centred` every child wants to be where its parent is: then the sign of mu is another check's business.
    """
    parents = np.array(parents)
    K = len(parents)
    costs = rng.uniform(0.0, 4.0, size=(K, height, width))
    mu = rng.uniform(0.6, 1.6, size=(K, 2)) * rng.choice([-1.0, 1.0], size=(K, 2)) * (not centred)
    w = np.column_stack([rng.uniform(0.2, 0.5, size=K), rng.uniform(0.8, 1.6, size=K)])
    root = np.flatnonzero(parents == np.arange(K))
    mu[root], w[root] = rng.uniform(3.0, 5.0, size=2), rng.uniform(2.0, 3.0, size=2)
    return costs, parents, mu, w


def energies(costs, parents, mu, w):
    """Energy of every pose, an array with one axis of H * W places (row by row) for each part."""
    K, H, W = costs.shape
    places = np.array(list(product(range(H), range(W))))[:, ::-1]  # (x, y)
    total = np.zeros((1,) * K)
    for k, parent in enumerate(parents):
        total = total + costs[k].reshape([-1 if axis == k else 1 for axis in range(K)])
        if parent != k:
            limb = (w[k] * (places[:, None] - places - mu[k]) ** 2).sum(axis=-1)  # (child, parent)
            shape = [H * W if axis in (k, parent) else 1 for axis in range(K)]
            total = total + (limb if k < parent else limb.T).reshape(shape)
    return total


def energy_of(pose, costs, parents, mu, w):
    """Energy of one pose, limb by limb. AssertionError where it is not one: K whole places (x, y) on the grid."""
    K, H, W = costs.shape
    pose = np.asarray(pose)
    assert pose.shape == (K, 2), f"the pose has shape {pose.shape}, expected {(K, 2)}"
    assert pose.dtype.kind in "iu", f"the places are of type {pose.dtype}, and are indices: return whole numbers"
    assert (pose >= 0).all() and (pose < [W, H]).all(), (
        f"the pose leaves the grid of {W} columns (x) and {H} rows (y): the largest x and y are {pose.max(axis=0).tolist()}"
    )
    total = 0.0
    for k, (x, y) in enumerate(pose.tolist()):
        total += costs[k, y, x]
        if parents[k] != k:
            dx, dy = (pose[k] - pose[parents[k]]).tolist()
            total += w[k][0] * (dx - mu[k][0]) ** 2 + w[k][1] * (dy - mu[k][1]) ** 2
    return float(total)


def log_sum_exp(values):
    """Of all entries, for numbers of any size."""
    highest = np.max(values)
    return float(highest + np.log(np.sum(np.exp(values - highest))))


def all_marginals(costs, parents, mu, w):
    """(K, H, W) from the energies of all poses."""
    energy = energies(costs, parents, mu, w)
    p = np.exp(energy.min() - energy)
    K, H, W = costs.shape
    axes = range(K)
    return np.array([p.sum(axis=tuple(a for a in axes if a != k)).reshape(H, W) for k in axes]) / p.sum()


def draw_bowls(rng, parents, height, width, centred=False):
    """A problem on a grid of any size whose lowest energy is known: every part's cost is a paraboloid.

    A planted pose is the minimum over all *real* places (there the gradient vanishes), so over those on the grid as well.

    Returns
    -------
    costs, parents, mu, w, energy, pose
    """
    parents = np.array(parents)
    K = len(parents)
    limbs = parents != np.arange(K)
    mu = rng.uniform(-6.0, 6.0, size=(K, 2)) * (not centred)
    w = rng.uniform(0.02, 0.2, size=(K, 2))
    pose = rng.integers([width // 4, height // 4], [3 * width // 4, 3 * height // 4], size=(K, 2))
    pull = np.where(limbs[:, None], 2.0 * w * (pose - pose[parents] - mu), 0.0)  # gradient of each limb at its child
    gradient = pull.copy()
    np.subtract.at(gradient, parents[limbs], pull[limbs])
    steepness = rng.uniform(0.01, 0.05, size=(K, 2))
    lowest = pose + gradient / (2.0 * steepness)
    x, y = np.arange(width), np.arange(height)
    costs = np.array(
        [s[1] * (y[:, None] - m[1]) ** 2 + s[0] * (x - m[0]) ** 2 for s, m in zip(steepness, lowest, strict=True)]
    )
    return costs, parents, mu, w, energy_of(pose, costs, parents, mu, w), pose


def draw_crosses(rng, parents, height, width):
    """A problem whose costs are a function of x plus one of y, so that it falls apart into one problem along each axis; mu is 0.

    Returns
    -------
    costs, parents, mu, w, and the energies of all poses along x and along y, each as `energies` gives them
    """
    parents = np.array(parents)
    K = len(parents)
    along, down = rng.uniform(0.0, 4.0, size=(K, 1, width)), rng.uniform(0.0, 4.0, size=(K, height, 1))
    mu, w = np.zeros((K, 2)), np.column_stack([rng.uniform(0.03, 0.08, size=K), rng.uniform(0.15, 0.3, size=K)])
    x, y = energies(along, parents, mu, w * [1.0, 0.0]), energies(down, parents, mu, w * [0.0, 1.0])
    return along + down, parents, mu, w, x, y
