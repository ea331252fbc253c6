"""Checks of `is_separable`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab3.common import rotation


def decides(is_separable, X, y, due):
    found = bool(is_separable(X, y))
    assert found is due, (
        f"{found} for {len(X)} patches of {X.shape[1]} pixels that {'can' if due else 'cannot'} be separated"
    )


@points(1)
@hint(
    "Some w with (2y - 1) Xw > 0 exists here. In a linear programme the weights may have either sign (linprog's own "
    "bounds are (0, None)), and a thin margin is a margin, also of a faint patch. The signs of a fit (least squares, a few "
    "steps of logistic regression or of a perceptron) prove a yes, and never a no."
)
def test_finds_what_separates(is_separable, rng):
    for N, D in ((9, 6), (40, 3), (5, 8)):
        X, w = rng.normal(size=(N, D)), rng.normal(size=D)
        w /= np.linalg.norm(w)
        X += 0.1 * np.sign(X @ w)[:, None] * w  # a margin of at least 0.1
        decides(is_separable, X, (X @ w > 0).astype(float), True)
        decides(is_separable, X, (X @ w < 0).astype(float), True)
    thin = np.array([[1.0, 1e-4], [np.sqrt(0.5), -1e-4]])
    decides(is_separable, thin, np.array([1.0, 0.0]), True)
    decides(is_separable, thin, np.array([0.0, 1.0]), True)
    for A in (around_a_thin_margin(), with_a_faint_patch()):
        turned = A[rng.permutation(len(A))] @ rotation(rng, A.shape[1])
        y = rng.permutation(np.arange(len(A)) % 2)
        decides(is_separable, (2 * y - 1)[:, None] * turned, y, True)


def around_a_thin_margin():
    """Rows on all sides of the origin but for a slight lean to the last axis, (20, 6): a perceptron needs thousands of passes."""
    fixed = np.random.default_rng(1)
    sides = fixed.normal(size=(20, 5))
    sides /= np.linalg.norm(sides, axis=1, keepdims=True)
    return np.column_stack([sides, fixed.uniform(5e-4, 5e-3, size=20)])


def with_a_faint_patch():
    """Nine rows, (9, 2). Those of size 1 leave room for w within 50 degrees of the first axis, and a fit puts it at 0 degrees.

    The faint one, which no fit of all of them heeds, wants more than 30 degrees.
    """
    angles = np.deg2rad([-40, -40, -35, -20, 10, 25, 40, 40, 120])
    return np.column_stack([np.cos(angles), np.sin(angles)]) * np.append(np.ones(8), 1e-3)[:, None]


@points(1)
@hint(
    "Here the rows (2y - 1) x add up to zero, so that no w has all of them on its side, however few they are. If yours"
    " finds one: w = 0 satisfies >= 0, so ask for >= 1; and each label must turn its row around."
)
def test_sees_that_nothing_separates(is_separable, rng):
    for N, D in ((6, 8), (10, 6), (40, 3), (12, 10)):
        # Both classes have the same mean, exactly (these are whole numbers), and a first pixel that is always 1.
        X = np.column_stack([np.ones(N), rng.integers(-4, 5, size=(N, D - 1))])
        y = np.append(rng.permutation(np.arange(N - 1) % 2), 1.0)
        X[-1] = X[y == 0].sum(axis=0) - X[:-1][y[:-1] == 1].sum(axis=0)
        decides(is_separable, X, y, False)


@points(1)
@hint(
    "Counting does not decide: N <= D patches are separable in general position only, and D < N patches may be, one "
    "class alone need not be. Solve the linear programme."
)
def test_does_not_count(is_separable, rng):
    X = np.eye(8)[rng.permutation(8)[:3]] + rng.uniform(0.0, 0.05, size=(3, 8))  # one bright pixel each
    twice = np.vstack([X, X[:1]])
    # 4 patches, 8 pixels, one in both classes
    decides(is_separable, twice, np.array([1.0, 0.0, 1.0, 0.0]), False)
    decides(is_separable, twice, np.array([1.0, 0.0, 1.0, 1.0]), True)
    cross = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    decides(is_separable, cross, np.ones(3), False)  # one class, but on both sides of every w
    decides(is_separable, np.abs(cross) + 0.1, np.zeros(3), True)
    unused = np.column_stack([np.array([1.0, -2.0]), np.zeros(2)])  # a pixel that is zero in every patch does no harm
    decides(is_separable, unused, np.array([1.0, 0.0]), True)
    many = np.vstack([np.abs(rng.normal(size=(30, 2))) + 0.1, -np.abs(rng.normal(size=(30, 2))) - 0.1])
    decides(is_separable, many, np.repeat([1.0, 0.0], 30), True)


@points(1)
@hint(
    "Strictly and without an intercept: every (2y - 1) x'w must be > 0. A score of exactly zero does not count, and "
    "no column of ones may be added."
)
def test_is_strict_and_homogeneous(is_separable):
    corner = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    decides(is_separable, corner, np.array([1.0, 1.0, 0.0]), False)  # the second and third rows force a zero
    decides(is_separable, np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([1.0, 0.0]), False)  # a patch of zeros
    decides(is_separable, np.array([[1.0], [2.0]]), np.array([0.0, 1.0]), False)  # only an intercept would do
    decides(is_separable, np.array([[1.0, 1.0], [2.0, 1.0]]), np.array([0.0, 1.0]), True)  # and here it is
