"""What goes wrong, and what else is right, in `fit_gimbal`."""

import numpy as np

from autograder.judge.bank import alternative, mistake
from solutions.bonewalk import facing, fit_noise, fit_transitions
from solutions.gimbal import canonicalize, fit_pose_states, pose_log_likelihood
from solutions.triangulation import project


def lengths_of(d):
    return np.linalg.norm(d, axis=-1)


def mean_and_variance(lengths):
    return np.nanmean(lengths, axis=0), np.nanvar(lengths, axis=0)


def mean_square(steps):
    return np.nanmean(steps**2, axis=(0, 2))


def units(d, h):
    with np.errstate(all="ignore"):
        return canonicalize(d / lengths_of(d)[..., None], h)


def learned(
    X, Y, P, skeleton, num_states, rng, *, bones=mean_and_variance, walk=mean_square, directions=units, sign=1.0
):
    """The parameters, each part of which can be exchanged."""
    names, parents, pair = skeleton
    names, K = list(names), X.shape[1]
    d, steps = sign * (X - X[:, parents]), np.diff(X, axis=0)
    h = facing(X, [names.index(end) for end in pair])
    rho, sigma2 = bones(lengths_of(d))
    r2 = np.sum((Y - project(P, X)) ** 2, axis=-1)
    noise = np.transpose([fit_noise(r2[:, k][np.isfinite(r2[:, k])]) for k in range(K)])
    U = directions(d, h)
    states = fit_pose_states(U, num_states, np.random.default_rng(0) if rng is None else rng)
    params = {"eta2": walk(steps), "rho": rho, "sigma2": np.maximum(sigma2, 0.01)}
    params |= dict(zip(("omega2_in", "omega2_out", "outlier_prob"), noise))
    params |= {name: states[name] for name in ("mu", "kappa", "pi")}
    return params | {"A": fit_transitions(pose_log_likelihood(U, states["mu"], states["kappa"]), states["pi"])}


@mistake("does not leave out what is unknown", hint="over the frames where it is known")
def plain_means(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    return learned(
        X_train, Y_train, P, skeleton, num_states, rng,
        bones=lambda lengths: (np.mean(lengths, axis=0), np.var(lengths, axis=0)),
        walk=lambda steps: np.mean(steps**2, axis=(0, 2)),
    )  # fmt: skip


@mistake("takes what is unknown for 0", hint="over the frames where it is known")
def unknown_is_zero(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    def bones(lengths):
        return np.nan_to_num(lengths).mean(axis=0), np.nan_to_num(lengths).var(axis=0)

    return learned(X_train, Y_train, P, skeleton, num_states, rng, bones=bones)


@mistake("returns standard deviations for sigma2", hint="sigma2 the variance")
def deviations(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    def bones(lengths):
        return np.nanmean(lengths, axis=0), np.nanstd(lengths, axis=0)

    return learned(X_train, Y_train, P, skeleton, num_states, rng, bones=bones)


@mistake("takes the root mean square length for rho", hint="rho is the mean")
def root_mean_square(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    def bones(lengths):
        return np.sqrt(np.nanmean(lengths**2, axis=0)) * 1.001, np.nanvar(lengths, axis=0)

    return learned(X_train, Y_train, P, skeleton, num_states, rng, bones=bones)


@mistake("takes the squared length of a step for eta2", hint="per coordinate")
def whole_step(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    return learned(X_train, Y_train, P, skeleton, num_states, rng, walk=lambda steps: 3 * mean_square(steps))


@mistake("takes the variance of the steps for eta2, not their mean square", hint="eta2 the mean squared step")
def about_the_mean(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    return learned(
        X_train, Y_train, P, skeleton, num_states, rng, walk=lambda steps: np.nanvar(steps, axis=0).mean(axis=-1)
    )


@mistake("pools all keypoints for eta2", hint="eta2 the mean squared step")
def pooled(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    return learned(
        X_train, Y_train, P, skeleton, num_states, rng, walk=lambda steps: np.full(steps.shape[1], np.nanmean(steps**2))
    )


@mistake("does not divide by the lengths", hint="about *unit* vectors")
def not_unit(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    return learned(
        X_train,
        Y_train,
        P,
        skeleton,
        num_states,
        rng,
        directions=lambda d, h: canonicalize(d, h) / np.nanmax(lengths_of(d)),
    )


@mistake("multiplies by the lengths instead of dividing by them", hint="divide d by its length")
def longer_still(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    def directions(d, h):
        return canonicalize(d * lengths_of(d)[..., None], h)

    return learned(X_train, Y_train, P, skeleton, num_states, rng, directions=directions)


@mistake("divides by a bone's mean length, not by each frame's", hint="divide d by its length")
def by_the_mean_length(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    def directions(d, h):
        with np.errstate(all="ignore"):
            return canonicalize(d / np.nanmean(lengths_of(d), axis=0)[:, None], h)

    return learned(X_train, Y_train, P, skeleton, num_states, rng, directions=directions)


@mistake("does not turn the directions", hint="turn by canonicalize")
def in_the_room(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    return learned(X_train, Y_train, P, skeleton, num_states, rng, directions=lambda d, h: units(d, 0 * h))


@mistake("turns the directions the wrong way", hint="turn by canonicalize with the heading h")
def turned_twice(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    return learned(X_train, Y_train, P, skeleton, num_states, rng, directions=lambda d, h: units(d, -h))


@mistake("takes the directions from the child to the parent", hint="from the parent to the child")
def backwards(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    return learned(X_train, Y_train, P, skeleton, num_states, rng, sign=-1.0)


@alternative
def one_degree_less(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    def bones(lengths):
        return np.nanmean(lengths, axis=0), np.nanvar(lengths, axis=0, ddof=1)

    return learned(X_train, Y_train, P, skeleton, num_states, rng, bones=bones)


@alternative
def keypoint_by_keypoint(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    def bones(lengths):
        known = [row[np.isfinite(row)] for row in lengths.T]
        return np.array([row.mean() for row in known]), np.array([row.var() for row in known])

    def walk(steps):
        return np.array([np.mean(row[np.isfinite(row).all(axis=-1)] ** 2) for row in steps.swapaxes(0, 1)])

    return learned(X_train, Y_train, P, skeleton, num_states, rng, bones=bones, walk=walk)
