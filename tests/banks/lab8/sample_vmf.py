"""What goes wrong, and what else is right, in `sample_vmf`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def split(m):
    m = np.asarray(m, dtype=float)
    kappa = np.linalg.norm(m, axis=-1, keepdims=True)
    mu = np.where(kappa > 0, m / np.where(kappa > 0, kappa, 1.0), [0.0, 0.0, 1.0])
    return np.maximum(kappa, 1e-12), mu


def below(kappa, uniform):
    return np.minimum(-np.log1p(uniform * np.expm1(-2.0 * kappa)) / kappa, 2.0)


def tangent(mu, noise):
    noise = noise - np.sum(noise * mu, axis=-1, keepdims=True) * mu
    return noise / np.linalg.norm(noise, axis=-1, keepdims=True)


def combined(b, mu, across):
    return (1.0 - b) * mu + np.sqrt(np.maximum(b * (2.0 - b), 0.0)) * across


@mistake("subtracts w from 1", hint="Draw 1 - w itself")
def cancels(m, rng):
    kappa, mu = split(m)
    w = 1 - below(kappa, rng.random(kappa.shape))
    return w * mu + np.sqrt(np.maximum(1 - w**2, 0)) * tangent(mu, rng.normal(size=mu.shape))


@mistake("lets exp overflow", hint="log1p and expm1")
def overflows(m, rng):
    kappa, mu = split(m)
    uniform = rng.random(kappa.shape)
    with np.errstate(all="ignore"):
        large = np.log(np.exp(-kappa) + uniform * (np.exp(kappa) - np.exp(-kappa))) / kappa
        w = np.where(kappa < 1e-6, 2 * uniform - 1, large)
        return w * mu + np.sqrt(1 - w**2) * tangent(mu, rng.normal(size=mu.shape))


@mistake("draws one number for all rows", hint="a direction of its own")
def one_for_all(m, rng):
    kappa, mu = split(m)
    return combined(below(kappa, rng.random()), mu, tangent(mu, rng.normal(size=3)))


@mistake("draws one cosine for all rows", hint="w = mu.u has a density proportional to exp(kappa w)")
def one_cosine(m, rng):
    kappa, mu = split(m)
    return combined(below(kappa, rng.random()), mu, tangent(mu, rng.normal(size=mu.shape)))


@mistake("is not a number at kappa = 0", hint="kappa = 0 means uniform")
def nan_at_zero(m, rng):
    m = np.asarray(m, dtype=float)
    kappa = np.linalg.norm(m, axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        mu = m / kappa
        return combined(below(kappa, rng.random(kappa.shape)), mu, tangent(mu, rng.normal(size=mu.shape)))


@mistake("adds normal noise and normalises", hint="w = mu.u has a density proportional to exp(kappa w)")
def normal(m, rng):
    kappa, mu = split(m)
    u = mu + rng.normal(size=mu.shape) / np.sqrt(kappa)
    return u / np.linalg.norm(u, axis=-1, keepdims=True)


@mistake("returns the mean direction", hint="has a density proportional to exp(kappa w)")
def mean(m, rng):
    return split(m)[1] + 0 * rng.normal(size=np.shape(m))


@mistake("draws around minus mu", hint="proportional to exp(kappa w)")
def opposite(m, rng):
    return right(-np.asarray(m, dtype=float), rng)


@mistake("draws the cosine of the circle's density", hint="has a density proportional to exp(kappa w)")
def circle(m, rng):
    kappa, mu = split(m)
    w = np.cos(rng.vonmises(0.0, np.minimum(kappa, 1e6)))
    w = np.where(kappa > 1e6, 1 - below(kappa, rng.random(kappa.shape)), w)
    return combined(1 - w, mu, tangent(mu, rng.normal(size=mu.shape)))


@mistake("turns around mu by less than a whole turn", hint="around mu every direction is alike")
def half_turn(m, rng):
    kappa, mu = split(m)
    first = tangent(mu, np.broadcast_to([0.3, 0.5, 0.8], mu.shape))
    angle = np.pi * rng.random(kappa.shape)
    return combined(
        below(kappa, rng.random(kappa.shape)), mu, np.cos(angle) * first + np.sin(angle) * np.cross(mu, first)
    )


@mistake("does not make the part across a unit vector", hint="a unit vector at right angles to mu")
def not_unit(m, rng):
    kappa, mu = split(m)
    noise = rng.normal(size=mu.shape)
    noise -= np.sum(noise * mu, axis=-1, keepdims=True) * mu
    return combined(below(kappa, rng.random(kappa.shape)), mu, noise)


@mistake("takes a part across that is not at right angles", hint="at right angles to mu")
def not_across(m, rng):
    kappa, mu = split(m)
    noise = rng.normal(size=mu.shape)
    return combined(below(kappa, rng.random(kappa.shape)), mu, noise / np.linalg.norm(noise, axis=-1, keepdims=True))


@mistake("takes a uniform box for a uniform direction across", hint="around mu every direction is alike")
def across_by_a_box(m, rng):
    kappa, mu = split(m)
    return combined(below(kappa, rng.random(kappa.shape)), mu, tangent(mu, rng.uniform(-1, 1, size=mu.shape)))


@mistake("builds a frame that needs mu not to be vertical", hint="around mu every direction is alike")
def frame_from_the_vertical(m, rng):
    kappa, mu = split(m)
    one = np.cross(mu, [0.0, 0.0, 1.0])
    with np.errstate(all="ignore"):
        one /= np.linalg.norm(one, axis=-1, keepdims=True)
    angle = 2 * np.pi * rng.random(kappa.shape)
    return combined(below(kappa, rng.random(kappa.shape)), mu, np.cos(angle) * one + np.sin(angle) * np.cross(mu, one))


@mistake("starts a generator of its own", hint="All randomness comes from rng")
def own_seed(m, rng):
    return right(m, np.random.default_rng(0))


@mistake("draws from NumPy's global generator", hint="All randomness comes from rng")
def global_generator(m, rng):
    return right(m, np.random.default_rng(np.random.randint(2**31)))  # noqa: NPY002


@mistake("keeps mu a unit vector but kappa too small", hint="has a density proportional to exp(kappa w)")
def half_kappa(m, rng):
    kappa, mu = split(m)
    return combined(below(kappa / 2, rng.random(kappa.shape)), mu, tangent(mu, rng.normal(size=mu.shape)))


def right(m, rng):
    kappa, mu = split(m)
    return combined(below(kappa, rng.random(kappa.shape)), mu, tangent(mu, rng.normal(size=mu.shape)))


@alternative
def by_a_frame(m, rng):
    kappa, mu = split(m)
    sign = np.where(mu[..., 2:] >= 0, 1.0, -1.0)
    a = -1 / (sign + mu[..., 2:])
    x, y = mu[..., :1], mu[..., 1:2]
    one = np.concatenate([1 + sign * x**2 * a, sign * x * y * a, -sign * x], axis=-1)
    two = np.concatenate([x * y * a, sign + y**2 * a, -y], axis=-1)
    angle = 2 * np.pi * rng.random(kappa.shape)
    return combined(below(kappa, rng.random(kappa.shape)), mu, np.cos(angle) * one + np.sin(angle) * two)


@alternative
def by_loop(m, rng):
    m = np.asarray(m, dtype=float)

    def one(natural):
        kappa = np.linalg.norm(natural)
        if kappa == 0:
            u = rng.normal(size=3)
            return u / np.linalg.norm(u)
        mu = natural / kappa
        b = -np.log1p(rng.random() * np.expm1(-2 * kappa)) / kappa
        across = np.cross(mu, rng.normal(size=3))
        return (1 - b) * mu + np.sqrt(b * (2 - b)) * across / np.linalg.norm(across)

    return np.array([one(natural) for natural in m.reshape(-1, 3)]).reshape(m.shape)
