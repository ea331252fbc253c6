"""Lab 3: curvature. Newton's method, iteratively reweighted least squares, BFGS and L-BFGS, and what they cost.

Notation follows the slides: `X` (N, D) patches, `y` (N,) labels in {0, 1}, `w` (D,) weights; objectives are sums over
patches with the ridge penalty 1/2 lam |w|^2. Steps and directions are to be *added* to w. A `history` (T + 1, D) holds
the iterates, the start included; `tol` bounds the Euclidean norm of the gradient.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import linprog

from solutions.descent import backtracking_step
from solutions.likelihood import nll, nll_gradient, sigmoid, softplus


def is_separable(X, y):
    """Whether some w puts every patch strictly on its own side: (2 y_n - 1) x_n'w > 0 for all n, without an intercept.

    However thin the margin. If so, scaling w up lowers the unpenalised `nll` for ever: the maximum-likelihood weights
    are at infinity (Albert and Anderson 1984). Certain for N <= D patches in general position, and at even odds for
    N = 2D random labels (Cover 1965).

    Parameters
    ----------
    X : ndarray (N, D)
        Patches.
    y : ndarray (N,)
        Labels in {0, 1}.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If `y` does not hold one label for each row of `X`.
    RuntimeError
        If the linear programme could not be decided.
    """
    if np.ndim(X) != 2 or np.shape(y) != (len(X),):
        raise ValueError(f"is_separable: want X (N, D) and one label per row, got {np.shape(X)} and {np.shape(y)}.")
    ### BEGIN SOLUTION
    A = (2.0 * np.asarray(y, dtype=float) - 1.0)[:, None] * np.asarray(X, dtype=float)
    N, D = A.shape
    size = np.abs(A).max(axis=1, keepdims=True)
    if not size.all():
        return False  # no w gives a patch of zeros a positive score
    # Maximise the margin t over |w_d| <= 1 with A w >= t, each row of A scaled to the size 1. Unlike the bare question for
    # a feasible w this always has an optimum, which is 0 where nothing separates.
    constraints = np.hstack([-A / size, np.ones((N, 1))])
    bounds = [(-1.0, 1.0)] * D + [(0.0, None)]
    fine = {"primal_feasibility_tolerance": 1e-10}  # the solver's least, for thin margins
    result = linprog(np.append(np.zeros(D), -1.0), A_ub=constraints, b_ub=np.zeros(N), bounds=bounds, options=fine)
    if result.status != 0:
        raise RuntimeError(f"is_separable: the linear programme was not solved: {result.message}")
    # The solver's margin may be its tolerance. Scores above their own rounding error are a proof.
    w = result.x[:D]
    return bool(np.all(A @ w > D * np.finfo(float).eps * (np.abs(A) @ np.abs(w))))
    ### END SOLUTION


def newton_step(g, H):
    """The step to the minimum of the quadratic model g'd + 1/2 d'Hd: -H^-1 g, by a Cholesky factorisation.

    The slide "Newton's Method" prints w + H^-1 grad L. The gradient of the model, g + Hd, vanishes at d = -H^-1 g.

    Parameters
    ----------
    g : ndarray (D,)
        Gradient.
    H : ndarray (D, D)
        Hessian, symmetric and positive definite.

    Returns
    -------
    ndarray of float64 (D,)
        The step, to be added to w.

    Raises
    ------
    ValueError
        If `H` is not positive definite, whatever `g` is: the model then has no minimum, or more than one.
    """
    ### BEGIN SOLUTION
    g, H = np.asarray(g, dtype=float), np.asarray(H, dtype=float)
    try:
        factor = cho_factor(H, lower=True)
    except np.linalg.LinAlgError:
        raise ValueError("newton_step: H is not positive definite; a ridge (lam > 0) would make it so.") from None
    return -cho_solve(factor, g)
    ### END SOLUTION


def newton(w0, X, y, lam, tol=1e-8, max_iter=100):
    """Minimise `nll` by Newton's method with a backtracking line search (slide "Newton's Method").

    Parameters
    ----------
    w0 : ndarray (D,)
        Start. It is not changed.
    X, y : ndarray (N, D), (N,)
        Patches and labels in {0, 1}.
    lam : float
        Strength of the ridge penalty.
    tol : float
        Stop as soon as the Euclidean norm of the gradient is at most this, be it at the start.
    max_iter : int
        Stop after so many steps in any case.

    Returns
    -------
    w : ndarray of float64 (D,)
        The last iterate.
    history : ndarray of float64 (T + 1, D)
        All iterates: `history[0]` is the start, `history[-1]` is `w`. But for rounding, the objective never rises.

    Raises
    ------
    ValueError
        If a Hessian is not positive definite (`lam` = 0 with separable patches or a constant pixel).
    """
    ### BEGIN SOLUTION
    w = np.array(w0, dtype=float)
    history = [w]

    def f(v):
        return nll(v, X, y, lam)

    while len(history) <= max_iter:
        g = nll_gradient(w, X, y, lam)
        if np.linalg.norm(g) <= tol:
            break
        a = X @ w
        Z = np.sqrt(sigmoid(a) * sigmoid(-a))[:, None] * X
        d = newton_step(g, Z.T @ Z + lam * np.eye(len(w)))  # NumPy sees the same Z twice and does half the work
        # A decrease below the rounding of the objective cannot be seen by a line search: take the whole step, if it shows
        # no increase either.
        rounding = 1e-12 * f(w)
        unseen = -(g @ d) <= rounding and f(w + d) - f(w) <= rounding
        alpha = 1.0 if unseen else backtracking_step(f, g, w, d)
        w = w + alpha * d
        history.append(w)
    return w, np.array(history)
    ### END SOLUTION


def irls_step(w, X, y, lam):
    """Newton's step as a weighted least-squares problem (iteratively reweighted least squares).

    w + step minimises sum_n s_n (z_n - x_n'v)^2 + lam |v|^2 over v, with weights s_n = sigmoid'(a_n), a = Xw, and
    working responses z_n = a_n + (y_n - sigmoid(a_n)) / s_n. For |a_n| > 745 the weight underflows to 0 and z_n is
    infinite; their product is not.

    Parameters
    ----------
    w : ndarray (D,)
        Weights.
    X, y : ndarray (N, D), (N,)
        Patches and labels in {0, 1}.
    lam : float
        Strength of the ridge penalty, positive.

    Returns
    -------
    ndarray of float64 (D,)
        The step, to be added to `w`.

    Raises
    ------
    ValueError
        If `lam` is not positive.
    """
    if not lam > 0:
        raise ValueError(f"irls_step: the ridge penalty must be positive, got lam = {lam}.")
    w, X, y = (np.asarray(v, dtype=float) for v in (w, X, y))
    a = X @ w
    weights = sigmoid(a) * sigmoid(-a)
    ### BEGIN SOLUTION
    weighted_response = weights * a + (y - sigmoid(a))  # weights * z, without the division
    normal_matrix = X.T @ (weights[:, None] * X) + lam * np.eye(len(w))
    return cho_solve(cho_factor(normal_matrix), X.T @ weighted_response) - w
    ### END SOLUTION


def newton_step_wide(w, X, y, lam):
    """Newton's step by Woodbury's identity: a system of N equations where the Hessian has D, for patches with D > N.

    With Z = S^(1/2) X the Hessian is Z'Z + lam I, and
    (Z'Z + lam I)^-1 g = (g - Z' (ZZ' + lam I)^-1 Z g) / lam.

    Parameters
    ----------
    w : ndarray (D,)
        Weights.
    X, y : ndarray (N, D), (N,)
        Patches and labels in {0, 1}.
    lam : float
        Strength of the ridge penalty, positive.

    Returns
    -------
    ndarray of float64 (D,)
        The step, to be added to `w`. Memory grows with N D + N^2, not with D^2.

    Raises
    ------
    ValueError
        If `lam` is not positive.
    """
    if not lam > 0:
        raise ValueError(f"newton_step_wide: the ridge penalty must be positive, got lam = {lam}.")
    w, X, y = (np.asarray(v, dtype=float) for v in (w, X, y))
    g = nll_gradient(w, X, y, lam)
    a = X @ w
    Z = np.sqrt(sigmoid(a) * sigmoid(-a))[:, None] * X
    ### BEGIN SOLUTION
    inner = Z @ Z.T + lam * np.eye(len(Z))
    return -(g - Z.T @ cho_solve(cho_factor(inner), Z @ g)) / lam
    ### END SOLUTION


def bfgs_update(B, s, q):
    """Update an approximate inverse Hessian so that it explains the last step, B_new q = s.

    Broyden, Fletcher, Goldfarb and Shanno (1970): B_new = (I - r s q') B (I - r q s') + r s s' with r = 1 / s'q
    (Nocedal and Wright, equation 6.17).

    Parameters
    ----------
    B : ndarray (D, D)
        Approximate inverse Hessian, symmetric and positive definite. It is not changed.
    s : ndarray (D,)
        The last step, w_new - w_old.
    q : ndarray (D,)
        The change of the gradient over it, g_new - g_old.

    Returns
    -------
    ndarray of float64 (D, D)
        Symmetric and positive definite; equal to `B` where s'q <= 0: no positive definite matrix maps q to s then.
    """
    ### BEGIN SOLUTION
    B, s, q = (np.array(v, dtype=float) for v in (B, s, q))
    curvature = s @ q
    if curvature <= 0:
        return B
    Bq = B @ q  # multiplied out, the update costs D^2 and not D^3
    cross = np.outer(s, Bq) / curvature
    return B - cross - cross.T + (1.0 + q @ Bq / curvature) / curvature * np.outer(s, s)
    ### END SOLUTION


def bfgs(f, grad, w0, tol=1e-6, max_iter=1000):
    """Minimise any smooth function by BFGS, from B = I (which may be scaled before the first update), with a line search.

    Parameters
    ----------
    f : callable, (D,) -> float
        Objective.
    grad : callable, (D,) -> (D,)
        Its gradient.
    w0 : ndarray (D,)
        Start. It is not changed.
    tol : float
        Stop as soon as the Euclidean norm of the gradient is at most this, be it at the start.
    max_iter : int
        Stop after so many steps in any case.

    Returns
    -------
    w : ndarray of float64 (D,)
        The last iterate.
    history : ndarray of float64 (T + 1, D)
        All iterates: `history[0]` is the start, `history[-1]` is `w`. But for rounding, the objective never rises.

    Raises
    ------
    ValueError
        If the objective or its gradient is not finite at `w0`.
    """
    if not np.isfinite(f(np.array(w0, dtype=float))):
        raise ValueError("bfgs: the objective must be finite at w0; start inside its domain.")
    ### BEGIN SOLUTION
    w = np.array(w0, dtype=float)
    history, g, B = [w], np.asarray(grad(w), dtype=float), np.eye(len(w))
    while not np.linalg.norm(g) <= tol and len(history) <= max_iter:  # a gradient of NaN is refused by the line search
        d = -B @ g
        # A decrease below the rounding of the objective cannot be seen by a line search: take the whole step, if it shows
        # no increase either.
        rounding = 1e-12 * abs(f(w))
        unseen = -(g @ d) <= rounding and abs(f(w + d) - f(w)) <= rounding
        alpha = 1.0 if unseen else backtracking_step(f, g, w, d)
        w_new = w + alpha * d
        g_new = np.asarray(grad(w_new), dtype=float)
        B = bfgs_update(B, w_new - w, g_new - g)
        w, g = w_new, g_new
        history.append(w)
    return w, np.array(history)
    ### END SOLUTION


def lbfgs_direction(g, S, Q):
    """-Bg for the inverse Hessian B of m BFGS updates, without forming it: the two-loop recursion (Nocedal 1980).

    The updates start from B_0 = (s'q / q'q) I with the newest pair.

    Parameters
    ----------
    g : ndarray (D,)
        Gradient.
    S, Q : ndarray (m, D)
        The last m steps and changes of the gradient, the newest last, each pair with s'q > 0. With m = 0 the direction
        is -g.

    Returns
    -------
    ndarray of float64 (D,)
        The direction, to be added to w. Time and memory grow with m D.
    """
    ### BEGIN SOLUTION
    d, S, Q = -np.array(g, dtype=float), np.asarray(S, dtype=float), np.asarray(Q, dtype=float)
    curvature = np.sum(S * Q, axis=1)
    weight = np.zeros(len(S))
    for i in reversed(range(len(S))):  # from the newest pair to the oldest
        weight[i] = S[i] @ d / curvature[i]
        d = d - weight[i] * Q[i]
    if len(S):
        d = d * curvature[-1] / (Q[-1] @ Q[-1])
    for i in range(len(S)):  # and back
        d = d + (weight[i] - Q[i] @ d / curvature[i]) * S[i]
    return d
    ### END SOLUTION


def hessian_vector_product(w, X, y, v, lam=0.0):
    """The Hessian of `nll` times a vector, X'(S(Xv)) + lam v, without forming the Hessian.

    Parameters
    ----------
    w : ndarray (D,)
        Weights.
    X, y : ndarray (N, D), (N,)
        Patches and labels in {0, 1}.
    v : ndarray (D,)
        The vector.
    lam : float
        Strength of the ridge penalty.

    Returns
    -------
    ndarray of float64 (D,)
        Exact but for rounding: no differences of gradients. Time and memory grow with N D.
    """
    w, X, v = (np.asarray(u, dtype=float) for u in (w, X, v))
    ### BEGIN SOLUTION
    a = X @ w
    return X.T @ (sigmoid(a) * sigmoid(-a) * (X @ v)) + lam * v
    ### END SOLUTION


def newton_cg_step(w, X, y, lam, tol=1e-8):
    """Newton's step by conjugate gradients: only products with the Hessian, never the Hessian itself.

    Parameters
    ----------
    w : ndarray (D,)
        Weights.
    X, y : ndarray (N, D), (N,)
        Patches and labels in {0, 1}.
    lam : float
        Strength of the ridge penalty, positive.
    tol : float
        Stop as soon as the residual |Hd + g| is at most `tol` |g|.

    Returns
    -------
    ndarray of float64 (D,)
        The step d, to be added to `w`.
    """
    g = nll_gradient(w, X, y, lam)
    d = np.zeros_like(g)
    residual = -g  # of H d = -g, at d = 0
    p = residual
    for _ in range(10 * len(g)):  # D rounds would do without rounding
        if np.linalg.norm(residual) <= tol * np.linalg.norm(g):
            break
        ### BEGIN SOLUTION
        Hp = hessian_vector_product(w, X, y, p, lam)
        size = residual @ residual
        alpha = size / (p @ Hp)
        d = d + alpha * p
        residual = residual - alpha * Hp
        p = residual + (residual @ residual) / size * p
        ### END SOLUTION
    return d


def preconditioned_lbfgs(w0, X, y, lam, tol=1e-6, max_iter=500, memory=20):
    """Minimise `nll` by L-BFGS around a fixed matrix: the bound X'X / 4 + lam I on the Hessian, factorised once.

    The bound (Boehning and Lindsay 1988) has the shape of the Hessian but for the weights in S, which the L-BFGS pairs
    learn. So the work of one Newton step is done once, in single precision where that will do since it only guides, and
    each further step costs a few products with X. With fewer patches than pixels, Woodbury's identity makes the matrix
    (N, N).

    Parameters
    ----------
    w0 : ndarray (D,)
        Start. It is not changed.
    X, y : ndarray (N, D), (N,)
        Patches and labels in {0, 1}.
    lam : float
        Strength of the ridge penalty, positive.
    tol : float
        Stop as soon as the norm of the gradient is at most this.
    max_iter : int
        Stop after so many steps in any case.
    memory : int
        Number of pairs of steps and changes of the gradient that are kept.

    Returns
    -------
    w : ndarray of float64 (D,)
        The last iterate.
    history : ndarray (T + 1, D)
        All iterates, the start included.

    Raises
    ------
    ValueError
        If `lam` is not positive or so small beside X'X that it is lost in rounding, or the objective is not finite at `w0`.
    """
    if not lam > 0:
        raise ValueError(f"preconditioned_lbfgs: the ridge penalty must be positive, got lam = {lam}.")
    w, X, y = np.array(w0, dtype=float), np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    sign = 1.0 - 2.0 * y
    wide = len(X) < X.shape[1]

    def factorise(precision):
        part = X.astype(precision)
        gram = part @ part.T if wide else part.T @ part
        gram *= 0.25
        gram.flat[:: len(gram) + 1] += lam
        return cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)

    try:
        factor = factorise(np.float32)
        pivots = np.diag(factor[0]) ** 2
        smallest = lam if wide else pivots.min()
        lost = smallest < 1e-6 * pivots.max()  # some ten times the rounding of single precision
    except np.linalg.LinAlgError:
        lost = True
    if lost:
        try:
            factor = factorise(np.float64)
        except np.linalg.LinAlgError:
            raise ValueError(
                f"preconditioned_lbfgs: lam = {lam} is lost in the rounding of X'X; take a larger one."
            ) from None

    def precondition(v):
        if wide:
            inside = cho_solve(factor, (X @ v).astype(factor[0].dtype), check_finite=False)
            return (v - 0.25 * (X.T @ inside)) / lam
        return cho_solve(factor, v.astype(factor[0].dtype), check_finite=False).astype(float)

    def value_and_gradient(w, a):
        value = np.sum(softplus(sign * a)) + 0.5 * lam * (w @ w)
        return value, X.T @ (sigmoid(a) - y) + lam * w

    a = X @ w
    loss, g = value_and_gradient(w, a)
    if not np.isfinite(loss):
        raise ValueError(f"preconditioned_lbfgs: the objective is {loss} at w0; it must be finite there.")
    history, pairs, Pg = [w], [], precondition(g)
    while np.linalg.norm(g) > tol and len(history) <= max_iter:
        d = -Pg
        if pairs:
            # All pairs at once (Byrd, Nocedal and Schnabel 1994, equation 2.6, with the bound's inverse P for their H0).
            S, Q, PQ = map(np.array, zip(*pairs, strict=True))
            R = np.triu(S @ Q.T)
            x = solve_triangular(R, S @ g)
            middle = (np.diag(np.diag(R)) + Q @ PQ.T) @ x - Q @ Pg
            d = d - S.T @ solve_triangular(R, middle, trans=1) + PQ.T @ x
        # Bracket a step that descends enough and on which the slope has flattened (weak Wolfe conditions), so that
        # s'q > 0. The activations move along a straight line: a trial costs one product with X and not two.
        direction, slope = X @ d, g @ d
        low, high, alpha = 0.0, np.inf, 1.0
        for _ in range(40):
            w_new, a_new = w + alpha * d, a + alpha * direction
            loss_new, g_new = value_and_gradient(w_new, a_new)
            if loss_new > loss + 1e-4 * alpha * slope + 1e-12 * abs(loss):
                high = alpha
            elif g_new @ d < 0.9 * slope:
                low = alpha
            else:
                break
            alpha = 0.5 * (low + high) if np.isfinite(high) else 2.0 * alpha
        Pg_new = precondition(g_new)
        if (w_new - w) @ (g_new - g) > 0:
            pairs = [*pairs, (w_new - w, g_new - g, Pg_new - Pg)][-memory:]
        w, a, loss, g, Pg = w_new, a_new, loss_new, g_new, Pg_new
        history.append(w)
    return w, np.array(history)


def step_cost(N, D, method):
    """Multiply-adds of one step on N patches of D pixels, the dominant terms (slide "Computational complexity").

    Parameters
    ----------
    N, D : int
        Number of patches and of pixels in each.
    method : {"gd", "newton", "newton_wide", "bfgs", "lbfgs"}
        Gradient descent; Newton with a Cholesky factorisation of the (D, D) Hessian, or of Woodbury's (N, N) matrix;
        BFGS with its O(D^2) update; L-BFGS with m = 10 pairs. Line searches are left out.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        For another method.
    """
    ### BEGIN SOLUTION
    gradient = 2 * N * D  # Xw and X'(sigmoid - y)
    cost = {
        "gd": gradient,
        "newton": gradient + N * D**2 + D**3 // 6,  # the Hessian, its Cholesky factor
        "newton_wide": gradient + N**2 * D + N**3 // 6,  # the same with N and D exchanged
        "bfgs": gradient + 4 * D**2,  # Bg, Bq and two outer products
        "lbfgs": gradient + 4 * 10 * D,  # two inner products and two sums per pair
    }
    if method not in cost:
        raise ValueError(f"step_cost: method must be one of {', '.join(cost)}; got {method!r}.")
    return cost[method]
    ### END SOLUTION
