"""What the estimators of Lab 8 share: a first guess of a body's path, its Newton system in banded form, and sums over states.

Shapes are those of Labs 7 and 8: `P` (C, 3, 4), `Y` (T, K, C, 2) px with NaN for a missing detection, `X` (T, K, 3) mm,
`parents` (K,) with parents[k] < k and parents[0] == 0. An *edge* joins keypoint k = 1 ... K - 1 to its parent, and has the
number k - 1.
"""

from itertools import combinations

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded, solve_banded, solveh_banded
from scipy.ndimage import median_filter

from solutions.triangulation import (
    chain_bands,
    data_terms,
    fill_gaps,
    outlier_posterior,
    project,
    random_walk_precision,
)


def agreed_points(P, Y, threshold):
    """Triangulate from the views that agree: RANSAC over all pairs, made quick for a first guess of many points at once.

    A pair proposes the point midway between its rays. The proposal with the smallest sum of squared reprojection
    errors, each cut off at the threshold, wins, and the point nearest to the rays of its voters is returned.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices.
    Y : ndarray (T, K, C, 2)
        Detections, px; NaN where there is none.
    threshold : ndarray that broadcasts to (T, K, C)
        Px; a view votes for a point that it sees no further off.

    Returns
    -------
    ndarray of float64 (T, K, 3)
        Points, mm; NaN where no two views agree.
    """
    centres, rays = view_rays(P, Y)
    best, inliers = np.full(Y.shape[:2], np.inf), np.zeros(Y.shape[:3], dtype=bool)
    for i, j in combinations(range(len(P)), 2):
        a, b, between = rays[:, :, i], rays[:, :, j], centres[j] - centres[i]
        cosine, along_a, along_b = np.sum(a * b, axis=-1), a @ between, b @ between
        with np.errstate(divide="ignore", invalid="ignore"):  # parallel rays meet nowhere
            s = (along_a - cosine * along_b) / (1.0 - cosine**2)
            t = (cosine * along_a - along_b) / (1.0 - cosine**2)
        proposal = (centres[i] + s[..., None] * a + centres[j] + t[..., None] * b) / 2
        error = np.linalg.norm(Y - project(P, proposal), axis=-1)
        voters = error <= threshold
        cost = np.sum(np.where(voters, error, threshold) ** 2, axis=-1)
        better = voters[..., i] & voters[..., j] & (cost < best)
        best = np.where(better, cost, best)
        inliers = np.where(better[..., None], voters, inliers)
    agreed = np.isfinite(best)
    across = np.where(inliers[..., None, None], np.eye(3) - rays[..., None] * rays[..., None, :], 0.0)
    normal = across.sum(axis=-3)
    normal[~agreed] = np.eye(3)
    right = np.einsum("tkcij,cj->tki", across, centres)
    return np.where(agreed[..., None], np.linalg.solve(normal, right[..., None])[..., 0], np.nan)


def view_rays(P, Y):
    """The cameras' centres (C, 3), mm, and unit vectors from these to what they see, the shape of `Y` but with 3 at the end."""
    P = np.asarray(P, dtype=float)
    centres = -np.linalg.solve(P[:, :, :3], P[:, :, 3:])[..., 0]
    homogeneous = np.concatenate([Y, np.ones((*Y.shape[:-1], 1))], axis=-1)
    rays = np.einsum("cij,...cj->...ci", np.linalg.inv(P[:, :, :3]), homogeneous)
    return centres, rays / np.linalg.norm(rays, axis=-1, keepdims=True)


def first_guess(P, Y, parents, rho, threshold):
    """Where to start the search for a body's path: near enough wherever the detections say something.

    Points on which views agree, with straight lines over a keypoint's gaps. Where there is no such point at all (one camera, say), the
    size of the body gives the distance: half of all directions in space are seen under an angle whose sine is larger than sqrt(3/4).

    Parameters
    ----------
    P, Y, parents
        See the head of this module.
    rho : ndarray (K,)
        Lengths of the bones to the parents, mm; the root's is not used.
    threshold : ndarray that broadcasts to (T, K, C)
        Px, as for `agreed_points`.

    Returns
    -------
    X : ndarray of float64 (T, K, 3)
        mm. NaN in all frames for a keypoint on which no views ever agree.
    by_size : bool
        The distance comes from the size of the body, and is a rough one. (Then X is NaN where a keypoint is in no view.)
    """
    X = agreed_points(P, Y, threshold)
    by_size = bool(np.isnan(X).any(axis=-1).all())
    if by_size:
        centres, rays = view_rays(P, Y)
        angle2 = np.sum((rays[:, 1:] - rays[:, parents[1:]]) ** 2, axis=-1)  # (T, K - 1, C), of small angles
        for c in range(len(P)):
            ratio = (rho[1:] ** 2 / np.maximum(angle2[..., c], 1e-12))[np.isfinite(angle2[..., c])]
            if len(ratio):
                X = np.where(np.isnan(X), centres[c] + np.sqrt(0.75 * np.median(ratio)) * rays[:, :, c], X)
    X = np.stack([fill_gaps(X[:, k]) for k in range(X.shape[1])], axis=1)
    # A single view outvotes no mistake, and a path that jumps to and fro would be shortest right in front of the camera.
    return median_filter(X, size=(9, 1, 1), mode="nearest") if by_size else X, by_size


def complete(X, P, Y, parents, offsets):
    """Put keypoints of which nothing is known beside their neighbours in the tree, and onto the ray of a view that sees them.

    Parameters
    ----------
    X : ndarray (T, K, 3)
        As from `first_guess`: a keypoint is NaN in all frames, or in none.
    P, Y, parents
        See the head of this module.
    offsets : ndarray that broadcasts to (T, K, 3)
        Where a child is, seen from its parent, mm.

    Returns
    -------
    ndarray of float64 (T, K, 3)
        Finite, if one keypoint of X is.
    """
    X, known = X.copy(), np.isfinite(X[0]).all(axis=-1)
    offsets = np.broadcast_to(offsets, X.shape)
    centres, rays = view_rays(P, Y)
    while known.any() and not known.all():
        for k in range(1, len(parents)):
            for new, old, sign in ((k, parents[k], 1.0), (parents[k], k, -1.0)):
                if known[old] and not known[new]:
                    X[:, new] = _onto(X[:, old] + sign * offsets[:, k], centres, rays[:, new])
                    known[new] = True
    return X


def _onto(points, centres, rays):
    """Points (T, 3), moved onto the ray (T, C, 3) of the first view that sees them, where one does."""
    along = np.sum(rays * (points[:, None] - centres), axis=-1, keepdims=True)
    passing = np.where(along > 0, centres + along * rays, np.nan)
    seen = np.isfinite(passing).all(axis=-1)
    first = passing[np.arange(len(points)), seen.argmax(axis=1)]
    return np.where(seen.any(axis=1)[:, None], first, points)


def body_bands(curvature, stiffness, parents, eta2):
    """The matrix of a body's Newton step in banded form: data, bones and the walk.

    The unknowns are in the order of `X.ravel()`: frame by frame, keypoint by keypoint, x, y, z. A bone ties two keypoints of
    one frame, the walk ties a keypoint to itself one frame, that is 3 K unknowns, later. So the half-bandwidth is 3
    K, and the time grows with T K^3.

    Parameters
    ----------
    curvature : ndarray (T, K, 3, 3)
        Of the data, as from `data_terms`, mm^-2.
    stiffness : ndarray (T, K - 1, 3, 3)
        Of the edges: positive semi-definite, mm^-2. Edge k - 1 pulls at keypoint k and its parent.
    parents : ndarray (K,)
    eta2 : ndarray (K,)
        Variances of the walk's steps, mm^2.

    Returns
    -------
    ndarray of float64 (3 K + 1, 3 T K)
        The upper banded form of `scipy.linalg.solveh_banded`.
    """
    T, K = curvature.shape[:2]
    diagonal = curvature.copy()
    # A trace more, so that the matrix is positive definite also where nothing fixes a direction.
    small = 1e-12 + 1e-11 * np.trace(curvature, axis1=-2, axis2=-1)
    walk = np.zeros((T, K))  # the number of steps that end or begin at a frame, each weighed
    walk[1:] += 1.0 / eta2
    walk[:-1] += 1.0 / eta2
    diagonal += (walk + small)[..., None, None] * np.eye(3)
    bands = np.zeros((3 * K + 1, T, K, 3))
    bands[0, 1:] = -1.0 / eta2[:, None]
    for k in range(1, K):
        p, E = parents[k], stiffness[:, k - 1]
        diagonal[:, k] += E
        diagonal[:, p] += E
        for i in range(3):
            for j in range(3):
                bands[3 * (K + p - k) + i - j, :, k, j] -= E[:, i, j]
    for i in range(3):
        for j in range(i, 3):
            bands[3 * K + i - j, :, :, j] += diagonal[..., i, j]
    return bands.reshape(3 * K + 1, -1)


def walk_slope(X, eta2):
    """Gradient (T, K, 3) of the walk's log density, -1/2 sum_t |x_t - x_{t-1}|^2 / eta2."""
    pull = np.diff(X, axis=0) / eta2[:, None]
    slope = np.zeros(X.shape)
    slope[:-1] += pull
    slope[1:] -= pull
    return slope


def at_both_ends(gradient, parents):
    """Gradient (T, K, 3) by the keypoints from that by the edges' differences d = x_k - x_parent, (T, K - 1, 3)."""
    slope = np.zeros((gradient.shape[0], len(parents), 3))
    slope[:, 1:] = gradient
    for k in range(1, len(parents)):
        slope[:, parents[k]] -= gradient[:, k - 1]
    return slope


def forward_backward(log_lik, pi, A):
    """Probabilities of a Markov chain's states, given likelihoods in each frame.

    Parameters
    ----------
    log_lik : ndarray (T, S)
        Log likelihoods, also far from 0, or -inf, but not in all states of a frame.
    pi : ndarray (S,)
        Probabilities of the first state.
    A : ndarray (S, S)
        A[i, j] is the probability of j after i.

    Returns
    -------
    gamma : ndarray of float64 (T, S)
        Posterior probabilities of the states of each frame.
    transitions : ndarray of float64 (S, S)
        Expected numbers of transitions from i to j.
    log_evidence : float
        Log likelihood of all frames, the states summed out.
    """
    log_lik, T = np.asarray(log_lik, dtype=float), len(log_lik)
    highest = log_lik.max(axis=1)
    likelihood = np.exp(log_lik - highest[:, None])
    forward, predicted, scale = np.empty(log_lik.shape), np.empty(log_lik.shape), np.empty(T)
    for t in range(T):
        predicted[t] = forward[t - 1] @ A if t else pi
        joint = predicted[t] * likelihood[t]
        scale[t] = joint.sum()
        if scale[t] < 1e-200:  # what fits the frame cannot come next: look at what can
            possible = np.where(predicted[t] > 0, log_lik[t], -np.inf)
            highest[t] = possible.max()
            joint = predicted[t] * np.exp(possible - highest[t])
            scale[t] = joint.sum()
        forward[t] = joint / scale[t]
    gamma, ratio = forward.copy(), np.zeros(forward.shape)  # of the last frame, `forward` already knows all
    for t in range(T - 1, 0, -1):
        np.divide(gamma[t], predicted[t], out=ratio[t], where=predicted[t] > 0)
        gamma[t - 1] *= A @ ratio[t]
    return gamma, A * (forward[:-1].T @ ratio[1:]), float(np.sum(np.log(scale) + highest))


def as_stiffness(hessian, axis, floor):
    """What a Newton step takes for minus the second derivative of edges: positive definite in any case.

    Parameters
    ----------
    hessian : ndarray (..., 3, 3)
        Of a log density that is symmetric about `axis`, as `edge_log_density` gives it: one number along the axis,
        another across.
    axis : ndarray (..., 3)
        Of any length.
    floor : ndarray that broadcasts to (...)
        Both numbers are made at least as large, mm^-2. A bone that is too short would rather turn than grow: across it the
        log density curves up.
    """
    axis = axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-12)
    along = -np.einsum("...i,...ij,...j->...", axis, hessian, axis)
    across = np.maximum((-np.trace(hessian, axis1=-2, axis2=-1) - along) / 2, floor)
    outer = axis[..., :, None] * axis[..., None, :]
    return across[..., None, None] * np.eye(3) + (np.maximum(along, floor) - across)[..., None, None] * outer


def climb(P, Y, parents, params, X, heading, bones, tol, max_iter, coarse=False, reach=np.inf):
    """The most probable path of a body, from a start: Lab 7's `m1_map`, but for all keypoints at once, and with bones.

    An iteration finds the probability that each detection is an outlier, weighs it accordingly, adds the slopes and
    curvatures of walk and bones, and goes by one banded system to where all of them would be content, with half of its last move on
    top (momentum, as in Lab 2), without it if that is not uphill, or a part of the way.

    Parameters
    ----------
    P, Y, parents
        See the head of this module.
    params : dict
        As `as_problem` returns them.
    X : ndarray (T, K, 3)
        The start, mm.
    heading : ndarray
        What else there is to be found, radians: one number a frame, or an empty array.
    bones : function of X, heading and params
        Gives the log density of the bones (a number), its gradient (T, K - 1, 3) by the differences x_k - x_parent, a stiffness
        (T, K - 1, 3, 3) as from `as_stiffness`, and a better heading.
    tol : float
        mm: the search ends with a step whose root mean square, over the points, is not larger.
    max_iter : int
    coarse : bool
        The start is a rough one: take a few short steps first in which bones give way, and detections may be further off.
    reach : float
        mm: points that nothing holds fast move by not much more in a step.

    Returns
    -------
    X : ndarray (T, K, 3)
    heading : ndarray
    log_joint : ndarray (1 + number of iterations,)
        Of the start and after each iteration, up to a constant. It never falls, but for rounding.
    """
    if coarse:
        size = params["rho"][1:].mean()
        loose = {"sigma2": params["sigma2"] + (0.15 * size) ** 2}
        loose |= {"omega2_in": 16.0 * params["omega2_in"], "omega2_out": 4.0 * params["omega2_out"]}
        X, heading, _ = climb(P, Y, parents, params | loose, X, heading, bones, tol, max_iter=20, reach=0.5 * size)
    eta2, inner, outer, prior = (params[name] for name in ("eta2", "omega2_in", "omega2_out", "outlier_prob"))
    seen = np.isfinite(Y).all(axis=-1)

    def look(X, heading):
        r2 = np.sum((Y - project(P, X)) ** 2, axis=-1)
        r2 = np.where(
            seen, np.where(np.isnan(r2), np.inf, r2), 0.0
        )  # infinite where the camera has the point behind it
        good = np.log1p(-prior) - np.log(inner) - 0.5 * r2 / inner
        bad = np.log(prior) - np.log(outer) - 0.5 * r2 / outer
        value, *others = bones(X, heading, params)
        data = np.sum(np.logaddexp(good, bad), where=seen)
        return data - 0.5 * np.sum(np.diff(X, axis=0) ** 2 / eta2[:, None]) + value, r2, *others

    now = look(X, heading)
    history = [now[0]]
    walked, turned = np.zeros(X.shape), np.zeros(heading.shape)
    for _ in range(max_iter):
        log_joint, r2, gradient, stiffness, better = now
        outlier = outlier_posterior(r2, prior, inner, outer)
        slope, curvature = data_terms(P, Y, X, seen * ((1.0 - outlier) / inner + outlier / outer))
        slope += walk_slope(X, eta2) + at_both_ends(gradient, parents)
        bands = body_bands(curvature + np.eye(3) / reach**2, stiffness, parents, eta2)
        step = solveh_banded(bands, slope.ravel(), check_finite=False).reshape(X.shape)
        for size, swing in [(1.0, 0.5), *((size, 0.0) for size in 0.5 ** np.arange(21))]:
            move, turn = size * step + swing * walked, size * (better - heading) + swing * turned
            new = look(X + move, heading + turn)
            if new[0] >= log_joint - 1e-12 * abs(log_joint):
                break
        else:
            break  # not even a millionth of the way leads uphill: this is the top, as far as numbers can tell
        X, heading, now, walked, turned = X + move, heading + turn, new, move, turn
        history.append(now[0])
        if size * np.sqrt(np.mean(np.sum(step**2, axis=-1))) <= tol:
            break
    return X, heading, np.array(history)


def position_step(X, moving, weights, u, P, Y, parents, params):
    """Where a Gauss-Newton step leads some keypoints from where they are, all others and the directions of the bones being fixed.

    Parameters
    ----------
    X : ndarray (T, K, 3)
        Positions, mm.
    moving : ndarray of int (n,)
        Keypoints, none the parent of another: their paths are independent of each other.
    weights : ndarray (T, K, C)
        Precisions of the detections, px^-2; 0 where there is none.
    u : ndarray (T, K, 3)
        Directions of the bones.
    P, Y, parents, params
        See the head of this module.

    Returns
    -------
    mean : ndarray (n, T, 3)
        Where it leads, mm.
    factor : ndarray (4, 3 n T)
        Upper banded Cholesky factor of the step's precision, path after path.
    log_joint : ndarray (n, T)
        What depends on these positions, up to a constant: detections, bones, and the steps to a frame from the one before.
    """
    rho, sigma2, eta2 = params["rho"], params["sigma2"], params["eta2"]
    x, Y, weights = X[:, moving], Y[:, moving], weights[:, moving]
    slope, curvature = data_terms(P, Y, x, weights)
    r2 = np.sum((Y - project(P, x)) ** 2, axis=-1)
    r2 = np.where(
        weights > 0, np.where(np.isnan(r2), np.inf, r2), 0.0
    )  # infinite where the camera has the point behind it
    log_joint = -0.5 * np.sum(weights * r2, axis=-1)
    for i, k in enumerate(moving):
        ends = [(k, X[:, parents[k]] + rho[k] * u[:, k])] if k > 0 else []
        ends += [(j, X[:, j] - rho[j] * u[:, j]) for j in range(1, len(parents)) if parents[j] == k]
        for bone, rest in ends:  # where the bone would have the keypoint
            slope[:, i] += (rest - x[:, i]) / sigma2[bone]
            curvature[:, i] += np.eye(3) / sigma2[bone]
            log_joint[:, i] -= 0.5 * np.sum((rest - x[:, i]) ** 2, axis=-1) / sigma2[bone]
    slope += walk_slope(x, eta2[moving])
    log_joint[1:] -= 0.5 * np.sum(np.diff(x, axis=0) ** 2, axis=-1) / eta2[moving]
    walk = np.concatenate([random_walk_precision(len(X), eta2[k]) for k in moving], axis=1)
    bands = chain_bands(curvature.swapaxes(0, 1).reshape(-1, 3, 3), walk)
    factor = cholesky_banded(bands, check_finite=False)
    step = cho_solve_banded((factor, False), slope.swapaxes(0, 1).ravel(), check_finite=False)
    return x.swapaxes(0, 1) + step.reshape(len(moving), -1, 3), factor, log_joint.T


def move_positions(X, z, u, P, Y, parents, params, rng):
    """Metropolis moves of the keypoints' paths, given outliers and directions, each path as a whole.

    Keypoints of even and of odd depth in the tree take turns, so that none moves together with its parent. A path's proposal is
    normal, with mean and precision of a Gauss-Newton step from where it is. The way back is weighed likewise
    (Hastings), so that the moves are exact, although the projection is not linear. Where `eta2` is infinite, frames
    know nothing of each other, and each is accepted or not by itself.

    Parameters
    ----------
    X : ndarray (T, K, 3)
        Positions, mm.
    z : ndarray of bool (T, K, C)
        Which detections are outliers.
    u : ndarray (T, K, 3)
        Directions of the bones.
    P, Y, parents, params
        See the head of this module.
    rng : np.random.Generator

    Returns
    -------
    ndarray of float64 (T, K, 3)
    """
    weights = np.isfinite(Y).all(axis=-1) / np.where(z, params["omega2_out"], params["omega2_in"])
    depth = np.zeros(len(parents), dtype=int)
    for k in range(1, len(parents)):
        depth[k] = depth[parents[k]] + 1
    for parity in (0, 1):
        moving = np.flatnonzero(depth % 2 == parity)
        if not len(moving):
            continue
        old, new = X, X.copy()
        there, factor, log_joint = position_step(old, moving, weights, u, P, Y, parents, params)
        noise = rng.normal(size=there.size)
        new[:, moving] = (there + solve_banded((0, 3), factor, noise).reshape(there.shape)).swapaxes(0, 1)
        back, factor_back, log_joint_new = position_step(new, moving, weights, u, P, Y, parents, params)
        from_back = (old[:, moving].swapaxes(0, 1) - back).ravel()
        noise_back = factor_back[3] * from_back  # U times a vector, by bands
        for i in (1, 2, 3):
            noise_back[:-i] += factor_back[3 - i, i:] * from_back[i:]
        log_chance = np.log(factor_back[3] / factor[3]) - 0.5 * (noise_back**2 - noise**2)
        log_chance = log_joint_new - log_joint + log_chance.reshape(there.shape).sum(axis=-1)  # (n, T)
        walks = np.isfinite(params["eta2"][moving])[:, None]
        log_chance = np.where(walks, log_chance.sum(axis=1, keepdims=True), log_chance)
        luck = np.where(walks, rng.random((len(moving), 1)), rng.random(log_chance.shape))
        X = new
        X[:, moving] = np.where((np.log(luck) < log_chance).T[..., None], new[:, moving], old[:, moving])
    return X


def facing(X, pair):
    """Heading (T,) of the body, radians: the direction from one keypoint to another, seen from above. NaN where one is missing."""
    ahead = X[:, pair[1]] - X[:, pair[0]]
    return np.arctan2(ahead[:, 1], ahead[:, 0])


def closest_frames(U, num_states, rng, rounds=20):
    """Assign frames to groups by k-means on their directions, from starts that are spread out (k-means++).

    Parameters
    ----------
    U : ndarray (T, K, 3)
        Directions; zero where unknown.
    num_states : int
    rng : np.random.Generator
    rounds : int

    Returns
    -------
    ndarray of int (T,)
    """
    flat = U.reshape(len(U), -1)
    centres = flat[[rng.integers(len(flat))]]
    for _ in range(1, num_states):
        distance = np.min(np.sum((flat[:, None] - centres) ** 2, axis=-1), axis=1)
        chances = distance / distance.sum() if distance.sum() > 0 else None  # None: all frames alike, any will do
        centres = np.concatenate([centres, flat[[rng.choice(len(flat), p=chances)]]])
    for _ in range(rounds):
        nearest = np.argmin(np.sum(centres**2, axis=-1) - 2.0 * flat @ centres.T, axis=1)
        for s in np.unique(nearest):
            centres[s] = flat[nearest == s].mean(axis=0)
    return nearest


def fit_noise(r2, rounds=200):
    """Noise of one keypoint's detections from their squared errors: `omega2_in`, `omega2_out` and `outlier_prob` by EM.

    One more outlier than there are is believed in, ten times as far off as the typical detection, so that none of the
    three degenerates.

    Parameters
    ----------
    r2 : ndarray (N,)
        px^2, from one.

    Returns
    -------
    omega2_in, omega2_out, outlier_prob : float
    """
    typical = max(
        np.median(r2) / (2.0 * np.log(2.0)), 1e-6
    )  # the median of |y - f|^2 is 2 omega^2 log 2 without outliers
    inner, outer, prior = typical, 100.0 * typical, 0.1
    for _ in range(rounds):
        p = outlier_posterior(r2, prior, inner, outer)
        prior = (p.sum() + 1.0) / (len(r2) + 2.0)
        inner = np.maximum(np.sum((1.0 - p) * r2) / max(2.0 * np.sum(1.0 - p), 1e-9), 1e-3 * typical)
        outer = np.maximum((np.sum(p * r2) / 2.0 + 100.0 * typical) / (p.sum() + 1.0), 4.0 * inner)
    return inner, outer, prior


def fit_transitions(log_lik, pi, rounds=20):
    """Transition probabilities between pose states, by EM, given the log likelihoods (T, S) of consecutive frames.

    One step of each kind is added to what was seen, and one more from each state to itself.
    """
    S = len(pi)
    A = 0.9 * np.eye(S) + 0.1 * pi
    for _ in range(rounds):
        _, transitions, _ = forward_backward(log_lik, pi, A)
        A = transitions + 1.0 / S + np.eye(S)
        A /= A.sum(axis=1, keepdims=True)
    return A


def as_problem(P, Y, parents, params):
    """Cameras, detections, tree and parameters as arrays, after a look whether they fit together.

    Returns
    -------
    P, Y, parents
        As arrays.
    params : dict
        A copy in which all values are arrays of floats, and `omega2_in`, `omega2_out` and `outlier_prob` are (K, C).

    Raises
    ------
    ValueError
        If a shape does not fit, the parents do not stand before their children, or a variance or probability is out
        of its range.
    """
    P, Y = np.asarray(P, dtype=float), np.asarray(Y, dtype=float)
    if P.ndim != 3 or P.shape[1:] != (3, 4) or not len(P):
        raise ValueError(f"P must hold camera matrices, (C, 3, 4), got shape {P.shape}.")
    if not np.all(np.linalg.det(P[:, :, :3]) > 0):
        raise ValueError("P must hold matrices [A | b] with det(A) > 0, so that the depth is positive in front.")
    if Y.ndim != 4 or Y.shape[2:] != (len(P), 2) or 0 in Y.shape:
        raise ValueError(f"Y must hold detections, (T, K, C, 2) with C = {len(P)} as in P, got shape {Y.shape}.")
    K = Y.shape[1]
    parents = as_parents(parents, K)
    params = {name: np.asarray(value, dtype=float) for name, value in params.items()}
    for name in ("eta2", "rho", "sigma2", "omega2_in", "omega2_out", "outlier_prob"):
        if name not in params:
            raise ValueError(f"params lack {name!r}.")
    for name in ("eta2", "rho", "sigma2"):
        value = params[name]
        if value.shape != (K,):
            raise ValueError(
                f"params[{name!r}] must have shape ({K},), one number for each keypoint, got {value.shape}."
            )
        used = value if name == "eta2" else value[1:]
        if not np.all(used > 0) or (name == "rho" and np.isinf(used).any()):
            raise ValueError(f"params[{name!r}] must be positive, got {used.min():.3g} among others.")
    for name in ("omega2_in", "omega2_out", "outlier_prob"):
        value = params[name]
        if value.shape not in ((), (K,), (K, len(P))):
            raise ValueError(f"params[{name!r}] must be a number, ({K},) or ({K}, {len(P)}), got shape {value.shape}.")
        value = np.broadcast_to(value[:, None] if value.ndim == 1 else value, (K, len(P)))
        if name == "outlier_prob":
            if not np.all((value >= 0) & (value <= 1)):
                raise ValueError(
                    f"params['outlier_prob'] must lie in [0, 1], got {value.min():.3g} to {value.max():.3g}."
                )
            value = np.clip(value, 1e-12, 1.0 - 1e-12)  # what is learned from few detections may be 0 or 1
        elif not (np.all(value > 0) and np.isfinite(value).all()):
            raise ValueError(f"params[{name!r}] must be positive, got {value.min():.3g} among others.")
        params[name] = value
    return P, Y, parents, params


def as_parents(parents, K):
    """Parents (K,) as an integer array.

    Raises
    ------
    ValueError
        If they are not K whole numbers, or a keypoint does not stand behind its parent (the first is the root, its own parent).
    """
    given = np.asarray(parents)
    if given.shape != (K,) or given.dtype.kind not in "iu":
        raise ValueError(
            f"parents must be {K} whole numbers, one for each keypoint, got {given.dtype} of shape {given.shape}."
        )
    wrong = [k for k in range(K) if not (given[k] == 0 if k == 0 else 0 <= given[k] < k)]
    if wrong:
        raise ValueError(
            f"parents[{wrong[0]}] is {given[wrong[0]]}: the root, its own parent, comes first, and parents before children."
        )
    return given.astype(int)


def as_skeleton(skeleton, K):
    """Parents (K,) of a `posekit.skeleton.Skeleton`, and the numbers (from, to) of its heading pair.

    Raises
    ------
    ValueError
        If it does not have K names, no two alike, parents in order, and two of the names as its heading pair.
    """
    names, parents, heading = skeleton
    names = list(names)
    if len(names) != K or len(set(names)) != K:
        raise ValueError(f"the skeleton must have {K} different names, one for each keypoint, got {len(set(names))}.")
    parents = as_parents(parents, K)
    if heading is None or len(heading) != 2:
        raise ValueError(
            "the skeleton needs heading=(from, to): the names of two keypoints that say where the animal faces."
        )
    missing = [end for end in heading if end not in names]
    if missing:
        raise ValueError(f"the skeleton's heading names {missing[0]!r}, which is none of its keypoints.")
    if heading[0] == heading[1]:
        raise ValueError(f"the skeleton's heading leads from {heading[0]!r} to itself.")
    return parents, (names.index(heading[0]), names.index(heading[1]))


def as_pose_states(params, K):
    """A copy of `params`, the pose states as arrays, after a look whether they fit; the root's kappa is 0 in it.

    Raises
    ------
    ValueError
        If one is missing, has another shape, or is out of its range.
    """
    params = {name: np.asarray(value, dtype=float) for name, value in params.items()}
    for name in ("mu", "kappa", "pi", "A"):
        if name not in params:
            raise ValueError(f"params lack {name!r}.")
    S = len(np.atleast_1d(params["pi"]))
    for name, shape in (("mu", (S, K, 3)), ("kappa", (S, K)), ("pi", (S,)), ("A", (S, S))):
        if params[name].shape != shape:
            raise ValueError(f"params[{name!r}] must have shape {shape}, got {params[name].shape}.")
    for name in ("pi", "A"):
        if not (np.all(params[name] >= 0) and np.allclose(params[name].sum(axis=-1), 1.0, atol=1e-4)):
            raise ValueError(f"params[{name!r}] must hold probabilities that sum to one.")
    kappa = params["kappa"].copy()
    kappa[:, 0] = 0.0
    if not (np.all(kappa >= 0) and np.isfinite(kappa).all()):
        raise ValueError(f"params['kappa'] must be finite and not negative, got {np.min(kappa):.3g} among others.")
    length = np.linalg.norm(params["mu"], axis=-1)
    if not np.allclose(length[kappa > 0], 1.0, atol=1e-3):
        raise ValueError("params['mu'] must hold unit vectors wherever kappa is not 0.")
    mu = np.where((kappa > 0)[..., None], params["mu"] / np.where(kappa > 0, length, 1.0)[..., None], [1.0, 0.0, 0.0])
    return params | {"mu": mu, "kappa": kappa}
