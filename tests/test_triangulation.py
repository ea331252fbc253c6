"""The reference of Lab 7 against finite differences, scipy, dense matrices, exhaustive search and theorems."""

from itertools import combinations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import orthogonal_procrustes
from scipy.ndimage import median_filter as scipy_median
from scipy.optimize import approx_fprime, least_squares, minimize
from scipy.spatial.transform import Rotation
from scipy.stats import chi2, multivariate_normal

from posekit import cameras
from posekit.data import load_six
from solutions import triangulation as tri


@pytest.fixture
def rng():
    return np.random.default_rng(70)


@pytest.fixture(scope="module")
def six():
    return load_six("test")


def by_autograd(P, X):
    """Image points (..., C, 2) of points in front of all cameras."""
    homogeneous = anp.concatenate([X, anp.ones((*X.shape[:-1], 1))], axis=-1)
    images = [anp.dot(homogeneous, matrix.T) for matrix in P]
    return anp.stack([image[..., :2] / image[..., 2:] for image in images], axis=-2)


def squared_errors(X, P, Y):
    seen = np.isfinite(Y)
    return anp.sum(anp.where(seen, np.where(seen, Y, 0.0) - by_autograd(P, X), 0.0) ** 2, axis=-1)


def m0_log_joint(x, P, Y, eta2, omega2):
    X = x.reshape(-1, 3)
    return -0.5 * anp.sum(squared_errors(X, P, Y)) / omega2 - 0.5 * anp.sum((X[1:] - X[:-1]) ** 2) / eta2


def m1_log_joint(x, P, Y, eta2, inner, outer, prior):
    X = x.reshape(-1, 3)
    r2, seen = squared_errors(X, P, Y), np.isfinite(Y).all(axis=-1)
    good, bad = np.log((1 - prior) / inner) - 0.5 * r2 / inner, np.log(prior / outer) - 0.5 * r2 / outer
    return anp.sum(anp.logaddexp(good, bad) * seen) - 0.5 * anp.sum((X[1:] - X[:-1]) ** 2) / eta2


def noisy(six, rng, frames, keypoint, noise=1.5, wrong=0.0, missing=0.0):
    """Truth (T, 3) and simulated detections (T, 6, 2) of one keypoint."""
    X = six.points3d[frames, keypoint]
    Y = tri.project(six.P, X) + noise * rng.normal(size=(len(X), 6, 2))
    mistaken = rng.uniform(size=Y.shape[:-1]) < wrong
    Y[mistaken] += 25.0 * rng.normal(size=(mistaken.sum(), 2))
    Y[rng.uniform(size=Y.shape[:-1]) < missing] = np.nan
    return X, Y


# projection


def test_project_agrees_with_posekit_and_with_the_recording(six):
    assert_array_equal(tri.project(six.P, six.points3d), cameras.project(six.P, six.points3d[..., None, :]))
    assert_allclose(tri.project(six.P, six.points3d).swapaxes(1, 2), six.keypoints, atol=0.01)  # stored in half pixels


def test_both_projections_agree_behind_a_camera(six):
    centre = -np.linalg.solve(six.P[0, :, :3], six.P[0, :, 3])
    X = np.stack([centre * s for s in (0.2, 0.99, 1.0, 1.01, 3.0)])
    points = tri.project(six.P, X)
    assert_array_equal(points, cameras.project(six.P, X[:, None, :]))
    assert np.isnan(points[3:, 0]).all() and np.isfinite(points[:2, 0]).all()


def test_jacobian_agrees_with_finite_differences(six, rng):
    X = six.points3d[::200, 3]
    J = tri.projection_jacobian(six.P, X)
    for x, jacobian in zip(X, J, strict=True):
        step = 1e-4
        differences = [(tri.project(six.P, x + e) - tri.project(six.P, x - e)) / (2 * step) for e in step * np.eye(3)]
        assert_allclose(jacobian, np.moveaxis(differences, 0, -1), rtol=1e-6, atol=1e-7)


# points


@pytest.mark.parametrize("views", [[0, 1], [0, 3], [1, 3, 4], range(6)])
def test_triangulation_undoes_projection(six, views):
    X = six.points3d[::50]
    assert_allclose(tri.triangulate(six.P[list(views)], tri.project(six.P[list(views)], X)), X, atol=1e-6)


def test_degenerate_views(six):
    X = six.points3d[0]
    Y = tri.project(six.P, X)
    for views in ([], [2]):
        some = np.full_like(Y, np.nan)
        some[:, views] = Y[:, views]
        assert np.isnan(tri.triangulate(six.P, some)).all()
        found, inliers = tri.ransac_triangulate(six.P, some, 3.0)
        assert np.isnan(found).all() and not inliers.any()
        assert np.isnan(tri.refine(six.P, some, X)).all()
        assert np.isnan(tri.m0_map(six.P, some, 4.0, 1.0)).all()
        assert np.isnan(tri.m0_sample(six.P, some, 4.0, 1.0, 3, np.random.default_rng(0))).all()
        path, outlier, history = tri.m1_map(six.P, some, 4.0, 1.0, 100.0, 0.1)
        assert np.isnan(path).all() and outlier.shape == Y.shape[:-1] and len(history) == 0
    for num_cameras in (0, 1):
        few, Y_few = six.P[:num_cameras], Y[:, :num_cameras]
        found, inliers = tri.ransac_triangulate(few, Y_few, 3.0)
        assert np.isnan(found).all() and inliers.shape == (13, num_cameras)
        assert tri.project(few, X).shape == (13, num_cameras, 2)
        assert np.isnan(tri.m0_map(few, Y_few, 4.0, 1.0)).all()
        assert np.isnan(tri.m1_map(few, Y_few, 4.0, 1.0, 100.0, 0.1)[0]).all()


def test_nearly_collinear_cameras(six):
    """Two cameras a thousandth of a millimetre apart: the image is explained, the depth is not known, and nothing breaks."""
    aside = np.eye(4)
    aside[0, 3] = 1e-3
    P = np.stack([six.P[0], six.P[0] @ aside])
    X = six.points3d[:20, 0]
    Y = tri.project(P, X) + np.array([0.0, 0.3])  # the same in both
    found = tri.m0_map(P, Y, 4.0, 1.0)
    assert np.isfinite(found).all()
    assert np.median(tri.reprojection_error(P, found, Y)) < 0.3
    twice = P[[0, 0]]
    assert np.isfinite(tri.m0_map(twice, Y, 4.0, 1.0)).all()
    assert np.isfinite(tri.refine(twice, Y, X)).all()


def test_a_start_behind_a_camera_is_survived(six):
    """Detections that no point explains: the rays of two views meet behind one of them."""
    centre = -np.linalg.solve(six.P[0, :, :3], six.P[0, :, 3])
    homogeneous = np.append(1.2 * centre + [30.0, 50.0, 0.0], 1.0)
    mirrored = np.array([(matrix @ homogeneous)[:2] / (matrix @ homogeneous)[2] for matrix in six.P[:2]])
    Y = mirrored[None]
    assert np.isnan(tri.reprojection_error(six.P[:2], tri.triangulate(six.P[:2], Y), Y)).any()
    assert np.isnan(tri.ransac_triangulate(six.P[:2], Y, 3.0)[0]).all()
    for T in (1, 4):
        assert np.isfinite(tri.m0_map(six.P[:2], np.tile(Y, (T, 1, 1)), 4.0, 1.0)).all()
        assert np.isfinite(tri.m1_map(six.P[:2], np.tile(Y, (T, 1, 1)), 4.0, 1.0, 100.0, 0.1)[0]).all()
    tri.refine(six.P[:2], Y, np.zeros((1, 3)))


def test_refine_agrees_with_scipy(six, rng):
    X, Y = noisy(six, rng, slice(0, 900, 90), 4, noise=4.0, missing=0.2)
    found = tri.refine(six.P, Y, tri.triangulate(six.P, Y))
    for x, y, start in zip(found, Y, X, strict=True):
        seen = np.isfinite(y)
        if seen.all(axis=-1).sum() < 2:
            assert np.isnan(x).all()
            continue
        residual = lambda x, y=y, seen=seen: (tri.project(six.P, x) - y)[seen]  # noqa: E731
        best = least_squares(residual, start, x_scale=10.0, xtol=1e-14, gtol=1e-14)
        assert_allclose(x, best.x, atol=1e-5)


def test_data_terms_are_the_derivatives(six, rng):
    X, Y = noisy(six, rng, slice(0, 5), 2, missing=0.2)
    weights = rng.uniform(0.1, 2.0, size=Y.shape[:-1])
    slope, curvature = tri.data_terms(six.P, Y, X, weights)

    def value(x):
        return -0.5 * anp.sum(weights * squared_errors(x.reshape(-1, 3), six.P, Y))

    assert_allclose(slope.ravel(), autograd.grad(value)(X.ravel()), rtol=1e-9, atol=1e-9)
    J = [autograd.jacobian(lambda x: by_autograd(six.P, x))(x) for x in X]
    seen = np.isfinite(Y).all(axis=-1)
    assert_allclose(curvature, np.einsum("tc,tcij,tcik->tjk", weights * seen, J, J), rtol=1e-9)


def exhaustively(P, y, threshold):
    """RANSAC of one point by the letter of its docstring, over all pairs."""
    best = (1, 0.0)
    inliers = np.zeros(len(P), dtype=bool)
    for pair in map(list, combinations(np.flatnonzero(np.isfinite(y).all(axis=-1)), 2)):
        x = tri.triangulate(P[pair], y[pair])
        depth = P[:, 2, :3] @ x + P[:, 2, 3]
        error = np.linalg.norm(tri.project(P, x) - y, axis=-1)
        voters = error <= threshold
        this = (voters.sum(), -error[voters].sum())
        if (depth[pair] > 0).all() and voters.sum() > 1 and this > best:
            best, inliers = this, voters
    return tri.triangulate(P, np.where(inliers[:, None], y, np.nan)), inliers


def test_ransac_agrees_with_exhaustive_search(six, rng):
    _, Y = noisy(six, rng, slice(0, 900, 6), 10, wrong=0.4, missing=0.15)
    X, inliers = tri.ransac_triangulate(six.P, Y, 3.0)
    for n, y in enumerate(Y):
        x, voters = exhaustively(six.P, y, 3.0)
        assert_array_equal(inliers[n], voters)
        assert_array_equal(X[n], x)
    assert 2 < inliers.sum(axis=-1).mean() < 5


def test_ransac_serves_any_leading_axes(six, rng):
    _, Y = noisy(six, rng, slice(0, 12), 10, wrong=0.3)
    X, inliers = tri.ransac_triangulate(six.P, Y, 3.0)
    again, voters = tri.ransac_triangulate(six.P, Y.reshape(2, 3, 2, 6, 2), 3.0)
    assert_array_equal(again.reshape(12, 3), X)
    assert_array_equal(voters.reshape(12, 6), inliers)
    one, its = tri.ransac_triangulate(six.P, Y[5], 3.0)
    assert_array_equal(one, X[5])
    assert_array_equal(its, inliers[5])


def test_find_shifted_camera_measures_a_knock(six, rng):
    Y = tri.project(six.P, six.points3d[::30].reshape(-1, 3)) + rng.normal(size=(390, 6, 2))
    Y[:, 4] += [3.0, -2.0]
    Y[rng.uniform(size=Y.shape[:-1]) < 0.02] += 40.0
    camera, shift = tri.find_shifted_camera(six.P, Y)
    assert camera == 4
    assert_allclose(shift, [3.0, -2.0], atol=0.3)  # the median of 390 errors of 1.5 px


# paths


def test_median_filter_agrees_with_scipy_inside(rng):
    X = rng.normal(size=(30, 2, 3))
    for width in (1, 3, 7):
        inside = slice(width // 2, 30 - width // 2)
        assert_array_equal(tri.median_filter(X, width)[inside], scipy_median(X, (width, 1, 1))[inside])


def test_median_filter_fills_what_it_can(rng):
    X = rng.normal(size=(10, 3))
    X[4] = np.nan
    X[7:] = np.nan
    filtered = tri.median_filter(X, 3)
    assert_allclose(filtered[4], (X[3] + X[5]) / 2)
    assert_allclose(filtered[7], X[6])
    assert np.isnan(filtered[8:]).all()
    assert_allclose(filtered[0], (X[0] + X[1]) / 2)
    for width in (0, 2, -3):
        with pytest.raises(ValueError, match="median_filter"):
            tri.median_filter(X, width)


def test_fill_gaps_draws_straight_lines(rng):
    X = np.arange(7.0)[:, None] * [1.0, -2.0, 3.0]
    gaps = X.copy()
    gaps[2:4] = gaps[5, 1] = np.nan
    assert_allclose(tri.fill_gaps(gaps), X)
    gaps[0] = gaps[6] = np.nan
    assert_allclose(tri.fill_gaps(gaps), X[[1, 1, 2, 3, 4, 4, 4]])
    assert np.isnan(tri.fill_gaps(np.full((3, 3), np.nan))).all()


def as_dense(bands):
    reach = len(bands) - 1
    matrix = np.zeros((bands.shape[1], bands.shape[1]))
    for i, j in np.ndindex(matrix.shape):
        if 0 <= j - i <= reach:
            matrix[i, j] = matrix[j, i] = bands[reach + i - j, j]
    return matrix


@pytest.mark.parametrize("T", [1, 2, 3, 8])
def test_bands_equal_the_dense_matrices(T, rng):
    D = np.diff(np.eye(T), axis=0)
    L = D.T @ D / 2.5
    walk = tri.random_walk_precision(T, 2.5)
    assert_allclose(as_dense(walk), L, atol=1e-14)
    blocks = rng.normal(size=(T, 3, 3))
    blocks = blocks @ blocks.swapaxes(-1, -2)
    expected = np.kron(L, np.eye(3))
    for t in range(T):
        expected[3 * t : 3 * t + 3, 3 * t : 3 * t + 3] += blocks[t]
    assert_allclose(as_dense(tri.chain_bands(blocks, walk)), expected, atol=1e-11)


def test_uphill_halves_until_it_rises():
    f = lambda X: -float(np.sum(X**2))  # noqa: E731
    start = np.array([1.0, 0.0])
    assert_allclose(tri.uphill(f, start, np.array([-0.5, 0.0])), [-0.5, 0.0])
    assert_allclose(tri.uphill(f, start, np.array([-9.0, 0.0])), [-0.25, 0.0])  # -9, -4 and -1.5 are worse
    assert_allclose(tri.uphill(f, start, np.array([9.0, 0.0])), start, atol=1e-4)
    assert_allclose(tri.uphill(lambda X: -np.inf if X[0] < 0 else f(X), start, np.array([-0.5, 0.0])), [0.25, 0.0])
    assert_allclose(tri.uphill(lambda X: -np.inf, start, np.zeros(2)), [0.0, 0.0])  # from the bottom any way is up


@pytest.mark.parametrize("T", [1, 2, 12])
def test_m0_map_agrees_with_scipy(T, six, rng):
    _, Y = noisy(six, rng, slice(300, 300 + T), 6, noise=3.0, missing=0.3 if T > 2 else 0.0)
    if T == 12:
        Y[[0, 5, 6]] = np.nan
    arguments = (six.P, Y, 20.0, 9.0)
    X = tri.m0_map(*arguments)
    flat = lambda x: -m0_log_joint(x, *arguments)  # noqa: E731
    start = six.points3d[300 : 300 + T, 6].ravel()
    best = minimize(
        flat, start, jac=autograd.grad(flat), hess=autograd.hessian(flat), method="trust-exact", options={"gtol": 1e-9}
    )
    assert_allclose(X, best.x.reshape(T, 3), atol=1e-3)
    assert_allclose(autograd.grad(flat)(X.ravel()), 0.0, atol=1e-5)


def test_m0_map_between_its_limits(six, rng):
    """A free walk leaves each frame to itself; one that may not move pools all frames."""
    _, Y = noisy(six, rng, slice(0, 6), 0, noise=2.0)
    alone = tri.refine(six.P, Y, tri.triangulate(six.P, Y))
    assert_allclose(tri.m0_map(six.P, Y, 1e8, 4.0), alone, atol=1e-4)
    pooled = tri.refine(np.tile(six.P, (6, 1, 1)), Y.reshape(36, 2), alone[0])
    assert_allclose(tri.m0_map(six.P, Y, 1e-7, 4.0), np.tile(pooled, (6, 1)), atol=1e-3)


def test_m0_map_takes_gross_mistakes(six, rng):
    _, Y = noisy(six, rng, slice(0, 300), 5, wrong=0.2, missing=0.1)
    arguments = (six.P, Y, 18.0, 100.0)
    slope = autograd.grad(m0_log_joint)(tri.m0_map(*arguments).ravel(), *arguments)
    assert np.abs(slope).max() < 1e-5


def test_m0_samples_follow_the_dense_posterior(six, rng):
    _, Y = noisy(six, rng, slice(100, 105), 9, noise=0.5, missing=0.2)
    arguments = (six.P, Y, 10.0, 4.0)
    X = tri.m0_map(*arguments)
    samples = tri.m0_sample(*arguments, 20_000, rng).reshape(20_000, 15)
    J = [autograd.jacobian(lambda x: by_autograd(six.P, x))(x) for x in X]
    H = np.einsum("tc,tcij,tcik->tjk", np.isfinite(Y).all(axis=-1) / 4.0, J, J)
    D = np.diff(np.eye(5), axis=0)
    precision = np.kron(D.T @ D / 10.0, np.eye(3))
    for t in range(5):
        precision[3 * t : 3 * t + 3, 3 * t : 3 * t + 3] += H[t]
    # In the posterior's own units: a mean of zero and the identity as covariance, within five standard errors.
    standard = (samples - X.ravel()) @ np.linalg.cholesky(precision)
    assert np.abs(standard.mean(axis=0)).max() < 5 / np.sqrt(20_000)
    assert np.abs(np.cov(standard.T) - np.eye(15)).max() < 5 * np.sqrt(2 / 20_000)
    radius = np.sum(standard**2, axis=1)
    assert abs(np.mean(radius < chi2(15).ppf(0.9)) - 0.9) < 5 * np.sqrt(0.09 / 20_000)


def test_m0_intervals_cover_under_the_model(six, rng):
    """Where detections really are independent and normal, 90 % intervals hold the truth in 90 % of the cases."""
    X, Y = noisy(six, rng, slice(0, 900), 7, noise=1.5)
    eta2 = np.mean(np.diff(X, axis=0) ** 2)
    samples = tri.m0_sample(six.P, Y, eta2, 2.25, 300, rng)
    low, high = np.quantile(samples, [0.05, 0.95], axis=0)
    assert (
        0.84 < np.mean((low <= X) & (X <= high)) < 0.96
    )  # neighbouring frames share their errors; a rat is no random walk


# outliers


def test_outlier_posterior_is_bayes_rule_in_two_dimensions(rng):
    r = rng.uniform(0.0, 12.0, size=20)
    points = np.column_stack([r, np.zeros(20)])
    good, bad = (multivariate_normal(np.zeros(2), v * np.eye(2)).pdf(points) for v in (2.0, 80.0))
    assert_allclose(tri.outlier_posterior(r**2, 0.15, 2.0, 80.0), 0.15 * bad / (0.15 * bad + 0.85 * good), rtol=1e-10)


def test_outlier_posterior_far_away():
    with np.errstate(over="raise", invalid="raise"):
        assert_array_equal(tri.outlier_posterior(np.array([1e5, 1e300, np.inf]), 0.1, 1.0, 100.0)[:2], [1.0, 1.0])
        assert tri.outlier_posterior(0.0, 0.1, 1e-6, 1e6) < 1e-12
    assert np.isnan(tri.outlier_posterior(np.nan, 0.1, 1.0, 100.0))


@pytest.mark.parametrize("seed", range(4))
def test_m1_map_climbs_to_a_maximum(seed, six):
    rng = np.random.default_rng(seed)
    _, Y = noisy(six, rng, slice(60, 80), 6, wrong=0.15, missing=0.15)
    Y[7] = np.nan
    arguments = (six.P, Y, 25.0, 2.25, 600.0, 0.15)
    X, outlier, history = tri.m1_map(*arguments)
    assert np.min(np.diff(history), initial=0.0) >= -1e-9 * np.abs(history).max()
    flat = lambda x: m1_log_joint(x, *arguments)  # noqa: E731
    assert_allclose(history[-1], flat(X.ravel()), rtol=1e-10)
    bend = autograd.hessian(flat)(X.ravel())
    assert np.linalg.eigvalsh(bend)[-1] < 0
    newton = np.linalg.solve(bend, autograd.grad(flat)(X.ravel()))
    assert np.abs(newton).max() < 1e-3  # mm
    seen = np.isfinite(Y).all(axis=-1)
    expected = tri.outlier_posterior(squared_errors(X, six.P, Y), 0.15, 2.25, 600.0)
    assert_allclose(outlier[seen], expected[seen], rtol=1e-10)


def test_m1_map_equals_m0_map_where_both_components_are_one(six, rng):
    _, Y = noisy(six, rng, slice(0, 15), 3, missing=0.2)
    X, outlier, _ = tri.m1_map(six.P, Y, 5.0, 2.25, 2.25, 0.3)
    assert_allclose(X, tri.m0_map(six.P, Y, 5.0, 2.25), atol=1e-4)
    assert_allclose(outlier[np.isfinite(Y).all(axis=-1)], 0.3)


def test_m1_map_mends_what_m0_map_cannot(six, rng):
    X, Y = noisy(six, rng, slice(0, 200), 6, wrong=0.12)
    variance = 0.88 * 2.25 + 0.12 * 625.0
    plain = tri.mean_position_error(tri.m0_map(six.P, Y, 25.0, variance), X)
    robust = tri.mean_position_error(tri.m1_map(six.P, Y, 25.0, 2.25, 627.0, 0.12)[0], X)
    assert robust < plain / 2


# errors


def test_mean_position_error_wants_all_estimates(six):
    X = six.points3d[:5] + [3.0, 0.0, 4.0]
    assert_allclose(tri.mean_position_error(X, six.points3d[:5]), 5.0)
    truth = six.points3d[:5].copy()
    truth[0, 3] = X[0, 3] = np.nan
    assert_allclose(tri.mean_position_error(X, truth), 5.0)
    X[1, 1, 1] = np.nan
    with pytest.raises(ValueError, match="1 of 64 points"):
        tri.mean_position_error(X, truth)
    assert np.isnan(tri.mean_position_error(X, np.full(X.shape, np.nan)))


def test_rigid_procrustes_agrees_with_scipy(six, rng):
    for n in range(0, 900, 45):
        truth = six.points3d[n]
        turn = Rotation.random(random_state=n)
        X = turn.apply(truth + rng.normal(size=truth.shape) * 5.0) + rng.normal(size=3) * 100.0
        a, b = X - X.mean(axis=0), truth - truth.mean(axis=0)
        R, _ = orthogonal_procrustes(a, b)
        assert np.linalg.det(R) > 0
        assert_allclose(tri.rigid_procrustes(X, truth), a @ R + truth.mean(axis=0), atol=1e-9)
        mirrored = X * [1.0, 1.0, -1.0]
        found = tri.rigid_procrustes(mirrored, truth)
        a = mirrored - mirrored.mean(axis=0)
        best = Rotation.align_vectors(b, a)[0].apply(a) + truth.mean(axis=0)
        assert_allclose(found, best, atol=1e-6)


def test_rigid_procrustes_is_the_best_turn(six, rng):
    """No rotation near it does better."""
    truth = six.points3d[50]
    X = truth @ Rotation.from_euler("x", 30, degrees=True).as_matrix() + rng.normal(size=truth.shape) * 10.0
    found = tri.rigid_procrustes(X, truth)
    centre = found.mean(axis=0)

    def cost(vector):
        return np.sum((Rotation.from_rotvec(vector).apply(found - centre) + centre - truth) ** 2)

    assert_allclose(approx_fprime(np.zeros(3), cost, 1e-6), 0.0, atol=0.5)  # mm^2 per radian, of some 1e5
    assert all(cost(v) > cost(np.zeros(3)) for v in 0.05 * rng.normal(size=(20, 3)))
