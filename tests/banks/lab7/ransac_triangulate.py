"""What goes wrong, and what else is right, in `ransac_triangulate`."""

from itertools import combinations

import numpy as np

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import project, refine, reprojection_error, triangulate


def winner(P, Y, threshold, *, score=None, vote=None, valid=None, fit=None):
    """One point. `score(votes, total)` is to be largest; `vote(error)`, `valid(error, pair)` and `fit(X, inliers)` as their names say."""
    score = score or (lambda votes, total: (votes, -total))
    vote = vote or (lambda error: error <= threshold)
    valid = valid or (lambda error, pair: np.isfinite(error[pair]).all())
    best, X, inliers = (1, -np.inf), None, np.zeros(len(P), dtype=bool)
    for pair in map(list, combinations(range(len(P)), 2)):
        proposal = triangulate(P[pair], Y[pair])
        error = reprojection_error(P, proposal, Y)
        voters = vote(error)
        this = score(int(voters.sum()), error[voters].sum())
        if valid(error, pair) and voters.sum() > 1 and this > best:
            best, X, inliers = this, proposal, voters
    if X is None:
        return np.full(3, np.nan), inliers
    if fit is not None:
        return fit(X, inliers), inliers
    return triangulate(P, np.where(inliers[:, None], Y, np.nan)), inliers


def everywhere(Y, one):
    """`one` applied to the detections of each point."""
    Y = np.asarray(Y, dtype=float)
    X, inliers = np.empty((*Y.shape[:-2], 3)), np.empty(Y.shape[:-1], dtype=bool)
    for place in np.ndindex(Y.shape[:-2]):
        X[place], inliers[place] = one(Y[place])
    return X, inliers


@mistake("triangulates from all views", hint="must not hear the others")
def plain(P, Y, threshold):
    X = triangulate(P, Y)
    return X, reprojection_error(P, X, Y) <= threshold


@mistake("drops the views that are far from the plain estimate", hint="most voters")
def one_round(P, Y, threshold):
    inliers = reprojection_error(P, triangulate(P, Y), Y) <= threshold
    return triangulate(P, np.where(inliers[..., None], Y, np.nan)), inliers


@mistake("counts the votes but fits to all views", hint="must not hear the others")
def fits_to_all(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold, fit=lambda X, inliers: triangulate(P, y)))


@mistake("returns the winning pair's proposal", hint="fitted anew")
def no_refit(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold, fit=lambda X, inliers: X))


@mistake("compares squared errors with the threshold", hint="px, not px^2")
def squared_error(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold, vote=lambda error: error**2 <= threshold))


@mistake("squares the threshold", hint="px, not px^2")
def squared_threshold(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold, vote=lambda error: error <= threshold**2))


@mistake("takes the proposal with the smallest total error of its voters, however few", hint="most voters wins")
def smallest_error(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold, score=lambda votes, total: (2, -total)))


@mistake("takes the first of the proposals with most votes", hint="not the first")
def first_at_a_tie(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold, score=lambda votes, total: (votes, 0.0)))


@mistake("takes the last of the proposals with most votes", hint="or the last one")
def last_at_a_tie(P, Y, threshold):
    order = iter(range(10**9))
    return everywhere(Y, lambda y: winner(P, y, threshold, score=lambda votes, total: (votes, float(next(order)))))


@mistake("takes the larger error at a tie", hint="the smaller error wins")
def larger_at_a_tie(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold, score=lambda votes, total: (votes, total)))


@mistake("lets a pair propose a point that is behind its cameras", hint="behind the cameras")
def behind(P, Y, threshold):
    def one(y):
        best, inliers = 1, np.zeros(len(P), dtype=bool)
        for pair in map(list, combinations(range(len(P)), 2)):
            X = triangulate(P[pair], y[pair])
            uvw = P[:, :, :3] @ X + P[:, :, 3]
            error = np.linalg.norm(y - uvw[:, :2] / uvw[:, 2:], axis=-1)
            voters = error <= threshold
            score = voters.sum() - error[voters].sum() / 1e6
            if score > best:
                best, inliers = score, voters
        return triangulate(P, np.where(inliers[:, None], y, np.nan)), inliers

    return everywhere(Y, one)


@mistake("wants the point in front of all cameras", hint="Only the two cameras of the pair")
def in_front_of_all(P, Y, threshold):
    def one(y):
        def valid(error, pair):
            return np.isfinite(project(P, triangulate(P[pair], y[pair]))).all()

        return winner(P, y, threshold, valid=valid)

    return everywhere(Y, one)


@mistake("falls back on the plain estimate where nothing agrees", hint="the answer is NaN")
def falls_back(P, Y, threshold):
    X, inliers = everywhere(Y, lambda y: winner(P, y, threshold))
    return np.where(inliers.any(axis=-1, keepdims=True), X, triangulate(P, Y)), inliers


@mistake("says that all views are inliers where it gives up", hint="no view is an inlier")
def all_are_inliers(P, Y, threshold):
    X, inliers = everywhere(Y, lambda y: winner(P, y, threshold))
    return X, inliers | ~inliers.any(axis=-1, keepdims=True)


@mistake("returns zeros where it gives up", hint="the answer is NaN")
def zeros(P, Y, threshold):
    X, inliers = everywhere(Y, lambda y: winner(P, y, threshold))
    return np.nan_to_num(X), inliers


@mistake("takes the median of the proposals", hint="most voters wins")
def median_of_pairs(P, Y, threshold):
    pairs = list(map(list, combinations(range(len(P)), 2)))
    proposals = np.stack([triangulate(P[pair], Y[..., pair, :]) for pair in pairs])
    seen = np.isfinite(proposals).any(axis=0)
    X = np.full(proposals.shape[1:], np.nan)
    X[seen] = np.nanmedian(proposals[:, seen], axis=0)
    return X, reprojection_error(P, X, Y) <= threshold


@mistake("fits to the winning pair alone", hint="*all* its voters")
def neighbours(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold, fit=lambda X, inliers: refine(P, _two(y, X, P), X)))


def _two(y, X, P):
    """The two detections that are closest to X."""
    error = reprojection_error(P, X, y)
    return np.where((error <= np.sort(error)[1])[:, None], y, np.nan)


@alternative
def by_loops(P, Y, threshold):
    return everywhere(Y, lambda y: winner(P, y, threshold))


@alternative
def with_gauss_newton(P, Y, threshold):
    def one(y):
        return winner(P, y, threshold, fit=lambda X, inliers: refine(P, np.where(inliers[:, None], y, np.nan), X))

    return everywhere(Y, one)


@alternative
def squares_at_a_tie(P, Y, threshold):
    P, Y = np.asarray(P), np.asarray(Y, dtype=float)
    pairs = [list(pair) for pair in combinations(range(len(P)), 2)]
    proposals = np.stack([triangulate(P[pair], Y[..., pair, :]) for pair in pairs])  # (M, ..., 3)
    error = reprojection_error(P, proposals, Y[None])
    ahead = np.stack([np.isfinite(error[m][..., pair]).all(axis=-1) for m, pair in enumerate(pairs)])
    voters = (error <= threshold) & ahead[..., None]
    cost = np.where(voters, error**2, 0.0).sum(axis=-1) / (1.0 + threshold**2 * len(P))
    best = np.argmax(voters.sum(axis=-1) - cost, axis=0)
    inliers = np.take_along_axis(voters, best[None, ..., None], axis=0)[0]
    inliers &= inliers.sum(axis=-1, keepdims=True) >= 2
    return triangulate(P, np.where(inliers[..., None], Y, np.nan)), inliers


@alternative
def votes_again_after_the_fit(P, Y, threshold):
    def one(y):
        X, inliers = winner(P, y, threshold)
        if inliers.any():
            inliers = reprojection_error(P, X, y) <= threshold
            X = triangulate(P, np.where(inliers[:, None], y, np.nan))
        return X, [bool(inlier) for inlier in inliers]

    return everywhere(Y, one)
