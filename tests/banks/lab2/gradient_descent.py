import numpy as np

from autograder.judge.bank import alternative, mistake


@mistake("walks uphill", hint="ascent")
def ascent(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        path.append(path[-1] + step * grad(path[-1]))
    return np.array(path)


@mistake("stores the same array in every row", hint="store copies")
def aliased(grad, w0, step, num_steps):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_steps):
        w -= step * grad(w)
        path.append(w)
    return np.array(path)


@mistake("leaves the start out", hint="T + 1 rows")
def no_start(grad, w0, step, num_steps):
    w = np.array(w0, dtype=float)
    path = []
    for _ in range(num_steps):
        w = w - step * grad(w)
        path.append(w)
    return np.array(path).reshape(-1, len(w))


@mistake("stops one step early", hint="T + 1 rows")
def one_short(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(1, num_steps):
        path.append(path[-1] - step * grad(path[-1]))
    return np.array(path)


@mistake("takes every gradient at the start", hint="at the current w")
def stale(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        path.append(path[-1] - step * grad(path[0]))
    return np.array(path)


@mistake("computes a gradient too many", hint="exactly T gradients")
def one_gradient_more(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    g = grad(path[0])
    for _ in range(num_steps):
        path.append(path[-1] - step * g)
        g = grad(path[-1])
    return np.array(path)


@mistake("computes each gradient twice", hint="exactly T gradients")
def twice(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        if np.linalg.norm(grad(path[-1])) >= 0:
            path.append(path[-1] - step * grad(path[-1]))
    return np.array(path)


@mistake("normalises the gradient", hint="the step as it is")
def normalised(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        g = grad(path[-1])
        path.append(path[-1] - step * g / np.linalg.norm(g))
    return np.array(path)


@mistake("lets the step decay", hint="decayed")
def decaying(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for t in range(num_steps):
        path.append(path[-1] - step / (t + 1) * grad(path[-1]))
    return np.array(path)


@mistake("changes the start", hint="Work on a copy")
def changes_start(grad, w0, step, num_steps):
    path = [w0.copy()]
    for _ in range(num_steps):
        w0 -= step * grad(w0)
        path.append(w0.copy())
    return np.array(path)


@mistake("returns only the last weights", hint="T + 1 rows")
def last_only(grad, w0, step, num_steps):
    w = np.array(w0, dtype=float)
    for _ in range(num_steps):
        w = w - step * grad(w)
    return w


@mistake("ends where the gradient vanishes", hint="go on where a gradient is 0")
def ends_early(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        g = grad(path[-1])
        if np.linalg.norm(g) < 1e-10:
            break
        path.append(path[-1] - step * g)
    return np.array(path)


@mistake("keeps the path in the type of the start", hint="from a start of integers")
def type_of_the_start(grad, w0, step, num_steps):
    path = np.empty((num_steps + 1, len(w0)), dtype=w0.dtype)
    path[0] = w0
    for t in range(num_steps):
        path[t + 1] = path[t] - step * grad(path[t])
    return path


@mistake("cuts long gradients down", hint="in its full length")
def clipped(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        g = np.asarray(grad(path[-1]))
        path.append(path[-1] - step * g * min(1.0, 100.0 / max(np.linalg.norm(g), 1e-300)))
    return np.array(path)


@mistake("stops where the gradient is small", hint="all steps are taken")
def stops_early(grad, w0, step, num_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        g = np.asarray(grad(path[-1]))
        path.append(path[-1] - step * g if np.linalg.norm(g) > 1e-10 else path[-1])
    return np.array(path)


@alternative
def preallocated(grad, w0, step, num_steps):
    path = np.empty((num_steps + 1, len(w0)))
    path[0] = w0
    for t in range(num_steps):
        path[t + 1] = path[t] - step * grad(path[t])
    return path


@alternative
def list_of_copies(grad, w0, step, num_steps):
    w = np.array(w0, dtype=float)
    path = [w.copy()]
    for _ in range(num_steps):
        w -= step * grad(w)
        path.append(w.copy())
    return path


@alternative
def recursive(grad, w0, step, num_steps):
    if num_steps == 0:
        return np.array(w0, dtype=float)[None]
    before = recursive(grad, w0, step, num_steps - 1)
    return np.vstack([before, before[-1] - step * grad(before[-1])])
