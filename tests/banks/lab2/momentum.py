import numpy as np

from autograder.judge.bank import alternative, mistake

REMEMBERED = {}


@mistake("averages the gradients (a factor 1 - beta)", hint="no factor (1 - beta)")
def dampened(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for _ in range(num_steps):
        v = beta * v + (1 - beta) * grad(w)
        w = w - step * v
        path.append(w)
    return np.array(path)


@mistake("looks ahead (Nesterov)", hint="Nesterov")
def nesterov(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        v = beta * v + g
        w = w - step * (g + beta * v)
        path.append(w)
    return np.array(path)


@mistake("moves with the old velocity", hint="the new v")
def old_velocity(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        w = w - step * v
        v = beta * v + g
        path.append(w)
    return np.array(path)


@mistake("forgets the velocity after each step", hint="velocity is the sum")
def no_memory(grad, w0, step, num_steps, beta=0.9):
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        path.append(path[-1] - step * grad(path[-1]))
    return np.array(path)


@mistake("keeps the velocity from call to call", hint="velocity of zeros")
def shared_velocity(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    v = REMEMBERED.get(len(w), np.zeros_like(w))
    path = [w]
    for _ in range(num_steps):
        v = beta * v + grad(w)
        w = w - step * v
        path.append(w)
    REMEMBERED[len(w)] = v
    return np.array(path)


@mistake("multiplies the gradient by beta too", hint="v <- beta v + grad(w)")
def beta_on_both(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for _ in range(num_steps):
        v = beta * (v + grad(w))
        w = w - step * v
        path.append(w)
    return np.array(path)


@mistake("walks uphill", hint="w <- w - step v")
def ascent(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for _ in range(num_steps):
        v = beta * v + grad(w)
        w = w + step * v
        path.append(w)
    return np.array(path)


@mistake("stores the same array in every row", hint="a copy of w0")
def aliased(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for _ in range(num_steps):
        v = beta * v + grad(w)
        w -= step * v
        path.append(w)
    return np.array(path)


@mistake("applies the step twice", hint="plain gradient step")
def step_twice(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for _ in range(num_steps):
        v = beta * v + step * grad(w)
        w = w - step * v
        path.append(w)
    return np.array(path)


@mistake("ends where the gradient vanishes", hint="go on where a gradient is 0")
def ends_early(grad, w0, step, num_steps, beta=0.9):
    path = [np.array(w0, dtype=float)]
    total = np.zeros(len(w0))
    for _ in range(num_steps):
        g = np.asarray(grad(path[-1]))
        if np.linalg.norm(g) < 1e-10:
            break
        total = beta * total + g
        path.append(path[-1] - step * total)
    return np.array(path)


@mistake("asks for one gradient more than there are steps", hint="T steps ask for T gradients, no more")
def one_gradient_more(grad, w0, step, num_steps, beta=0.9):
    path, g = [np.array(w0, dtype=float)], np.asarray(grad(w0))
    total = np.zeros(len(w0))
    for _ in range(num_steps):
        total = beta * total + g
        path.append(path[-1] - step * total)
        g = np.asarray(grad(path[-1]))
    return np.array(path)


@mistake("keeps the path in the type of the start", hint="from a start of integers")
def type_of_the_start(grad, w0, step, num_steps, beta=0.9):
    path = np.empty((num_steps + 1, len(w0)), dtype=np.asarray(w0).dtype)
    path[0] = w0
    total = np.zeros(len(w0))
    for t in range(num_steps):
        g = np.asarray(grad(path[t]))
        total = beta * total + g
        path[t + 1] = path[t] - step * total
    return path


@mistake("stands still where the gradient is zero", hint="coasts where the slope ends")
def stands_still(grad, w0, step, num_steps, beta=0.9):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = np.asarray(grad(w))
        if g.any():
            v = beta * v + g
            w = w - step * v
        path.append(w)
    return np.array(path)


@alternative
def heavy_ball(grad, w0, step, num_steps, beta=0.9):
    path = [np.array(w0, dtype=float)]
    previous = path[0]
    for _ in range(num_steps):
        w = path[-1]
        path.append(w - step * grad(w) + beta * (w - previous))
        previous = w
    return np.array(path)


@alternative
def step_inside(grad, w0, step, num_steps, beta=0.9):
    path = np.zeros((num_steps + 1, len(w0)))
    path[0] = w0
    velocity = 0
    for t in range(num_steps):
        velocity = beta * velocity - step * np.asarray(grad(path[t]))
        path[t + 1] = path[t] + velocity
    return path


@alternative
def by_sums(grad, w0, step, num_steps, beta=0.9):
    w, gradients = np.array(w0, dtype=float), []
    path = [w.tolist()]
    for _ in range(num_steps):
        gradients.append(grad(w))
        w = w - step * sum(beta**k * g for k, g in enumerate(reversed(gradients)))
        path.append(w.tolist())
    return path
