"""The reference of Lab 8 against quadrature, enumeration, finite and automatic differences, theorems, and its own limits."""

import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.scipy.special import logsumexp as autograd_logsumexp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.integrate import quad
from scipy.ndimage import map_coordinates
from scipy.optimize import approx_fprime
from scipy.spatial.transform import Rotation
from scipy.special import ive, ndtr

from posekit.data import load_detections, load_six
from posekit.skeleton import Skeleton
from solutions import bonewalk, gimbal
from solutions.triangulation import m0_map, m1_map, mean_position_error, project, rigid_procrustes

HEADING = ("tail_base", "withers")


@pytest.fixture
def rng():
    return np.random.default_rng(80)


@pytest.fixture(scope="module")
def six():
    return load_six("test")


@pytest.fixture(scope="module")
def learned():
    """The rat's skeleton, and parameters from its training recording, of which every twelfth frame has detections."""
    train, found = load_six("train"), load_detections("six_train")
    skeleton = Skeleton(train.names, train.parents, HEADING)
    Y = np.full((*train.points3d.shape[:2], 6, 2), np.nan)
    Y[found.steps] = found.keypoints.swapaxes(1, 2)
    return skeleton, gimbal.fit_gimbal(train.points3d, Y, train.P, skeleton)


def sphere(n=120):
    """Nodes (N, 3) and weights (N,) of a quadrature over the unit sphere: Gauss-Legendre in z, equidistant around it."""
    z, weight = np.polynomial.legendre.leggauss(n)
    angle = 2 * np.pi * np.arange(2 * n) / (2 * n)
    flat = np.sqrt(1 - z**2)
    nodes = np.stack(
        [np.outer(flat, np.cos(angle)), np.outer(flat, np.sin(angle)), np.outer(z, np.ones(2 * n))], axis=-1
    )
    return nodes.reshape(-1, 3), np.repeat(weight * np.pi / n, 2 * n)


def random_tree(K, rng):
    return np.array([0, *(rng.integers(k) for k in range(1, K))])


# lengths of bones


@pytest.mark.parametrize("ratio", [1e-3, 0.03, 0.3, 1.0, 3.0])
def test_priors_integrate_to_one_and_have_their_means(ratio):
    rho, sigma = 40.0, 40.0 * ratio
    low, high = max(0.0, rho - 12 * sigma), rho + 12 * sigma
    for prior in (gimbal.distance_prior_logpdf, gimbal.direction_prior_logpdf):
        total = quad(lambda r, prior=prior: np.exp(prior(r, rho, sigma)), low, high, points=[rho], limit=200)[0]
        assert_allclose(total, 1.0, rtol=1e-8)

    def mean(prior):
        return quad(lambda r: r * np.exp(prior(r, rho, sigma)), low, high, points=[rho], limit=200)[0]

    z = rho / sigma
    exact = np.sqrt(2 / np.pi) * sigma * np.exp(-(z**2) / 2) + (rho + sigma**2 / rho) * (1 - 2 * ndtr(-z))
    assert_allclose(mean(gimbal.direction_prior_logpdf), exact, rtol=1e-8)
    if ratio < 0.1:
        assert_allclose(mean(gimbal.distance_prior_logpdf), rho * (1 + 2 * ratio**2), rtol=10 * ratio**4 + 1e-9)
        assert_allclose(exact, rho * (1 + ratio**2), rtol=1e-9)


@pytest.mark.parametrize("ratio", [0.05, 0.4, 1.0, 3.0])
def test_direction_prior_is_a_noncentral_chi(ratio):
    r, rho = np.linspace(0.1, 150.0, 60), 40.0
    sigma = ratio * rho
    expected = stats.ncx2.logpdf((r / sigma) ** 2, 3, (rho / sigma) ** 2) + np.log(2 * r / sigma**2)
    near = np.abs(r - rho) < 8 * sigma  # further out scipy's density underflows
    assert_allclose(gimbal.direction_prior_logpdf(r, rho, sigma)[near], expected[near], rtol=1e-8, atol=1e-8)


def test_distance_prior_is_a_shell_times_a_normal(rng):
    r = rng.uniform(1.0, 90.0, 20)
    log_ratio = gimbal.distance_prior_logpdf(r, 30.0, 9.0) - 2 * np.log(r) - stats.norm.logpdf(r, 30.0, 9.0)
    assert_allclose(log_ratio, log_ratio[0], rtol=1e-12)


def test_priors_differ_by_their_ratio():
    """In total variation by about 0.4 sigma / rho: they meet only in the limit."""
    for ratio in (0.01, 0.02, 0.05):
        r = np.linspace(max(0.0, 1 - 10 * ratio), 1 + 10 * ratio, 20001)
        a, b = (np.exp(prior(r, 1.0, ratio)) for prior in (gimbal.distance_prior_logpdf, gimbal.direction_prior_logpdf))
        assert_allclose(np.trapezoid(np.abs(a - b), r) / 2, 0.4 * ratio, rtol=0.05)


def test_priors_at_the_ends():
    with np.errstate(over="raise", invalid="raise"):
        for prior in (gimbal.distance_prior_logpdf, gimbal.direction_prior_logpdf):
            values = prior(np.array([0.0, 1e-8, 1e3]), 40.0, 0.04)
            assert values[0] == -np.inf and np.isfinite(values[1:]).all()


# directions


def test_log_normalizer_and_mean_resultant_agree_with_bessel_functions():
    kappa = np.concatenate([[1e-3, 1e-2, 0.0999, 0.1001], np.geomspace(0.2, 1e6, 40)])
    expected = 1.5 * np.log(2 * np.pi) + np.log(ive(0.5, kappa)) + kappa - 0.5 * np.log(kappa)
    assert_allclose(gimbal.log_normalizer(kappa), expected, rtol=1e-12)
    moderate = kappa[(kappa > 0.05) & (kappa < 1e5)]
    assert_allclose(gimbal.mean_resultant(moderate), ive(1.5, moderate) / ive(0.5, moderate), rtol=1e-10)


def test_log_normalizer_and_mean_resultant_at_the_ends():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert gimbal.log_normalizer(0) == np.log(4 * np.pi)
        assert_allclose(gimbal.log_normalizer(1e12), 1e12 + np.log(2 * np.pi / 1e12), rtol=1e-15)
        tiny = np.array([1e-300, 1e-12, 1e-6, 1e-3])
        assert_allclose(gimbal.mean_resultant(tiny), tiny / 3 * (1 - tiny**2 / 15), rtol=1e-11)
        assert gimbal.mean_resultant(0) == 0 and gimbal.mean_resultant(0).shape == ()
        assert_allclose(1 - gimbal.mean_resultant(1e6), 1e-6, rtol=1e-9)


def test_mean_resultant_is_the_derivative_of_log_normalizer():
    kappa = np.geomspace(0.01, 1e3, 30)
    step = 1e-4 * kappa
    slope = (gimbal.log_normalizer(kappa + step) - gimbal.log_normalizer(kappa - step)) / (2 * step)
    assert_allclose(gimbal.mean_resultant(kappa), slope, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kappa", [0.0, 1e-9, 0.3, 4.0, 300.0, 1e6, 1e15])
def test_sample_vmf_has_the_right_cosines(kappa, rng):
    mu = np.array([0.36, 0.48, -0.8])
    u = gimbal.sample_vmf(np.tile(kappa * mu, (20_000, 1)), rng)
    assert_allclose(np.linalg.norm(u, axis=-1), 1.0, rtol=1e-12)
    below = np.sum((u - mu) ** 2, axis=-1) / 2  # 1 - mu.u without cancellation
    large = max(kappa, 1e-6)
    cumulative = lambda b: np.expm1(-large * b) / np.expm1(-2 * large)  # noqa: E731  (of 1 - mu.u)
    assert stats.kstest(below, cumulative).pvalue > 1e-4
    across = np.linalg.svd(mu[None])[2][1:] @ (u - mu).T  # two coordinates at right angles to mu
    angle = np.arctan2(*across)
    assert stats.kstest(angle / (2 * np.pi) + 0.5, "uniform").pvalue > 1e-4


def test_sample_vmf_draws_for_each_row(rng):
    m = 50.0 * np.array([[[1.0, 0.0, 0.0], [0.0, -1.0, 0.0]], [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]])
    u = gimbal.sample_vmf(m, rng)
    assert u.shape == m.shape and np.all(np.sum(u * m, axis=-1) > 25.0)
    assert not np.allclose(u[1, 0], u[1, 1])


def test_direction_posterior_agrees_with_quadrature(rng):
    nodes, weights = sphere()
    parents, X = np.array([0, 0, 1]), 20 * rng.normal(size=(2, 3, 3))
    rho, sigma2 = np.array([np.nan, 25.0, 10.0]), np.array([np.nan, 60.0, 40.0])
    prior = 3 * rng.normal(size=(2, 3, 3))
    posterior = gimbal.direction_posterior(X, parents, rho, sigma2, prior)
    assert_array_equal(posterior[:, 0], prior[:, 0])
    for t, k in itertools.product(range(2), (1, 2)):
        d = X[t, k] - X[t, parents[k]]
        log_p = nodes @ prior[t, k] - np.sum((d - rho[k] * nodes) ** 2, axis=-1) / (2 * sigma2[k])
        p = weights * np.exp(log_p - log_p.max())
        mean = p @ nodes / p.sum()
        size = np.linalg.norm(posterior[t, k])
        assert_allclose(gimbal.mean_resultant(size) * posterior[t, k] / size, mean, atol=1e-9)


def test_edge_log_density_agrees_with_quadrature_and_differences(rng):
    nodes, weights = sphere()
    d = np.array([[20.0, 12.0, 22.0], [0.5, -0.2, 0.1], [0.0, 0.0, 0.0], [-3.0, 40.0, 1.0]])
    m = np.array([[7.0, 0.0, 9.0], [0.0, 0.0, 0.0], [1.0, 2.0, -2.0], [0.0, -5.0, 0.0]])
    rho, sigma2 = np.array([30.0, 20.0, 12.0, 35.0]), np.array([16.0, 90.0, 50.0, 30.0])
    value, gradient, hessian = gimbal.edge_log_density(d, m, rho, sigma2)
    for n in range(4):
        log_p = nodes @ m[n] - gimbal.log_normalizer(np.linalg.norm(m[n]))
        log_p = log_p - np.sum((d[n] - rho[n] * nodes) ** 2, axis=-1) / (2 * sigma2[n])
        expected = np.log(weights @ np.exp(log_p - log_p.max())) + log_p.max() - 1.5 * np.log(2 * np.pi * sigma2[n])
        assert_allclose(value[n], expected, rtol=1e-10)
        for i, e in enumerate(1e-4 * np.eye(3)):
            above, below = (gimbal.edge_log_density(d[n] + s * e, m[n], rho[n], sigma2[n]) for s in (1, -1))
            assert_allclose(gradient[n, i], (above[0] - below[0]) / 2e-4, rtol=1e-6, atol=1e-8)
            assert_allclose(hessian[n, i], (above[1] - below[1]) / 2e-4, rtol=1e-6, atol=1e-8)


def test_edge_log_density_integrates_the_slides_alternative():
    """With a uniform direction, |d| has the density of `direction_prior_logpdf`."""
    r = np.linspace(1.0, 60.0, 30)
    value, _, _ = gimbal.edge_log_density(r[:, None] * [0.6, 0.0, -0.8], np.zeros(3), 30.0, 25.0)
    assert_allclose(value + np.log(4 * np.pi * r**2), gimbal.direction_prior_logpdf(r, 30.0, 5.0), rtol=1e-10)


# headings and poses


def test_canonicalize_agrees_with_scipy(rng):
    U, heading = rng.normal(size=(6, 4, 3)), rng.uniform(-9.0, 9.0, 6)
    turned = [Rotation.from_euler("z", -h).apply(u) for h, u in zip(heading, U, strict=True)]
    assert_allclose(gimbal.canonicalize(U, heading), turned, atol=1e-12)


def test_heading_posterior_agrees_with_a_grid(rng):
    mu = rng.normal(size=(2, 4, 3))
    mu /= np.linalg.norm(mu, axis=-1, keepdims=True)
    kappa = np.array([[0.0, 1.0, 8.0, 20.0], [0.0, 5.0, 0.5, 3.0]])
    U = gimbal.sample_vmf(np.zeros((5, 4, 3)), rng)
    states = np.array([0, 1, 1, 0, 1])
    location, concentration = gimbal.heading_posterior(U, states, mu, kappa)
    grid = np.linspace(-np.pi, np.pi, 721)[:-1]
    for t, s in enumerate(states):
        log_p = [
            np.sum(kappa[s, :, None] * Rotation.from_euler("z", h).apply(mu[s]) * U[t]) for h in grid
        ]  # exp of it, up to a constant
        expected = concentration[t] * np.cos(grid - location[t])
        difference = np.array(log_p) - expected
        assert_allclose(difference, difference[0], atol=1e-9)


def simulated_directions(rng, T=600, S=3, K=5):
    mu = gimbal.sample_vmf(np.zeros((S, K, 3)), rng)
    kappa = rng.uniform(20.0, 60.0, (S, K))
    states = np.repeat(rng.integers(S, size=T // 20), 20)
    return gimbal.sample_vmf((kappa[..., None] * mu)[states], rng), states, mu, kappa


def test_fit_pose_states_finds_what_was_simulated(rng):
    U, states, mu, kappa = simulated_directions(rng)
    U[:, 0] = np.nan
    found = gimbal.fit_pose_states(U, 3, rng)
    nearest = [np.argmax([np.sum(mu[s, 1:] * m[1:]) for s in range(3)]) for m in found["mu"]]
    assert sorted(nearest) == [0, 1, 2]
    for s, n in enumerate(nearest):
        assert np.min(np.sum(mu[n, 1:] * found["mu"][s, 1:], axis=-1)) > 0.995  # 6 degrees
        assert_allclose(found["kappa"][s, 1:], kappa[n, 1:], rtol=0.5)
        assert abs(found["pi"][s] - np.mean(states == n)) < 0.02
    assert_allclose(found["kappa"][:, 0], 0.0)


@pytest.mark.parametrize("num_states", [1, 4, 12])
def test_fit_pose_states_never_falls(num_states, rng):
    U, *_ = simulated_directions(rng, T=200)
    U[rng.random(U.shape[:2]) < 0.1] = np.nan
    found = gimbal.fit_pose_states(U, num_states, rng, num_iter=40)
    history = found["log_likelihood"]
    assert len(history) == 40 and np.all(np.diff(history) >= -1e-9 * np.abs(history[-1]))
    assert_allclose(found["pi"].sum(), 1.0)
    assert_allclose(np.linalg.norm(found["mu"], axis=-1), 1.0)
    log_p = np.log(found["pi"]) + gimbal.pose_log_likelihood(U, found["mu"], found["kappa"])
    prior = 0.5 * np.sum(np.log(found["pi"])) - 2.0 * np.sum(gimbal.log_normalizer(found["kappa"]) - np.log(4 * np.pi))
    assert_allclose(history[-1], np.sum(np.logaddexp.reduce(log_p, axis=1)) + prior, rtol=1e-12)


def test_fit_pose_states_survives_little_and_equal_data(rng):
    same = np.tile([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], (5, 1, 1))
    found = gimbal.fit_pose_states(same, 3, rng)  # at least two states get nothing that is theirs alone
    assert all(np.isfinite(value).all() for value in found.values())
    assert found["kappa"].max() <= 500.0
    for arguments in ((same, 0), (same, 1.5), (np.full((4, 2, 3), np.nan), 2)):
        with pytest.raises(ValueError, match="fit_pose_states"):
            gimbal.fit_pose_states(*arguments, rng)


def test_concentration_inverts_mean_resultant():
    kappa = np.array([1e-6, 0.01, 0.5, 3.0, 40.0, 499.0])
    assert_allclose(gimbal.concentration(gimbal.mean_resultant(kappa), 500.0), kappa, rtol=1e-7)
    assert_allclose(gimbal.concentration(np.array([0.0, 1.0]), 500.0), [0.0, 500.0])


def chain(rng, T=4, S=3):
    log_lik = 3 * rng.normal(size=(T, S)) - 1e4
    log_lik[1, 2] = -np.inf
    A = rng.dirichlet(np.ones(S), size=S)
    A[0] = [0.0, 0.9, 0.1]
    return log_lik, rng.dirichlet(np.ones(S)), A


def paths(log_lik, pi, A):
    """All paths (N, T) with their joint log probabilities (N,)."""
    T, S = log_lik.shape
    everything = np.array(list(itertools.product(range(S), repeat=T)))
    with np.errstate(divide="ignore"):
        log_p = np.log(pi)[everything[:, 0]] + np.log(A)[everything[:, :-1], everything[:, 1:]].sum(axis=1)
    return everything, log_p + log_lik[np.arange(T), everything].sum(axis=1)


def test_forward_backward_agrees_with_enumeration(rng):
    log_lik, pi, A = chain(rng)
    everything, log_p = paths(log_lik, pi, A)
    gamma, transitions, log_evidence = bonewalk.forward_backward(log_lik, pi, A)
    assert_allclose(log_evidence, np.logaddexp.reduce(log_p), rtol=1e-12)
    p = np.exp(log_p - log_evidence)
    assert_allclose(gamma, [[p[everything[:, t] == s].sum() for s in range(3)] for t in range(4)], atol=1e-12)
    steps = [(i, j) for path in everything for i, j in itertools.pairwise(path)]
    expected = np.zeros((3, 3))
    np.add.at(expected, tuple(np.transpose(steps)), np.repeat(p, 3))
    assert_allclose(transitions, expected, atol=1e-12)


def test_forward_backward_where_what_fits_cannot_come():
    A = np.array([[1.0, 0.0], [0.0, 1.0]])
    log_lik = np.array(
        [[0.0, -5.0], [-2000.0, 0.0], [-3.0, 0.0]]
    )  # state 1 fits frames 1 and 2, but costs nothing to have stayed in
    gamma, _, log_evidence = bonewalk.forward_backward(log_lik, np.array([1.0, 0.0]), A)
    assert_allclose(gamma, [[1.0, 0.0]] * 3)
    assert_allclose(log_evidence, -2003.0)


def test_sample_states_agrees_with_enumeration(rng):
    log_lik, pi, A = chain(rng)
    everything, log_p = paths(log_lik, pi, A)
    p = np.exp(log_p - np.logaddexp.reduce(log_p))
    draws = np.array([gimbal.sample_states(log_lik, pi, A, rng) for _ in range(8000)])
    count = np.bincount(draws @ 3 ** np.arange(3, -1, -1), minlength=81)
    assert count[p == 0].sum() == 0
    usual = p > 5 / 8000
    assert (
        stats.chisquare([*count[usual], count[~usual].sum()], 8000 * np.array([*p[usual], p[~usual].sum()])).pvalue
        > 1e-4
    )


# the body's path: an independent log joint, for automatic derivatives


def pixels(P, X):
    homogeneous = anp.concatenate([X, anp.ones((*X.shape[:-1], 1))], axis=-1)
    images = [anp.dot(homogeneous, matrix.T) for matrix in P]
    return anp.stack([image[..., :2] / image[..., 2:] for image in images], axis=-2)


def log_sinhc(k):
    return k + anp.log(1.0 - anp.exp(-2.0 * k)) - anp.log(2.0 * k)


def m1_part(X, P, Y, params):
    """Detections and walk, up to a constant."""
    K, C = Y.shape[1:3]
    inner, outer, prior = (
        np.broadcast_to(np.asarray(params[name]).reshape(-1, 1) if np.ndim(params[name]) == 1 else params[name], (K, C))
        for name in ("omega2_in", "omega2_out", "outlier_prob")
    )
    seen = np.isfinite(Y).all(axis=-1)
    r2 = anp.sum((np.where(seen[..., None], Y, 0.0) - pixels(P, X)) ** 2, axis=-1)
    good, bad = np.log((1 - prior) / inner) - 0.5 * r2 / inner, np.log(prior / outer) - 0.5 * r2 / outer
    return anp.sum(anp.logaddexp(good, bad) * seen) - 0.5 * anp.sum((X[1:] - X[:-1]) ** 2 / params["eta2"][:, None])


def m2_log_joint(X, P, Y, parents, params):
    d = X[:, 1:] - X[:, parents[1:]]
    rho, sigma2 = params["rho"][1:], params["sigma2"][1:]
    r = anp.sqrt(anp.sum(d**2, axis=-1))
    bones = log_sinhc(rho * r / sigma2) - 0.5 * r**2 / sigma2
    return m1_part(X, P, Y, params) + anp.sum(bones)


def gimbal_log_joint(X, h, P, Y, parents, params):
    """With the states summed out by the forward algorithm in logarithms."""
    rho, sigma2 = params["rho"][1:], params["sigma2"][1:]
    d = X[:, 1:] - X[:, parents[1:]]
    cos, sin = anp.cos(h)[:, None, None], anp.sin(h)[:, None, None]
    m = params["kappa"][:, 1:, None] * params["mu"][:, 1:]  # (S, K - 1, 3)
    m = anp.stack([cos * m[..., 0] - sin * m[..., 1], sin * m[..., 0] + cos * m[..., 1], m[..., 2] + 0 * cos], axis=-1)
    b = m + d[:, None] * (rho / sigma2)[:, None]
    size = anp.sqrt(anp.sum(b**2, axis=-1))
    log_lik = anp.sum(log_sinhc(size) - log_sinhc(params["kappa"][:, 1:]), axis=-1)
    alpha = np.log(params["pi"]) + log_lik[0]
    for t in range(1, len(X)):
        alpha = autograd_logsumexp(alpha[:, None] + np.log(params["A"]), axis=0) + log_lik[t]
    bones = autograd_logsumexp(alpha) - 0.5 * anp.sum(anp.sum(d**2, axis=-1) / sigma2)
    return m1_part(X, P, Y, params) + bones


def newton_step(log_joint, X):
    """How far one Newton step on automatic derivatives would go, and the largest eigenvalue of the second derivative."""
    flat = lambda x: log_joint(x.reshape(X.shape))  # noqa: E731
    bend = autograd.hessian(flat)(X.ravel())
    step = np.linalg.solve(bend, autograd.grad(flat)(X.ravel()))
    return np.abs(step).max(), np.linalg.eigvalsh(bend)[-1]


def small_problem(six, rng, T=5, noise=1.5, cameras=(0, 2, 4)):
    """The rat's first five keypoints, simulated detections with a few mistakes and gaps, and parameters that fit."""
    P, X = six.P[list(cameras)], six.points3d[200 : 200 + T, :5]
    Y = project(P, X) + noise * rng.normal(size=(T, 5, len(P), 2))
    Y[1, 2, 0] += 25.0
    Y[2, 3] = Y[0, 1, 1] = np.nan
    parents = np.array([0, 0, 1, 2, 2])
    lengths = np.linalg.norm(X - X[:, parents], axis=-1).mean(axis=0)
    params = {
        "eta2": np.full(5, 20.0), "rho": lengths, "sigma2": np.array([np.nan, 2.0, 20.0, 3.0, 3.0]),
        "omega2_in": 2.0, "omega2_out": np.full(5, 200.0), "outlier_prob": np.full((5, len(P)), 0.1),
    }  # fmt: skip
    mu = gimbal.sample_vmf(np.zeros((2, 5, 3)), rng)
    d = gimbal.canonicalize(X - X[:, parents], np.zeros(T))[0, 1:]
    mu[0, 1:] = d / np.linalg.norm(d, axis=-1, keepdims=True)
    params |= {
        "mu": mu, "kappa": np.array([[0.0, 30.0, 5.0, 40.0, 12.0], [0.0, 2.0, 9.0, 4.0, 20.0]]),
        "pi": np.array([0.6, 0.4]), "A": np.array([[0.9, 0.1], [0.3, 0.7]]),
    }  # fmt: skip
    return P, Y, parents, params


@pytest.mark.parametrize("T", [1, 5])
def test_m2_map_is_a_maximum(T, six, rng):
    P, Y, parents, params = small_problem(six, rng, T=5)
    Y = Y[:T]
    X = gimbal.m2_map(P, Y, parents, params, tol=1e-8)
    step, highest = newton_step(lambda X: m2_log_joint(X, P, Y, parents, params), X)
    assert step < 1e-4 and highest < 0


def test_m2_map_meets_m1_map_as_bones_give_way(six, rng):
    P, Y, parents, params = small_problem(six, rng, cameras=(0, 1, 3, 4))
    X = gimbal.m2_map(P, Y, parents, params | {"sigma2": np.full(5, 1e13)}, tol=1e-8)
    for k in range(5):
        expected, _, _ = m1_map(P, Y[:, k], 20.0, 2.0, 200.0, 0.1)
        assert_allclose(X[:, k], expected, atol=1e-3)


@pytest.fixture
def searches(monkeypatch):
    """What each search ends with, from then on: positions, headings, and the log joint by iteration."""
    found = []

    def spy(*arguments, **others):
        found.append(bonewalk.climb(*arguments, **others))
        return found[-1]

    monkeypatch.setattr(gimbal, "climb", spy)
    return found


def test_gimbal_map_is_a_maximum(six, rng, searches):
    P, Y, parents, params = small_problem(six, rng)
    skeleton = Skeleton(tuple("abcde"), parents, ("a", "c"))
    X = gimbal.gimbal_map(P, Y, skeleton, params, tol=1e-9, max_iter=2000)
    ((_, h, history),) = searches
    joint = np.concatenate([X.ravel(), h])

    def log_joint(v):
        return gimbal_log_joint(v[: X.size].reshape(X.shape), v[X.size :], P, Y, parents, params)

    bend = autograd.hessian(log_joint)(joint)
    assert np.abs(np.linalg.solve(bend, autograd.grad(log_joint)(joint))).max() < 1e-4  # mm, and radians
    assert np.linalg.eigvalsh(bend)[-1] < 0
    # The search's own log joint is this one, but for a constant: it is the same after few iterations and after many.
    gimbal.gimbal_map(P, Y, skeleton, params, max_iter=3)
    early, early_h, early_history = searches[1]
    rise = log_joint(joint) - log_joint(np.concatenate([early.ravel(), early_h]))
    assert_allclose(history[-1] - early_history[-1], rise, rtol=1e-6)
    assert np.all(np.diff(history) >= -1e-11 * np.abs(history[-1]))


def test_gimbal_meets_m2_as_directions_go(six, rng):
    P, Y, parents, params = small_problem(six, rng)
    skeleton = Skeleton(tuple("abcde"), parents, ("a", "c"))
    expected = gimbal.m2_map(P, Y, parents, params, tol=1e-8)
    for kappa in (np.zeros((2, 5)), np.full((2, 5), 1e-8)):
        found = gimbal.gimbal_map(P, Y, skeleton, params | {"kappa": kappa}, tol=1e-8)
        assert_allclose(found, expected, atol=1e-3)


def test_the_search_never_falls(six, learned, searches):
    skeleton, params = learned
    Y = load_detections("six_test").keypoints.swapaxes(1, 2)[300:330]
    gimbal.gimbal_map(six.P[[0, 2, 4]], Y[:, :, [0, 2, 4]], skeleton, params, tol=1e-4)
    gimbal.m2_map(six.P[[0, 2, 4]], Y[:, :, [0, 2, 4]], skeleton.parents, params, tol=1e-4)
    assert len(searches) == 2
    for _, _, history in searches:
        assert len(history) > 5 and np.all(np.diff(history) >= -1e-11 * np.abs(history[-1]))


def test_body_bands_equal_the_dense_matrix(rng):
    T, K = 4, 5
    parents, eta2 = random_tree(K, rng), rng.uniform(1.0, 5.0, K)
    half = rng.normal(size=(T, K, 3, 3))
    curvature = half @ half.swapaxes(-1, -2)
    half = rng.normal(size=(T, K - 1, 3, 3))
    stiffness = half @ half.swapaxes(-1, -2)
    bands = bonewalk.body_bands(curvature, stiffness, parents, eta2)
    found = np.zeros((3 * T * K, 3 * T * K))
    for i, j in np.ndindex(found.shape):
        if 0 <= j - i <= 3 * K:
            found[i, j] = found[j, i] = bands[3 * K + i - j, j]
    D = np.diff(np.eye(T), axis=0)
    expected = np.kron(D.T @ D, np.kron(np.diag(1 / eta2), np.eye(3))).reshape(T, K, 3, T, K, 3)
    for t, k in np.ndindex(T, K):
        expected[t, k, :, t, k] += curvature[t, k]
        if k:
            p, E = parents[k], stiffness[t, k - 1]
            expected[t, k, :, t, k] += E
            expected[t, p, :, t, p] += E
            expected[t, k, :, t, p] -= E
            expected[t, p, :, t, k] -= E
    assert_allclose(found, expected.reshape(found.shape), atol=1e-9)


def test_as_stiffness_changes_nothing_where_all_is_well(rng):
    d, m = 30 * rng.normal(size=(20, 3)), 20 * rng.normal(size=(20, 3))
    _, _, hessian = gimbal.edge_log_density(d, m, 10.0, 9.0)
    stiffness = bonewalk.as_stiffness(hessian, m + d * 10.0 / 9.0, 1e-6)
    well = np.linalg.eigvalsh(-hessian)[:, 0] > 1e-6
    assert 5 < well.sum()
    assert_allclose(stiffness[well], -hessian[well], atol=1e-10)
    assert np.all(np.linalg.eigvalsh(stiffness) > 0.9e-6)


# any body, any cameras, any gaps


def walker(K, T, rng, size=30.0):
    """A body (T, K, 3) of any skeleton that walks on a circle and swings its limbs, and its skeleton."""
    parents = np.array([0, 0, *(rng.integers(k) for k in range(2, K))])
    rest = size * gimbal.sample_vmf(np.zeros((K, 3)), rng)
    rest[1] = [2 * size, 0.0, 0.3 * size]  # what it faces
    phase, time = rng.uniform(0, 2 * np.pi, K), np.arange(T) / 10
    swing = Rotation.from_euler("y", (0.3 * np.sin(time[:, None] + phase)).reshape(-1, 1))
    bones = swing.apply(np.tile(rest, (T, 1))).reshape(T, K, 3)
    X = np.zeros((T, K, 3))
    for k in range(1, K):
        X[:, k] = X[:, parents[k]] + bones[:, k]
    X = gimbal.canonicalize(X, -time / 3)
    X += np.stack([80 * np.cos(time / 3), 80 * np.sin(time / 3), np.full(T, 60.0)], axis=-1)[:, None]
    return X, Skeleton(tuple(f"point {k}" for k in range(K)), parents, ("point 0", "point 1"))


def ring(C, rng, distance=900.0, focal=900.0):
    """Camera matrices (C, 3, 4) around the floor, for pictures of 640 pixels, each times a factor of its own."""
    matrices = []
    for angle in 2 * np.pi * (np.arange(C) + rng.uniform(-0.1, 0.1, C)) / max(C, 2.5):
        centre = np.array([distance * np.cos(angle), distance * np.sin(angle), rng.uniform(200.0, 500.0)])
        forward = np.array([0.0, 0.0, 50.0]) - centre
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        turn = np.stack([right, np.cross(forward, right), forward])
        inner = np.array([[focal, 0.0, 320.0], [0.0, focal, 240.0], [0.0, 0.0, 1.0]])
        matrices.append(rng.uniform(0.2, 5.0) * inner @ np.column_stack([turn, -turn @ centre]))
    return np.array(matrices)


@pytest.mark.parametrize(("K", "C"), [(18, 4), (23, 3), (7, 2), (23, 8), (2, 3)])
def test_any_body_in_any_cameras(K, C, rng):
    X, skeleton = walker(K, 240, rng)
    P_train, P = ring(5, rng), ring(C, rng)

    def detect(P, X, mistakes):
        Y = project(P, X) + 3.0 * rng.normal(size=(*X.shape[:2], len(P), 2))
        wrong = rng.random(Y.shape[:-1]) < mistakes
        Y[wrong] += 60.0 * rng.normal(size=(wrong.sum(), 2))
        Y[rng.random(Y.shape[:-1]) < 0.1] = np.nan
        return Y

    params = gimbal.fit_gimbal(X[:200], detect(P_train, X[:200], 0.1), P_train, skeleton, num_states=4)
    Y, truth = detect(P, X[200:], 0.1), X[200:]
    Y[7] = np.nan
    if K > 2:
        Y[:, K - 1] = np.nan  # never seen
    found = gimbal.gimbal_map(P, Y, skeleton, params)
    plain = gimbal.m2_map(P, Y, skeleton.parents, params, tol=0.01)
    assert np.isfinite(found).all() and np.isfinite(plain).all()
    if K > 2:
        assert mean_position_error(found[:, -1], truth[:, -1]) < 20.0  # by its bone and the pose alone
    assert mean_position_error(found[:, :2], truth[:, :2]) < 8.0  # a pixel is a millimetre here
    for name, shape in {"omega2_in": (), "outlier_prob": (K,), "omega2_out": (K, C)}.items():
        value = np.broadcast_to(np.mean(params[name]), shape)
        assert np.isfinite(gimbal.gimbal_map(P, Y[:3], skeleton, params | {name: value})).all()


def detected(P, X, rng, noise=3.0, mistakes=0.1, gaps=0.1):
    """Detections (T, K, C, 2): noise, mistakes that are twenty times as large, and gaps."""
    Y = project(P, X) + noise * rng.normal(size=(*X.shape[:2], len(P), 2))
    wrong = rng.random(Y.shape[:-1]) < mistakes
    Y[wrong] += 20.0 * noise * rng.normal(size=(wrong.sum(), 2))
    Y[rng.random(Y.shape[:-1]) < gaps] = np.nan
    return Y


@pytest.fixture(scope="module")
def stranger():
    """Another animal (18 keypoints) in other cameras: truth, camera matrices, detections, skeleton, learned parameters."""
    rng = np.random.default_rng(18)
    X, skeleton = walker(18, 240, rng)
    elsewhere, P = ring(5, rng), ring(4, rng)
    params = gimbal.fit_gimbal(X[:200], detected(elsewhere, X[:200], rng), elsewhere, skeleton, num_states=5)
    return X[200:], P, detected(P, X[200:], rng), skeleton, params


#: What is never seen, by frame, keypoint and camera, and the largest mean error that GIMBAL may then make, mm (a pixel is one).
NEVER = {
    "a camera": ((slice(None), slice(None), 2), 3.0),
    "a camera from the middle on": ((slice(20, None), slice(None), 1), 3.0),
    "a keypoint": ((slice(None), 5), 4.0),
    "the root": ((slice(None), 0), 4.0),
    "a keypoint's x": ((slice(None), 5, slice(None), 0), 4.0),
    "a frame": ((7,), 3.0),
    "the first frames": ((slice(5),), 8.0),
    "every second keypoint": ((slice(None), slice(0, None, 2)), 8.0),
    "all frames but one": ((slice(1, None),), 90.0),
}


@pytest.mark.parametrize("what", NEVER)
def test_what_is_never_seen_is_guessed_from_the_rest(what, stranger):
    truth, P, Y, skeleton, params = stranger
    where, largest = NEVER[what]
    Y = Y.copy()
    Y[where] = np.nan
    found, plain = gimbal.gimbal_map(P, Y, skeleton, params), gimbal.m2_map(P, Y, skeleton.parents, params, tol=0.01)
    assert np.isfinite(found).all() and np.isfinite(plain).all()
    assert mean_position_error(found, truth) < largest


def test_each_keypoint_in_a_camera_of_its_own(stranger):
    """Nothing can be triangulated: only bones and poses say how far away it is."""
    truth, P, Y, skeleton, params = stranger
    own = np.arange(18)[:, None] % 4 == np.arange(4)
    found = gimbal.gimbal_map(P, np.where(own[..., None], Y, np.nan), skeleton, params)
    assert mean_position_error(found, truth) < 6.0


@pytest.mark.parametrize("T", [1, 2, 3])
def test_a_few_frames_are_enough(T, stranger):
    truth, P, Y, skeleton, params = stranger
    found = gimbal.gimbal_map(P, Y[:T], skeleton, params)
    assert found.shape == (T, 18, 3) and mean_position_error(found, truth[:T]) < 6.0


@pytest.mark.parametrize(("millimetres", "pixels"), [(1e-3, 1.0), (1e3, 1.0), (1.0, 0.05), (1.0, 20.0)])
def test_units_do_not_matter(millimetres, pixels, rng):
    X, skeleton = walker(9, 200, rng)
    P = ring(4, rng)
    Y = detected(P, X, rng)
    rescaled = np.diag([pixels, pixels, 1.0]) @ P @ np.diag([1 / millimetres, 1 / millimetres, 1 / millimetres, 1.0])
    expected = gimbal.gimbal_map(P, Y[160:], skeleton, gimbal.fit_gimbal(X[:160], Y[:160], P, skeleton, num_states=3))
    params = gimbal.fit_gimbal(millimetres * X[:160], pixels * Y[:160], rescaled, skeleton, num_states=3)
    found = gimbal.gimbal_map(rescaled, pixels * Y[160:], skeleton, params, tol=0.01 * millimetres)
    assert mean_position_error(found / millimetres, expected) < 0.1


@pytest.mark.parametrize("noise", [0.0, 0.3, 15.0])
def test_noise_of_any_size(noise, rng):
    X, skeleton = walker(9, 200, rng)
    P = ring(4, rng)
    Y = detected(P, X, rng, noise)
    params = gimbal.fit_gimbal(X[:160], Y[:160], P, skeleton, num_states=3)
    assert (
        mean_position_error(gimbal.gimbal_map(P, Y[160:], skeleton, params), X[160:]) < 0.02 + 1.5 * noise
    )  # a pixel is a millimetre


@pytest.mark.parametrize("seed", [4, 5, 7, 8])
def test_a_single_camera_with_mistakes_does_not_lead_to_the_camera(seed):
    """The walk is shortest right in front of the lens; and from one side alone, front and back look alike."""
    rng = np.random.default_rng(seed)
    X, skeleton = walker(18, 240, rng)
    elsewhere, P = ring(5, rng), ring(1, rng)
    params = gimbal.fit_gimbal(X[:200], detected(elsewhere, X[:200], rng), elsewhere, skeleton, num_states=5)
    found = gimbal.gimbal_map(P, detected(P, X[200:], rng), skeleton, params)
    assert mean_position_error(found, X[200:]) < 80.0  # of 900 that it is away


def test_one_camera_measures_by_the_bones(rng):
    X, skeleton = walker(8, 150, rng)
    P = ring(3, rng)
    params = gimbal.fit_gimbal(
        X[:120], project(P, X[:120]) + rng.normal(size=(120, 8, 3, 2)), P, skeleton, num_states=3
    )
    Y = (project(P, X[120:]) + rng.normal(size=(30, 8, 3, 2)))[:, :, :1]
    found = gimbal.gimbal_map(P[:1], Y, skeleton, params)
    turned = np.stack([rigid_procrustes(a, b) for a, b in zip(found, X[120:], strict=True)])
    assert mean_position_error(turned, X[120:]) < 15.0
    ratio = np.linalg.norm(found[:, 1] - found[:, 0], axis=-1) / np.linalg.norm(X[120:, 1] - X[120:, 0], axis=-1)
    assert_allclose(ratio, 1.0, atol=0.1)


def test_nothing_seen_is_nothing_known(six, learned):
    skeleton, params = learned
    Y = np.full((4, 13, 6, 2), np.nan)
    assert np.isnan(gimbal.gimbal_map(six.P, Y, skeleton, params)).all()
    assert np.isnan(gimbal.m2_map(six.P, Y, skeleton.parents, params)).all()
    Y[1, 3, 2] = [50.0, 60.0]  # one point in one view: a ray, and nothing that says how far
    assert np.isnan(gimbal.gimbal_map(six.P, Y, skeleton, params)).all()


def test_half_a_detection_is_none(six, learned, rng):
    skeleton, params = learned
    Y = project(six.P, six.points3d[:6])
    half = Y.copy()
    half[2, 4, 1, 0] = np.nan
    Y[2, 4, 1] = np.nan
    assert_allclose(gimbal.gimbal_map(six.P, half, skeleton, params), gimbal.gimbal_map(six.P, Y, skeleton, params))


WRONG_PROBLEMS = {
    "P must hold camera": lambda P, Y, s, p: (P[:, :2], Y, s, p),
    r"det\(A\) > 0": lambda P, Y, s, p: (-P, Y, s, p),
    "Y must hold detections": lambda P, Y, s, p: (P, Y[:, :, :5], s, p),
    r"\(T, K, C, 2\)": lambda P, Y, s, p: (P, Y[0], s, p),
    "13 different names": lambda P, Y, s, p: (P, Y, s._replace(names=s.names[1:]), p),
    r"parents\[3\] is 3": lambda P, Y, s, p: (P, Y, s._replace(parents=np.where(np.arange(13) == 3, 3, s.parents)), p),
    r"parents\[0\] is 1": lambda P, Y, s, p: (P, Y, s._replace(parents=np.maximum(s.parents, 1)), p),
    r"parents\[2\] is 4": lambda P, Y, s, p: (P, Y, s._replace(parents=np.where(np.arange(13) == 2, 4, s.parents)), p),
    r"needs heading=\(from, to\)": lambda P, Y, s, p: (P, Y, s._replace(heading=None), p),
    "names 'wing'": lambda P, Y, s, p: (P, Y, s._replace(heading=("wing", "withers")), p),
    "to itself": lambda P, Y, s, p: (P, Y, s._replace(heading=("spine", "spine")), p),
    "lack 'rho'": lambda P, Y, s, p: (P, Y, s, {k: v for k, v in p.items() if k != "rho"}),
    "lack 'kappa'": lambda P, Y, s, p: (P, Y, s, {k: v for k, v in p.items() if k != "kappa"}),
    r"\['eta2'\] must have shape \(13,\)": lambda P, Y, s, p: (P, Y, s, p | {"eta2": 1.0}),
    r"\['sigma2'\] must be positive": lambda P, Y, s, p: (P, Y, s, p | {"sigma2": -p["sigma2"]}),
    r"\['omega2_in'\] must be a number": lambda P, Y, s, p: (P, Y, s, p | {"omega2_in": np.ones((13, 5))}),
    r"\['omega2_out'\] must be positive": lambda P, Y, s, p: (P, Y, s, p | {"omega2_out": 0.0}),
    r"\['outlier_prob'\] must lie": lambda P, Y, s, p: (P, Y, s, p | {"outlier_prob": 1.5}),
    r"\['mu'\] must have shape": lambda P, Y, s, p: (P, Y, s, p | {"mu": p["mu"][:, 1:]}),
    r"\['mu'\] must hold unit": lambda P, Y, s, p: (P, Y, s, p | {"mu": 2 * p["mu"]}),
    r"\['kappa'\] must be finite": lambda P, Y, s, p: (P, Y, s, p | {"kappa": -p["kappa"]}),
    r"\['A'\] must hold probabilities": lambda P, Y, s, p: (P, Y, s, p | {"A": p["A"].T}),
}


@pytest.mark.parametrize("said", WRONG_PROBLEMS)
def test_gimbal_map_says_in_one_line_what_is_wrong(said, six, learned):
    skeleton, params = learned
    arguments = WRONG_PROBLEMS[said](six.P, project(six.P, six.points3d[:2]), skeleton, params)
    with pytest.raises(ValueError, match=said) as caught:
        gimbal.gimbal_map(*arguments)
    assert "\n" not in str(caught.value)


def test_m2_map_wants_no_pose_states(six, learned):
    skeleton, params = learned
    Y = project(six.P, six.points3d[:2])
    few = {name: value for name, value in params.items() if name not in ("mu", "kappa", "pi", "A")}
    assert_array_equal(
        gimbal.m2_map(six.P, Y, skeleton.parents, few), gimbal.m2_map(six.P, Y, skeleton.parents, params)
    )
    with pytest.raises(ValueError, match="parents must be 13 whole numbers"):
        gimbal.m2_map(six.P, Y, skeleton.parents[1:], few)


WRONG_TRAINING = {
    r"X_train must be \(T, K, 3\)": lambda X, Y, P, s: (X[0], Y, P, s),
    "Y_train must be": lambda X, Y, P, s: (X, Y.swapaxes(1, 2), P, s),
    "are never seen together": lambda X, Y, P, s: (np.where(np.arange(13)[:, None] == 6, np.nan, X), Y, P, s),
    "in two frames": lambda X, Y, P, s: (X[:1], Y[:1], P, s),
    "detections are never": lambda X, Y, P, s: (X, np.full(Y.shape, np.nan), P, s),
    "names 'wing'": lambda X, Y, P, s: (X, Y, P, s._replace(heading=("wing", "withers"))),
}


@pytest.mark.parametrize("said", WRONG_TRAINING)
def test_fit_gimbal_says_in_one_line_what_is_wrong(said, six, learned):
    X = six.points3d[:30]
    with pytest.raises(ValueError, match=said) as caught:
        gimbal.fit_gimbal(*WRONG_TRAINING[said](X, project(six.P, X), six.P, learned[0]))
    assert "\n" not in str(caught.value)


def test_fit_gimbal_learns_what_was_simulated(rng):
    X, skeleton = walker(6, 3000, rng)
    parents = skeleton.parents
    P = ring(4, rng)
    inner, outer, share = np.array([1.0, 2.0, 4.0, 1.0, 9.0, 2.0]), 400.0, 0.2
    wrong = rng.random((3000, 6, 4)) < share
    Y = project(P, X) + np.sqrt(np.where(wrong, outer, inner[:, None]))[..., None] * rng.normal(size=(3000, 6, 4, 2))
    gaps = rng.random((3000, 6)) < 0.2
    known = np.where(gaps[..., None], np.nan, X)
    params = gimbal.fit_gimbal(known, Y, P, skeleton, num_states=3)
    assert_allclose(params["omega2_in"], inner, rtol=0.1)
    assert_allclose(params["omega2_out"], outer, rtol=0.15)
    assert_allclose(params["outlier_prob"], share, atol=0.03)
    assert_allclose(params["rho"][1:], np.linalg.norm(X - X[:, parents], axis=-1).mean(axis=0)[1:], rtol=0.01)
    assert_allclose(params["eta2"], np.mean(np.diff(X, axis=0) ** 2, axis=(0, 2)), rtol=0.05)
    assert_allclose(params["A"].sum(axis=1), 1.0)
    assert params["kappa"][:, 0].max() == 0.0


# the sampler


def decoupled_model(rng, six):
    """A joint that can be simulated from the root on: frames know nothing of each other (eta2 infinite, states independent).

    The root has a flat prior in the sampler and a normal one here; its detections are so good that this cannot be told.
    """
    parents, P = np.array([0, 0, 1, 1]), six.P[[0, 2]]
    pi = np.array([0.3, 0.7])
    params = {
        "eta2": np.full(4, np.inf), "rho": np.array([0.0, 40.0, 30.0, 25.0]), "sigma2": np.array([1.0, 25.0, 16.0, 36.0]),
        "omega2_in": np.array([0.02, 4.0, 9.0, 9.0]) ** 2 / 3, "omega2_out": np.array([0.05, 15.0, 15.0, 15.0]) ** 2,
        "outlier_prob": 0.2, "mu": gimbal.sample_vmf(np.zeros((2, 4, 3)), rng),
        "kappa": np.array([[0.0, 6.0, 1.5, 9.0], [0.0, 1.0, 8.0, 4.0]]), "pi": pi, "A": np.stack([pi, pi]),
    }  # fmt: skip
    params["mu"][:, :, 2] *= 0.3  # mostly horizontal, so that there is a heading to be found
    params["mu"] /= np.linalg.norm(params["mu"], axis=-1, keepdims=True)
    return P, parents, params


def simulate(rng, T, P, parents, params):
    h, s = rng.uniform(-np.pi, np.pi, T), rng.choice(2, size=T, p=params["pi"])
    u = gimbal.sample_vmf(gimbal.canonicalize((params["kappa"][..., None] * params["mu"])[s], -h), rng)
    x = np.empty((T, 4, 3))
    x[:, 0] = [0.0, 0.0, 60.0] + 20 * rng.normal(size=(T, 3))
    for k in range(1, 4):
        e = np.sqrt(params["sigma2"][k]) * rng.normal(size=(T, 3))
        x[:, k] = x[:, parents[k]] + params["rho"][k] * u[:, k] + e
    z = rng.random((T, 4, len(P))) < params["outlier_prob"]
    noise = np.sqrt(np.where(z, params["omega2_out"][:, None], params["omega2_in"][:, None]))
    return {"z": z, "s": s, "u": u, "h": h, "x": x}, project(P, x) + noise[..., None] * rng.normal(size=(*z.shape, 2))


def statistics(state, Y, P, parents):
    """What must keep its distribution, one row a frame."""
    x, u = state["x"], state["u"]
    d = x[:, 1:] - x[:, parents[1:]]
    in_the_body = gimbal.canonicalize(d, state["h"])
    r2 = np.sum((Y - project(P, x)) ** 2, axis=-1)
    rows = [
        np.linalg.norm(d, axis=-1), in_the_body.reshape(len(x), -1), np.sum(u[:, 1:] * d, axis=-1),
        gimbal.canonicalize(u, state["h"])[:, 1:].reshape(len(x), -1), np.log(r2[:, 1:]).mean(axis=-1),
        (state["z"] * np.log(r2)).mean(axis=(1, 2))[:, None], state["s"][:, None] * in_the_body[:, :, 0],
    ]  # fmt: skip
    first = np.concatenate(rows, axis=1)
    return np.concatenate([first, (first - first.mean(axis=0)) ** 2], axis=1)


def largest_z(rng, six, sweeps=20, T=2500):
    """Sweeps from the truth: by how many standard errors, at most, a mean over frames moves."""
    P, parents, params = decoupled_model(rng, six)
    truth, Y = simulate(rng, T, P, parents, params)
    state = truth
    for _ in range(sweeps):
        state = gimbal.gibbs_sweep(state, {"P": P, "Y": Y, "parents": parents}, params, rng)
    before, after = (statistics(which, Y, P, parents) for which in (truth, state))
    center = before[:, : before.shape[1] // 2].mean(axis=0)
    half = before.shape[1] // 2
    after[:, half:] = (after[:, :half] - center) ** 2
    change = after - before
    moved = np.mean(np.abs(state["x"][:, 1:] - truth["x"][:, 1:]).max(axis=-1) > 1e-6)
    return np.abs(change.mean(axis=0) / (change.std(axis=0) / np.sqrt(T))).max(), moved


def test_a_draw_from_the_posterior_remains_one(six, rng):
    z, moved = largest_z(rng, six)
    assert z < 4.0 and moved > 0.9


def test_the_stationarity_test_sees_a_heading_without_kappa(six, rng, monkeypatch):
    """As in the public JAX implementation, which leaves the concentrations out of the heading's conditional."""

    def without_kappa(U, states, mu, kappa):
        return right(U, states, mu, (kappa > 0).astype(float))

    right = gimbal.heading_posterior
    monkeypatch.setattr(gimbal, "heading_posterior", without_kappa)
    assert largest_z(rng, six)[0] > 8.0


@pytest.mark.parametrize("part", ["direction_posterior", "state_log_likelihood", "outlier_posterior"])
def test_the_stationarity_test_sees_other_mistakes(part, six, rng, monkeypatch):
    right = getattr(gimbal, part)
    wrong = {
        "direction_posterior": lambda X, parents, rho, sigma2, prior: right(X, parents, rho, 2 * sigma2, prior),
        "state_log_likelihood": lambda *arguments: 0.0 * right(*arguments),
        "outlier_posterior": lambda r2, *others: right(r2 / 2, *others),
    }[part]
    monkeypatch.setattr(gimbal, part, wrong)
    assert largest_z(rng, six)[0] > 6.0


def test_position_moves_agree_with_quadrature(rng):
    """One point, two near cameras and loose detections: a posterior that is far from normal, on a grid."""
    P = ring(2, rng, distance=150.0, focal=60.0)
    middle = np.array([10.0, -5.0, 60.0])
    X = np.tile(middle, (4000, 1, 1))
    Y = np.tile(project(P, X[:1]) + [[[[3.0, 2.0], [-4.0, 1.0]]]], (4000, 1, 1, 1))
    params = {"eta2": np.array([np.inf]), "rho": np.zeros(1), "sigma2": np.ones(1)}
    params |= {name: np.full((1, 2), 25.0) for name in ("omega2_in", "omega2_out")}
    z, u = np.zeros((4000, 1, 2), dtype=bool), np.zeros((4000, 1, 3))
    for _ in range(40):
        X = bonewalk.move_positions(X, z, u, P, Y, np.array([0]), params, rng)
    grid = np.stack(np.meshgrid(*[np.linspace(-120.0, 120.0, 121)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) + middle
    r2 = np.sum((Y[0, 0] - project(P, grid)) ** 2, axis=(-1, -2))
    p = np.exp(-0.5 * np.where(np.isfinite(r2), r2, np.inf) / 25.0)
    p /= p.sum()
    mean = p @ grid
    covariance = (p[:, None] * (grid - mean)).T @ (grid - mean)
    inside = X[np.all(np.abs(X[:, 0] - middle) < 121.0, axis=-1), 0]
    assert len(inside) > 3960
    # The mode is where a move without its correction would centre the draws; the mean is clearly elsewhere.
    error = np.abs(inside.mean(axis=0) - mean) / np.sqrt(np.diag(covariance) / len(inside))
    assert error.max() < 4.0
    assert_allclose(np.cov(inside.T), covariance, atol=0.12 * np.diag(covariance).max())


def test_coupled_paths_follow_the_dense_posterior(six, rng):
    """Far cameras make the projection nearly linear: then the posterior of a path is normal, with a covariance known in closed form."""
    P, X = six.P, six.points3d[100:106, :1]
    Y = project(P, X) + 0.3 * rng.normal(size=(6, 1, 6, 2))
    Y[2:4] = np.nan
    params = {"eta2": np.array([4.0]), "rho": np.zeros(1), "sigma2": np.ones(1)}
    params |= {"omega2_in": np.full((1, 6), 0.09), "omega2_out": np.full((1, 6), 9.0)}
    z, u, kept = np.zeros((6, 1, 6), dtype=bool), np.zeros((6, 1, 3)), []
    mode = m0_map(P, Y[:, 0], 4.0, 0.09)
    x = mode[:, None]
    for _ in range(4000):
        x = bonewalk.move_positions(x, z, u, P, Y, np.array([0]), params, rng)
        kept.append(x.ravel())
    J = np.stack([approx_fprime(point, lambda v: project(P, v).ravel(), 1e-4) for point in mode])
    seen = np.isfinite(Y[:, 0]).reshape(6, -1)
    D = np.diff(np.eye(6), axis=0)
    precision = np.kron(D.T @ D / 4.0, np.eye(3))
    for t in range(6):
        precision[3 * t : 3 * t + 3, 3 * t : 3 * t + 3] += J[t].T @ (seen[t][:, None] * J[t]) / 0.09
    standard = (np.array(kept) - mode.ravel()) @ np.linalg.cholesky(precision)
    assert np.mean(np.any(np.diff(kept, axis=0) != 0, axis=1)) > 0.95
    assert np.abs(standard.mean(axis=0)).max() < 5 / np.sqrt(4000) + 0.02
    assert np.abs(np.cov(standard.T) - np.eye(18)).max() < 0.15


def test_gibbs_sweep_leaves_its_arguments_alone(six, learned, rng):
    skeleton, params = learned
    x = six.points3d[:10]
    Y = project(six.P, x)
    Y[3, 4] = np.nan
    state = {"x": x.copy(), "h": bonewalk.facing(x, (7, 1))}
    new = gimbal.gibbs_sweep(state, {"P": six.P, "Y": Y, "parents": skeleton.parents}, params, rng)
    assert_array_equal(state["x"], x)
    assert set(new) == {"z", "s", "u", "h", "x"} and not new["z"][3, 4].any()
    assert new["x"].shape == x.shape and np.isfinite(new["x"]).all()


# summaries and volumes


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, -0.4])
def test_posterior_summary_knows_autoregressions(phi, rng):
    S, scale = 20_000, np.sqrt(1 - phi**2)
    noise = rng.normal(size=(S, 2, 2, 3))
    chain = np.empty(noise.shape)
    chain[0] = noise[0]
    for i in range(1, S):
        chain[i] = phi * chain[i - 1] + scale * noise[i]
    found = gimbal.posterior_summary(3.0 + 2.0 * chain)
    expected = S * (1 - phi) / (1 + phi)
    assert_allclose(found["ess"], expected, rtol=0.2)
    assert_allclose(found["mean"], 3.0, atol=5 * 2 / np.sqrt(expected))
    assert_allclose(found["sd"], 2.0, rtol=0.1)
    assert_allclose(found["lower"], 3.0 - 2.0 * 1.6449, atol=0.35)
    assert_allclose(found["upper"], 3.0 + 2.0 * 1.6449, atol=0.35)


def test_posterior_summary_of_what_does_not_move(rng):
    samples = rng.normal(size=(101, 1, 2, 3))
    samples[:, 0, 1] = 7.0
    found = gimbal.posterior_summary(samples)
    assert np.isnan(found["ess"][0, 1]).all() and np.isfinite(found["ess"][0, 0]).all()
    assert_array_equal(found["lower"][0, 1], 7.0)


def test_posterior_summary_of_what_stands_still_where_its_mean_is_rounded():
    """The mean of a hundred times 0.1 is not 0.1, and what is left over is no movement."""
    assert np.isnan(gimbal.posterior_summary(np.full((100, 1, 1, 3), 0.1))["ess"]).all()


def test_unproject_looks_up_where_each_camera_sees(six, rng):
    maps = rng.random((6, 112, 128))
    grid = rng.uniform(-400.0, 400.0, (500, 3))
    grid[:6] = -np.linalg.solve(six.P[:, :, :3], six.P[:, :, 3:])[..., 0] * 1.2  # behind a camera
    found = gimbal.unproject(maps, six.P, grid)
    assert found.shape == (500, 6)
    points = project(six.P, grid)
    for g, c in itertools.product(range(500), range(6)):
        x, y = points[g, c]
        if not (0 <= x <= 127 and 0 <= y <= 111):
            assert found[g, c] == 0.0
        else:
            assert_allclose(found[g, c], map_coordinates(maps[c], [[y], [x]], order=1)[0], atol=1e-12)
    assert 0.2 < np.mean(found > 0) < 0.9


# the rat


def test_each_model_helps_on_the_rat(learned, six):
    """Three cameras, one detector, five seconds: M0 > M1 > M2 > GIMBAL, as the lecture has it."""
    skeleton, params = learned
    found, train = load_detections("six_test"), load_detections("six_train")
    cameras, some = [0, 2, 4], slice(300, 450)
    P, Y, truth = six.P[cameras], found.keypoints.swapaxes(1, 2)[some][:, :, cameras], six.points3d[some]
    omega2 = np.mean(np.sum((train.keypoints - train.truth.keypoints) ** 2, axis=-1), axis=(0, 1)) / 2
    noise = ("omega2_in", "omega2_out", "outlier_prob")
    m0 = np.stack([m0_map(P, Y[:, k], params["eta2"][k], omega2[k]) for k in range(13)], axis=1)
    m1 = np.stack([m1_map(P, Y[:, k], params["eta2"][k], *(params[n][k] for n in noise))[0] for k in range(13)], axis=1)
    m2 = gimbal.m2_map(P, Y, skeleton.parents, params, tol=0.01)
    errors = [mean_position_error(X, truth) for X in (m0, m1, m2, gimbal.gimbal_map(P, Y, skeleton, params))]
    assert errors == sorted(errors, reverse=True) and errors[3] < 0.55 * errors[0]
