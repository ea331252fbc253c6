"""Lab 2: learning the weights step by step. Gradient descent, line search, momentum, adaptive steps and mini-batches.

Notation follows the slides: `X` (N, D) patches, `y` (N,) labels in {0, 1}, `w` (D,) weights; objectives are sums over
patches with the ridge penalty 1/2 lam |w|^2. `grad` is a function of w. A `path` (T + 1, D) holds the weights before
the first step and after each of T steps: `path[0]` is a copy of the start `w0`, which is never changed.
"""

import numpy as np

from solutions.likelihood import nll_gradient


def standardize(X):
    """Shift and scale every column to mean 0 and standard deviation 1.

    Parameters
    ----------
    X : ndarray (N, D)
        Training patches, N >= 1.

    Returns
    -------
    Z : ndarray of float64 (N, D)
        (X - mean) / scale. Treat new patches in the same way, with the `mean` and `scale` of the training patches.
    mean : ndarray (D,)
        Mean of each column.
    scale : ndarray (D,)
        Population standard deviation of each column (divided by N, ddof 0), however small. Only a column that is constant
        (its largest entry equals its smallest) gets another scale: exactly 1.

    Raises
    ------
    ValueError
        If `X` is not a table with at least one row.
    """
    if np.ndim(X) != 2 or len(X) == 0:
        raise ValueError(f"standardize: X must be (N, D) with at least one row, got shape {np.shape(X)}.")
    ### BEGIN SOLUTION
    X = np.asarray(X, dtype=float)
    mean = X.mean(axis=0)
    # The deviation of a constant 0.1 comes out as 1e-17, not 0: compare the entries, not the deviation.
    constant = X.max(axis=0) == X.min(axis=0)
    scale = np.where(constant, 1.0, X.std(axis=0))
    return (X - mean) / scale, mean, scale
    ### END SOLUTION


def lipschitz_bound(X, lam=0.0):
    """Bound on the curvature of `nll` in any direction and at any w: largest eigenvalue of X'X / 4, plus lam.

    The slope of the logistic function is at most 1/4, so the Hessian X'SX + lam I is at most X'X / 4 + lam I (Boehning
    and Lindsay 1988). Gradient descent with a step below 2 / L cannot climb.

    Parameters
    ----------
    X : ndarray (N, D)
        Patches.
    lam : float
        Strength of the ridge penalty.

    Returns
    -------
    float
        L, right to six digits or more. Memory grows with N D + D^2, not with N^2.

    Raises
    ------
    ValueError
        If `X` is not a table.
    """
    if np.ndim(X) != 2:
        raise ValueError(f"lipschitz_bound: X must be (N, D), got shape {np.shape(X)}.")
    ### BEGIN SOLUTION
    X = np.asarray(X, dtype=float)
    eigenvalues = np.linalg.eigvalsh(X.T @ X)  # in ascending order
    return float(eigenvalues[-1] / 4.0 + lam)
    ### END SOLUTION


def gradient_descent(grad, w0, step, num_steps):
    """Walk downhill with a fixed step, w <- w - step grad(w) (slide "Gradient descent").

    Parameters
    ----------
    grad : callable, (D,) -> (D,)
        Gradient of the objective. It is called exactly once for each step.
    w0 : ndarray (D,)
        Start. It is not changed. The path is of floats, even where the start is of integers.
    step : float
        Step size (learning rate).
    num_steps : int
        Number of steps T. All of them are taken, even where the gradient is 0.

    Returns
    -------
    ndarray of float64 (T + 1, D)
        The path, start included.
    """
    ### BEGIN SOLUTION
    path = [np.array(w0, dtype=float)]
    for _ in range(num_steps):
        path.append(path[-1] - step * np.asarray(grad(path[-1]), dtype=float))
    return np.array(path)
    ### END SOLUTION


def backtracking_step(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
    """Shrink a step until it lowers the objective enough.

    The first of alpha, alpha rho, alpha rho^2, ... that satisfies Armijo's condition f(w + a d) <= f(w) + c a g'd; fifty
    trials may be needed (Nocedal and Wright, Numerical Optimization, algorithm 3.1).

    Parameters
    ----------
    f : callable, (D,) -> float
        The objective. Where it is not finite, the condition counts as violated.
    g : ndarray (D,)
        Gradient of `f` at `w`.
    w : ndarray (D,)
        Where to start from.
    direction : ndarray (D,)
        Where to go: d, any direction that points downhill.
    alpha : float
        The first step to try.
    c : float
        The part of the decrease promised by the slope that must be realised.
    rho : float
        Factor between a step and the next one to try, in (0, 1).

    Returns
    -------
    float
        The step a.

    Raises
    ------
    ValueError
        If `direction` does not point downhill (g'd >= 0), or `f(w)` is not finite.
    """
    ### BEGIN SOLUTION
    g, w, direction = (np.asarray(v, dtype=float) for v in (g, w, direction))
    slope, start = g @ direction, f(w)
    if not (-np.inf < slope < 0.0 and np.isfinite(start)):
        raise ValueError(f"backtracking_step: want a finite f(w) and a finite slope g'd < 0, got {start} and {slope}.")
    while True:
        value = f(w + alpha * direction)
        if np.isfinite(value) and value <= start + c * alpha * slope:
            return float(alpha)
        alpha = alpha * rho
    ### END SOLUTION


def momentum(grad, w0, step, num_steps, beta=0.9):
    """Gradient descent with a velocity: v <- beta v + g, then w <- w - step v (Polyak 1964; the form of torch's SGD).

    Parameters
    ----------
    grad, w0, step, num_steps
        As for `gradient_descent`.
    beta : float
        How much of the velocity survives a step, in [0, 1). The velocity starts at zero.

    Returns
    -------
    ndarray of float64 (T + 1, D)
        The path, start included.
    """
    ### BEGIN SOLUTION
    w = np.array(w0, dtype=float)
    path, velocity = [w], np.zeros_like(w)
    for _ in range(num_steps):
        velocity = beta * velocity + grad(w)
        w = w - step * velocity
        path.append(w)
    return np.array(path)
    ### END SOLUTION


def adagrad(grad, w0, step, num_steps, eps=1e-10):
    """Divide each coordinate's step by the root of the sum of its squared gradients so far (Duchi et al. 2011).

    G <- G + g^2, then w <- w - step g / (sqrt(G) + eps), elementwise, with G = 0 at the start.

    Parameters
    ----------
    grad, w0, step, num_steps
        As for `gradient_descent`.
    eps : float
        Keeps the quotient finite where a gradient has always been zero.

    Returns
    -------
    ndarray of float64 (T + 1, D)
        The path, start included.
    """
    ### BEGIN SOLUTION
    w = np.array(w0, dtype=float)
    path, total = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = np.asarray(grad(w), dtype=float)
        total = total + g**2
        w = w - step * g / (np.sqrt(total) + eps)
        path.append(w)
    return np.array(path)
    ### END SOLUTION


def rmsprop(grad, w0, step, num_steps, beta=0.99, eps=1e-8):
    """Adagrad with a memory that fades: a moving average of squared gradients (Hinton 2012; torch's form).

    V <- beta V + (1 - beta) g^2, then w <- w - step g / (sqrt(V) + eps), elementwise, with V = 0 at the start.

    Parameters
    ----------
    grad, w0, step, num_steps
        As for `gradient_descent`.
    beta : float
        How much of the average survives a step, in [0, 1).
    eps : float
        Keeps the quotient finite where a gradient has always been zero.

    Returns
    -------
    ndarray of float64 (T + 1, D)
        The path, start included.
    """
    w = np.array(w0, dtype=float)
    path, average = [w], np.zeros_like(w)
    for _ in range(num_steps):
        g = np.asarray(grad(w), dtype=float)
        ### BEGIN SOLUTION
        average = beta * average + (1.0 - beta) * g**2
        w = w - step * g / (np.sqrt(average) + eps)
        ### END SOLUTION
        path.append(w)
    return np.array(path)


def adam(grad, w0, step, num_steps, beta1=0.9, beta2=0.999, eps=1e-8):
    """Momentum and RMSProp in one, both corrected for starting at zero (Kingma and Ba 2015).

    m <- beta1 m + (1 - beta1) g and V <- beta2 V + (1 - beta2) g^2, with m = V = 0 at the start. In step t = 1, 2, ...
    w <- w - step m_hat / (sqrt(V_hat) + eps) with m_hat = m / (1 - beta1^t) and V_hat = V / (1 - beta2^t).

    Parameters
    ----------
    grad, w0, step, num_steps
        As for `gradient_descent`.
    beta1, beta2 : float
        How much of the averages of g and of g^2 survives a step, in [0, 1).
    eps : float
        Keeps the quotient finite where a gradient has always been zero.

    Returns
    -------
    ndarray of float64 (T + 1, D)
        The path, start included.
    """
    ### BEGIN SOLUTION
    w = np.array(w0, dtype=float)
    path, m, V = [w], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        g = np.asarray(grad(w), dtype=float)
        m = beta1 * m + (1.0 - beta1) * g
        V = beta2 * V + (1.0 - beta2) * g**2
        m_hat = m / (1.0 - beta1**t)
        V_hat = V / (1.0 - beta2**t)
        w = w - step * m_hat / (np.sqrt(V_hat) + eps)
        path.append(w)
    return np.array(path)
    ### END SOLUTION


def minibatches(num_examples, batch_size, rng):
    """Deal all examples out at random, a batch at a time: one epoch.

    Parameters
    ----------
    num_examples : int
        Number of examples N.
    batch_size : int
        Examples per batch, at least 1. The last batch is smaller where it does not divide N.
    rng : np.random.Generator
        The only source of randomness.

    Returns
    -------
    iterator of ndarray of int
        Indices of the examples in each batch, in any order. Together they hold every one of 0 ... N - 1 exactly once.

    Raises
    ------
    ValueError
        If `batch_size` is less than 1.
    """
    if batch_size < 1:
        raise ValueError(f"minibatches: a batch holds at least one example, got batch_size = {batch_size}.")
    ### BEGIN SOLUTION
    order = rng.permutation(num_examples)
    return (order[start : start + batch_size] for start in range(0, num_examples, batch_size))
    ### END SOLUTION


def minibatch_gradient(w, X, y, idx, lam=0.0):
    """Unbiased estimate of the full gradient of `nll` from B of the N examples: (N / B) data term + lam w.

    Parameters
    ----------
    w : ndarray (D,)
        Weights.
    X : ndarray (N, D)
        All patches.
    y : ndarray (N,)
        All labels, in {0, 1}.
    idx : ndarray of int (B,)
        Which examples to use, B >= 1.
    lam : float
        Strength of the ridge penalty, which is not a sum over examples.

    Returns
    -------
    ndarray of float64 (D,)
        Exact but for rounding, as `nll_gradient` is.

    Raises
    ------
    ValueError
        If `idx` is empty.
    """
    if len(idx) == 0:
        raise ValueError("minibatch_gradient: idx is empty, so there is nothing to estimate from.")
    ### BEGIN SOLUTION
    data_term = nll_gradient(w, X[idx], y[idx])
    return len(X) / len(idx) * data_term + lam * np.asarray(w, dtype=float)
    ### END SOLUTION


def sgd(w0, X, y, step, num_epochs, batch_size, rng, lam=0.0):
    """Stochastic gradient descent (slide "Computational complexity"): a fixed step along each mini-batch's gradient.

    Parameters
    ----------
    w0 : ndarray (D,)
        Start. It is not changed. The path is of floats, even where the start is of integers.
    X, y : ndarray (N, D), (N,)
        Patches and labels in {0, 1}.
    step : float
        Step size. It multiplies `minibatch_gradient`, an estimate of the gradient of the whole sum.
    num_epochs : int
        How often to pass over the data, each time dealt out anew.
    batch_size : int
        Examples per update.
    rng : np.random.Generator
        The only source of randomness.
    lam : float
        Strength of the ridge penalty.

    Returns
    -------
    ndarray of float64 (num_epochs * ceil(N / batch_size) + 1, D)
        The path: start included, one row per update.
    """
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(num_epochs):
        ### BEGIN SOLUTION
        for idx in minibatches(len(X), batch_size, rng):
            w = w - step * minibatch_gradient(w, X, y, idx, lam)
            path.append(w)
        ### END SOLUTION
    return np.array(path)


def rate_of_convergence(losses, optimum):
    """Slope of the straight line, fitted by least squares, through ln(loss - optimum) against the step number.

    Where the gap shrinks by a factor rho in each step (linear convergence), this is ln rho. Gaps that are not positive
    (rounding, near the end) are dropped; the other ones, however small, count alike and keep their step number.

    Parameters
    ----------
    losses : ndarray (T + 1,)
        Objective after 0, 1, ..., T steps.
    optimum : float
        The smallest value that the objective can take.

    Returns
    -------
    float
        Natural logarithm of the factor per step; negative where the losses approach the optimum.

    Raises
    ------
    ValueError
        If fewer than two gaps are positive.
    """
    gaps = np.asarray(losses, dtype=float) - optimum
    if np.count_nonzero(gaps > 0) < 2:
        raise ValueError("rate_of_convergence: a line needs two losses above the optimum.")
    ### BEGIN SOLUTION
    steps = np.flatnonzero(gaps > 0)
    slope, _ = np.polyfit(steps, np.log(gaps[steps]), 1)
    return float(slope)
    ### END SOLUTION
