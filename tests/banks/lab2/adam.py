import numpy as np

from autograder.judge.bank import alternative, mistake

REMEMBERED = {}


@mistake("counts t from 0", hint="t = 1, 2")
def from_zero(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(num_steps):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * (m / np.float64(1 - beta1**t)) / (np.sqrt(v / np.float64(1 - beta2**t)) + eps)
        path.append(w)
    return np.array(path)


@mistake("counts t from 2", hint="t = 1, 2")
def from_two(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * (m / (1 - beta1 ** (t + 1))) / (np.sqrt(v / (1 - beta2 ** (t + 1))) + eps)
        path.append(w)
    return np.array(path)


@mistake("corrects the average of the gradients only", hint="both are divided")
def corrects_m_only(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * (m / (1 - beta1**t)) / (np.sqrt(v) + eps)
        path.append(w)
    return np.array(path)


@mistake("corrects the average of the squares only", hint="both are divided")
def corrects_v_only(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * m / (np.sqrt(v / (1 - beta2**t)) + eps)
        path.append(w)
    return np.array(path)


@mistake("puts eps under the root", hint="Not under the root")
def eps_under_root(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t) + eps)
        path.append(w)
    return np.array(path)


@mistake("adds eps before the correction", hint="not before the correction")
def eps_uncorrected(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + eps)
        path.append(w)
    return np.array(path)


@mistake("keeps its averages from call to call", hint="begins with m = V = 0")
def shared_state(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, (m, v, t) = [w], REMEMBERED.get(len(w), (np.zeros_like(w), np.zeros_like(w), 0))
    for _ in range(num_steps):
        t += 1
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        path.append(w)
    REMEMBERED[len(w)] = (m, v, t)
    return np.array(path)


@mistake("does not correct the averages", hint="corrected by 1 - beta^t")
def uncorrected(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * m / (np.sqrt(v) + eps)
        path.append(w)
    return np.array(path)


@mistake("stores the corrected averages", hint="stay uncorrected")
def correction_stored(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
        v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
        w = w - step * m / (np.sqrt(v) + eps)
        path.append(w)
    return np.array(path)


@mistake("swaps the two betas", hint="m averages g with beta1")
def swapped(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = beta2 * m + (1 - beta2) * g
        v = beta1 * v + (1 - beta1) * g**2
        w = w - step * (m / (1 - beta2**t)) / (np.sqrt(v / (1 - beta1**t)) + eps)
        path.append(w)
    return np.array(path)


@mistake("forgets the root", hint="root of the corrected V")
def no_root(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * (m / (1 - beta1**t)) / (v / (1 - beta2**t) + eps)
        path.append(w)
    return np.array(path)


@mistake("corrects every step as if it were the first", hint="1 - beta^t")
def fixed_correction(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for _ in range(num_steps):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * (m / (1 - beta1)) / (np.sqrt(v / (1 - beta2)) + eps)
        path.append(w)
    return np.array(path)


@mistake("uses the gradient in place of its average", hint="m averages g")
def no_momentum(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, v = [w], np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * g / (np.sqrt(v / (1 - beta2**t)) + eps)
        path.append(w)
    return np.array(path)


@mistake("stores the same array in every row", hint="a copy of w0")
def aliased(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w -= step * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        path.append(w)
    return np.array(path)


@mistake("ends where the gradient vanishes", hint="go on where a gradient is 0")
def ends_early(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    path = [np.array(w0, dtype=float)]
    m, total = np.zeros(len(w0)), np.zeros(len(w0))
    for t in range(num_steps):
        g = np.asarray(grad(path[-1]))
        if np.linalg.norm(g) < 1e-10:
            break
        m, total = beta1 * m + (1 - beta1) * g, beta2 * total + (1 - beta2) * g**2
        path.append(path[-1] - step * m / (1 - beta1 ** (t + 1)) / (np.sqrt(total / (1 - beta2 ** (t + 1))) + eps))
    return np.array(path)


@mistake("asks for one gradient more than there are steps", hint="T steps ask for T gradients, no more")
def one_gradient_more(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    path, g = [np.array(w0, dtype=float)], np.asarray(grad(w0))
    m, total = np.zeros(len(w0)), np.zeros(len(w0))
    for t in range(num_steps):
        m, total = beta1 * m + (1 - beta1) * g, beta2 * total + (1 - beta2) * g**2
        path.append(path[-1] - step * m / (1 - beta1 ** (t + 1)) / (np.sqrt(total / (1 - beta2 ** (t + 1))) + eps))
        g = np.asarray(grad(path[-1]))
    return np.array(path)


@mistake("keeps the path in the type of the start", hint="from a start of integers")
def type_of_the_start(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    path = np.empty((num_steps + 1, len(w0)), dtype=np.asarray(w0).dtype)
    path[0] = w0
    m, total = np.zeros(len(w0)), np.zeros(len(w0))
    for t in range(num_steps):
        g = np.asarray(grad(path[t]))
        m, total = beta1 * m + (1 - beta1) * g, beta2 * total + (1 - beta2) * g**2
        path[t + 1] = path[t] - step * m / (1 - beta1 ** (t + 1)) / (np.sqrt(total / (1 - beta2 ** (t + 1))) + eps)
    return path


@mistake("stands still where the gradient is zero", hint="coasts where the slope ends")
def stands_still(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w = np.array(w0, dtype=float)
    path, m, v = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = np.asarray(grad(w))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - step * np.where(g == 0, 0.0, (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps))
        path.append(w)
    return np.array(path)


@alternative
def preallocated(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    path = np.zeros((num_steps + 1, len(w0)))
    path[0], m, v = w0, 0.0, 0.0
    for t in range(num_steps):
        g = np.asarray(grad(path[t]))
        m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
        denominator = np.sqrt(v) / np.sqrt(1 - beta2 ** (t + 1)) + eps
        path[t + 1] = path[t] - step / (1 - beta1 ** (t + 1)) * m / denominator
    return path


@alternative
def weighted_history(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    w, gradients = np.array(w0, dtype=float), []
    path = [w]
    for _ in range(num_steps):
        gradients.append(np.array(grad(w)))
        age = np.arange(len(gradients))[::-1]
        m = np.average(gradients, axis=0, weights=beta1**age)  # weights that sum to one are the correction
        v = np.average(np.square(gradients), axis=0, weights=beta2**age)
        w = w - step * m / (np.sqrt(v) + eps)
        path.append(w)
    return path
