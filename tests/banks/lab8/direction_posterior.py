"""What goes wrong, and what else is right, in `direction_posterior`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def added(X, parents, rho, sigma2, prior, gain=lambda rho, sigma2: rho / sigma2, sign=1.0, root=False):
    X, m = np.asarray(X, dtype=float), np.array(prior, dtype=float)
    for k in range(0 if root else 1, X.shape[1]):
        m[:, k] += sign * gain(rho[k], sigma2[k]) * (X[:, k] - X[:, parents[k]])
    return m


@mistake("takes the direction from the child to the parent", hint="from the parent to the child")
def backwards(X, parents, rho, sigma2, prior):
    return added(X, parents, rho, sigma2, prior, sign=-1.0)


@mistake("squares the variance", hint="the variance sigma2 as it is")
def squared(X, parents, rho, sigma2, prior):
    return added(X, parents, rho, sigma2, prior, gain=lambda rho, sigma2: rho / sigma2**2)


@mistake("takes sigma2 for a standard deviation's square root", hint="the variance sigma2 as it is")
def rooted(X, parents, rho, sigma2, prior):
    return added(X, parents, rho, sigma2, prior, gain=lambda rho, sigma2: rho / np.sqrt(sigma2))


@mistake("forgets the length of the bone", hint="rho d / sigma2 from the bone")
def no_rho(X, parents, rho, sigma2, prior):
    return added(X, parents, rho, sigma2, prior, gain=lambda rho, sigma2: 1 / sigma2)


@mistake("forgets the prior", hint="that of the prior")
def no_prior(X, parents, rho, sigma2, prior):
    m = added(X, parents, rho, sigma2, np.zeros(np.shape(prior)))
    m[:, 0] = np.asarray(prior)[:, 0]
    return m


@mistake("divides d by its length", hint="rho d / sigma2 from the bone")
def unit(X, parents, rho, sigma2, prior):
    X, m = np.asarray(X, dtype=float), np.array(prior, dtype=float)
    d = X[:, 1:] - X[:, parents[1:]]
    m[:, 1:] += (rho[1:] / sigma2[1:])[:, None] * d / np.linalg.norm(d, axis=-1, keepdims=True)
    return m


@mistake("takes the keypoint before for the parent", hint="d = x_k - x_parent")
def chained(X, parents, rho, sigma2, prior):
    return added(X, np.maximum(np.arange(len(parents)) - 1, 0), rho, sigma2, prior)


@mistake("uses the length and variance of the parent", hint="rho d / sigma2 from the bone")
def of_the_parent(X, parents, rho, sigma2, prior):
    return added(X, parents, rho[parents], sigma2[parents], prior)


@mistake("uses what stands at the root's place", hint="whatever stands in rho[0]")
def root_too(X, parents, rho, sigma2, prior):
    with np.errstate(all="ignore"):
        return added(X, parents, rho, sigma2, prior, root=True)


@mistake("takes the root for a bone from the origin", hint="whatever stands in rho[0]")
def root_from_the_origin(X, parents, rho, sigma2, prior):
    m = added(X, parents, rho, sigma2, prior)
    with np.errstate(all="ignore"):
        m[:, 0] += np.nan_to_num(rho[0] / sigma2[0]) * np.asarray(X)[:, 0]
    return m


@mistake("changes the prior", hint="Work on a copy")
def in_place(X, parents, rho, sigma2, prior):
    prior[:, 1:] += (X[:, 1:] - X[:, parents[1:]]) * (rho[1:] / sigma2[1:])[:, None]
    return prior


@mistake("leaves the root's row empty", hint="its row is the prior's")
def root_is_zero(X, parents, rho, sigma2, prior):
    m = added(X, parents, rho, sigma2, prior)
    m[:, 0] = 0.0
    return m


@alternative
def by_loop(X, parents, rho, sigma2, prior):
    return added(X, parents, rho, sigma2, prior)


@alternative
def by_gains(X, parents, rho, sigma2, prior):
    gain = np.zeros(len(parents))
    gain[1:] = np.asarray(rho)[1:] / np.asarray(sigma2)[1:]
    X = np.asarray(X, dtype=float)
    return prior + gain[:, None] * (X - X[:, parents])
