import numpy as np
from scipy.special import expit

from autograder.judge.bank import alternative, mistake


def batches(num_examples, batch_size, rng):
    order = rng.permutation(num_examples)
    return [order[start : start + batch_size] for start in range(0, num_examples, batch_size)]


def estimate(w, X, y, idx, lam):
    return len(X) / len(idx) * X[idx].T @ (expit(X[idx] @ w) - y[idx]) + lam * w


@mistake("stores one row per epoch", hint="not per epoch")
def row_per_epoch(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            w = w - step * estimate(w, X, y, idx, lam)
        path.append(w)
    return np.array(path)


@mistake("divides the step by the number of patches", hint="scaled by N / B")
def mean_over_all(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            w = w - step / len(X) * estimate(w, X, y, idx, lam)
            path.append(w)
    return np.array(path)


@mistake("shuffles once and repeats that order", hint="new random order")
def one_shuffle(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    order = batches(len(X), batch_size, rng)
    for _ in range(num_epochs):
        for idx in order:
            w = w - step * estimate(w, X, y, idx, lam)
            path.append(w)
    return np.array(path)


@mistake("does not shuffle", hint="new random order")
def no_shuffle(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for start in range(0, len(X), batch_size):
            w = w - step * estimate(w, X, y, np.arange(start, min(start + batch_size, len(X))), lam)
            path.append(w)
    return np.array(path)


@mistake("takes all gradients of an epoch at its first weights", hint="at the current w")
def stale(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        begin = w
        for idx in batches(len(X), batch_size, rng):
            w = w - step * estimate(begin, X, y, idx, lam)
            path.append(w)
    return np.array(path)


@mistake("forgets the ridge", hint="the ridge")
def no_ridge(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            w = w - step * estimate(w, X, y, idx, 0.0)
            path.append(w)
    return np.array(path)


@mistake("does not scale the batches", hint="scaled by N / B")
def unscaled(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            w = w - step * (X[idx].T @ (expit(X[idx] @ w) - y[idx]) + lam * w)
            path.append(w)
    return np.array(path)


@mistake("scales the last batch as if it were full", hint="ragged last one too")
def nominal_size(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            g = len(X) / min(batch_size, len(X)) * X[idx].T @ (expit(X[idx] @ w) - y[idx])
            w = w - step * (g + lam * w)
            path.append(w)
    return np.array(path)


@mistake("drops the last, smaller batch", hint="ceil(N / batch_size)")
def drops_last(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            if len(idx) == batch_size:
                w = w - step * estimate(w, X, y, idx, lam)
                path.append(w)
    return np.array(path)


@mistake("walks uphill", hint="check the sign")
def ascent(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            w = w + step * estimate(w, X, y, idx, lam)
            path.append(w)
    return np.array(path)


@mistake("stores the same array in every row", hint="row 0 being the start")
def aliased(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            w -= step * estimate(w, X, y, idx, lam)
            path.append(w)
    return np.array(path)


@mistake("runs one epoch only", hint="num_epochs")
def one_epoch(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for idx in batches(len(X), batch_size, rng):
        w = w - step * estimate(w, X, y, idx, lam)
        path.append(w)
    return np.array(path)


@mistake("leaves the start out", hint="row 0 being the start")
def no_start(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = []
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            w = w - step * estimate(w, X, y, idx, lam)
            path.append(w)
    return np.array(path)


@mistake("draws every batch with replacement", hint="each exactly once")
def with_replacement(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        for start in range(0, len(X), batch_size):
            idx = rng.choice(len(X), min(batch_size, len(X) - start), replace=True)
            w = w - step * estimate(w, X, y, idx, lam)
            path.append(w)
    return np.array(path)


@mistake("deals the same batches in every epoch, in another order", hint="not the same batches again")
def same_batches(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    path, dealt = [np.array(w0, dtype=float)], batches(len(X), batch_size, rng)
    for _ in range(num_epochs):
        full = len(X) // batch_size
        for k in [*rng.permutation(full), *range(full, len(dealt))]:
            path.append(path[-1] - step * estimate(path[-1], X, y, dealt[k], lam))
    return np.array(path)


@mistake("takes its random numbers from elsewhere", hint="from nothing else")
def other_randomness(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    path, own = [np.array(w0, dtype=float)], np.random.default_rng()
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, own):
            path.append(path[-1] - step * estimate(path[-1], X, y, idx, lam))
    return np.array(path)


@mistake("keeps the path in the type of the start", hint="a start of integers")
def type_of_the_start(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    path = np.empty((num_epochs * -(-len(X) // batch_size) + 1, len(w0)), dtype=np.asarray(w0).dtype)
    path[0], t = w0, 0
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            path[t + 1] = path[t] - step * estimate(path[t], X, y, idx, lam)
            t += 1
    return path


@alternative
def preallocated(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    per_epoch = -(-len(X) // batch_size)
    path = np.zeros((num_epochs * per_epoch + 1, len(w0)))
    path[0] = w0
    t = 0
    for _ in range(num_epochs):
        order = np.argsort(rng.random(len(X)))
        for k in range(per_epoch):
            idx = order[k * batch_size : (k + 1) * batch_size]
            path[t + 1] = path[t] - step * estimate(path[t], X, y, idx, lam)
            t += 1
    return path


@alternative
def by_loop(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    w = [float(v) for v in w0]
    path = [list(w)]
    for _ in range(num_epochs):
        for idx in batches(len(X), batch_size, rng):
            g = [lam * v for v in w]
            for n in idx:
                residual = expit(sum(a * b for a, b in zip(X[n], w, strict=True))) - y[n]
                g = [a + len(X) / len(idx) * residual * x for a, x in zip(g, X[n], strict=True)]
            w = [a - step * b for a, b in zip(w, g, strict=True)]
            path.append(list(w))
    return path
