import numpy as np

from autograder.judge.bank import alternative, mistake

REMEMBERED = {}


@mistake("puts eps under the root", hint="not under it")
def eps_under_root(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        G = G + g**2
        w = w - step * g / np.sqrt(G + eps)
        path.append(w)
    return np.array(path)


@mistake("leaves eps out", hint="0 / 0")
def no_eps(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        G = G + g**2
        w = w - step * g / np.sqrt(G)
        path.append(w)
    return np.array(path)


@mistake("forgets the root", hint="sqrt(G)")
def no_root(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        G = G + g**2
        w = w - step * g / (G + eps)
        path.append(w)
    return np.array(path)


@mistake("sums one number for all coordinates", hint="coordinate by coordinate")
def one_sum(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], 0.0
    for _ in range(num_steps):
        g = grad(w)
        G = G + g @ g
        w = w - step * g / (np.sqrt(G) + eps)
        path.append(w)
    return np.array(path)


@mistake("averages the squares instead of summing them", hint="a sum that only grows")
def average(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], np.zeros_like(w)
    for t in range(num_steps):
        g = grad(w)
        G = G + g**2
        w = w - step * g / (np.sqrt(G / (t + 1)) + eps)
        path.append(w)
    return np.array(path)


@mistake("keeps the sum from call to call", hint="begins with G = 0")
def shared_sum(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], REMEMBERED.get(len(w), np.zeros_like(w))
    for _ in range(num_steps):
        g = grad(w)
        G = G + g**2
        w = w - step * g / (np.sqrt(G) + eps)
        path.append(w)
    REMEMBERED[len(w)] = G
    return np.array(path)


@mistake("divides by the sum of the steps before", hint="G <- G + g^2")
def old_sum(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        w = w - step * g / (np.sqrt(G) + eps)
        G = G + g**2
        path.append(w)
    return np.array(path)


@mistake("sums the gradients, not their squares", hint="g^2")
def sum_of_gradients(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        G = G + np.abs(g)
        w = w - step * g / (np.sqrt(G) + eps)
        path.append(w)
    return np.array(path)


@mistake("stores the same array in every row", hint="a copy of w0")
def aliased(grad, w0, step, num_steps, eps=1e-10):
    w = np.array(w0, dtype=float)
    path, G = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        G += g**2
        w -= step * g / (np.sqrt(G) + eps)
        path.append(w)
    return np.array(path)


@mistake("ends where the gradient vanishes", hint="go on where a gradient is 0")
def ends_early(grad, w0, step, num_steps, eps=1e-10):
    path = [np.array(w0, dtype=float)]
    total = np.zeros(len(w0))
    for _ in range(num_steps):
        g = np.asarray(grad(path[-1]))
        if np.linalg.norm(g) < 1e-10:
            break
        total = total + g**2
        path.append(path[-1] - step * g / (np.sqrt(total) + eps))
    return np.array(path)


@mistake("asks for one gradient more than there are steps", hint="T steps ask for T gradients, no more")
def one_gradient_more(grad, w0, step, num_steps, eps=1e-10):
    path, g = [np.array(w0, dtype=float)], np.asarray(grad(w0))
    total = np.zeros(len(w0))
    for _ in range(num_steps):
        total = total + g**2
        path.append(path[-1] - step * g / (np.sqrt(total) + eps))
        g = np.asarray(grad(path[-1]))
    return np.array(path)


@mistake("keeps the path in the type of the start", hint="from a start of integers")
def type_of_the_start(grad, w0, step, num_steps, eps=1e-10):
    path = np.empty((num_steps + 1, len(w0)), dtype=np.asarray(w0).dtype)
    path[0] = w0
    total = np.zeros(len(w0))
    for t in range(num_steps):
        g = np.asarray(grad(path[t]))
        total = total + g**2
        path[t + 1] = path[t] - step * g / (np.sqrt(total) + eps)
    return path


@alternative
def preallocated(grad, w0, step, num_steps, eps=1e-10):
    path = np.zeros((num_steps + 1, len(w0)))
    path[0], total = w0, 0
    for t in range(num_steps):
        g = grad(path[t])
        total = total + np.square(g)
        path[t + 1] = path[t] - step / (total**0.5 + eps) * g
    return path


@alternative
def all_gradients(grad, w0, step, num_steps, eps=1e-10):
    w, seen = np.array(w0, dtype=float), []
    path = [w]
    for _ in range(num_steps):
        seen.append(np.array(grad(w)))
        w = w - step * seen[-1] / (np.linalg.norm(seen, axis=0) + eps)
        path.append(w)
    return path
