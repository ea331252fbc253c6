"""What goes wrong, and what else is right, in `edge_log_density`."""

import numpy as np

from autograder.judge.bank import alternative, mistake
from solutions.gimbal import log_normalizer, mean_resultant


def computed(
    d, m, rho, sigma2, *, with_m=True, constant=1.5, with_rho=True, pull=1.0, spring=1.0, swapped=False, no_curl=False, gain_power=2,
    identity=1.0, scale=1.0,
):  # fmt: skip
    """The right results, each part of which can be exchanged."""
    d, m, rho, sigma2 = (np.asarray(values, dtype=float) for values in (d, m, rho, sigma2))
    gain = (rho / sigma2)[..., None]
    b = m + gain * d
    size = np.maximum(np.linalg.norm(b, axis=-1), 1e-9)
    axis = b / size[..., None]
    value = -0.5 * (np.sum(d**2, axis=-1) + with_rho * rho**2) / sigma2 + log_normalizer(size)
    value = value - with_m * log_normalizer(np.linalg.norm(m, axis=-1)) - constant * np.log(2 * np.pi * sigma2)
    a = mean_resultant(size)
    gradient = pull * gain * a[..., None] * axis * scale - spring * d / sigma2[..., None]
    across, along = a / size, 1 - a**2 - 2 * a / size
    if swapped:
        across, along = along, across
    if no_curl:
        across = 0 * across
    outer = axis[..., :, None] * axis[..., None, :]
    second = across[..., None, None] * (np.eye(3) - outer) + along[..., None, None] * outer
    return value, gradient, gain[..., None] ** gain_power * second - identity * np.eye(3) / sigma2[..., None, None]


@mistake("leaves the normaliser of the prior out", hint="minus log_normalizer(|m|)")
def no_prior_normaliser(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, with_m=False)


@mistake("has the normaliser of a normal density in one dimension", hint="in three dimensions")
def one_dimension(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, constant=0.5)


@mistake("leaves rho out of the exponent", hint="-(|d|^2 + rho^2) / 2 sigma2")
def no_rho(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, with_rho=False)


@mistake("turns the pull of the direction around", hint="where the mean direction pulls")
def pushes(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, pull=-1.0)


@mistake("has no spring in the gradient", hint="minus d / sigma2")
def no_spring(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, spring=0.0)


@mistake("takes the mean direction for a unit vector", hint="(rho / sigma2) a(|b|) b / |b|")
def unit_mean(d, m, rho, sigma2):
    value, _, hessian = computed(d, m, rho, sigma2)
    d, m, rho, sigma2 = (np.asarray(values, dtype=float) for values in (d, m, rho, sigma2))
    gain = (rho / sigma2)[..., None]
    b = m + gain * d
    axis = b / np.maximum(np.linalg.norm(b, axis=-1, keepdims=True), 1e-9)
    return value, gain * axis - d / sigma2[..., None], hessian


@mistake("forgets the chain rule in the gradient", hint="By the chain rule")
def no_chain_rule(d, m, rho, sigma2):
    value, gradient, hessian = computed(d, m, rho, sigma2)
    d, rho, sigma2 = (np.asarray(values, dtype=float) for values in (d, rho, sigma2))
    return value, (gradient + d / sigma2[..., None]) / (rho / sigma2)[..., None] - d / sigma2[..., None], hessian


@mistake("exchanges along and across", hint="a' along b and a / |b| across it")
def exchanged(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, swapped=True)


@mistake("has no curvature across", hint="a / |b| across it")
def no_across(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, no_curl=True)


@mistake("uses the chain rule only once in the Hessian", hint="(rho / sigma2)^2 times a matrix")
def once(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, gain_power=1)


@mistake("gives minus the Hessian", hint="minus the identity over sigma2")
def negative(d, m, rho, sigma2):
    value, gradient, hessian = computed(d, m, rho, sigma2)
    return value, gradient, -hessian


@mistake("forgets the identity in the Hessian", hint="minus the identity over sigma2")
def no_identity(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2, identity=0.0)


@alternative
def with_projectors(d, m, rho, sigma2):
    return computed(d, m, rho, sigma2)


@alternative
def by_loop(d, m, rho, sigma2):
    d = np.asarray(d, dtype=float)
    shape = d.shape[:-1]
    m = np.broadcast_to(np.asarray(m, dtype=float), d.shape)
    rho, sigma2 = np.broadcast_to(rho, shape), np.broadcast_to(sigma2, shape)
    value, gradient, hessian = np.zeros(shape), np.zeros(d.shape), np.zeros((*d.shape, 3))
    for i in np.ndindex(*shape):
        gain = rho[i] / sigma2[i]
        b = m[i] + gain * d[i]
        size = max(np.linalg.norm(b), 1e-9)
        a, axis = mean_resultant(size), b / size
        value[i] = -(d[i] @ d[i] + rho[i] ** 2) / (2 * sigma2[i]) - 1.5 * np.log(2 * np.pi * sigma2[i])
        value[i] += log_normalizer(size) - log_normalizer(np.linalg.norm(m[i]))
        gradient[i] = gain * a * axis - d[i] / sigma2[i]
        slope = 1 / 3 if size < 1e-6 else 1 - a**2 - 2 * a / size
        along = np.outer(axis, axis)
        hessian[i] = gain**2 * (slope * along + a / size * (np.eye(3) - along)) - np.eye(3) / sigma2[i]
    return value, gradient, hessian
