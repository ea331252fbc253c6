"""What goes wrong, and what else is right, in `gradient_error`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def central(f, w, eps):
    w = np.array(w, dtype=float)
    return np.array([(f(w + eps * e) - f(w - eps * e)) / (2 * eps) for e in np.eye(len(w))])


def relative(g, d):
    scale = np.linalg.norm(g) + np.linalg.norm(d)
    return float(np.linalg.norm(g - d) / scale) if scale > 0 else 0.0


@mistake("takes forward differences", hint="central differences")
def forward(f, grad, w, eps=1e-6):
    w = np.array(w, dtype=float)
    return relative(grad(w), np.array([(f(w + eps * e) - f(w)) / eps for e in np.eye(len(w))]))


@mistake("takes backward differences", hint="central differences")
def backward(f, grad, w, eps=1e-6):
    w = np.array(w, dtype=float)
    return relative(grad(w), np.array([(f(w) - f(w - eps * e)) / eps for e in np.eye(len(w))]))


@mistake("divides the central difference by eps instead of 2 eps", hint="(2 eps)")
def divides_by_eps(f, grad, w, eps=1e-6):
    return relative(grad(w), 2 * central(f, w, eps))


@mistake("moves all coordinates at once", hint="one coordinate at a time")
def moves_all(f, grad, w, eps=1e-6):
    difference = (f(w + eps) - f(w - eps)) / (2 * eps)
    return relative(grad(w), np.full(len(w), difference))


@mistake("does not move a coordinate back before the next one", hint="one coordinate at a time")
def steps_pile_up(f, grad, w, eps=1e-6):
    d, g = np.zeros(len(w)), grad(w)
    plus, minus = np.array(w, dtype=float), np.array(w, dtype=float)
    for i in range(len(w)):
        plus[i] += eps
        minus[i] -= eps
        d[i] = (f(plus) - f(minus)) / (2 * eps)
    return relative(g, d)


@mistake("perturbs w in place and does not restore it exactly", hint="changed its input")
def in_place(f, grad, w, eps=1e-6):
    d, g = np.zeros(len(w)), grad(w)
    for i in range(len(w)):
        w[i] += eps
        up = f(w)
        w[i] -= 2 * eps
        d[i] = (up - f(w)) / (2 * eps)
        w[i] += eps
    return relative(g, d)


@mistake("has two names for one array, so that both evaluations are at the same point", hint="central differences")
def aliased(f, grad, w, eps=1e-6):
    w = np.array(w, dtype=float)
    d, g = np.zeros(len(w)), grad(w)
    for i in range(len(w)):
        plus, minus = w, w
        plus[i] += eps
        minus[i] -= eps
        d[i] = (f(plus) - f(minus)) / (2 * eps)
    return relative(g, d)


@mistake("keeps an integer w, on which eps is lost", hint="central differences")
def integer_copy(f, grad, w, eps=1e-6):
    d = np.zeros(len(w))
    for i in range(len(w)):
        plus, minus = w.copy(), w.copy()
        plus[i] += eps
        minus[i] -= eps
        d[i] = (f(plus) - f(minus)) / (2 * eps)
    return relative(grad(w), d)


@mistake("does not divide by the size of the gradients", hint="other units")
def absolute(f, grad, w, eps=1e-6):
    return float(np.linalg.norm(grad(w) - central(f, w, eps)))


@mistake("does not divide by the size of the gradients, and keeps the largest error", hint="other units")
def absolute_maximum(f, grad, w, eps=1e-6):
    return float(np.max(np.abs(grad(w) - central(f, w, eps))))


@mistake("does not divide by less than one", hint="other units")
def scale_at_least_one(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    return float(np.linalg.norm(g - d) / max(1.0, np.linalg.norm(g) + np.linalg.norm(d)))


@mistake("adds the differences up with their signs", hint="Errors that make up")
def signed_sum(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    scale = np.sum(np.abs(g) + np.abs(d))
    return float(abs(np.sum(g - d)) / scale) if scale > 0 else 0.0


@mistake("takes the largest difference without its absolute value", hint="maximum without abs")
def signed_maximum(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    scale = np.max(np.abs(g)) + np.max(np.abs(d))
    return max(0.0, float(np.max(g - d) / scale)) if scale > 0 else 0.0


@mistake("compares only the lengths of the two gradients", hint="Every coordinate counts")
def compares_norms(f, grad, w, eps=1e-6):
    g, d = np.linalg.norm(grad(w)), np.linalg.norm(central(f, w, eps))
    return float(abs(g - d) / (g + d)) if g + d > 0 else 0.0


@mistake("compares only the directions of the two gradients", hint="Every coordinate counts")
def cosine(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    norms = np.linalg.norm(g) * np.linalg.norm(d)
    return float(1 - g @ d / norms) if norms > 0 else 0.0


@mistake("compares the first coordinate only", hint="Every coordinate counts")
def first_coordinate(f, grad, w, eps=1e-6):
    return relative(np.asarray(grad(w))[:1], central(f, w, eps)[:1])


@mistake("leaves out the last coordinate", hint="Every coordinate counts")
def all_but_the_last(f, grad, w, eps=1e-6):
    if len(w) == 1:
        return 0.0
    return relative(np.asarray(grad(w))[:-1], central(f, w, eps)[:-1])


@mistake("compares the first half of many coordinates", hint="Every coordinate counts")
def first_half(f, grad, w, eps=1e-6):
    some = slice(None) if len(w) < 10 else slice(len(w) // 2)
    return relative(np.asarray(grad(w))[some], central(f, w, eps)[some])


@mistake("takes the median of the errors", hint="Every coordinate counts")
def median(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    scale = np.median(np.abs(g) + np.abs(d))
    return float(np.median(np.abs(g - d)) / scale) if scale > 0 else 0.0


@mistake("compares the slopes along one direction only", hint="Errors that make up")
def one_direction(f, grad, w, eps=1e-6):
    w = np.array(w, dtype=float)
    slope, d = np.sum(grad(w)), (f(w + eps) - f(w - eps)) / (2 * eps)
    return float(abs(slope - d) / (abs(slope) + abs(d))) if abs(slope) + abs(d) > 0 else 0.0


@mistake("divides zero by zero", hint="nothing to divide by")
def zero_by_zero(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    return float(np.linalg.norm(g - d) / (np.linalg.norm(g) + np.linalg.norm(d)))


@mistake("divides zero by zero in coordinates that do not matter", hint="nothing to divide by")
def zero_by_zero_in_places(f, grad, w, eps=1e-6):
    g, d = np.asarray(grad(w)), central(f, w, eps)
    if not np.any(g) and not np.any(d):
        return 0.0
    return float(np.max(np.abs(g - d) / (np.abs(g) + np.abs(d))))


@mistake("ignores eps", hint="eps is used")
def own_step(f, grad, w, eps=1e-6):
    return relative(grad(w), central(f, w, 1e-6))


@mistake("says whether the gradient is right instead of how wrong it is", hint="Every coordinate counts")
def verdict(f, grad, w, eps=1e-6):
    return float(np.allclose(grad(w), central(f, w, eps), rtol=1e-5, atol=0.0))


@mistake("returns one error per coordinate", hint="central differences")
def per_coordinate(f, grad, w, eps=1e-6):
    g, d = np.asarray(grad(w)), central(f, w, eps)
    return np.abs(g - d) / np.maximum(np.abs(g) + np.abs(d), 1e-300)


@mistake("tries a sample of the coordinates", hint="were never moved")
def sample_of_coordinates(f, grad, w, eps=1e-6):
    w, g, worst = np.array(w, dtype=float), grad(w), 0.0
    for i in np.random.default_rng(0).choice(len(w), size=min(50, len(w)), replace=False):
        step = np.zeros(len(w))
        step[i] = eps
        d = (f(w + step) - f(w - step)) / (2 * eps)
        if g[i] != d:
            worst = max(worst, abs(g[i] - d) / (abs(g[i]) + abs(d)))
    return worst


@mistake("compares slopes along some random directions", hint="were never moved")
def random_directions(f, grad, w, eps=1e-6):
    w, g, rng, worst = np.array(w, dtype=float), grad(w), np.random.default_rng(), 0.0
    for _ in range(20):
        u = rng.normal(size=len(w))
        d = (f(w + eps * u) - f(w - eps * u)) / (2 * eps)
        if g @ u != d:
            worst = max(worst, abs(g @ u - d) / (abs(g @ u) + abs(d)))
    return worst


@mistake("averages the relative errors of the coordinates", hint="one of a hundred")
def mean_of_errors(f, grad, w, eps=1e-6):
    g, d = np.asarray(grad(w)), central(f, w, eps)
    return float(np.mean(np.abs(g - d) / np.maximum(np.abs(g) + np.abs(d), 1e-300)))


@mistake("divides the sum of the errors by the sum of all entries", hint="one of a hundred")
def sum_over_sum(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    return float(np.sum(np.abs(g - d)) / max(np.sum(np.abs(g) + np.abs(d)), 1e-300))


@mistake("compares mean squares without taking the root", hint="one of a hundred")
def no_root(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    return float(np.mean((g - d) ** 2) / max(np.mean(g**2) + np.mean(d**2), 1e-300))


@mistake("finds no error where all differences are zero", hint="only one of the two is zero")
def right_where_flat(f, grad, w, eps=1e-6):
    d = central(f, w, eps)
    return relative(grad(w), d) if d.any() else 0.0


@mistake("leaves out coordinates with a difference of zero", hint="only one of the two is zero")
def moving_coordinates_only(f, grad, w, eps=1e-6):
    d, g = central(f, w, eps), np.asarray(grad(w), dtype=float)
    if not d.any():
        return relative(g, d)
    return relative(g[d != 0], d[d != 0])


@alternative
def relative_to_the_larger(f, grad, w, eps=1e-6):
    g, d = np.asarray(grad(w)), central(f, w, eps)
    return np.linalg.norm(g - d) / max(np.linalg.norm(g), np.linalg.norm(d), np.finfo(float).tiny)


@alternative
def largest_entry(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    scale = max(np.max(np.abs(g)), np.max(np.abs(d)))
    return np.max(np.abs(g - d)) / scale if scale else 0.0


@alternative
def worst_coordinate(f, grad, w, eps=1e-6):
    w = [float(x) for x in w]
    worst = 0.0
    for i, g in enumerate(grad(np.array(w))):
        up, down = np.array(w), np.array(w)
        up[i] += eps
        down[i] -= eps
        d = (f(up) - f(down)) / (2 * eps)
        if g != d:
            worst = max(worst, abs(g - d) / (abs(g) + abs(d)))
    return worst


@alternative
def restored_in_place(f, grad, w, eps=1e-6):
    w = np.array(w, dtype=float)
    g, d = np.asarray(grad(w), dtype=float), np.zeros(len(w))
    for i in range(len(w)):
        old = w[i]
        w[i] = old + eps
        up = f(w)
        w[i] = old - eps
        d[i] = (up - f(w)) / (2 * eps)
        w[i] = old
    return relative(g, d)


@alternative
def with_a_tiny_floor(f, grad, w, eps=1e-6):
    g, d = grad(w), central(f, w, eps)
    return float(np.max(np.abs(g - d)) / (np.max(np.abs(g) + np.abs(d)) + 1e-12))


@alternative
def steps_that_grow_with_w(f, grad, w, eps=1e-6):
    w = np.array(w, dtype=float)
    h = eps * np.maximum(1.0, np.abs(w))
    return relative(grad(w), np.array([(f(w + s) - f(w - s)) / (2 * s.sum()) for s in np.diag(h)]))
