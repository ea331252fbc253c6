import numpy as np
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import expit

from autograder.judge.bank import alternative, mistake


def system(w, X, y, lam):
    w, X, y = (np.asarray(u, dtype=float) for u in (w, X, y))
    p = expit(X @ w)
    return X.T @ (p - y) + lam * w, lambda v: X.T @ (p * (1 - p) * (X @ v)) + lam * v


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
    return -conjugate_gradients(product, g, tol, 500)


@mistake("stops after two rounds", hint="until the residual is small")
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


@mistake("leaves the ridge out of the product", hint="H d = -g")
def no_ridge(w, X, y, lam, tol=1e-8):
    g, _ = system(w, X, y, lam)
    _, product = system(w, X, y, 0.0)
    return conjugate_gradients(product, g, tol, 500)


@mistake("forms the Hessian", hint="the Hessian does not fit")
def forms_hessian(w, X, y, lam, tol=1e-8):
    g, _ = system(w, X, y, lam)
    p = expit(X @ w)
    return -np.linalg.solve((X.T * (p * (1 - p))) @ X + lam * np.eye(len(w)), g)


@mistake("ignores tol", hint="small beside tol")
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
