"""Lab 7: triangulation. From detections in calibrated views to paths in 3D: DLT, RANSAC, and the models M0 and M1.

Notation follows the slides: `P` (C, 3, 4) holds the camera matrices [A | b] with det(A) > 0, `Y` (..., C, 2) detections in
pixels (x, y) with NaN for a missing one, `X` (..., 3) points in millimetres. `eta2` is the variance of a keypoint's step
from frame to frame in mm^2 (per coordinate), `omega2` that of a detection in px^2 (per coordinate).
"""

from itertools import combinations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.linalg import cholesky_banded, solve_banded, solveh_banded

from solutions.likelihood import sigmoid


def project(P, X):
    """Image points of 3D points in every camera: (u, v) / w with (u, v, w) = A x + b (slide "Projective geometry").

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices [A | b], with det(A) > 0: then w is the depth in front of the camera, up to a positive factor.
    X : ndarray (..., 3)
        Points, mm. Any number of leading axes, also none.

    Returns
    -------
    ndarray of float64 (..., C, 2)
        Pixels (x, y); NaN where w <= 0: the point is not in front of the camera, and cannot be seen.
    """
    ### BEGIN SOLUTION
    P, X = np.asarray(P, dtype=float), np.asarray(X, dtype=float)
    uvw = np.einsum("cij,...j->...ci", P[:, :, :3], X) + P[:, :, 3]
    w = np.where(uvw[..., 2] > 0, uvw[..., 2], np.nan)
    return uvw[..., :2] / w[..., None]
    ### END SOLUTION


def projection_jacobian(P, X):
    """Derivatives of `project` by the point.

    With y = (u, v) / w, the quotient rule gives dy_i / dx = (A_i - y_i A_3) / w for the rows A_i of A.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices [A | b].
    X : ndarray (..., 3)
        Points, mm.

    Returns
    -------
    ndarray of float64 (..., C, 2, 3)
        Pixels per millimetre; NaN where w <= 0.
    """
    ### BEGIN SOLUTION
    P, X = np.asarray(P, dtype=float), np.asarray(X, dtype=float)
    A = P[:, :, :3]
    depth = np.einsum("cj,...j->...c", A[:, 2], X) + P[:, 2, 3]
    depth = np.where(depth > 0, depth, np.nan)[..., None, None]
    return (A[:, :2] - project(P, X)[..., None] * A[:, None, 2]) / depth
    ### END SOLUTION


def triangulate(P, Y):
    """The point that best explains its detections, by the homogeneous direct linear transform (DLT).

    Each detection (x, y) gives two equations that are linear in the homogeneous point (X, 1): x P_3 - P_1 and y P_3 - P_2,
    for the rows P_i of the camera, vanish on it. They are solved in the least-squares sense by the right singular vector of
    the smallest singular value (Hartley and Zisserman 2004, section 12.2).

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices. Multiplying one of them by a positive factor changes nothing but rounding.
    Y : ndarray (..., C, 2)
        Detections, px; NaN (in either coordinate) where a view has none.

    Returns
    -------
    ndarray of float64 (..., 3)
        Points, mm; NaN where fewer than two views have a detection.
    """
    ### BEGIN SOLUTION
    P, Y = np.asarray(P, dtype=float), np.asarray(Y, dtype=float)
    scaled = P / np.linalg.norm(P[:, 2, :3], axis=-1)[:, None, None]
    seen = np.isfinite(Y).all(axis=-1)
    rows = Y[..., None] * scaled[:, None, 2] - scaled[:, :2]  # (..., C, 2, 4)
    rows = np.where(seen[..., None, None], rows, 0.0)
    *_, Vt = np.linalg.svd(rows.reshape(*seen.shape[:-1], 2 * len(P), 4))
    point = np.where(seen.sum(axis=-1, keepdims=True) < 2, np.nan, Vt[..., -1, :])
    return point[..., :3] / point[..., 3:]
    ### END SOLUTION


def data_terms(P, Y, X, weights):
    """Slope and curvature of the data's part of a log joint, -1/2 sum_c weights_c |y_c - f_c(x)|^2, at x.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices.
    Y : ndarray (..., C, 2)
        Detections, px. A missing one, and a camera that has the point behind it, adds nothing.
    X : ndarray (..., 3)
        Points, mm.
    weights : ndarray (..., C)
        Precisions, px^-2.

    Returns
    -------
    slope : ndarray (..., 3)
        Its gradient by x, sum_c w_c J_c'(y_c - f_c(x)), per mm.
    curvature : ndarray (..., 3, 3)
        Minus its second derivative but for terms that vanish with the residuals (Gauss and Newton), sum_c w_c J_c'J_c.
    """
    residual, J = Y - project(P, X), projection_jacobian(P, X)
    used = np.isfinite(residual).all(axis=-1)
    residual = np.where(used[..., None], residual, 0.0)
    J = np.where(used[..., None, None], J, 0.0)
    J = J.reshape(*J.shape[:-3], 2 * len(P), 3)  # the two coordinates of all cameras, one after the other
    weighted = np.swapaxes(np.repeat(np.where(used, weights, 0.0), 2, axis=-1)[..., None] * J, -1, -2)
    return (weighted @ residual.reshape(*J.shape[:-1], 1))[..., 0], weighted @ J


def refine(P, Y, X0):
    """Minimise the squared reprojection error sum_c |y_c - f_c(x)|^2 over x, from X0, by Gauss and Newton's method.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices.
    Y : ndarray (..., C, 2)
        Detections, px; NaN where a view has none.
    X0 : ndarray (..., 3)
        Starts, mm, in front of the cameras that have a detection. They are not changed.

    Returns
    -------
    ndarray of float64 (..., 3)
        The minimum, converged: the gradient there is zero but for rounding. NaN where fewer than two views have a detection,
        or where `X0` is NaN.
    """
    P, Y, X = np.asarray(P, dtype=float), np.asarray(Y, dtype=float), np.array(X0, dtype=float)
    seen = np.isfinite(Y).all(axis=-1)
    enough = (seen.sum(axis=-1) >= 2) & np.isfinite(X).all(axis=-1)
    X[~enough] = np.nan
    x, Y, seen = X[enough], Y[enough], seen[enough]  # one row for each point that can be refined

    def error(x):  # (N,) sums of squares; NaN behind a camera that has a detection
        return np.sum(np.where(seen[..., None], Y - project(P, x), 0.0) ** 2, axis=(-1, -2))

    for _ in range(100):
        ### BEGIN SOLUTION
        slope, curvature = data_terms(P, Y, x, seen.astype(float))
        # A little more than the curvature: where nothing fixes a direction the point then stays.
        step = np.linalg.solve(curvature + 1e-12 * np.eye(3), slope[..., None])[..., 0]
        before = error(x)
        for _ in range(20):  # halve the steps of those points that would get worse
            worse = ~(error(x + step) <= before)
            if not worse.any():
                break
            step[worse] /= 2
        step[worse] = 0.0
        x = x + step
        ### END SOLUTION
        if np.max(np.abs(step), initial=0.0) < 1e-9:
            break
    X[enough] = x
    return X


def reprojection_error(P, X, Y):
    """Distance in the image between each detection and the projected point.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices.
    X : ndarray (..., 3)
        Points, mm.
    Y : ndarray (..., C, 2)
        Detections, px; NaN where a view has none.

    Returns
    -------
    ndarray of float64 (..., C)
        Euclidean distances, px; NaN where a view has no detection, or the point is behind the camera.
    """
    ### BEGIN SOLUTION
    return np.linalg.norm(np.asarray(Y, dtype=float) - project(P, X), axis=-1)
    ### END SOLUTION


def ransac_triangulate(P, Y, threshold):
    """Triangulate from the views that agree (random sample consensus, Fischler and Bolles 1981, with every pair tried).

    Each pair of views proposes a point, its DLT. Only a point in front of both its cameras counts. The views whose
    reprojection error of it is at most `threshold` vote for it. The proposal with most votes wins, at a tie the one whose
    voters have the smaller error (in sum). The point is then fitted anew to its voters.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices.
    Y : ndarray (..., C, 2)
        Detections, px; NaN where a view has none.
    threshold : float
        Px.

    Returns
    -------
    X : ndarray of float64 (..., 3)
        Points, mm, fitted to the voters. NaN where no proposal is in front of its pair and has two votes.
    inliers : ndarray of bool (..., C)
        The voters; none where X is NaN.
    """
    P, Y = np.asarray(P, dtype=float), np.asarray(Y, dtype=float)
    votes_for_best = np.ones(Y.shape[:-2])  # a winner has more: the error of "one vote" cannot be beaten at a tie
    error_of_best = np.full(Y.shape[:-2], -np.inf)
    inliers = np.zeros(Y.shape[:-1], dtype=bool)
    for pair in map(list, combinations(range(len(P)), 2)):
        ### BEGIN SOLUTION
        error = reprojection_error(P, triangulate(P[pair], Y[..., pair, :]), Y)
        voters = error <= threshold
        votes, total = voters.sum(axis=-1), np.sum(error, axis=-1, where=voters)
        in_front = np.isfinite(error[..., pair]).all(axis=-1)
        tie_won = (votes == votes_for_best) & (total < error_of_best)
        better = in_front & ((votes > votes_for_best) | tie_won)
        votes_for_best = np.where(better, votes, votes_for_best)
        error_of_best = np.where(better, total, error_of_best)
        inliers = np.where(better[..., None], voters, inliers)
        ### END SOLUTION
    return triangulate(P, np.where(inliers[..., None], Y, np.nan)), inliers


def median_filter(X, width):
    """Running median over time, coordinate by coordinate: the way in which DLC-3D's users remove outliers.

    Parameters
    ----------
    X : ndarray (T, ...)
        Paths, mm, the frames first; NaN where a frame has no estimate.
    width : int
        Number of frames in the window, odd: frame t is the median of the frames from t - width // 2 to t + width // 2,
        as far as they exist and are not NaN.

    Returns
    -------
    ndarray of float64, the shape of `X`
        A gap is filled where its window holds an estimate, else NaN.

    Raises
    ------
    ValueError
        If `width` is not an odd number from 1.
    """
    ### BEGIN SOLUTION
    if width < 1 or width % 2 == 0:
        raise ValueError(f"median_filter: the width must be an odd number from 1, not {width}.")
    X = np.asarray(X, dtype=float)
    edge = np.full((width // 2, *X.shape[1:]), np.nan)
    windows = sliding_window_view(np.concatenate([edge, X, edge]), width, axis=0)  # (T, ..., width)
    seen = np.isfinite(windows).any(axis=-1)
    filtered = np.full(X.shape, np.nan)
    filtered[seen] = np.nanmedian(windows[seen], axis=-1)
    return filtered
    ### END SOLUTION


def fill_gaps(X):
    """Bridge the gaps of a path by straight lines; before the first and behind the last estimate it stands still.

    Parameters
    ----------
    X : ndarray (T, 3)
        Points, mm; a row with a NaN is a gap.

    Returns
    -------
    ndarray of float64 (T, 3)
        Without gaps, or all NaN where there is no estimate at all.
    """
    frames, seen = np.arange(len(X)), np.isfinite(X).all(axis=-1)
    if not seen.any():
        return np.full(np.shape(X), np.nan)
    return np.column_stack([np.interp(frames, frames[seen], X[seen, i]) for i in range(3)])


def random_walk_precision(T, eta2):
    """Precision matrix of a random walk x_t ~ N(x_{t-1}, eta2) of one coordinate, in banded form.

    The log density is -1/2 x'Lx + constant with x'Lx = sum_t (x_t - x_{t-1})^2 / eta2. There is no prior on the first frame, so L
    is singular: it does not say where the path is, only how it moves.

    Parameters
    ----------
    T : int
        Number of frames, from 1.
    eta2 : float
        Variance of a step, mm^2.

    Returns
    -------
    ndarray of float64 (2, T)
        The upper banded form of `scipy.linalg.solveh_banded`: L[t, t] in [1, t] and L[t - 1, t] in [0, t]; [0, 0] is not used.
    """
    ### BEGIN SOLUTION
    bands = np.zeros((2, T))
    bands[0, 1:] = -1.0 / eta2
    bands[1, 1:] += 1.0 / eta2  # each step has two ends
    bands[1, :-1] += 1.0 / eta2
    return bands
    ### END SOLUTION


def chain_bands(curvature, walk):
    """The matrix of a path's Newton step, in banded form: the data's curvature in each frame plus the walk's precision.

    The unknowns are in the order of `X.ravel()`, frame by frame and x, y, z within a frame. The data couple the coordinates
    within a frame, the walk couples a coordinate to itself one frame, that is three unknowns, later.

    Parameters
    ----------
    curvature : ndarray (T, 3, 3)
        Symmetric blocks, mm^-2, as from `data_terms`.
    walk : ndarray (2, T)
        As from `random_walk_precision`.

    Returns
    -------
    ndarray of float64 (4, 3 T)
        The upper banded form of `scipy.linalg.solveh_banded` and `cholesky_banded`.
    """
    bands = np.zeros((4, len(curvature), 3))
    bands[0, 1:] = walk[0, 1:, None]
    # A trace more, so that the matrix is positive definite also where nothing fixes a direction.
    bands[3] = (walk[1] + 1e-12 + 1e-11 * np.trace(curvature, axis1=1, axis2=2))[:, None]
    for i in range(3):
        for j in range(i, 3):
            bands[3 + i - j, :, j] += curvature[:, i, j]
    return bands.reshape(4, -1)


def uphill(f, X, goal):
    """Go from X to the goal, or only half as far, a quarter, ... until f is not lower than at X (but for rounding).

    Parameters
    ----------
    f : function of an ndarray like X that gives a number
    X, goal : ndarray

    Returns
    -------
    ndarray like X
        X itself where even a millionth of the way is too far.
    """
    floor = f(X)
    floor -= 1e-12 * abs(floor)
    for size in 0.5 ** np.arange(21):
        new = X + size * (goal - X)
        if f(new) >= floor:
            return new
    return X


def m0_map(P, Y, eta2, omega2):
    """Most probable path of one keypoint under model M0 (slide "Model 0").

    x_t ~ N(x_{t-1}, eta2 I) and y_tc ~ N(f_c(x_t), omega2 I), with a flat prior on the first frame. Gauss and Newton's method:
    each step solves one banded system, in time that grows with T, not with its square.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices.
    Y : ndarray (T, C, 2)
        Detections, px; NaN where there is none: that is no evidence, and the walk bridges the frame.
    eta2, omega2 : float
        Variance of a step, mm^2, and of a detection, px^2, per coordinate.

    Returns
    -------
    ndarray of float64 (T, 3)
        Path, mm, where the gradient of the log joint is zero but for rounding; NaN where no frame has two views.
    """
    P, Y = np.asarray(P, dtype=float), np.asarray(Y, dtype=float)
    seen = np.isfinite(Y).all(axis=-1)
    X = fill_gaps(triangulate(P, Y))  # the start
    if np.isnan(X).any():
        return X

    def squared_error(X):  # (T, C), px^2: 0 without a detection, infinite where the camera has the point behind it
        error = np.sum((Y - project(P, X)) ** 2, axis=-1)
        return np.where(seen, np.where(np.isnan(error), np.inf, error), 0.0)

    ### BEGIN SOLUTION
    weights, walk = seen / omega2, random_walk_precision(len(Y), eta2)

    def log_joint(X):
        return -0.5 * np.sum(squared_error(X)) / omega2 - 0.5 * np.sum(np.diff(X, axis=0) ** 2) / eta2

    for _ in range(100):
        slope, curvature = data_terms(P, Y, X, weights)
        # With curvature H and the walk's L, (H + L) (goal - X) = slope - L X, so (H + L) goal = slope + H X.
        right = slope + (curvature @ X[..., None])[..., 0]
        goal = solveh_banded(chain_bands(curvature, walk), right.ravel()).reshape(X.shape)
        X, before = uphill(log_joint, X, goal), X
        if np.max(np.abs(X - before)) < 1e-7:
            break
    ### END SOLUTION
    return X


def m0_sample(P, Y, eta2, omega2, num_samples, rng):
    """Samples from the Laplace approximation of M0's posterior: the normal density around the most probable path.

    Its precision is minus the second derivative of the log joint there, in Gauss and Newton's approximation: a banded matrix,
    which is never inverted.

    Parameters
    ----------
    P, Y, eta2, omega2
        As for `m0_map`.
    num_samples : int
        Number of samples, S.
    rng : np.random.Generator
        The only source of randomness.

    Returns
    -------
    ndarray of float64 (S, T, 3)
        Paths, mm; NaN where `m0_map` is.
    """
    X = m0_map(P, Y, eta2, omega2)
    if np.isnan(X).any():
        return np.full((num_samples, *X.shape), np.nan)
    Y = np.asarray(Y, dtype=float)
    _, curvature = data_terms(P, Y, X, np.isfinite(Y).all(axis=-1) / omega2)
    factor = cholesky_banded(chain_bands(curvature, random_walk_precision(len(Y), eta2)))  # U with precision U'U
    ### BEGIN SOLUTION
    noise = solve_banded((0, 3), factor, rng.normal(size=(X.size, num_samples)))  # covariance inv(U) inv(U)' = inv(U'U)
    return X + noise.T.reshape(num_samples, *X.shape)
    ### END SOLUTION


def outlier_posterior(r2, outlier_prob, omega2_in, omega2_out):
    """Probability that a detection is an outlier, given how far it is from the projected point.

    A detection is drawn from N(f(x), omega2_out I) with probability `outlier_prob`, else from N(f(x), omega2_in I): normal densities in
    the two dimensions of an image (slide "Model 1").

    Parameters
    ----------
    r2 : ndarray, any shape
        Squared distances, px^2; also so large that both densities underflow.
    outlier_prob, omega2_in, omega2_out : float or ndarray that broadcasts
        Prior probability in (0, 1), and variances per coordinate, px^2.

    Returns
    -------
    ndarray of float64, the shape of `r2`
    """
    ### BEGIN SOLUTION
    r2 = np.asarray(r2, dtype=float)
    prior = np.log(outlier_prob) - np.log1p(-np.asarray(outlier_prob, dtype=float))
    likelihood = np.log(omega2_in) - np.log(omega2_out) + 0.5 * r2 * (1.0 / omega2_in - 1.0 / omega2_out)
    return sigmoid(prior + likelihood)
    ### END SOLUTION


def m1_map(P, Y, eta2, omega2_in, omega2_out, outlier_prob):
    """Most probable path of one keypoint under model M1, robust triangulation (slide "Model 1"), by expectation maximisation.

    As M0, but each detection is an outlier with probability `outlier_prob`, and then has the variance `omega2_out` instead of `omega2_in`.
    Which ones are is summed out. An iteration finds the probability of each, weighs the detections by their expected precision,
    and goes uphill by one of M0's steps with these weights.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices.
    Y : ndarray (T, C, 2)
        Detections, px; NaN where there is none: that is no evidence.
    eta2, omega2_in, omega2_out : float
        Variances per coordinate: of a step, mm^2; of a good detection and of an outlier, px^2.
    outlier_prob : float
        In (0, 1).

    Returns
    -------
    X : ndarray of float64 (T, 3)
        Path, mm, at a maximum of the log joint; NaN where no frame has two views.
    outlier : ndarray of float64 (T, C)
        Probability that the detection is an outlier, at `X`. Means nothing where there is no detection.
    log_joint : ndarray of float64 (number of iterations,)
        log p(Y, X) after each iteration, up to a constant. It never falls, but for rounding. Empty where X is NaN.
    """
    P, Y = np.asarray(P, dtype=float), np.asarray(Y, dtype=float)
    seen = np.isfinite(Y).all(axis=-1)
    robust, _ = ransac_triangulate(P, Y, 3.0 * np.sqrt(omega2_in))
    X = fill_gaps(robust if np.isfinite(robust).any() else triangulate(P, Y))  # the start
    history = []
    if np.isnan(X).any():
        return X, np.full(seen.shape, np.nan), np.array(history)

    def squared_error(X):  # (T, C), px^2: 0 without a detection, infinite where the camera has the point behind it
        error = np.sum((Y - project(P, X)) ** 2, axis=-1)
        return np.where(seen, np.where(np.isnan(error), np.inf, error), 0.0)

    ### BEGIN SOLUTION
    walk = random_walk_precision(len(Y), eta2)

    def log_joint(X):
        r2 = squared_error(X)
        good = np.log1p(-outlier_prob) - np.log(omega2_in) - 0.5 * r2 / omega2_in
        bad = np.log(outlier_prob) - np.log(omega2_out) - 0.5 * r2 / omega2_out
        return np.sum(np.logaddexp(good, bad), where=seen) - 0.5 * np.sum(np.diff(X, axis=0) ** 2) / eta2

    for _ in range(200):
        outlier = outlier_posterior(squared_error(X), outlier_prob, omega2_in, omega2_out)
        weights = seen * ((1.0 - outlier) / omega2_in + outlier / omega2_out)
        slope, curvature = data_terms(P, Y, X, weights)
        right = slope + (curvature @ X[..., None])[..., 0]
        goal = solveh_banded(chain_bands(curvature, walk), right.ravel()).reshape(X.shape)
        X, before = uphill(log_joint, X, goal), X
        history.append(log_joint(X))
        if np.max(np.abs(X - before)) < 1e-6:
            break
    ### END SOLUTION
    return X, outlier_posterior(squared_error(X), outlier_prob, omega2_in, omega2_out), np.array(history)


def find_shifted_camera(P, Y):
    """Which camera has been knocked since the calibration, and by how much its picture has moved since.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices of the calibration, of at least four cameras.
    Y : ndarray (N, C, 2)
        Detections of many points, px; NaN where a view has none. A few may be wrong.

    Returns
    -------
    camera : int
        The one without which the others agree best: their median reprojection error is smallest then.
    shift : ndarray of float64 (2,)
        Median over the points of detection minus projection in this camera, px, where the others place the points.
    """
    smallest = np.inf
    for candidate in range(len(P)):
        ### BEGIN SOLUTION
        others = np.arange(len(P)) != candidate
        X = triangulate(P[others], Y[:, others])
        error = np.nanmedian(reprojection_error(P[others], X, Y[:, others]))
        if error < smallest:
            smallest, camera = error, candidate
            shift = np.nanmedian(Y[:, candidate] - project(P, X)[:, candidate], axis=0)
        ### END SOLUTION
    return camera, shift


def mean_position_error(X, Xtrue):
    """Mean distance between estimates and truth, over all points that have a truth (the lecture's MPE).

    Parameters
    ----------
    X, Xtrue : ndarray (..., 3)
        Points, mm. A row of `Xtrue` with a NaN has no truth, and does not count.

    Returns
    -------
    float
        mm; NaN where nothing has a truth.

    Raises
    ------
    ValueError
        If an estimate is NaN where there is a truth: a method must not look better by leaving out what is hard.
    """
    ### BEGIN SOLUTION
    X, Xtrue = np.asarray(X, dtype=float), np.asarray(Xtrue, dtype=float)
    known = ~np.isnan(Xtrue).any(axis=-1)
    if not known.any():
        return float("nan")
    missing = np.isnan(X[known]).any(axis=-1).sum()
    if missing:
        raise ValueError(f"mean_position_error: {missing} of {known.sum()} points have a truth but no estimate.")
    return float(np.mean(np.linalg.norm(X[known] - Xtrue[known], axis=-1)))
    ### END SOLUTION


def rigid_procrustes(X, Xtrue):
    """Turn and move an estimated pose onto the true one, as closely as possible: no scaling and no mirror image.

    The rotation and translation minimise the sum of squared distances over the keypoints that both have (Kabsch 1976). What is
    left of the error is one of pose, not of place.

    Parameters
    ----------
    X, Xtrue : ndarray (K, 3)
        Keypoints, mm; rows with a NaN are missing.

    Returns
    -------
    ndarray of float64 (K, 3)
        All rows of `X`, turned and moved; NaN where `X` is, and everywhere if fewer than three keypoints are in both.
    """
    ### BEGIN SOLUTION
    X, Xtrue = np.asarray(X, dtype=float), np.asarray(Xtrue, dtype=float)
    both = np.isfinite(X).all(axis=-1) & np.isfinite(Xtrue).all(axis=-1)
    if both.sum() < 3:
        return np.full(X.shape, np.nan)
    center, true_center = X[both].mean(axis=0), Xtrue[both].mean(axis=0)
    U, _, Vt = np.linalg.svd((X[both] - center).T @ (Xtrue[both] - true_center))
    # Where the best orthogonal matrix is a mirror image, with determinant -1: turn the weakest direction around.
    U[:, 2] *= np.linalg.det(U @ Vt)
    return (X - center) @ (U @ Vt) + true_center
    ### END SOLUTION
