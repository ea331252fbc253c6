"""What goes wrong, and what else is right, in `refine`."""

import numpy as np
from scipy.optimize import least_squares

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import data_terms, project, triangulate


def enough(Y, X):
    return (np.isfinite(Y).all(axis=-1).sum(axis=-1) >= 2) & np.isfinite(X).all(axis=-1)


def steps(P, Y, X0, step, rounds=60, weigh=lambda seen: seen.astype(float)):
    """X0 moved by `step(slope, curvature)` again and again, where there is something to refine."""
    X = np.array(X0, dtype=float)
    some = enough(Y, X)
    X[~some] = np.nan
    x, Y = X[some], np.asarray(Y, dtype=float)[some]
    for _ in range(rounds):
        x = x + step(*data_terms(P, Y, x, weigh(np.isfinite(Y).all(axis=-1))))
    X[some] = x
    return X


def newton(slope, curvature):
    return np.linalg.solve(curvature, slope[..., None])[..., 0]


@mistake("takes one step only", hint="Repeat until the step vanishes")
def one_step(P, Y, X0):
    return steps(P, Y, X0, newton, rounds=1)


@mistake("takes three steps", hint="Repeat until the step vanishes")
def three_steps(P, Y, X0):
    return steps(P, Y, X0, newton, rounds=3)


@mistake("goes the wrong way", hint="add the step")
def minus(P, Y, X0):
    return steps(P, Y, X0, lambda slope, curvature: -newton(slope, curvature), rounds=6)


@mistake("follows the slope without the curvature", hint="solve (J'J) step")
def slope_alone(P, Y, X0):
    return steps(P, Y, X0, lambda slope, curvature: 0.1 * slope, rounds=100)


@mistake("uses the diagonal of the curvature in few steps", hint="Repeat until")
def diagonal(P, Y, X0):
    return steps(P, Y, X0, lambda slope, H: 0.5 * slope / np.einsum("...ii->...i", H), rounds=5)


@mistake("computes the step once and repeats it", hint="where you are now")
def stale(P, Y, X0):
    first = steps(P, Y, X0, newton, rounds=1)
    return X0 + 2 * (first - X0)


@mistake("returns the start", hint="Repeat until")
def the_start(P, Y, X0):
    return np.where(enough(Y, X0)[..., None], X0, np.nan)


@mistake("returns the solution of the DLT", hint="not over the DLT's equations")
def the_dlt(P, Y, X0):
    return np.where(enough(Y, X0)[..., None], triangulate(P, Y), np.nan)


@mistake("halves every step", hint="Repeat until")
def halves(P, Y, X0):
    return steps(P, Y, X0, lambda slope, curvature: 0.5 * newton(slope, curvature), rounds=5)


@mistake("takes missing detections for pixel (0, 0)", hint="summed over the views")
def missing_is_zero(P, Y, X0):
    X = steps(P, np.nan_to_num(Y), X0, newton)
    return np.where(enough(Y, X0)[..., None], X, np.nan)


@mistake("returns a start that cannot be refined as it is", hint="is NaN")
def keeps_the_start(P, Y, X0):
    X = steps(P, Y, X0, newton)
    return np.where(enough(Y, X0)[..., None], X, X0)


@mistake("averages the points", hint="goes its own way")
def averaged(P, Y, X0):
    X = steps(P, Y, X0, newton)
    return X + 0.01 * (np.nanmean(X.reshape(-1, 3), axis=0) - X)


@mistake("changes the start in place", hint="Work on a copy")
def in_place(P, Y, X0):
    X0[...] = steps(P, Y, X0, newton)
    return X0


@mistake("uses the first two views only", hint="summed over the views")
def first_two(P, Y, X0):
    def weigh(seen):
        return (seen & (np.cumsum(seen, axis=-1) <= 2)).astype(float)

    return steps(P, Y, X0, newton, weigh=weigh)


@alternative
def undamped(P, Y, X0):
    return steps(P, Y, X0, newton, rounds=30)


@alternative
def by_scipy(P, Y, X0):
    X = np.full(np.shape(X0), np.nan)
    for place in np.ndindex(X.shape[:-1]):
        seen = np.isfinite(Y[place]).all(axis=-1)
        if seen.sum() >= 2 and np.isfinite(X0[place]).all():

            def residual(x, seen=seen, place=place):
                return (project(P, x) - Y[place])[seen].ravel()

            X[place] = least_squares(residual, X0[place], method="lm", xtol=1e-12, ftol=1e-12).x
    return X


@alternative
def levenberg_marquardt(P, Y, X0):
    def damped(slope, curvature):
        return newton(slope, curvature + 1e-3 * np.eye(3) * np.trace(curvature, axis1=-2, axis2=-1)[..., None, None])

    return steps(P, Y, X0, damped, rounds=100)
