"""What goes wrong, and what else is right, in `fit_pose_states`."""

import numpy as np
from scipy.special import logsumexp, softmax

from autograder.judge.bank import alternative, mistake
from solutions.bonewalk import closest_frames
from solutions.gimbal import concentration, log_normalizer, pose_log_likelihood


def fitted(
    U, num_states, rng, num_iter, *, counts=2.0, most=500.0, half=0.5, weigh=True, direction=True, shares=True,
    denominator=None, record=None,
):  # fmt: skip
    """Expectation maximisation, each part of which can be exchanged."""
    U = np.asarray(U, dtype=float)
    known = np.isfinite(U).all(axis=-1)
    full = np.where(known[..., None], U, 0.0)
    r = np.eye(num_states)[closest_frames(full, num_states, rng)]
    history = []
    for _ in range(num_iter):
        pi = (r.sum(axis=0) + half) / (r.sum() + half * num_states) if shares else np.full(num_states, 1 / num_states)
        resultant = np.einsum("ts,tki->ski", r, full)
        length = np.linalg.norm(resultant, axis=-1)
        mu = np.where(length[..., None] > 0, resultant / np.maximum(length, 1e-300)[..., None], [1.0, 0.0, 0.0])
        if not direction:
            mu = np.where(length[..., None] > 0, resultant / np.maximum(r.sum(axis=0), 1e-300)[:, None, None], mu)
        weight = r.T @ known if denominator is None else denominator(r, known)
        kappa = concentration(np.minimum(length / np.maximum(weight + counts, 1e-12), 1.0), most)
        log_p = pose_log_likelihood(U, mu, kappa) + (np.log(pi) if weigh else 0.0)
        log_sum = logsumexp(log_p, axis=1, keepdims=True)
        r = np.exp(log_p - log_sum)
        prior = half * np.log(pi).sum() - counts * np.sum(log_normalizer(kappa) - np.log(4 * np.pi))
        history.append(log_sum.sum() + prior if record is None else record(log_sum, log_p, prior))
    return {"pi": pi, "mu": mu, "kappa": kappa, "log_likelihood": np.array(history)}


@mistake("adds no pseudo-counts", hint="with the pseudo-counts in the denominator")
def no_pseudo_counts(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, counts=0.0)


@mistake("divides by the number of all frames", hint="sum of its weights")
def all_frames(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(
        U, num_states, rng, num_iter, denominator=lambda r, known: np.full((r.shape[1], known.shape[1]), float(len(r)))
    )


@mistake("does not make the mean directions unit vectors", hint="mu the direction of its weighted sum")
def not_unit(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, direction=False)


@mistake("lets concentrations grow without bound", hint="at most max_kappa")
def unbounded(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, counts=pseudo_counts, most=500.0)


@mistake("always takes two pseudo-counts", hint="the weights are the responsibilities")
def always_two(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, counts=2.0, most=max_kappa)


@mistake("adds one and a half frames to each state", hint="half a frame more")
def too_many(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    def record(log_sum, log_p, prior):
        return log_sum.sum() + prior

    return fitted(U, num_states, rng, num_iter, counts=pseudo_counts, most=max_kappa, half=1.5, record=record)


@mistake("leaves the mean direction of an empty state 0", hint="a unit vector")
def no_direction(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    found = fitted(U, num_states, rng, num_iter, counts=pseudo_counts, most=max_kappa)
    return found | {"mu": np.where(found["kappa"][..., None] > 0, found["mu"], 0.0)}


@mistake("gives all states the same share", hint="pi is the share of each state")
def equal_shares(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, shares=False)


@mistake("forgets the shares in the responsibilities", hint="that of mixture densities")
def no_shares(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, weigh=False)


@mistake("leaves the priors out of the log likelihood", hint="plus the two priors")
def no_priors(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, record=lambda log_sum, log_p, prior: log_sum.sum())


@mistake("subtracts the priors", hint="plus the two priors")
def priors_subtracted(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, record=lambda log_sum, log_p, prior: log_sum.sum() - prior)


@mistake("adds up logarithms instead of taking the logarithm of a sum", hint="log sum_s exp")
def sum_of_logs(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, record=lambda log_sum, log_p, prior: log_p.sum() + prior)


@mistake("takes the best state for the mixture", hint="log sum_s exp")
def best_state(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, record=lambda log_sum, log_p, prior: log_p.max(axis=1).sum() + prior)


@mistake("takes the mean over frames", hint="The log likelihood")
def mean_over_frames(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, record=lambda log_sum, log_p, prior: log_sum.mean() + prior)


@mistake("returns only the last log likelihood", hint="after each iteration")
def last_only(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    found = fitted(U, num_states, rng, num_iter)
    return found | {"log_likelihood": found["log_likelihood"][-1:]}


@alternative
def by_softmax(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    U = np.asarray(U, dtype=float)
    known = np.isfinite(U).all(axis=-1)
    full = np.nan_to_num(U)
    r = np.eye(num_states)[closest_frames(full, num_states, rng)]
    history = []
    for _ in range(num_iter):
        pi = (r.sum(0) + 0.5) / (len(U) + 0.5 * num_states)
        mu, kappa = np.zeros((num_states, *U.shape[1:])), np.zeros((num_states, U.shape[1]))
        for s in range(num_states):
            for k in range(U.shape[1]):
                total = r[:, s] @ full[:, k]
                length = np.linalg.norm(total)
                mu[s, k] = total / length if length > 0 else [0.0, 0.0, 1.0]
                kappa[s, k] = concentration(length / (r[:, s] @ known[:, k] + pseudo_counts), max_kappa)
        joint = np.log(pi) + pose_log_likelihood(U, mu, kappa)
        r = softmax(joint, axis=1)
        prior = 0.5 * np.log(pi).sum() - pseudo_counts * np.sum(log_normalizer(kappa) - np.log(4 * np.pi))
        history.append(logsumexp(joint, axis=1).sum() + prior)
    return {"pi": pi, "mu": mu, "kappa": kappa, "log_likelihood": history}


@alternative
def from_the_reference(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    return fitted(U, num_states, rng, num_iter, counts=pseudo_counts, most=max_kappa)
