"""What goes wrong, and what else is right, in `m1_map`."""

import numpy as np
from scipy.linalg import solveh_banded

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import (
    chain_bands,
    data_terms,
    fill_gaps,
    m0_map,
    outlier_posterior,
    project,
    random_walk_precision,
    ransac_triangulate,
    triangulate,
    uphill,
)


def squared_error(P, Y, X):
    error = np.sum((Y - project(P, X)) ** 2, axis=-1)
    return np.where(np.isfinite(Y).all(axis=-1), np.where(np.isnan(error), np.inf, error), 0.0)


def log_joint(P, Y, X, eta2, inner, outer, prior):
    r2 = squared_error(P, Y, X)
    bad = np.log(prior / outer) - 0.5 * r2 / outer
    good = np.log((1 - prior) / inner) - 0.5 * r2 / inner
    data = np.sum(np.logaddexp(bad, good)[np.isfinite(Y).all(axis=-1)])
    return data - 0.5 * np.sum(np.diff(X, axis=0) ** 2) / eta2


def expected_precision(p, inner, outer):
    return (1 - p) / inner + p / outer


def middle_of_the_room(P, Y):
    return np.tile(np.nanmedian(triangulate(P, Y), axis=0) + [50.0, -30.0, 40.0], (len(Y), 1))


def maximised(
    P, Y, eta2, inner, outer, prior, *, start=None, rounds=60, posterior=outlier_posterior, precision=expected_precision,
    walk=None, seen=None, damped=True, every=1, objective=log_joint, enough=0.0, size=np.abs,
):  # fmt: skip
    """Expectation maximisation, each part of which can be exchanged."""
    seen = np.isfinite(Y).all(axis=-1) if seen is None else seen
    X = fill_gaps(ransac_triangulate(P, Y, 3.0 * np.sqrt(inner))[0]) if start is None else start
    walk = random_walk_precision(len(Y), eta2) if walk is None else walk
    history = []
    for k in range(rounds):
        if k % every == 0:
            p = posterior(squared_error(P, Y, X), prior, inner, outer)
        slope, H = data_terms(P, Y, X, np.where(seen, precision(p, inner, outer), 0.0))
        goal = solveh_banded(chain_bands(H, walk), (slope + (H @ X[..., None])[..., 0]).ravel()).reshape(X.shape)
        before = X
        X = uphill(lambda X: log_joint(P, Y, X, eta2, inner, outer, prior), X, goal) if damped else goal
        history.append(objective(P, Y, X, eta2, inner, outer, prior))
        if size(X - before).max() < enough:
            break
    return X, posterior(squared_error(P, Y, X), prior, inner, outer), np.array(history)


@mistake("leaves the outliers in", hint="a detection that is probably wrong weighs little")
def plain(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(
        P,
        Y,
        eta2,
        omega2_in,
        omega2_out,
        outlier_prob,
        damped=False,
        precision=lambda p, inner, outer: 1 / inner + 0 * p,
    )


@mistake("uses one variance between the two for all detections", hint="weighs little")
def mixed_variance(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    def precision(p, inner, outer):
        return 1 / ((1 - outlier_prob) * inner + outlier_prob * outer) + 0 * p

    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, damped=False, precision=precision)


@mistake("finds the outliers once, at the start", hint="Find p anew in each iteration")
def once(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    start = middle_of_the_room(P, Y)
    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, start=start, every=10**6)


@mistake("leaves probable outliers out altogether", hint="weighed by its expected precision")
def hard(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    def precision(p, inner, outer):
        return (p < 0.5) / inner

    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, precision=precision)


@mistake("decides which detections are outliers in place of weighing them", hint="weighed by its expected precision")
def decides(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    def decided(*arguments):
        return (outlier_posterior(*arguments) > 0.5).astype(float)

    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, posterior=decided)


@mistake("gives outliers no weight at all", hint="+ p / omega2_out")
def no_outer_weight(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, precision=lambda p, inner, outer: (1 - p) / inner)


@mistake("averages the variances instead of the precisions", hint="expected precision")
def averages_variances(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    def precision(p, inner, outer):
        return 1 / ((1 - p) * inner + p * outer)

    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, precision=precision, damped=False)


@mistake("exchanges inliers and outliers in the weights", hint="weighed by its expected precision")
def exchanged(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(
        P, Y, eta2, omega2_in, omega2_out, outlier_prob,
        precision=lambda p, inner, outer: p / inner + (1 - p) / outer, damped=False,
    )  # fmt: skip


@mistake("stops after one iteration", hint="At the end the slope of the log joint is zero")
def one_iteration(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, start=middle_of_the_room(P, Y), rounds=1)


@mistake("stops after five iterations", hint="go on until nothing moves")
def five_iterations(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, rounds=5)


@mistake("stops as soon as nothing moves by more than a twentieth of a millimetre", hint="go on until nothing moves")
def stops_early(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, enough=0.05)


@mistake("stops as soon as no coordinate grows any more", hint="go on until nothing moves")
def no_absolute_value(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, enough=1e-6, size=np.positive)


@mistake("takes missing detections for pixel (0, 0)", hint="give a missing detection the weight 0")
def missing_is_zero(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(P, np.nan_to_num(Y), eta2, omega2_in, omega2_out, outlier_prob)


@mistake("has no walk", hint="against that of the walk")
def no_walk(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(P, Y, 1e9, omega2_in, omega2_out, outlier_prob)


@mistake("takes the variances for standard deviations", hint="expected precision")
def standard_deviations(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    return maximised(P, Y, eta2**2, omega2_in**2, omega2_out**2, outlier_prob)


@mistake("leaves the walk out of log_joint", hint="plus the log density of the walk")
def joint_without_walk(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    def objective(P, Y, X, eta2, *others):
        return log_joint(P, Y, X, np.inf, *others)

    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, objective=objective)


@mistake("returns minus the log joint", hint="never lowers it")
def minus_log_joint(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    start = fill_gaps(triangulate(P, Y))
    return maximised(
        P, Y, eta2, omega2_in, omega2_out, outlier_prob, start=start, objective=lambda *args: -log_joint(*args)
    )


@mistake("returns the expected instead of the summed-out log likelihood", hint="the log of a sum of two densities")
def expected_log_joint(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    def objective(P, Y, X, eta2, inner, outer, prior):
        r2 = squared_error(P, Y, X)
        p, seen = outlier_posterior(r2, prior, inner, outer), np.isfinite(Y).all(axis=-1)
        data = -0.5 * np.sum((r2 * expected_precision(p, inner, outer))[seen])
        return data - 0.5 * np.sum(np.diff(X, axis=0) ** 2) / eta2

    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, objective=objective)


@mistake("returns one number for log_joint", hint="log_joint")
def last_log_joint(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    X, outlier, history = maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob)
    return X, outlier, history[-1]


@mistake("returns the last log joint only", hint="(number of iterations,)")
def only_the_last(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    X, outlier, history = maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob)
    return X, outlier, history[-1:]


@mistake("returns the probability of a good detection", hint="near 1 for a gross mistake")
def inlier(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    X, outlier, history = maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob)
    return X, 1.0 - outlier, history


@mistake("returns the outliers of the start", hint="from the final path")
def old_outliers(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    start = fill_gaps(triangulate(P, Y))
    X, _, history = maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob)
    return X, outlier_posterior(squared_error(P, Y, start), outlier_prob, omega2_in, omega2_out), history


@alternative
def from_the_dlt(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    start = fill_gaps(triangulate(P, Y))
    return maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, start=start, rounds=150)


@alternative
def from_m0(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    start = m0_map(P, Y, eta2, (1 - outlier_prob) * omega2_in + outlier_prob * omega2_out)
    X, outlier, history = maximised(P, Y, eta2, omega2_in, omega2_out, outlier_prob, start=start, rounds=150)
    seen = np.isfinite(Y).all(axis=-1)
    constant = -np.log(2 * np.pi) * seen.sum() - 1.5 * (len(Y) - 1) * np.log(2 * np.pi * eta2)
    return X, np.where(seen, outlier, 0.0), list(history + constant)


@alternative
def each_maximisation_to_its_end(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    X = fill_gaps(ransac_triangulate(P, Y, 3.0 * np.sqrt(omega2_in))[0])
    seen, walk = np.isfinite(Y).all(axis=-1), random_walk_precision(len(Y), eta2)
    history = []
    for _ in range(60):
        p = outlier_posterior(squared_error(P, Y, X), outlier_prob, omega2_in, omega2_out)
        weights = np.where(seen, expected_precision(p, omega2_in, omega2_out), 0.0)
        for _ in range(8):
            slope, H = data_terms(P, Y, X, weights)
            X = solveh_banded(chain_bands(H, walk), (slope + (H @ X[..., None])[..., 0]).ravel()).reshape(X.shape)
        history.append(log_joint(P, Y, X, eta2, omega2_in, omega2_out, outlier_prob))
    p = outlier_posterior(squared_error(P, Y, X), outlier_prob, omega2_in, omega2_out)
    return X, np.where(seen, p, np.nan), history
