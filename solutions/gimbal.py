"""Lab 8: GIMBAL. A body with bones, directions that go together in poses, and what detections say about both.

Notation follows the slides and Lab 7. `P` (C, 3, 4) are camera matrices, `Y` (T, K, C, 2) detections in pixels with NaN for a
missing one, `X` (T, K, 3) keypoints in millimetres. `parents` (K,) is a tree with parents[k] < k; the first keypoint
is the root, its own parent. Bone k joins keypoint k to its parent: `rho` (K,) is its length in mm, `sigma2` (K,) its
variance per coordinate in mm^2, and the unit vector u_k its direction, from the parent to the child. What stands at
the root's place is not used.

A direction has a von Mises-Fisher (vMF) density on the sphere, exp(kappa mu.u) over its integral. It is often written
by its natural parameter m = kappa mu, a vector that points where u probably does, and is the longer the surer that
is.

`params` is a dict of arrays, learned by `fit_gimbal` or elsewhere:

    eta2 (K,)                     variance of a step from frame to frame, mm^2 per coordinate
    rho (K,), sigma2 (K,)         bones, as above
    omega2_in, omega2_out,
    outlier_prob                  noise of the detections as in Lab 7 (px^2, px^2, probability): each a number, (K,) or (K, C)
    mu (S, K, 3), kappa (S, K)    directions in each of S pose states, the animal turned so that its heading is +x
    pi (S,), A (S, S)             probabilities of the first state, and A[i, j] of state j after state i

The model is that of Zhang, Dunn, Marshall, Olveczky and Linderman, "Animal pose estimation from video data with a
hierarchical von Mises-Fisher-Gaussian model", AISTATS 2021 (slides "Model 2" and "GIMBAL").
"""

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.special import logsumexp, ndtr

from solutions.bonewalk import (
    as_pose_states,
    as_problem,
    as_skeleton,
    as_stiffness,
    climb,
    closest_frames,
    complete,
    facing,
    first_guess,
    fit_noise,
    fit_transitions,
    forward_backward,
    move_positions,
)
from solutions.triangulation import outlier_posterior, project


def distance_prior_logpdf(r, rho, sigma):
    """Log density of a bone's length r if only its *distance* is normal: p(x) prop. to exp(-(|x| - rho)^2 / 2 sigma^2).

    This is a density of the end point in three dimensions (slide "A probabilistic view of spatial constraints", the
    common approach). A shell of radius r has an area that grows with r^2, so r itself has the density

        r^2 exp(-(r - rho)^2 / 2 sigma^2) / (sigma sqrt(2 pi) ((rho^2 + sigma^2) Phi(rho / sigma) + rho sigma phi(rho / sigma)))

    with the standard normal density phi and its integral Phi.

    Parameters
    ----------
    r : array_like, any shape
        Lengths from 0, mm.
    rho, sigma : float
        Positive, mm.

    Returns
    -------
    ndarray of float64, the shape of `r`
        -inf at r = 0.
    """
    ### BEGIN SOLUTION
    r, z = np.asarray(r, dtype=float), rho / sigma
    area = (rho**2 + sigma**2) * ndtr(z) + rho * sigma * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    with np.errstate(divide="ignore"):
        return 2 * np.log(r) - 0.5 * ((r - rho) / sigma) ** 2 - np.log(area * sigma * np.sqrt(2 * np.pi))
    ### END SOLUTION


def direction_prior_logpdf(r, rho, sigma):
    """Log density of a bone's length r = |rho u + sigma e| with u uniform on the sphere and e standard normal (the slide's alternative).

        r / (rho sigma sqrt(2 pi)) (exp(-(r - rho)^2 / 2 sigma^2) - exp(-(r + rho)^2 / 2 sigma^2)),

    which is proportional to r sinh(rho r / sigma^2) exp(-(r^2 + rho^2) / 2 sigma^2).

    Parameters
    ----------
    r : array_like, any shape
        Lengths from 0, mm.
    rho, sigma : float
        Positive, mm.

    Returns
    -------
    ndarray of float64, the shape of `r`
        Finite also where sinh would overflow, and with ten right digits also where r is tiny; -inf at r = 0.
    """
    ### BEGIN SOLUTION
    r = np.asarray(r, dtype=float)
    with np.errstate(divide="ignore"):
        second = np.log(-np.expm1(-2.0 * r * rho / sigma**2))  # log(1 - second exponential / first exponential)
        return np.log(r) - 0.5 * ((r - rho) / sigma) ** 2 + second - np.log(rho * sigma * np.sqrt(2 * np.pi))
    ### END SOLUTION


def log_normalizer(kappa):
    """Logarithm of the integral of exp(kappa mu.u) over the unit sphere, log(4 pi sinh(kappa) / kappa).

    Parameters
    ----------
    kappa : array_like, any shape
        Concentrations from 0 (where it is log(4 pi)) to 1e12 and beyond.

    Returns
    -------
    ndarray of float64, the shape of `kappa`
    """
    ### BEGIN SOLUTION
    kappa = np.maximum(np.asarray(kappa, dtype=float), 1e-300)  # the ratio below is 1 in the limit, but 0 / 0 at 0
    return np.log(4 * np.pi) + kappa + np.log(-np.expm1(-2.0 * kappa) / (2.0 * kappa))
    ### END SOLUTION


def mean_resultant(kappa):
    """Length of the mean of vMF directions, coth(kappa) - 1 / kappa: the derivative of `log_normalizer`.

    Parameters
    ----------
    kappa : array_like, any shape
        Concentrations, from 0 (where it is 0) to 1e12 and beyond.

    Returns
    -------
    ndarray of float64, the shape of `kappa`
        In [0, 1], with ten right digits also where kappa is tiny.
    """
    ### BEGIN SOLUTION
    kappa = np.asarray(kappa, dtype=float)
    series = kappa / 3 - kappa**3 / 45 + 2 * kappa**5 / 945 - kappa**7 / 4725  # where the two terms would cancel
    large = np.maximum(kappa, 0.1)
    return np.where(kappa < 0.1, series, 1.0 / np.tanh(large) - 1.0 / large)
    ### END SOLUTION


def sample_vmf(m, rng):
    """Draw directions from von Mises-Fisher densities on the sphere, one for each natural parameter.

    The cosine w = mu.u has a density proportional to exp(kappa w) on [-1, 1], whose distribution function is easily
    inverted. Around mu, all directions are alike.

    Parameters
    ----------
    m : ndarray (..., 3)
        Natural parameters kappa mu; 0 means uniform.
    rng : np.random.Generator
        The only source of randomness.

    Returns
    -------
    ndarray of float64 (..., 3)
        Unit vectors. Up to kappa = 1e15 their small distances from mu are right, too.
    """
    ### BEGIN SOLUTION
    m = np.asarray(m, dtype=float)
    kappa = np.linalg.norm(m, axis=-1, keepdims=True)
    mu = np.where(kappa > 0, m / np.where(kappa > 0, kappa, 1.0), [0.0, 0.0, 1.0])
    kappa = np.maximum(kappa, 1e-12)  # as good as uniform
    # 1 - w, because w itself is next to 1 for a large kappa
    below = np.minimum(-np.log1p(rng.random(kappa.shape) * np.expm1(-2.0 * kappa)) / kappa, 2.0)
    tangent = rng.normal(size=m.shape)
    tangent -= np.sum(tangent * mu, axis=-1, keepdims=True) * mu
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
    return (1.0 - below) * mu + np.sqrt(below * (2.0 - below)) * tangent
    ### END SOLUTION


def direction_posterior(X, parents, rho, sigma2, prior):
    """What is known of the bones' directions, given the keypoints: vMF densities, by their natural parameters.

    With d = x_k - x_parent = rho u + sigma e, the density of d is proportional to exp(rho d.u / sigma2) as a function
    of u. So vMF times normal is vMF again.

    Parameters
    ----------
    X : ndarray (T, K, 3)
        Keypoints, mm.
    parents : ndarray (K,)
    rho, sigma2 : ndarray (K,)
        Lengths, mm, and variances, mm^2. What stands at the root's place is not used, whatever it is.
    prior : ndarray (T, K, 3)
        Natural parameters before X is seen.

    Returns
    -------
    ndarray of float64 (T, K, 3)
        prior + rho d / sigma2; the root's are those of the prior.
    """
    ### BEGIN SOLUTION
    X, posterior = np.asarray(X, dtype=float), np.array(prior, dtype=float)
    d = X[:, 1:] - X[:, parents[1:]]
    posterior[:, 1:] += d * (rho[1:] / sigma2[1:])[:, None]
    return posterior
    ### END SOLUTION


def edge_log_density(d, m, rho, sigma2):
    """Log density of a bone d = rho u + sigma e with its direction u ~ vMF integrated out, and its two first derivatives by d.

    Completing the exponent, as in `direction_posterior`, leaves the ratio of two normalisers, with b = m + rho d / sigma2:

        log p(d) = -(|d|^2 + rho^2) / 2 sigma2 - 3/2 log(2 pi sigma2) + log_normalizer(|b|) - log_normalizer(|m|).

    With the mean resultant length a(|b|) and its derivative a' = 1 - a^2 - 2 a / |b|, the gradient of
    log_normalizer(|b|) by b is a b / |b|, and its second derivative is a' along b and a / |b| across.

    Parameters
    ----------
    d : ndarray (..., 3)
        Child minus parent, mm; also 0.
    m : ndarray that broadcasts to (..., 3)
        Natural parameters of the directions; 0 for uniform ones, as in model M2.
    rho, sigma2 : float or ndarray that broadcasts to (...)
        Length, mm, and variance, mm^2.

    Returns
    -------
    value : ndarray of float64 (...)
        Of densities per mm^3.
    gradient : ndarray of float64 (..., 3)
        Per mm.
    hessian : ndarray of float64 (..., 3, 3)
        Per mm^2.
    """
    d, m, rho, sigma2 = (np.asarray(values, dtype=float) for values in (d, m, rho, sigma2))
    gain = (rho / sigma2)[..., None]
    b = m + gain * d
    size = np.maximum(np.linalg.norm(b, axis=-1), 1e-9)  # not 0, to be divided by
    axis = b / size[..., None]
    ### BEGIN SOLUTION
    value = -0.5 * (np.sum(d**2, axis=-1) + rho**2) / sigma2 - 1.5 * np.log(2 * np.pi * sigma2)
    value = value + log_normalizer(size) - log_normalizer(np.linalg.norm(m, axis=-1))
    resultant = mean_resultant(size)
    gradient = gain * resultant[..., None] * axis - d / sigma2[..., None]
    across, along = resultant / size, 1.0 - resultant**2 - 2.0 * resultant / size
    outer = axis[..., :, None] * axis[..., None, :]
    second = across[..., None, None] * np.eye(3) + (along - across)[..., None, None] * outer
    hessian = gain[..., None] ** 2 * second - np.eye(3) / sigma2[..., None, None]
    ### END SOLUTION
    return value, gradient, hessian


def m2_map(P, Y, parents, params, tol=1e-5, max_iter=300):
    """Most probable path of a body under model M2: M1 with bones of nearly constant length (slide "Model 2").

    x_k - x_parent ~ N(rho_k u_k, sigma2_k I) with u_k uniform on the sphere, in each frame. Directions and outliers
    are integrated out.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices.
    Y : ndarray (T, K, C, 2)
        Detections, px; NaN where there is none: that is no evidence.
    parents : ndarray (K,)
    params : dict
        See the head of this module; what concerns pose states is not used.
    tol : float
        mm: the search ends with a step whose root mean square, over the points, is not larger ...
    max_iter : int
        ... or with this step.

    Returns
    -------
    ndarray of float64 (T, K, 3)
        mm, at a maximum of the log joint; NaN where nothing says how far away the body is: no views agree, and none
        sees a bone.

    Raises
    ------
    ValueError
        If arguments do not fit together.
    """
    P, Y, parents, params = as_problem(P, Y, parents, params)
    start, by_size = first_guess(P, Y, parents, params["rho"], 3.0 * np.sqrt(params["omega2_in"]))
    start = complete(start, P, Y, parents, np.append(0.0, params["rho"][1:])[:, None] * [0.0, 0.0, 1.0])
    if np.isnan(start).any():
        return start

    def bones(X, heading, params):
        rho, sigma2 = params["rho"][1:], params["sigma2"][1:]
        ### BEGIN SOLUTION
        d = X[:, 1:] - X[:, parents[1:]]
        value, gradient, hessian = edge_log_density(d, np.zeros(3), rho, sigma2)
        stiffness = as_stiffness(hessian, d, floor=1e-3 / sigma2)
        return value.sum(), gradient, stiffness, heading
        ### END SOLUTION

    X, _, _ = climb(P, Y, parents, params, start, np.zeros(0), bones, tol, max_iter, coarse=by_size)
    return X


def canonicalize(U, heading):
    """Turn directions by minus the heading about the vertical axis z, so that the animal faces along +x.

    Parameters
    ----------
    U : ndarray (T, K, 3)
        Directions, or other vectors.
    heading : ndarray (T,)
        Radians, from +x towards +y. A positive one is turned back clockwise, seen from above.

    Returns
    -------
    ndarray of float64 (T, K, 3)
        A row of NaN stays one.
    """
    ### BEGIN SOLUTION
    U = np.asarray(U, dtype=float)
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    return np.stack([cos * U[..., 0] + sin * U[..., 1], cos * U[..., 1] - sin * U[..., 0], U[..., 2]], axis=-1)
    ### END SOLUTION


def heading_posterior(U, states, mu, kappa):
    """What is known of the heading, given the directions and the pose states: von Mises densities on the circle.

    p(U | h) is proportional to exp(sum_k kappa_k R(h) mu_k . u_k). Only the horizontal parts of mu and u turn with h,
    and they leave a cosine of h: each bone pulls with its kappa, and with the lengths of both horizontal parts.

    Parameters
    ----------
    U : ndarray (T, K, 3)
        Directions.
    states : ndarray (T,) of int
    mu : ndarray (S, K, 3)
        Mean directions by state, in the animal's own frame (heading +x).
    kappa : ndarray (S, K)
        Concentrations; 0 for the root, which has no direction.

    Returns
    -------
    location : ndarray of float64 (T,)
        The most probable heading, radians; whole turns do not count.
    concentration : ndarray of float64 (T,)
        From 0, of the density exp(concentration cos(h - location)) over its integral.
    """
    ### BEGIN SOLUTION
    U, states = np.asarray(U, dtype=float), np.asarray(states)
    pull = (np.asarray(kappa)[..., None] * mu)[states]  # (T, K, 3)
    along = np.sum(pull[..., 0] * U[..., 0] + pull[..., 1] * U[..., 1], axis=1)
    left = np.sum(pull[..., 0] * U[..., 1] - pull[..., 1] * U[..., 0], axis=1)
    return np.arctan2(left, along), np.hypot(along, left)
    ### END SOLUTION


def concentration(length, most):
    """The kappa whose mean resultant is `length` (any shape, in [0, 1]), but at most `most`: the maximum-likelihood estimate."""
    length = np.minimum(length, mean_resultant(most))
    kappa = (
        length * (3.0 - length**2) / np.maximum(1.0 - length**2, 1e-12)
    )  # within a few per cent (Banerjee et al. 2005)
    for _ in range(10):
        resultant = mean_resultant(kappa)
        slope = 1.0 - resultant**2 - 2.0 * np.where(kappa > 0, resultant / np.where(kappa > 0, kappa, 1.0), 1.0 / 3.0)
        kappa = np.maximum(kappa - (resultant - length) / np.maximum(slope, 1e-30), 0.0)
    return np.minimum(kappa, most)


def pose_log_likelihood(U, mu, kappa):
    """Log density (T, S) of known directions U (T, K, 3) in each pose state; a row of NaN is no evidence."""
    known = np.isfinite(U).all(axis=-1)
    flat = np.where(known[..., None], U, 0.0).reshape(len(U), -1)
    return flat @ (kappa[..., None] * mu).reshape(len(mu), -1).T - known @ log_normalizer(kappa).T


def fit_pose_states(U, num_states, rng, num_iter=50, max_kappa=500.0, pseudo_counts=2.0):
    """Find poses that recur: a mixture of products of vMF densities, by expectation maximisation from a k-means start.

    So that a state of few frames is not taken for a state of great precision, each of its directions is estimated as
    if `pseudo_counts` more frames had been seen that cancel out (a prior density proportional to exp(-pseudo_counts
    log_normalizer(kappa))), and half a frame more of each state. A state that loses all its frames so becomes a
    uniform one, and may win some back.

    Parameters
    ----------
    U : ndarray (T, K, 3)
        Directions in the animal's own frame, as from `canonicalize`. A row of NaN (the root's, say) is no evidence.
    num_states : int
        S, from 1.
    rng : np.random.Generator
        The only source of randomness.
    num_iter : int
        Number of iterations, from 1.
    max_kappa : float
        No concentration becomes larger: directions are never that sure.
    pseudo_counts : float

    Returns
    -------
    dict
        `pi` (S,) shares of the states, `mu` (S, K, 3) unit vectors, `kappa` (S, K), and `log_likelihood` (num_iter,):
        after each iteration, log p(U) plus the log prior densities above. It never falls, but for rounding.

    Raises
    ------
    ValueError
        If `num_states` is not a whole number from 1, or no direction is known.
    """
    U = np.asarray(U, dtype=float)
    if num_states != int(num_states) or num_states < 1:
        raise ValueError(f"fit_pose_states: the number of states must be a whole number from 1, not {num_states}.")
    known = np.isfinite(U).all(axis=-1)
    if not known.any():
        raise ValueError("fit_pose_states: no direction is known in any frame.")
    U = np.where(known[..., None], U, 0.0)

    def log_prior(pi, kappa):
        return 0.5 * np.sum(np.log(pi)) - pseudo_counts * np.sum(log_normalizer(kappa) - np.log(4 * np.pi))

    responsibility = np.eye(int(num_states))[closest_frames(U, int(num_states), rng)]
    history = []
    for _ in range(num_iter):
        ### BEGIN SOLUTION
        pi = responsibility.sum(axis=0) + 0.5
        pi = pi / pi.sum()
        resultant = np.einsum("ts,tki->ski", responsibility, U)
        length = np.linalg.norm(resultant, axis=-1)
        mu = np.where(length[..., None] > 0, resultant / np.maximum(length, 1e-300)[..., None], [1.0, 0.0, 0.0])
        kappa = concentration(length / (responsibility.T @ known + pseudo_counts), max_kappa)
        log_p = np.log(pi) + pose_log_likelihood(np.where(known[..., None], U, np.nan), mu, kappa)
        log_sum = logsumexp(log_p, axis=1, keepdims=True)
        responsibility = np.exp(log_p - log_sum)
        history.append(log_sum.sum() + log_prior(pi, kappa))
        ### END SOLUTION
    return {"pi": pi, "mu": mu, "kappa": kappa, "log_likelihood": np.array(history)}


def sample_states(log_lik, pi, A, rng):
    """Draw a path of a Markov chain's states from its posterior, given likelihoods in each frame.

    Forward, alpha[t, s] is the probability of state s in frame t given the frames up to t. Backward, the last state
    is drawn from alpha[-1], and each one before from what alpha[t] and the step to the state just drawn say together.

    Parameters
    ----------
    log_lik : ndarray (T, S)
        Log likelihoods of the frames in each state: any numbers, also -1e5 in all states, or -inf in some.
    pi : ndarray (S,)
        Probabilities of the first state.
    A : ndarray (S, S)
        A[i, j] is the probability of j after i, which may be 0: rows sum to one.
    rng : np.random.Generator
        The only source of randomness.

    Returns
    -------
    ndarray of int (T,)
    """
    ### BEGIN SOLUTION
    log_lik, A = np.asarray(log_lik, dtype=float), np.asarray(A, dtype=float)
    T, S = log_lik.shape
    alpha, before = np.empty((T, S)), np.asarray(pi, dtype=float)
    with np.errstate(divide="ignore"):
        for t in range(T):
            joint = np.log(before) + log_lik[t]
            joint = np.exp(joint - joint.max())
            alpha[t] = joint / joint.sum()
            before = alpha[t] @ A
    states, chances = np.empty(T, dtype=int), alpha[-1]
    for t in range(T - 1, -1, -1):
        cumulative = np.cumsum(chances)
        states[t] = np.argmax(cumulative > rng.random() * cumulative[-1])
        chances = alpha[t - 1] * A[:, states[t]]
    return states
    ### END SOLUTION


def state_log_likelihood(X, h, parents, params):
    """Log density (T, S) of the bones in each pose state, given positions X (T, K, 3) and headings h (T,).

    The directions are integrated out. What all states share is left out.
    """
    kappa = params["kappa"][:, 1:]
    d = canonicalize(X[:, 1:] - X[:, parents[1:]], h) * (params["rho"] / params["sigma2"])[1:, None]
    b = d[:, None] + kappa[..., None] * params["mu"][:, 1:]  # (T, S, K - 1, 3)
    return np.sum(log_normalizer(np.linalg.norm(b, axis=-1)) - log_normalizer(kappa), axis=-1)


def jump_headings(h, u, s, X, parents, params, rng):
    """Metropolis moves to headings anywhere, the directions integrated out, and drawn anew where a move is accepted.

    The heading and a dozen directions hold each other fast: drawing them in turns hardly ever leads from one mode to another.
    Arguments are those of `gibbs_sweep`; returns headings (T,) and directions (T, K, 3).
    """
    frames, new = np.arange(len(h)), rng.uniform(-np.pi, np.pi, len(h))
    gain = state_log_likelihood(X, new, parents, params) - state_log_likelihood(X, h, parents, params)
    jumps = np.log(rng.random(len(h))) < gain[frames, s]
    h = np.where(jumps, new, h)
    pull = canonicalize((params["kappa"][..., None] * params["mu"])[s], -h)
    fresh = sample_vmf(direction_posterior(X, parents, params["rho"], params["sigma2"], pull), rng)
    return h, np.where(jumps[:, None, None], fresh, u)


def gibbs_sweep(state, data, params, rng):
    """One sweep of a Gibbs sampler of GIMBAL's posterior: outliers, pose states, directions, headings and positions in turn.

    Each is drawn given all the others (states and directions together: first the states with the directions
    integrated out, then the directions), the positions by Metropolis moves. So a state that is a draw from the
    posterior remains one.

    Parameters
    ----------
    state : dict
        `x` (T, K, 3) positions, mm, and `h` (T,) headings, radians. What else it holds is drawn anew. It is not changed.
    data : dict
        `P` (C, 3, 4), `Y` (T, K, C, 2) px with NaN for a missing detection, and `parents` (K,).
    params : dict
        See the head of this module, all values as arrays; `eta2` may be infinite.
    rng : np.random.Generator
        The only source of randomness.

    Returns
    -------
    dict
        `z` (T, K, C) bool: the detection is an outlier (False where there is none). `s` (T,) int: pose states. `u`
        (T, K, 3): directions, unit vectors, at the root's place any. `h` (T,): headings. `x` (T, K, 3): positions.
    """
    P, Y, parents, params = as_problem(data["P"], data["Y"], data["parents"], params)
    x, h = state["x"], state["h"]
    r2 = np.sum((Y - project(P, x)) ** 2, axis=-1)
    doubt = outlier_posterior(r2, params["outlier_prob"], params["omega2_in"], params["omega2_out"])
    log_lik = state_log_likelihood(x, h, parents, params)
    ### BEGIN SOLUTION
    z = rng.random(doubt.shape) < doubt  # False where it is NaN
    s = sample_states(log_lik, params["pi"], params["A"], rng)
    pull = canonicalize((params["kappa"][..., None] * params["mu"])[s], -h)
    u = sample_vmf(direction_posterior(x, parents, params["rho"], params["sigma2"], pull), rng)
    h = rng.vonmises(*heading_posterior(u, s, params["mu"], params["kappa"]))
    ### END SOLUTION
    h, u = jump_headings(h, u, s, x, parents, params, rng)
    x = move_positions(x, z, u, P, Y, parents, params, rng)
    return {"z": z, "s": s, "u": u, "h": h, "x": x}


def fit_gimbal(X_train, Y_train, P, skeleton, num_states=8, rng=None):
    """Learn GIMBAL's parameters from a recording whose positions are known.

    Parameters
    ----------
    X_train : ndarray (T, K, 3)
        Known positions, mm, of consecutive frames; NaN where unknown.
    Y_train : ndarray (T, K, C, 2)
        Detections in the same frames, px; NaN where there is none. They should come from a detector that was not
        trained on these frames.
    P : ndarray (C, 3, 4)
        Camera matrices of this recording.
    skeleton : posekit.skeleton.Skeleton
        Names, parents, and the heading pair.
    num_states : int
        Number of pose states, S.
    rng : np.random.Generator, optional
        For the start of the pose states; by default one with the seed 0.

    Returns
    -------
    dict
        `params`, see the head of this module. Noise is pooled over the cameras: `omega2_in`, `omega2_out` and
        `outlier_prob` are (K,). `eta2` has a floor of (1e-3 rho)^2 for the body's mean rho, `sigma2` of (1e-2 rho)^2.

    Raises
    ------
    ValueError
        If arguments do not fit together, or something is never seen that has to be learned from: a bone, a step, a heading.
    """
    P, X, Y = (np.asarray(values, dtype=float) for values in (P, X_train, Y_train))
    if X.ndim != 3 or X.shape[2] != 3:
        raise ValueError(f"fit_gimbal: X_train must be (T, K, 3), got shape {X.shape}.")
    if Y.shape != (*X.shape[:2], len(P), 2):
        expected = (*X.shape[:2], len(P), 2)
        raise ValueError(f"fit_gimbal: Y_train must be (T, K, C, 2), {expected} beside X_train and P, got {Y.shape}.")
    K = X.shape[1]
    parents, pair = as_skeleton(skeleton, K)
    X = np.where(np.isfinite(X).all(axis=-1, keepdims=True), X, np.nan)
    r2 = np.sum((Y - project(P, X)) ** 2, axis=-1)
    every = r2[np.isfinite(r2)]
    d, steps = X - X[:, parents], np.diff(X, axis=0)
    lengths = np.linalg.norm(d, axis=-1)
    names, h = list(skeleton[0]), facing(X, pair)
    unseen = [k for k in range(1, K) if np.isnan(lengths[:, k]).all()]
    if unseen:
        raise ValueError(f"fit_gimbal: {names[unseen[0]]!r} and its parent are never seen together in X_train.")
    if np.isnan(steps).all(axis=(0, 2)).any():
        still = names[np.flatnonzero(np.isnan(steps).all(axis=(0, 2)))[0]]
        raise ValueError(f"fit_gimbal: {still!r} is never seen in two frames of X_train in a row.")
    if not len(every) or np.isnan(h).all():
        missing = (
            "heading pair is never seen together in X_train"
            if len(every)
            else "detections are never of known positions"
        )
        raise ValueError(f"fit_gimbal: the {missing}.")

    ### BEGIN SOLUTION
    rho, sigma2 = np.nanmean(lengths, axis=0), np.nanvar(lengths, axis=0)
    eta2 = np.nanmean(steps**2, axis=(0, 2))
    with np.errstate(invalid="ignore"):
        directions = canonicalize(d / lengths[..., None], h)  # NaN for the root, which is no evidence
    ### END SOLUTION
    noise = [fit_noise(r2[:, k][np.isfinite(r2[:, k])] if np.isfinite(r2[:, k]).any() else every) for k in range(K)]
    omega2_in, omega2_out, outlier_prob = np.transpose(noise)
    size = rho[1:].mean()
    params = {
        "eta2": np.maximum(eta2, (1e-3 * size) ** 2),
        "rho": rho,
        "sigma2": np.maximum(sigma2, (1e-2 * size) ** 2),
        "omega2_in": omega2_in,
        "omega2_out": omega2_out,
        "outlier_prob": outlier_prob,
    }
    states = fit_pose_states(directions, num_states, np.random.default_rng(0) if rng is None else rng)
    params |= {name: states[name] for name in ("mu", "kappa", "pi")}
    log_lik = pose_log_likelihood(directions, states["mu"], states["kappa"])
    return params | {"A": fit_transitions(log_lik, states["pi"])}


def start_in_pose(X, P, Y, parents, params):
    """Complete a first guess X (T, K, 3) by what the pose states say, in the direction in which the known bones fit them best.

    Returns positions (T, K, 3), finite if one keypoint of X is, and headings (T,): the best of eight in each frame.
    """
    known = np.isfinite(X[0]).all(axis=-1)
    rho = np.append(0.0, params["rho"][1:])
    upright = complete(X, P, Y, parents, rho[:, None] * [0.0, 0.0, 1.0])
    trusted = params | {"kappa": params["kappa"] * (known & known[parents])}
    ring = np.pi / 4 * np.arange(8)
    fit = [state_log_likelihood(upright, np.full(len(X), h), parents, trusted) for h in ring]  # (8, T, S)
    h = ring[np.argmax(logsumexp(np.log(params["pi"] + 1e-12) + fit, axis=-1), axis=0)]
    mean = np.einsum("s,sk,ski->ki", params["pi"], mean_resultant(params["kappa"]), params["mu"])
    mean *= rho[:, None] / np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-9)
    return complete(X, P, Y, parents, canonicalize(np.tile(mean, (len(X), 1, 1)), -h)), h


def gimbal_map(P, Y, skeleton, params, tol=0.01, max_iter=200):
    """Most probable path of a body under GIMBAL: M2 with directions that go together in pose states (slide "GIMBAL").

    In each frame the animal has a heading h, and is in a state s of a Markov chain; u_k ~ vMF(R(h) mu_sk, kappa_sk).
    Directions, states and outliers are integrated out, positions and headings maximised.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices: any cameras, also others than in training.
    Y : ndarray (T, K, C, 2)
        Detections, px; NaN where there is none: that is no evidence.
    skeleton : posekit.skeleton.Skeleton
    params : dict
        See the head of this module.
    tol, max_iter
        As for `m2_map`; within a hundredth of a millimetre by default.

    Returns
    -------
    ndarray of float64 (T, K, 3)
        mm; NaN where `m2_map` is.

    Raises
    ------
    ValueError
        If arguments do not fit together.
    """
    parents, _ = as_skeleton(skeleton, np.shape(Y)[1] if np.ndim(Y) == 4 else len(skeleton[0]))
    P, Y, parents, params = as_problem(P, Y, parents, params)
    params = as_pose_states(params, Y.shape[1])
    start, by_size = first_guess(P, Y, parents, params["rho"], 3.0 * np.sqrt(params["omega2_in"]))
    start, h = start_in_pose(start, P, Y, parents, params)
    if np.isnan(start).any():
        return start
    pull = (params["kappa"][..., None] * params["mu"])[:, 1:]  # (S, K - 1, 3)

    def bones(X, h, params):
        rho, sigma2 = params["rho"][1:], params["sigma2"][1:]
        d = canonicalize(X[:, 1:] - X[:, parents[1:]], h)
        ### BEGIN SOLUTION
        b = pull + (d * (rho / sigma2)[:, None])[:, None]  # (T, S, K - 1, 3), natural parameters given d, by state
        size = np.linalg.norm(b, axis=-1)
        log_lik = np.sum(log_normalizer(size) - log_normalizer(params["kappa"][:, 1:]), axis=-1)
        gamma, _, log_evidence = forward_backward(log_lik, params["pi"], params["A"])
        mean = b * (mean_resultant(size) / np.maximum(size, 1e-12))[..., None]  # E[u], by state
        u = np.einsum("ts,tski->tki", gamma, mean)
        ### END SOLUTION
        m = np.einsum("ts,ski->tki", gamma, pull)
        _, _, hessian = edge_log_density(d, m, rho, sigma2)
        stiffness = as_stiffness(hessian, m + d * (rho / sigma2)[:, None], floor=1e-3 / sigma2)
        gradient = (rho[:, None] * u - d) / sigma2[:, None]
        value = log_evidence - 0.5 * np.sum(d**2 / sigma2[:, None])
        # How far each frame should turn until the directions that are now expected pull no more
        along = np.einsum("ts,tski,ski->t", gamma, mean[..., :2], pull[..., :2])
        left = np.einsum("ts,tsk,sk->t", gamma, mean[..., 1], pull[..., 0])
        left -= np.einsum("ts,tsk,sk->t", gamma, mean[..., 0], pull[..., 1])
        for _ in range(2):  # back into the room: rows and columns
            stiffness = canonicalize(stiffness.reshape(len(h), -1, 3), -h).reshape(stiffness.shape).swapaxes(-1, -2)
        return value, canonicalize(gradient, -h), stiffness, h + np.arctan2(left, along)

    # A single camera sees no depth: bodies that face it and that turn their backs to it look alike, and one start may be the wrong one.
    turns = (0.0, np.pi / 2) if by_size else (0.0,)
    found = [climb(P, Y, parents, params, start, h + turn, bones, tol, max_iter, coarse=by_size) for turn in turns]
    return max(found, key=lambda path: path[2][-1])[0]


def posterior_summary(samples):
    """What samples of a chain say about each coordinate.

    Parameters
    ----------
    samples : ndarray (S, T, K, 3)
        In the order in which they were drawn.

    Returns
    -------
    dict of ndarrays of float64 (T, K, 3)
        `mean`, `sd`; `lower` and `upper`, the ends of the 90 % interval (5 % on either side); and `ess`, the
        effective sample size S / (1 + 2 (rho_1 + rho_2 + ...)) with the chain's autocorrelations rho_i. They are
        summed in pairs rho_2i + rho_2i+1 as far as the pairs are positive (Geyer 1992). A coordinate that does not
        move has the effective sample size NaN.
    """
    ### BEGIN SOLUTION
    samples = np.asarray(samples, dtype=float)
    S = len(samples)
    mean, sd = samples.mean(axis=0), samples.std(axis=0)
    lower, upper = np.quantile(samples, [0.05, 0.95], axis=0)
    spectrum = np.fft.rfft(samples - mean, n=2 * S, axis=0)
    products = np.fft.irfft(np.abs(spectrum) ** 2, n=2 * S, axis=0)[: S - S % 2]
    moves = np.ptp(samples, axis=0) > 0  # of what does not, the mean may be off by its last digit
    correlations = products / np.where(moves, products[0], np.nan)
    pairs = correlations[::2] + correlations[1::2]
    going_on = np.logical_and.accumulate(pairs > 0, axis=0)
    ess = S / (2.0 * np.sum(pairs * going_on, axis=0) - 1.0)
    ### END SOLUTION
    return {"mean": mean, "sd": sd, "lower": lower, "upper": upper, "ess": ess}


def unproject(maps, P, grid):
    """What each camera's map holds where it sees the points of a grid: the input of DANNCE's network (Dunn et al. 2021).

    Parameters
    ----------
    maps : ndarray of floats (C, H, W)
        One map a camera, by pixel.
    P : ndarray (C, 3, 4)
        Camera matrices.
    grid : ndarray (G, 3)
        Points, mm.

    Returns
    -------
    ndarray of float64 (G, C)
        The maps' values, bilinear between pixel centres; 0 outside [0, W - 1] x [0, H - 1], and behind the camera.
    """
    ### BEGIN SOLUTION
    pixels = project(P, grid)
    values = []
    for c, image in enumerate(np.asarray(maps, dtype=float)):
        x, y = pixels[:, c].T
        inside = (x >= 0) & (x <= image.shape[1] - 1) & (y >= 0) & (y <= image.shape[0] - 1)  # False where NaN
        looked_up = map_coordinates(image, np.where(inside, [y, x], 0.0), order=1)
        values.append(np.where(inside, looked_up, 0.0))
    return np.stack(values, axis=1)
    ### END SOLUTION
