import numpy as np

from autograder.judge.bank import alternative, mistake

MANY = range(150)


def require_descent(slope):
    if slope >= 0:
        raise ValueError("not a descent direction")


@mistake("is content with any decrease", hint="All of alpha, c and rho count")
def any_decrease(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    require_descent(g @ direction)
    start = f(w)
    for _ in MANY:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value < start:
            break
        alpha *= rho
    return alpha


@mistake("forgets the step on the right-hand side", hint="stands on both sides")
def no_alpha(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    for _ in MANY:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * slope:
            break
        alpha *= rho
    return alpha


@mistake("uses the squared gradient for the slope", hint="whatever the direction")
def squared_gradient(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    require_descent(g @ direction)
    start = f(w)
    for _ in MANY:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start - c * alpha * (g @ g):
            break
        alpha *= rho
    return alpha


@mistake("has the sign of the slope wrong", hint="negative number")
def wrong_sign(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    for _ in MANY:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start - c * alpha * slope:
            break
        alpha *= rho
    return alpha


@mistake("refuses equality", hint="at equality the step is accepted")
def strict(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    for _ in MANY:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value < start + c * alpha * slope:
            break
        alpha *= rho
    return alpha


@mistake("accepts a loss of nan", hint="nan > x is False")
def accepts_nan(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    while f(w + alpha * direction) > start + c * alpha * slope:
        alpha *= rho
    return alpha


@mistake("accepts a loss of minus infinity", hint="-inf")
def accepts_minus_infinity(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    while not f(w + alpha * direction) <= start + c * alpha * slope:
        alpha *= rho
    return alpha


@mistake("does not look at the direction", hint="not lead downhill")
def any_direction(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope, start = g @ direction, f(w)
    for _ in range(40):
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * alpha * slope:
            break
        alpha *= rho
    return alpha


@mistake("lets a level direction pass", hint="g'd >= 0")
def level_passes(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope, start = g @ direction, f(w)
    if slope > 0:
        raise ValueError("uphill")
    for _ in range(40):
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * alpha * slope:
            break
        alpha *= rho
    return alpha


@mistake("shrinks before the first trial", hint="first of alpha")
def shrinks_first(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    for _ in MANY:
        alpha *= rho
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * alpha * slope:
            break
    return alpha


@mistake("always halves", hint="rho")
def always_halves(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    for _ in MANY:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * alpha * slope:
            break
        alpha /= 2
    return alpha


@mistake("always begins with 1", hint="first of alpha")
def begins_with_one(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start, alpha = f(w), 1.0
    for _ in MANY:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * alpha * slope:
            break
        alpha *= rho
    return alpha


@mistake("searches along minus the gradient", hint="whatever the direction")
def along_gradient(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    require_descent(g @ direction)
    start = f(w)
    for _ in MANY:
        value = f(w - alpha * g)
        if np.isfinite(value) and value <= start - c * alpha * (g @ g):
            break
        alpha *= rho
    return alpha


@mistake("gives up after ten trials", hint="counts as a failure")
def gives_up(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    for _ in range(10):
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * alpha * slope:
            break
        alpha *= rho
    return alpha


@mistake("returns the number of trials", hint="first of alpha")
def counts(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = g @ direction
    require_descent(slope)
    start = f(w)
    for k in MANY:
        value = f(w + alpha * rho**k * direction)
        if np.isfinite(value) and value <= start + c * alpha * rho**k * slope:
            return k


def descends(f, w, step, direction, start, promised):
    value = f(w + step * direction)
    return np.isfinite(value) and value <= start + promised


@mistake("gives up after forty trials", hint="go on until a step will do")
def forty_trials(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope, start = g @ direction, f(w)
    if not (-np.inf < slope < 0 and np.isfinite(start)):
        raise ValueError("not downhill")
    for _ in range(40):
        if descends(f, w, alpha, direction, start, c * alpha * slope):
            break
        alpha *= rho
    return alpha


@mistake("does not look whether the loss at the start is finite", hint="where f(w) is inf or nan")
def starts_anywhere(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope, start = g @ direction, f(w)
    if not -np.inf < slope < 0:
        raise ValueError("not downhill")
    while not descends(f, w, alpha, direction, start, c * alpha * slope):
        alpha *= rho
    return alpha


@mistake("goes to the new point in the caller's array, and back", hint="changed its input")
def there_and_back(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope, start = g @ direction, f(w)
    if not (-np.inf < slope < 0 and np.isfinite(start)):
        raise ValueError("not downhill")
    w = np.asarray(w, dtype=float)
    while True:
        w += alpha * direction
        value = f(w)
        w -= alpha * direction
        if np.isfinite(value) and value <= start + c * alpha * slope:
            return alpha
        alpha *= rho


@mistake("allows for a rounding error of fixed size", hint="to the last digit")
def slack(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope, start = g @ direction, f(w)
    if not (-np.inf < slope < 0 and np.isfinite(start)):
        raise ValueError("not downhill")
    while not descends(f, w, alpha, direction, start, c * alpha * slope + 1e-12):
        alpha *= rho
    return alpha


@mistake("tries longer steps where the first one will do", hint="even where a longer one would do")
def grows(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope, start = g @ direction, f(w)
    if not (-np.inf < slope < 0 and np.isfinite(start)):
        raise ValueError("not downhill")
    if descends(f, w, alpha, direction, start, c * alpha * slope):
        while descends(f, w, alpha / rho, direction, start, c * alpha / rho * slope):
            alpha /= rho
        return alpha
    while not descends(f, w, alpha, direction, start, c * alpha * slope):
        alpha *= rho
    return alpha


@mistake("allows a little more than Armijo does, for rounding", hint="No slack")
def with_slack(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope, start = g @ direction, f(w)
    require_descent(slope)
    if not np.isfinite(start):
        raise ValueError("no finite start")
    while True:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * alpha * slope + 1e-12 * abs(start):
            return alpha
        alpha *= rho


@alternative
def by_powers(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = float(np.dot(g, direction))
    if slope >= 0:
        raise ValueError("direction does not descend")
    start, k = f(w), 0
    if not np.isfinite(start + slope):
        raise ValueError("nowhere to begin")
    while True:
        step = alpha * rho**k
        value = f(np.asarray(w) + step * np.asarray(direction))
        if np.isfinite(value) and value - start <= c * step * slope:
            return step
        k += 1


@alternative
def recursive(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    start = f(w)
    if not (-np.inf < np.inner(g, direction) < 0.0 and np.isfinite(start)):
        raise ValueError("uphill, level or lost")
    value = f(w + alpha * direction)
    if np.isfinite(value) and value <= start + c * alpha * np.inner(g, direction):
        return alpha
    return recursive(f, g, w, direction, alpha * rho, c, rho)


@alternative
def with_a_cap(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    slope = sum(a * b for a, b in zip(g, direction, strict=True))
    if not slope < 0:
        raise ValueError(f"slope {slope}")
    f0 = f(w)
    if not abs(f0 + slope) < np.inf:
        raise ValueError(f"f(w) is {f0}")
    for _ in range(60):
        f1 = f(w + alpha * direction)
        if abs(f1) < np.inf and f1 <= f0 + c * alpha * slope:
            return float(alpha)
        alpha = alpha * rho
    return float(alpha)
