"""Checks of `distance_transform_1d`."""

import numpy as np
import pytest

from autograder import budget, hint, no_probe, points
from autograder.checks.lab6.common import agree, indices


def nearest(f, w, mu=0.0):
    """D from the table of all pairs (p, q)."""
    place = np.arange(len(f))
    return (f + w * (place[:, None] - place - mu) ** 2).min(axis=1)


def draw_row(rng, n, w, spread=3.0):
    """Costs that differ by what a way of a few places costs, with a step down that hides five parabolas at once."""
    f = rng.uniform(0.0, 1.0, size=n) * w * spread * n
    m = n // 2
    f[m - 5 : m + 1] = 0.5 * w * spread * n
    f[m] -= 40.0 * w
    return f


def draw_bowl(rng, n, w):
    """Costs in which no parabola hides another: what happens then is one check's business alone."""
    return w * ((np.arange(n) - n * rng.uniform(0.3, 0.7)) ** 2 + rng.uniform(0.0, 0.1, size=n))


@points(1)
@hint(
    "D(p) is the smallest of f(q) + w (p - q)^2 over *all* q. Two parabolas of places r < q cross at (q + r) / 2 + "
    "(f(q) - f(r)) / (2 w (q - r)), and a new one may hide several before it: while, not if. The same on the way back: "
    "several may begin between two places p."
)
@pytest.mark.parametrize("w", [0.02, 0.3, 2.0])
def test_is_the_minimum_over_all_places(distance_transform_1d, rng, w):
    for n, spread in ((10, 3.0), (17, 0.3), (40, 3.0)):
        f = draw_row(rng, n, w, spread)
        agree(distance_transform_1d(f, w)[0], nearest(f, w))
    lone = w * np.append(1e4 * rng.uniform(2.0, 3.0, size=99), 0.0)  # the last one is worth the way from everywhere
    agree(distance_transform_1d(lone, w)[0], nearest(lone, w))
    hidden = w * np.append(400.0 - np.arange(20) ** 2.0, 0.0) + rng.uniform(
        0.0, 0.1 * w, size=21
    )  # the last one hides all others
    agree(distance_transform_1d(hidden, w)[0], nearest(hidden, w))


@points(1)
@hint(
    "mu is where p wants to be relative to q: w (p - q - mu)^2, so the parabola of q has its lowest point at p = q "
    "+ mu, to the right for positive mu. mu need not be whole, and may lead out of the row."
)
def test_puts_p_at_q_plus_mu(distance_transform_1d, rng):
    n, w = 15, 0.2
    f = draw_bowl(rng, n, w)
    for mu in (2.0, -3.4, 0.5 + rng.uniform(-0.3, 0.3), 11.7, -40.3, 1000.5):
        agree(distance_transform_1d(f, w, mu)[0], nearest(f, w, mu))


@points(1)
@hint(
    "argmin[p] is the place q whose parabola is the lowest at p: a whole number in 0 ... n - 1, so that f[argmin] "
    "+ w (p - argmin - mu)^2 is the value at p."
)
@no_probe("integers")  # some costs are infinite
def test_points_at_who_attains_it(distance_transform_1d, rng):
    for n, w, mu in ((11, 0.5, 0.0), (30, 0.05, -3.7), (30, 2.0, 4.2)):
        f = draw_row(rng, n, w)
        f[[2, n - 2]] = np.inf
        values, argmin = distance_transform_1d(f, w, mu)
        argmin = indices(argmin, f.shape, n, "the arg-mins")
        # Against the values that came with them: whether these are right, and the sign of mu, is the business of the checks above.
        achieved = [f[argmin] + w * (np.arange(n) - argmin - sign * mu) ** 2 for sign in (1.0, -1.0, 0.0)]
        if not any(np.allclose(a, values, rtol=1e-5, atol=1e-9) for a in achieved):
            agree(achieved[0], values)


@points(1)
@hint(
    "Edge cases: a place of cost +inf is impossible and never attains the minimum (inf - inf is nan: leave it "
    "out), ties are free, a row of one entry is a row, and where everything is +inf so is D; argmin is in 0 ... n - 1 "
    "there, too.",
    also=("exception",),
)
@no_probe("integers")  # infinite costs are no integers
def test_survives_infinite_costs_ties_and_single_places(distance_transform_1d, rng):
    f = draw_bowl(rng, 20, 0.3)
    for blocked in ([0, 1, 2], [17, 18, 19], [2, 13, 14, 17], list(range(19)), [*range(7), *range(8, 20)]):
        g = f.copy()
        g[blocked] = np.inf
        agree(distance_transform_1d(g, 0.3)[0], nearest(g, 0.3))
    for flat in (np.zeros(6), np.array([3.0, 1.0, 1.0, 1.0, 3.0, 1.0]), f[:1]):
        agree(distance_transform_1d(flat, 1.0)[0], nearest(flat, 1.0))
    for n in (4, 1):
        values, argmin = distance_transform_1d(np.full(n, np.inf), 1.0)
        agree(values, np.full(n, np.inf))
        indices(argmin, (n,), n, "the arg-mins of a row that is +inf everywhere")


@points(1)
@hint(
    "With 95,000 places there is neither memory for a table of all pairs nor time to look at all of them: each "
    "parabola joins the lower envelope once and leaves it at most once. Then walk along the envelope; never search "
    "it from its beginning again."
)
@no_probe("integers", "float32")  # a budget is for one call
@budget(cpu=6, memory=600)
def test_takes_time_that_grows_with_the_row(distance_transform_1d):
    n, w, reach = 95_000, 0.05, 10  # two lists of so many numbers may still come back
    f = 4.0 * np.random.default_rng(0).uniform(size=n)  # no q beyond 9 places can pay: 0.05 * 9^2 > 4
    padded = np.pad(f, reach, constant_values=np.inf)
    shifted = [padded[reach + d : reach + d + n] + w * d**2 for d in range(-reach, reach + 1)]
    values, _ = distance_transform_1d(f, w)
    # Where f + w q^2 is formed, numbers of w n^2 are subtracted, and lose w n^2 / 1e16.
    agree(values, np.min(shifted, axis=0), atol=1e-4)
