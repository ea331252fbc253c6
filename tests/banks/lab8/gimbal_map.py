"""What goes wrong, and what else is right, in `gimbal_map`: in what the pose states contribute."""

import numpy as np
from scipy.special import softmax

from autograder.judge.bank import alternative, mistake
from solutions.bonewalk import (
    as_pose_states,
    as_problem,
    as_skeleton,
    as_stiffness,
    climb,
    first_guess,
    forward_backward,
)
from solutions.gimbal import canonicalize, edge_log_density, log_normalizer, mean_resultant, start_in_pose


def lengths(b):
    return np.maximum(np.linalg.norm(b, axis=-1), 1e-12)


def right(d, pull, kappa, rho, sigma2, params):
    """gamma, log evidence, mean directions by state, and their weighted mean."""
    b = pull + (d * (rho / sigma2)[:, None])[:, None]
    size = lengths(b)
    log_lik = np.sum(log_normalizer(size) - log_normalizer(kappa), axis=-1)
    gamma, _, log_evidence = forward_backward(log_lik, params["pi"], params["A"])
    mean = b * (mean_resultant(size) / size)[..., None]
    return gamma, log_evidence, mean, np.einsum("ts,tski->tki", gamma, mean)


def searched(P, Y, skeleton, params, tol, max_iter, poses):
    parents, _ = as_skeleton(skeleton, np.shape(Y)[1])
    P, Y, parents, params = as_problem(P, Y, parents, params)
    params = as_pose_states(params, Y.shape[1])
    start, by_size = first_guess(P, Y, parents, params["rho"], 3.0 * np.sqrt(params["omega2_in"]))
    start, h = start_in_pose(start, P, Y, parents, params)
    pull = (params["kappa"][..., None] * params["mu"])[:, 1:]

    def bones(X, h, params):
        rho, sigma2 = params["rho"][1:], params["sigma2"][1:]
        d = canonicalize(X[:, 1:] - X[:, parents[1:]], h)
        gamma, log_evidence, mean, u = poses(d, pull, params["kappa"][:, 1:], rho, sigma2, params)
        m = np.einsum("ts,ski->tki", gamma, pull)
        _, _, hessian = edge_log_density(d, m, rho, sigma2)
        stiffness = as_stiffness(hessian, m + d * (rho / sigma2)[:, None], floor=1e-3 / sigma2)
        gradient = (rho[:, None] * u - d) / sigma2[:, None]
        value = log_evidence - 0.5 * np.sum(d**2 / sigma2[:, None])
        along = np.einsum("ts,tski,ski->t", gamma, mean[..., :2], pull[..., :2])
        left = np.einsum("ts,tsk,sk->t", gamma, mean[..., 1], pull[..., 0])
        left -= np.einsum("ts,tsk,sk->t", gamma, mean[..., 0], pull[..., 1])
        for _ in range(2):
            stiffness = canonicalize(stiffness.reshape(len(h), -1, 3), -h).reshape(stiffness.shape).swapaxes(-1, -2)
        return value, canonicalize(gradient, -h), stiffness, h + np.arctan2(left, along)

    return climb(P, Y, parents, params, start, h, bones, tol, max_iter, coarse=by_size)[0]


@mistake("leaves the poses out of the directions", hint="kappa mu + rho d / sigma2")
def no_pull(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        return right(d, 0 * pull, 0 * kappa, rho, sigma2, params)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("leaves the bones out of the directions", hint="kappa mu + rho d / sigma2")
def no_bone(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        return right(0 * d, pull, kappa, rho, sigma2, params)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("forgets to subtract the prior's normaliser", hint="log_normalizer(their length) - log_normalizer(kappa)")
def no_normaliser(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        return right(d, pull, 0 * kappa, rho, sigma2, params)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("takes the mean directions for unit vectors", hint="mean_resultant times its direction")
def unit_means(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        gamma, log_evidence, _, _ = right(d, pull, kappa, rho, sigma2, params)
        b = pull + (d * (rho / sigma2)[:, None])[:, None]
        mean = b / lengths(b)[..., None]
        return gamma, log_evidence, mean, np.einsum("ts,tski->tki", gamma, mean)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("takes natural parameters for mean directions", hint="mean_resultant times its direction")
def natural(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        gamma, log_evidence, _, _ = right(d, pull, kappa, rho, sigma2, params)
        b = pull + (d * (rho / sigma2)[:, None])[:, None]
        return gamma, log_evidence, b, np.einsum("ts,tski->tki", gamma, b)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake(
    "multiplies the resultants by natural parameters that are not divided by their lengths", hint="times its direction"
)
def not_divided(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        gamma, log_evidence, _, _ = right(d, pull, kappa, rho, sigma2, params)
        b = pull + (d * (rho / sigma2)[:, None])[:, None]
        mean = b * mean_resultant(lengths(b))[..., None]
        return gamma, log_evidence, mean, np.einsum("ts,tski->tki", gamma, mean)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("believes all states alike", hint="the gamma-weighted mean")
def equal_weights(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        gamma, log_evidence, mean, _ = right(d, pull, kappa, rho, sigma2, params)
        gamma = np.full(gamma.shape, 1 / gamma.shape[1])
        return gamma, log_evidence, mean, mean.mean(axis=1)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("adds up the states' directions without their probabilities", hint="the gamma-weighted mean")
def no_weights(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        gamma, log_evidence, mean, _ = right(d, pull, kappa, rho, sigma2, params)
        return gamma, log_evidence, mean, mean.sum(axis=1)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("forgets that states follow each other", hint="gamma and the log evidence come from forward_backward")
def independent_frames(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        return right(d, pull, kappa, rho, sigma2, params | {"A": np.tile(params["pi"], (len(params["pi"]), 1))})

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("takes the mean over the bones instead of their sum", hint="the sum over bones")
def mean_over_bones(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        b = pull + (d * (rho / sigma2)[:, None])[:, None]
        size = lengths(b)
        log_lik = np.mean(log_normalizer(size) - log_normalizer(kappa), axis=-1)
        gamma, _, log_evidence = forward_backward(log_lik, params["pi"], params["A"])
        mean = b * (mean_resultant(size) / size)[..., None]
        return gamma, log_evidence, mean, np.einsum("ts,tski->tki", gamma, mean)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@mistake("takes the probability of each state for its likelihood", hint="log_normalizer(their length)")
def softmax_only(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        b = pull + (d * (rho / sigma2)[:, None])[:, None]
        size = lengths(b)
        gamma = softmax(np.sum(size - kappa, axis=-1), axis=1)
        mean = b * (mean_resultant(size) / size)[..., None]
        value = np.sum(gamma * np.sum(log_normalizer(size) - log_normalizer(kappa), axis=-1))
        return gamma, value, mean, np.einsum("ts,tski->tki", gamma, mean)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@alternative
def state_by_state(P, Y, skeleton, params, tol=0.01, max_iter=200):
    def poses(d, pull, kappa, rho, sigma2, params):
        mean, log_lik = np.zeros((len(d), *pull.shape)), np.zeros((len(d), len(pull)))
        for s in range(len(pull)):
            b = pull[s] + d * (rho / sigma2)[:, None]
            size = lengths(b)
            log_lik[:, s] = np.sum(log_normalizer(size) - log_normalizer(kappa[s]), axis=1)
            mean[:, s] = mean_resultant(size)[..., None] * b / size[..., None]
        gamma, _, log_evidence = forward_backward(log_lik, params["pi"], params["A"])
        return gamma, log_evidence, mean, np.sum(gamma[..., None, None] * mean, axis=1)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)


@alternative
def by_the_edges_density(P, Y, skeleton, params, tol=0.01, max_iter=200):
    """The likelihoods and mean directions from `edge_log_density`: its value, and its gradient without the spring."""

    def poses(d, pull, kappa, rho, sigma2, params):
        value, gradient, _ = edge_log_density(d[:, None], pull, rho, sigma2)
        gamma, _, log_evidence = forward_backward(value.sum(axis=-1), params["pi"], params["A"])
        mean = (gradient * sigma2[:, None] + d[:, None]) / rho[:, None]
        log_evidence += 0.5 * np.sum(d**2 / sigma2[:, None])  # which the caller subtracts again
        return gamma, log_evidence, mean, np.einsum("ts,tski->tki", gamma, mean)

    return searched(P, Y, skeleton, params, tol, max_iter, poses)
