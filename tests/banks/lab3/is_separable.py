import numpy as np
from scipy.optimize import linprog, nnls

from autograder.judge.bank import alternative, mistake


def turned(X, y):
    return (2.0 * np.asarray(y) - 1.0)[:, None] * np.asarray(X)


@mistake("counts patches and pixels (N <= D)", hint="Counting does not decide")
def counts(X, y):
    return len(X) <= X.shape[1]


@mistake("counts up to 2D patches as separable", hint="Counting does not decide")
def counts_to_twice(X, y):
    return len(X) <= 2 * X.shape[1]


@mistake("is content with scores of zero", hint="w = 0 satisfies >= 0")
def not_strict(X, y):
    A = turned(X, y)
    return linprog(np.zeros(A.shape[1]), A_ub=-A, b_ub=np.zeros(len(A)), bounds=(None, None)).status == 0


@mistake("keeps linprog's bounds, so that no weight is negative", hint="either sign")
def positive_weights(X, y):
    A = turned(X, y)
    return linprog(np.zeros(A.shape[1]), A_ub=-A, b_ub=-np.ones(len(A))).status == 0


@mistake("adds an intercept", hint="without an intercept")
def intercept(X, y):
    A = turned(np.column_stack([X, np.ones(len(X))]), y)
    return linprog(np.zeros(A.shape[1]), A_ub=-A, b_ub=-np.ones(len(A)), bounds=(None, None)).status == 0


@mistake("gives a perceptron 100 passes", hint="a thin margin is a margin")
def perceptron(X, y):
    A, w = turned(X, y), np.zeros(np.shape(X)[1])
    for _ in range(100):
        wrong = False
        for row in A:
            if row @ w <= 0:
                w, wrong = w + row, True
        if not wrong:
            return True
    return False


@mistake("forgets the labels", hint="turn its row around")
def no_labels(X, y):
    return linprog(np.zeros(X.shape[1]), A_ub=-X, b_ub=-np.ones(len(X)), bounds=(None, None)).status == 0


@mistake("calls one class alone separable", hint="one class alone")
def one_class(X, y):
    if np.all(y == y[0]):
        return True
    A = turned(X, y)
    return linprog(np.zeros(A.shape[1]), A_ub=-A, b_ub=-np.ones(len(A)), bounds=(None, None)).status == 0


@mistake("asks least squares for the labels", hint="w with (2y - 1) Xw > 0")
def least_squares(X, y):
    A = turned(X, y)
    w = np.linalg.lstsq(A, np.ones(len(A)), rcond=None)[0]
    return bool(np.allclose(A @ w, 1.0))


@mistake("answers the opposite question", hint="Some w with")
def reversed_answer(X, y):
    A = turned(X, y)
    return linprog(np.zeros(A.shape[1]), A_ub=-A, b_ub=-np.ones(len(A)), bounds=(None, None)).status != 0


@mistake("lets patches of zeros pass", hint="A score of exactly zero does not count")
def drops_zero_rows(X, y):
    A = turned(X, y)
    A = A[np.any(A != 0, axis=1)]
    return linprog(np.zeros(A.shape[1]), A_ub=-A, b_ub=-np.ones(len(A)), bounds=(None, None)).status == 0


@mistake("looks at the two class means only", hint="every (2y - 1) x'w")
def class_means(X, y):
    A = turned(X, y)
    return bool(np.all(A @ A.mean(axis=0) > 0))


@mistake("looks at the signs of a least-squares fit", hint="never a no")
def signs_of_a_fit(X, y):
    A = turned(X, y)
    return bool(np.all(A @ np.linalg.lstsq(A, np.ones(len(A)), rcond=None)[0] > 0))


@mistake("looks at the signs of the mean direction", hint="never a no")
def mean_direction(X, y):
    A = turned(X, y)
    return bool(np.all(A @ A.mean(axis=0) > 0))


@mistake("gives logistic regression 2000 steps", hint="never a no")
def signs_of_logistic_regression(X, y):
    A = turned(X, y)
    w, bound = np.zeros(A.shape[1]), np.linalg.norm(A, 2) ** 2 / 4
    for _ in range(2000):
        w = w + A.T @ (1.0 / (1.0 + np.exp(A @ w))) / bound
    return bool(np.all(A @ w > 0))


@mistake("gives a perceptron on patches of one length 1000 passes", hint="a thin margin is a margin")
def patient_perceptron(X, y):
    A = turned(X, y)
    lengths = np.linalg.norm(A, axis=1, keepdims=True)
    if not lengths.all():
        return False
    A, w = A / lengths, np.zeros(A.shape[1])
    for _ in range(1000):
        wrong = 0
        for a in A:
            if a @ w <= 0:
                w, wrong = w + a, wrong + 1
        if not wrong:
            return True
    return False


@mistake("tries a hundred thousand random weights", hint="a thin margin is a margin")
def random_weights(X, y):
    A = turned(X, y)
    tries = np.random.default_rng(0).normal(size=(A.shape[1], 100_000))
    return bool(np.any(np.all(A @ tries > 0, axis=0)))


@alternative
def largest_margin(X, y):
    A = turned(X, y)
    N, D = A.shape
    cost = np.append(np.zeros(D), -1.0)  # the margin t, with w in a box
    bounds = [(-1, 1)] * D + [(None, 1)]
    result = linprog(cost, A_ub=np.hstack([-A, np.ones((N, 1))]), b_ub=np.zeros(N), bounds=bounds)
    return bool(result.x[-1] > 1e-8)


@alternative
def by_gordan(X, y):
    # Gordan: nothing separates exactly when a convex combination of the rows is zero.
    A = turned(X, y)
    A = A / np.maximum(np.linalg.norm(A, axis=1, keepdims=True), 1e-300)
    system = np.vstack([A.T, np.ones(len(A))])
    _, distance = nnls(system, np.append(np.zeros(A.shape[1]), 1.0), maxiter=10_000)
    return distance > 1e-8


@alternative
def feasible(X, y):
    signs = [1 if label else -1 for label in y]
    A = np.array([-s * np.asarray(row) for s, row in zip(signs, X, strict=True)])
    return linprog([0] * A.shape[1], A_ub=A, b_ub=[-1] * len(A), bounds=[(None, None)] * A.shape[1]).success
