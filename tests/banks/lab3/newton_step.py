import numpy as np
import scipy.linalg

from autograder.judge.bank import alternative, mistake


def require_positive(H):
    if np.linalg.eigvalsh(H)[0] <= 0:
        raise ValueError("not positive definite")


@mistake("adds H^-1 g, as the slide prints it", hint="The slide prints")
def plus(g, H):
    return scipy.linalg.cho_solve(scipy.linalg.cho_factor(H), g)


@mistake("multiplies by an explicit inverse", hint="explicit inverse loses digits")
def inverse(g, H):
    np.linalg.cholesky(H)
    return -np.linalg.inv(H) @ g


@mistake("multiplies by the explicit inverse of the factor", hint="explicit inverse loses digits")
def inverse_of_factor(g, H):
    K = np.linalg.inv(np.linalg.cholesky(H))
    return -((K.T @ K) @ g)


@mistake("solves without looking at the definiteness", hint="np.linalg.solve does not")
def general_solver(g, H):
    return -np.linalg.solve(H, g)


@mistake("takes the pseudo-inverse of a singular H", hint="zero or negative eigenvalue")
def pseudo_inverse(g, H):
    return -np.linalg.lstsq(H, g, rcond=None)[0]


@mistake("solves one triangular system of two", hint="two triangular solves")
def one_triangle(g, H):
    return -scipy.linalg.solve_triangular(np.linalg.cholesky(H), g, lower=True)


@mistake("takes L for L' in the second solve", hint="with L and with L'")
def untransposed(g, H):
    L = np.linalg.cholesky(H)
    return -scipy.linalg.solve_triangular(L, scipy.linalg.solve_triangular(L, g, lower=True), lower=True)


@mistake("divides by the diagonal only", hint="Solve H d = -g")
def diagonal(g, H):
    require_positive(H)
    return -g / np.diag(H)


@mistake("adds a jitter to the diagonal", hint="Raise ValueError")
def jitter(g, H):
    lift = max(0.0, 1e-6 - np.linalg.eigvalsh(H)[0])
    return -np.linalg.solve(H + lift * np.eye(len(g)), g)


@mistake("returns the whole matrix", hint="for the vector d")
def matrix(g, H):
    require_positive(H)
    return -np.linalg.inv(H) * g


@mistake("returns None where H is not positive definite", hint="Raise ValueError")
def swallows(g, H):
    try:
        return -scipy.linalg.cho_solve(scipy.linalg.cho_factor(H), g)
    except np.linalg.LinAlgError:
        return np.zeros_like(g)


@mistake("tests the slope along the step only", hint="the slope along the step do not tell")
def slope_decides(g, H):
    d = -np.linalg.solve(H, g)
    if g @ d >= 0:
        raise ValueError("uphill")
    return d


@mistake("tests the determinant and the diagonal only", hint="the determinant, the diagonal")
def determinant_decides(g, H):
    if np.linalg.det(H) <= 0 or np.any(np.diag(H) <= 0):
        raise ValueError("not positive definite")
    return -np.linalg.solve(H, g)


@mistake("tests the determinants of two corners and of the whole only", hint="the determinant")
def some_minors_decide(g, H):
    if H[0, 0] <= 0 or np.linalg.det(H[:2, :2]) <= 0 or np.linalg.det(H) <= 0:
        raise ValueError("not positive definite")
    return -np.linalg.solve(H, g)


@mistake("tests the curvature in random directions only", hint="a Cholesky factorisation notices")
def random_directions_decide(g, H):
    v = np.random.default_rng(0).normal(size=(200, len(g)))
    if np.any(np.sum(v @ H * v, axis=1) <= 0):
        raise ValueError("not positive definite")
    return -np.linalg.solve(H, g)


@mistake("adds a little to the diagonal", hint="solves another system")
def diagonal_lifted(g, H):
    np.linalg.cholesky(H)
    return -np.linalg.solve(H + 1e-8 * np.eye(len(g)), g)


@mistake("rests where the gradient is zero, without a look at H", hint="whatever g is")
def rests_at_zero(g, H):
    if not np.any(g):
        return np.zeros(len(g))
    return -scipy.linalg.cho_solve(scipy.linalg.cho_factor(H), g)


@alternative
def two_triangles(g, H):
    L = np.linalg.cholesky(H)  # raises LinAlgError, which is a ValueError
    return -scipy.linalg.solve_triangular(L.T, scipy.linalg.solve_triangular(L, g, lower=True))


@alternative
def by_scipy(g, H):
    try:
        return scipy.linalg.solve(H, -np.asarray(g, dtype=float), assume_a="pos")
    except np.linalg.LinAlgError as error:
        raise ValueError(str(error)) from None


@alternative
def checked_general_solver(g, H):
    eigenvalues = np.linalg.eigvalsh(H)
    if eigenvalues[0] <= 0:
        raise ValueError("H is not positive definite")
    return np.linalg.solve(H, -np.asarray(g, dtype=float))
