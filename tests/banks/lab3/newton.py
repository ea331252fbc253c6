import numpy as np
from scipy.special import expit

from autograder.judge.bank import alternative, mistake


def loss(w, X, y, lam):
    a = X @ w
    return np.sum(np.logaddexp(0.0, a) - y * a) + 0.5 * lam * (w @ w)


def gradient(w, X, y, lam):
    return X.T @ (expit(X @ w) - y) + lam * w


def hessian(w, X, lam):
    p = expit(X @ w)
    return (X.T * (p * (1 - p))) @ X + lam * np.eye(len(w))


def shortened(w, d, g, X, y, lam):
    alpha, start = 1.0, loss(w, X, y, lam)
    while alpha > 1e-12 and not loss(w + alpha * d, X, y, lam) <= start + 1e-4 * alpha * (g @ d) + 1e-12 * abs(start):
        alpha /= 2
    return alpha


def iterate(w0, X, y, lam, tol, max_iter, step):
    w = np.array(w0, dtype=float)
    history = [w]
    for _ in range(max_iter):
        g = gradient(w, X, y, lam)
        if np.linalg.norm(g) <= tol:
            break
        w = w + step(w, g)
        history.append(w)
    return w, np.array(history)


@mistake("always takes the full step", hint="shorten it by backtracking")
def undamped(w0, X, y, lam, tol=1e-8, max_iter=100):
    return iterate(w0, X, y, lam, tol, max_iter, lambda w, g: -np.linalg.solve(hessian(w, X, lam), g))


@mistake("adds H^-1 g, as the slide prints it", hint="until the norm of the gradient")
def plus(w0, X, y, lam, tol=1e-8, max_iter=100):
    return iterate(w0, X, y, lam, tol, max_iter, lambda w, g: np.linalg.lstsq(hessian(w, X, lam), g, rcond=None)[0])


@mistake("factorises the Hessian once, at the start", hint="not the current one")
def frozen_hessian(w0, X, y, lam, tol=1e-8, max_iter=100):
    H = hessian(np.asarray(w0), X, lam)

    def step(w, g):
        d = -np.linalg.solve(H, g)
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@mistake("forgets the ridge in the Hessian", hint="lacks lam")
def ridge_not_in_hessian(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.lstsq(hessian(w, X, 0.0), g, rcond=None)[0]
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@mistake("forgets the ridge in the gradient", hint="in the gradient")
def ridge_not_in_gradient(w0, X, y, lam, tol=1e-8, max_iter=100):
    w = np.array(w0, dtype=float)
    history = [w]
    for _ in range(min(max_iter, 20)):
        g = gradient(w, X, y, 0.0)
        if np.linalg.norm(g) <= tol:
            break
        d = -np.linalg.solve(hessian(w, X, lam), g)
        w = w + shortened(w, d, g, X, y, lam) * d
        history.append(w)
    return w, np.array(history)


@mistake("always takes half the step", hint="the full step is not taken")
def half_steps(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.solve(hessian(w, X, lam), g)
        return 0.5 * shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@mistake("descends along the gradient", hint="order 2")
def steepest_descent(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        alpha, start = 1.0, loss(w, X, y, lam)
        while alpha > 1e-12 and loss(w - alpha * g, X, y, lam) > start - 1e-4 * alpha * (g @ g) + 1e-12 * abs(start):
            alpha /= 2
        return -alpha * g

    return iterate(w0, X, y, lam, tol, min(max_iter, 25), step)


@mistake("builds an N x N matrix of weights", hint="instead of diag(s)")
def diagonal_matrix(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        p = expit(X @ w)
        d = -np.linalg.solve(X.T @ np.diag(p * (1 - p)) @ X + lam * np.eye(len(w)), g)
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@mistake("ignores tol", hint="as soon as |g| <= tol")
def ignores_tol(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.solve(hessian(w, X, lam), g)
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, -1.0, max_iter, step)


@mistake("ignores max_iter", hint="max_iter steps")
def ignores_max_iter(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.solve(hessian(w, X, lam), g)
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, 100, step)


@mistake("leaves the start out of the history", hint="the start and every iterate")
def no_start(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.solve(hessian(w, X, lam), g)
        return shortened(w, d, g, X, y, lam) * d

    w, history = iterate(w0, X, y, lam, tol, max_iter, step)
    return w, history[1:]


@mistake("stores the same array in every row of the history", hint="every iterate")
def aliased(w0, X, y, lam, tol=1e-8, max_iter=100):
    w = np.array(w0, dtype=float)
    history = [w]
    for _ in range(max_iter):
        g = gradient(w, X, y, lam)
        if np.linalg.norm(g) <= tol:
            break
        d = -np.linalg.solve(hessian(w, X, lam), g)
        w += shortened(w, d, g, X, y, lam) * d
        history.append(w)
    return w, np.array(history)


@mistake("takes sigmoid for its derivative in the Hessian", hint="Order 1")
def sigmoid_for_derivative(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.solve((X.T * expit(X @ w)) @ X + lam * np.eye(len(w)), g)
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@mistake("asks every step for a decrease, also where rounding hides it", hint="lost in the rounding of the loss")
def searches_to_the_end(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.solve(hessian(w, X, lam), g)
        alpha, start = 1.0, loss(w, X, y, lam)
        while not loss(w + alpha * d, X, y, lam) <= start + 1e-4 * alpha * (g @ d):
            alpha /= 2
        return alpha * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@mistake("gives up where the line search finds short steps only", hint="lost in the rounding of the loss")
def gives_up(w0, X, y, lam, tol=1e-8, max_iter=100):
    w = np.array(w0, dtype=float)
    history = [w]
    for _ in range(max_iter):
        g = gradient(w, X, y, lam)
        if np.linalg.norm(g) <= tol:
            break
        d = -np.linalg.solve(hessian(w, X, lam), g)
        alpha, start = 1.0, loss(w, X, y, lam)
        while alpha > 1e-8 and not loss(w + alpha * d, X, y, lam) <= start + 1e-4 * alpha * (g @ d):
            alpha /= 2
        if alpha <= 1e-8:
            break
        w = w + alpha * d
        history.append(w)
    return w, np.array(history)


def stopped(w0, X, y, lam, max_iter, arrived):
    w = np.array(w0, dtype=float)
    history = [w]
    for _ in range(max_iter):
        g = gradient(w, X, y, lam)
        d = -np.linalg.solve(hessian(w, X, lam), g)
        if arrived(g, d, w):
            break
        w = w + shortened(w, d, g, X, y, lam) * d
        history.append(w)
    return w, np.array(history)


@mistake("compares the largest entry of the gradient with tol", hint="not its largest entry")
def largest_entry(w0, X, y, lam, tol=1e-8, max_iter=100):
    return stopped(w0, X, y, lam, max_iter, lambda g, d, w: np.max(np.abs(g)) <= tol)


@mistake("compares the gradient with the one at the start", hint="not relative to anything")
def relative_to_the_start(w0, X, y, lam, tol=1e-8, max_iter=100):
    first = np.linalg.norm(gradient(np.asarray(w0, dtype=float), X, y, lam))
    return stopped(w0, X, y, lam, max_iter, lambda g, d, w: np.linalg.norm(g) <= tol * first)


@mistake("compares the length of the step with tol", hint="not the length of a step")
def length_of_the_step(w0, X, y, lam, tol=1e-8, max_iter=100):
    return stopped(w0, X, y, lam, max_iter, lambda g, d, w: np.linalg.norm(d) <= tol)


@mistake("compares the decrease that the model promises with tol", hint="as soon as |g| <= tol")
def stops_by_the_decrement(w0, X, y, lam, tol=1e-8, max_iter=100):
    return stopped(w0, X, y, lam, max_iter, lambda g, d, w: -(g @ d) / 2 <= tol)


@mistake("leaves the ridge out of the gradient that it compares with tol", hint="|g| <= tol")
def stops_without_the_ridge(w0, X, y, lam, tol=1e-8, max_iter=100):
    return stopped(w0, X, y, lam, max_iter, lambda g, d, w: np.linalg.norm(g - lam * w) <= tol)


@mistake("solves a singular system by a pseudo-inverse", hint="raise ValueError")
def pseudo_inverse(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.pinv(hessian(w, X, lam)) @ g
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@mistake("goes along the gradient where the Hessian is not positive definite", hint="raise ValueError")
def gradient_instead(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        try:
            d = -np.linalg.solve(hessian(w, X, lam), g)
        except np.linalg.LinAlgError:
            d = -g
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@mistake("keeps the history in the type of the start", hint="as floats")
def type_of_the_start(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.solve(hessian(w, X, lam), g)
        return shortened(w, d, g, X, y, lam) * d

    w, history = iterate(w0, X, y, lam, tol, max_iter, step)
    return w, history.astype(np.asarray(w0).dtype)


@alternative
def with_its_own_search(w0, X, y, lam, tol=1e-8, max_iter=100):
    def step(w, g):
        d = -np.linalg.solve(hessian(w, X, lam), g)
        return shortened(w, d, g, X, y, lam) * d

    return iterate(w0, X, y, lam, tol, max_iter, step)


@alternative
def plain_decrease(w0, X, y, lam, tol=1e-8, max_iter=100):
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    history = [np.array(w0, dtype=float)]
    g = gradient(history[-1], X, y, lam)
    while np.linalg.norm(g) > tol and len(history) < max_iter + 1:
        w = history[-1]
        L = np.linalg.cholesky(hessian(w, X, lam))
        d = -np.linalg.solve(L.T, np.linalg.solve(L, g))
        t = 1.0
        for _ in range(40):
            if loss(w + t * d, X, y, lam) <= loss(w, X, y, lam) * (1 + 1e-14):
                break
            t *= 0.3
        history.append(w + t * d)
        g = gradient(history[-1], X, y, lam)
    return history[-1], history


@alternative
def strict_armijo(w0, X, y, lam, tol=1e-8, max_iter=100):
    # No slack for rounding: near the end the search may shorten a step for nothing, and goes on.
    def step(w, g):
        d = -np.linalg.solve(hessian(w, X, lam), g)
        alpha, start = 1.0, loss(w, X, y, lam)
        while alpha > 1e-3 and loss(w + alpha * d, X, y, lam) > start + 1e-4 * alpha * (g @ d):
            alpha /= 2
        return alpha * d

    return iterate(w0, X, y, lam, tol, max_iter, step)
