"""What goes wrong, and what else is right, in `heading_posterior`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def sums(U, mu, kappa):
    """(along, left) of mean directions and concentrations that are already those of each frame."""
    along = np.sum(kappa * (mu[..., 0] * U[..., 0] + mu[..., 1] * U[..., 1]), axis=1)
    left = np.sum(kappa * (mu[..., 0] * U[..., 1] - mu[..., 1] * U[..., 0]), axis=1)
    return along, left


def given(U, states, mu, kappa):
    states = np.asarray(states)
    return np.asarray(U, dtype=float), np.asarray(mu)[states], np.asarray(kappa)[states]


@mistake("leaves kappa out of the weights", hint="Each bone counts with the kappa")
def no_kappa(U, states, mu, kappa):
    U, m, k = given(U, states, mu, kappa)
    along, left = sums(U, m, (k > 0).astype(float))
    return np.arctan2(left, along), np.hypot(along, left)


@mistake("exchanges the arguments of arctan2", hint="the angle of that pair of sums")
def swapped(U, states, mu, kappa):
    along, left = sums(*given(U, states, mu, kappa))
    return np.arctan2(along, left), np.hypot(along, left)


@mistake("turns the wrong way", hint="mu_x u_y - mu_y u_x")
def reversed_turn(U, states, mu, kappa):
    along, left = sums(*given(U, states, mu, kappa))
    return np.arctan2(-left, along), np.hypot(along, left)


@mistake("uses arctan, which knows only half of the circle", hint="the angle of that pair of sums")
def half_circle(U, states, mu, kappa):
    along, left = sums(*given(U, states, mu, kappa))
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.arctan(left / along)), np.hypot(along, left)


@mistake("uses the first state in all frames", hint="the frame's own state")
def first_state(U, states, mu, kappa):
    along, left = sums(*given(U, np.zeros(len(U), dtype=int), mu, kappa))
    return np.arctan2(left, along), np.hypot(along, left)


@mistake("weighs with the mean kappa of all states", hint="the frame's own state")
def mean_kappa(U, states, mu, kappa):
    U, m, _ = given(U, states, mu, kappa)
    along, left = sums(U, m, np.broadcast_to(np.mean(kappa, axis=0), m.shape[:2]))
    return np.arctan2(left, along), np.hypot(along, left)


@mistake("adds up the kappas for the concentration", hint="Bones that disagree take from it")
def sum_of_kappas(U, states, mu, kappa):
    U, m, k = given(U, states, mu, kappa)
    along, left = sums(U, m, k)
    return np.arctan2(left, along), k.sum(axis=1)


@mistake("adds up lengths for the concentration", hint="Bones that disagree take from it")
def sum_of_lengths(U, states, mu, kappa):
    U, m, k = given(U, states, mu, kappa)
    along, left = sums(U, m, k)
    return np.arctan2(left, along), np.sum(k * np.hypot(*m.T[:2]).T * np.hypot(*U.T[:2]).T, axis=1)


@mistake("takes means instead of sums", hint="the length of the pair of sums")
def means(U, states, mu, kappa):
    U, m, k = given(U, states, mu, kappa)
    along, left = sums(U, m, k)
    return np.arctan2(left, along), np.hypot(along, left) / k.shape[1]


@mistake("gives the square of the concentration", hint="the length of the pair of sums")
def squared(U, states, mu, kappa):
    along, left = sums(*given(U, states, mu, kappa))
    return np.arctan2(left, along), along**2 + left**2


@mistake("makes the horizontal parts unit vectors", hint="vertical ones have nothing to say")
def normalised(U, states, mu, kappa):
    U, m, k = given(U, states, mu, kappa)
    unit = lambda v: v / np.maximum(np.linalg.norm(v[..., :2], axis=-1, keepdims=True), 1e-12)  # noqa: E731
    along, left = sums(unit(U), unit(m), k)
    return np.arctan2(left, along), np.hypot(along, left)


@mistake("counts the heights as well", hint="vertical ones have nothing to say")
def with_heights(U, states, mu, kappa):
    U, m, k = given(U, states, mu, kappa)
    along, left = sums(U, m, k)
    along = along + np.sum(k * m[..., 2] * U[..., 2], axis=1)
    return np.arctan2(left, along), np.hypot(along, left)


@alternative
def by_complex_numbers(U, states, mu, kappa):
    U, m, k = given(U, states, mu, kappa)
    total = np.sum(k * np.conj(m[..., 0] + 1j * m[..., 1]) * (U[..., 0] + 1j * U[..., 1]), axis=1)
    return np.angle(total), np.abs(total)


@alternative
def by_loop(U, states, mu, kappa):
    location, concentration = np.zeros(len(U)), np.zeros(len(U))
    for t, s in enumerate(np.asarray(states)):
        a = sum(kappa[s, k] * (mu[s, k, 0] * u[0] + mu[s, k, 1] * u[1]) for k, u in enumerate(U[t]))
        b = sum(kappa[s, k] * (mu[s, k, 0] * u[1] - mu[s, k, 1] * u[0]) for k, u in enumerate(U[t]))
        location[t], concentration[t] = np.arctan2(b, a), np.hypot(a, b)
    return location, concentration


@alternative
def from_zero_to_two_pi(U, states, mu, kappa):
    along, left = sums(*given(U, states, mu, kappa))
    return np.arctan2(left, along) % (2 * np.pi), np.hypot(along, left)
