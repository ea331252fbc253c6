import numpy as np

from autograder.judge.bank import alternative, mistake

REMEMBERED = {}


@mistake("puts eps under the root", hint="not under it")
def eps_under_root(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        V = beta * V + (1 - beta) * g**2
        w = w - step * g / np.sqrt(V + eps)
        path.append(w)
    return np.array(path)


@mistake("leaves eps out", hint="0 where g is 0")
def no_eps(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        V = beta * V + (1 - beta) * g**2
        w = w - step * g / np.sqrt(V)
        path.append(w)
    return np.array(path)


@mistake("corrects the average for its start at zero, as Adam does", hint="without correction")
def corrected(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V = [w], np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        V = beta * V + (1 - beta) * g**2
        w = w - step * g / (np.sqrt(V / (1 - beta**t)) + eps)
        path.append(w)
    return np.array(path)


@mistake("forgets the factor 1 - beta", hint="(1 - beta) g^2")
def no_average(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        V = beta * V + g**2
        w = w - step * g / (np.sqrt(V) + eps)
        path.append(w)
    return np.array(path)


@mistake("swaps the weights of old and new", hint="beta V + (1 - beta) g^2")
def swapped(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        V = (1 - beta) * V + beta * g**2
        w = w - step * g / (np.sqrt(V) + eps)
        path.append(w)
    return np.array(path)


@mistake("forgets the root", hint="sqrt(V)")
def no_root(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        V = beta * V + (1 - beta) * g**2
        w = w - step * g / (V + eps)
        path.append(w)
    return np.array(path)


@mistake("divides by the average of the steps before", hint="the new V")
def old_average(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        w = w - step * g / (np.sqrt(V) + eps)
        V = beta * V + (1 - beta) * g**2
        path.append(w)
    return np.array(path)


@mistake("keeps the average from call to call", hint="begins with V = 0")
def shared_average(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V = [w], REMEMBERED.get(len(w), np.zeros_like(w))
    for _ in range(num_steps):
        g = grad(w)
        V = beta * V + (1 - beta) * g**2
        w = w - step * g / (np.sqrt(V) + eps)
        path.append(w)
    REMEMBERED[len(w)] = V
    return np.array(path)


@mistake("subtracts the mean of the gradients (the centred form)", hint="V <- beta V + (1 - beta) g^2")
def centred(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, V, m = [w], np.zeros_like(w), np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        V = beta * V + (1 - beta) * g**2
        m = beta * m + (1 - beta) * g
        w = w - step * g / (np.sqrt(V - m**2) + eps)
        path.append(w)
    return np.array(path)


@mistake("ends where the gradient vanishes", hint="go on where a gradient is 0")
def ends_early(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    path = [np.array(w0, dtype=float)]
    total = np.zeros(len(w0))
    for _ in range(num_steps):
        g = np.asarray(grad(path[-1]))
        if np.linalg.norm(g) < 1e-10:
            break
        total = beta * total + (1 - beta) * g**2
        path.append(path[-1] - step * g / (np.sqrt(total) + eps))
    return np.array(path)


@mistake("asks for one gradient more than there are steps", hint="T steps ask for T gradients, no more")
def one_gradient_more(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    path, g = [np.array(w0, dtype=float)], np.asarray(grad(w0))
    total = np.zeros(len(w0))
    for _ in range(num_steps):
        total = beta * total + (1 - beta) * g**2
        path.append(path[-1] - step * g / (np.sqrt(total) + eps))
        g = np.asarray(grad(path[-1]))
    return np.array(path)


@mistake("keeps the path in the type of the start", hint="from a start of integers")
def type_of_the_start(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    path = np.empty((num_steps + 1, len(w0)), dtype=np.asarray(w0).dtype)
    path[0] = w0
    total = np.zeros(len(w0))
    for t in range(num_steps):
        g = np.asarray(grad(path[t]))
        total = beta * total + (1 - beta) * g**2
        path[t + 1] = path[t] - step * g / (np.sqrt(total) + eps)
    return path


@alternative
def preallocated(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    path = np.zeros((num_steps + 1, len(w0)))
    path[0], V = w0, 0.0
    for t in range(num_steps):
        g = np.asarray(grad(path[t]))
        V = V + (1 - beta) * (g * g - V)
        path[t + 1] = path[t] - step / (V**0.5 + eps) * g
    return path


@alternative
def weighted_history(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    w, squares = np.array(w0, dtype=float), []
    path = [w]
    for _ in range(num_steps):
        g = np.array(grad(w))
        squares.append(g**2)
        weights = (1 - beta) * beta ** np.arange(len(squares))[::-1]
        w = w - step * g / (np.sqrt(weights @ np.array(squares)) + eps)
        path.append(w)
    return path
