import numpy as np
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import expit

from autograder.judge.bank import alternative, mistake
from solutions.curvature import hessian_vector_product
from solutions.likelihood import nll_gradient


def system(w, X, y, lam):
    return nll_gradient(w, X, y, lam), lambda v: hessian_vector_product(w, X, y, v, lam)


def conjugate_gradients(product, g, tol, rounds, beta=lambda new, old: new / old):
    d, r = np.zeros_like(g), -g
    p, size = r, g @ g
    for _ in range(rounds):
        if np.sqrt(size) <= tol * np.linalg.norm(g):
            break
        Hp = product(p)
        alpha = size / (p @ Hp)
        d, r = d + alpha * p, r - alpha * Hp
        size, old = r @ r, size
        p = r + beta(size, old) * p
    return d


@mistake("has the sign wrong", hint="the residual starts as -g")
def plus(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return -conjugate_gradients(product, g, tol, 10 * len(g))


@mistake("stops after two rounds", hint="until the residual is at most")
def two_rounds(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return conjugate_gradients(product, g, tol, 2)


@mistake("turns the quotient of the sizes upside down", hint="(new size / old size)")
def upside_down(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    with np.errstate(all="ignore"):
        return conjugate_gradients(product, g, tol, 100, beta=lambda new, old: old / new)


@mistake("goes along the residual each time (steepest descent)", hint="times the old direction")
def steepest(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return conjugate_gradients(product, g, tol, len(g), beta=lambda new, old: 0.0)


@mistake("adds to the residual instead of subtracting from it", hint="the residual starts as -g")
def residual_grows(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    d = np.zeros_like(g)
    residual = p = -g
    with np.errstate(all="ignore"):
        for _ in range(10 * len(g)):
            if np.linalg.norm(residual) <= tol * np.linalg.norm(g):
                break
            Hp, size = product(p), residual @ residual
            alpha = size / (p @ Hp)
            d, residual = d + alpha * p, residual + alpha * Hp
            p = residual + (residual @ residual) / size * p
    return d


@mistake("leaves the ridge out of the product", hint="H d = -g")
def no_ridge(w, X, y, lam, tol=1e-8):
    g, _ = system(w, X, y, lam)
    _, product = system(w, X, y, 0.0)
    return conjugate_gradients(product, g, tol, 10 * len(g))


@mistake("forms the Hessian", hint="the Hessian does not fit")
def forms_hessian(w, X, y, lam, tol=1e-8):
    g, _ = system(w, X, y, lam)
    p = expit(X @ w)
    return -np.linalg.solve((X.T * (p * (1 - p))) @ X + lam * np.eye(len(w)), g)


@mistake("ignores tol", hint="until the residual is at most")
def ignores_tol(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return conjugate_gradients(product, g, 1e-4, 500)


@mistake("takes roots of the sizes in the quotient", hint="(new size / old size)")
def roots(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return conjugate_gradients(product, g, tol, 20, beta=lambda new, old: np.sqrt(new / old))


@mistake("returns the new weights instead of the step", hint="H d = -g")
def new_weights(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return w + conjugate_gradients(product, g, tol, 500)


@mistake("returns the residual", hint="solve H d = -g")
def returns_residual(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return -g - product(conjugate_gradients(product, g, tol, 500))


def descend(w, X, y, lam, tol, move):
    """The course's frame with another round: `move` makes of (d, r, p, round) the next three."""
    g, product = system(w, X, y, lam)
    d, r = np.zeros_like(g), -g
    p = r
    for k in range(10 * len(g)):
        if np.linalg.norm(r) <= tol * np.linalg.norm(g):
            break
        d, r, p = move(product, d, r, p, k)
    return d


@mistake("goes along the residual with the best step (steepest descent)", hint="get lost in a narrow valley")
def steepest_descent(w, X, y, lam, tol=1e-8):
    def move(product, d, r, p, k):
        Hr = product(r)
        alpha = (r @ r) / (r @ Hr)
        return d + alpha * r, r - alpha * Hr, r

    return descend(w, X, y, lam, tol, move)


@mistake("takes half of the old direction, whatever the residual", hint="(new size / old size)")
def constant_share(w, X, y, lam, tol=1e-8):
    def move(product, d, r, p, k):
        Hp = product(p)
        alpha = (r @ p) / (p @ Hp)
        new = r - alpha * Hp
        return d + alpha * p, new, new + 0.5 * p

    return descend(w, X, y, lam, tol, move)


@mistake("forgets the old direction in every fifth round", hint="times the old direction")
def restarts(w, X, y, lam, tol=1e-8):
    def move(product, d, r, p, k):
        Hp, size = product(p), r @ r
        alpha = size / (p @ Hp)
        new = r - alpha * Hp
        return d + alpha * p, new, new + (new @ new) / size * p * (k % 5 != 4)

    return descend(w, X, y, lam, tol, move)


@mistake("adds the old residual instead of the old direction", hint="times the old direction")
def old_residual(w, X, y, lam, tol=1e-8):
    def move(product, d, r, p, k):
        Hp, size = product(p), r @ r
        alpha = size / (p @ Hp)
        new = r - alpha * Hp
        return d + alpha * p, new, new + (new @ new) / size * r

    return descend(w, X, y, lam, tol, move)


@mistake("compares the residual with tol alone", hint="at most tol |g|")
def tolerance_alone(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return conjugate_gradients(product, g, tol / np.linalg.norm(g), 10 * len(g))


@mistake("solves by Woodbury's identity, whatever tol", hint="and no longer")
def woodbury(w, X, y, lam, tol=1e-8):
    p = expit(X @ w)
    Z, g = np.sqrt(p * (1 - p))[:, None] * X, X.T @ (p - y) + lam * w
    return -(g - Z.T @ np.linalg.solve(Z @ Z.T + lam * np.eye(len(Z)), Z @ g)) / lam


@alternative
def by_scipy(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    d, _ = cg(LinearOperator((len(g), len(g)), matvec=product), -g, rtol=0.1 * tol, atol=0.0)
    return d


@alternative
def absolute_tolerance(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    return conjugate_gradients(product, g, tol / max(1.0, np.linalg.norm(g)), 10 * len(g))


@alternative
def residual_afresh(w, X, y, lam, tol=1e-8):
    g, product = system(w, X, y, lam)
    d = np.zeros(len(g))
    r = -g - product(d)
    p = r.copy()
    k = 0
    while np.linalg.norm(r) > tol * np.linalg.norm(g) and k < 50 * len(g):
        Hp = product(p)
        d = d + (p @ r) / (p @ Hp) * p
        r = -g - product(d)
        p = r - (r @ Hp) / (p @ Hp) * p
        k += 1
    return d
