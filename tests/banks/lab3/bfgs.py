import numpy as np
from scipy.optimize import line_search

from autograder.judge.bank import alternative, mistake


def update(B, s, q):
    if s @ q <= 0:
        return B
    left = np.eye(len(s)) - np.outer(s, q) / (s @ q)
    return left @ B @ left.T + np.outer(s, s) / (s @ q)


def backtrack(f, w, d, g):
    alpha, start = 1.0, f(w)
    while alpha > 1e-16 and not f(w + alpha * d) <= start + 1e-4 * alpha * (g @ d) + 1e-15 * abs(start):
        alpha /= 2
    return alpha


def run(f, grad, w0, tol, max_iter, search=backtrack, renew=update, direction=lambda B, g: -B @ g, scale=1.0):
    w = np.array(w0, dtype=float)
    B, g, history = scale * np.eye(len(w)), grad(w), [w]
    if not (np.isfinite(f(w)) and np.all(np.isfinite(g))):
        raise ValueError("nowhere to begin")
    for _ in range(max_iter):
        if np.linalg.norm(g) <= tol:
            break
        d = direction(B, g)
        new = w + search(f, w, d, g) * d
        g_new = grad(new)
        B = renew(B, new - w, g_new - g)
        w, g = new, g_new
        history.append(w)
    return w, np.array(history)


@mistake("never updates B", hint="B is not updated")
def never_updates(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, min(max_iter, 40), renew=lambda B, s, q: B)


@mistake("does not use B", hint="not used, or was given")
def steepest_descent(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, min(max_iter, 40), direction=lambda B, g: -g)


@mistake("takes full steps without a search", hint="every step must lower the loss")
def no_search(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, max_iter, search=lambda f, w, d, g: 1.0)


@mistake("walks uphill", hint="d = -B g")
def ascent(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, min(max_iter, 5), direction=lambda B, g: B @ g)


@mistake("swaps the step and the change of the gradient", hint="in the wrong order")
def swapped(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, min(max_iter, 40), renew=lambda B, s, q: update(B, q, s))


@mistake("starts every update from the identity", hint="B is not updated")
def forgets(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, min(max_iter, 40), renew=lambda B, s, q: np.eye(len(s)))


@mistake("ignores tol", hint="Stop as soon as |g| <= tol")
def ignores_tol(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, 1e-9, max_iter)


@mistake("ignores max_iter", hint="max_iter bounds")
def ignores_max_iter(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, 1000)


@mistake("leaves the start out of the history", hint="the start and every iterate")
def no_start(f, grad, w0, tol=1e-6, max_iter=1000):
    w, history = run(f, grad, w0, tol, max_iter)
    return w, history[1:]


@mistake("stores the same array in every row of the history", hint="every iterate")
def aliased(f, grad, w0, tol=1e-6, max_iter=1000):
    w, history = run(f, grad, w0, tol, max_iter)
    return w, np.tile(w, (len(history), 1))


@mistake("pairs the step with the new gradient instead of its change", hint="change of the gradient")
def new_gradient(f, grad, w0, tol=1e-6, max_iter=1000):
    w = np.array(w0, dtype=float)
    B, history = np.eye(len(w)), [w]
    for _ in range(max_iter):
        g = grad(w)
        if np.linalg.norm(g) <= tol:
            break
        d = -B @ g
        if g @ d >= 0:
            break
        new = w + backtrack(f, w, d, g) * d
        B = update(B, new - w, grad(new))
        w = new
        history.append(w)
    return w, np.array(history)


@mistake("stops when the loss hardly changes", hint="until |g| <= tol")
def stops_by_loss(f, grad, w0, tol=1e-6, max_iter=1000):
    w = np.array(w0, dtype=float)
    B, g, history = np.eye(len(w)), grad(w), [w]
    for _ in range(max_iter):
        d = -B @ g
        alpha = backtrack(f, w, d, g)
        new = w + alpha * d
        g_new = grad(new)
        B = update(B, new - w, g_new - g)
        small = abs(f(w) - f(new)) < max(tol, 1e-6)
        w, g = new, g_new
        history.append(w)
        if small:
            break
    return w, np.array(history)


@mistake("keeps the diagonal of B only", hint="small fraction")
def diagonal_only(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, min(max_iter, 40), renew=lambda B, s, q: np.diag(np.diag(update(B, s, q))))


@mistake("asks every step for a decrease, also where rounding hides it", hint="lost in the rounding of f")
def searches_to_the_end(f, grad, w0, tol=1e-6, max_iter=1000):
    def search(f, w, d, g):
        alpha, start = 1.0, f(w)
        while alpha > 1e-30 and not f(w + alpha * d) <= start + 1e-4 * alpha * (g @ d):
            alpha /= 2
        return alpha

    return run(f, grad, w0, tol, max_iter, search=search)


@mistake("does not look whether the gradient at the start is finite", hint="nan > tol is False")
def gradient_of_nan(f, grad, w0, tol=1e-6, max_iter=1000):
    if not np.all(np.isfinite(grad(w0))):
        return np.array(w0, dtype=float), np.array([w0], dtype=float)
    return run(f, grad, w0, tol, max_iter)


def stopped(f, grad, w0, max_iter, arrived):
    w = np.array(w0, dtype=float)
    B, g, history = np.eye(len(w)), grad(w), [w]
    if not (np.isfinite(f(w)) and np.all(np.isfinite(g))):
        raise ValueError("nowhere to begin")
    while not arrived(g) and len(history) <= max_iter:
        new = w + backtrack(f, w, -B @ g, g) * -(B @ g)
        g_new = grad(new)
        B = update(B, new - w, g_new - g)
        w, g = new, g_new
        history.append(w)
    return w, np.array(history)


@mistake("compares the largest entry of the gradient with tol", hint="not the largest entry")
def largest_entry(f, grad, w0, tol=1e-6, max_iter=1000):
    return stopped(f, grad, w0, max_iter, lambda g: np.max(np.abs(g)) <= tol)


@mistake("compares the root mean square of the gradient with tol", hint="Euclidean norm")
def root_mean_square(f, grad, w0, tol=1e-6, max_iter=1000):
    return stopped(f, grad, w0, max_iter, lambda g: np.sqrt(np.mean(g**2)) <= tol)


@mistake("updates as DFP does", hint="of one BFGS update")
def dfp(f, grad, w0, tol=1e-6, max_iter=1000):
    def renew(B, s, q):
        return B if s @ q <= 0 else B + np.outer(s, s) / (s @ q) - np.outer(B @ q, B @ q) / (q @ B @ q)

    return run(f, grad, w0, tol, max_iter, renew=renew)


@mistake("starts from a B that is scaled by the first gradient", hint="From B = I")
def scaled_identity(f, grad, w0, tol=1e-6, max_iter=1000):
    scale = 1.0 / max(np.linalg.norm(grad(np.array(w0, dtype=float))), 1e-300)
    return run(f, grad, w0, tol, max_iter, scale=scale)


@mistake("updates where the curvature is negative, too", hint="every step must lower")
def never_skips(f, grad, w0, tol=1e-6, max_iter=1000):
    def renew(B, s, q):
        left = np.eye(len(s)) - np.outer(s, q) / (s @ q)
        return left @ B @ left.T + np.outer(s, s) / (s @ q)

    return run(f, grad, w0, tol, max_iter, renew=renew)


@mistake("keeps the history in the type of the start", hint="from a start of integers")
def type_of_the_start(f, grad, w0, tol=1e-6, max_iter=1000):
    w, history = run(f, grad, w0, tol, max_iter)
    return w, history.astype(np.asarray(w0).dtype)


@alternative
def armijo(f, grad, w0, tol=1e-6, max_iter=1000):
    return run(f, grad, w0, tol, max_iter)


@alternative
def wolfe_by_scipy(f, grad, w0, tol=1e-6, max_iter=1000):
    w = np.array(w0, dtype=float)
    B, g, history = np.eye(len(w)), np.array(grad(w)), [w]
    if not (np.isfinite(f(w)) and np.isfinite(g).all()):
        raise ValueError("nowhere to begin")
    while np.linalg.norm(g) > tol and len(history) <= max_iter:
        d = -B @ g
        alpha = line_search(f, grad, w, d, gfk=g)[0]
        if alpha is None:
            alpha = backtrack(f, w, d, g)
        new = w + alpha * d
        g_new = np.array(grad(new))
        B = update(B, new - w, g_new - g)
        w, g = new, g_new
        history.append(w)
    return w, history


@alternative
def scaled_after_the_first_step(f, grad, w0, tol=1e-6, max_iter=1000):
    w = np.array(w0, dtype=float)
    B, g, history = np.eye(len(w)), np.array(grad(w)), [w.copy()]
    if not np.isfinite(f(w) + np.sum(np.abs(g))):
        raise ValueError("nowhere to begin")
    for k in range(max_iter):
        if np.sqrt(g @ g) <= tol:
            break
        d = -(B @ g)
        alpha = backtrack(f, w, d, g)
        s = alpha * d
        w = w + s
        g_new = np.array(grad(w))
        q = g_new - g
        if k == 0 and s @ q > 0:
            B = (s @ q) / (q @ q) * B
        B, g = update(B, s, q), g_new
        history.append(w.copy())
    return w, np.stack(history)
