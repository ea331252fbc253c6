"""Lab 1: the likelihood of a paw. Patches, the Bernoulli distribution and logistic regression.

Notation follows the slides: `X` (N, D) holds one patch per row, `y` (N,) its labels in {0, 1}, `w` (D,) the weights and
a = Xw (N,) the activations. Objectives are sums over patches, with the ridge penalty 1/2 lam |w|^2.
"""

import numpy as np


def extract_patches(image, centers, size):
    """Cut one patch around every centre and lay its pixels out in a row (slide "Basic pose tracking").

    The pixel of the patch that lies on the centre is ((h - 1) // 2, (w - 1) // 2): the middle for odd sizes, and for
    even sizes the upper left of the middle four. Whatever lies beyond the image is zero.

    Parameters
    ----------
    image : ndarray (H, W)
        Intensities.
    centers : ndarray of int (N, 2)
        Points (x, y) in px, so that (x, y) is the pixel `image[y, x]`. They may lie outside the image.
    size : (int, int)
        Height h and width w of a patch, at least 1 each.

    Returns
    -------
    ndarray (N, h * w)
        Patches in row-major order: `patches[n].reshape(h, w)` shows patch n.

    Raises
    ------
    ValueError
        If `image` is not two-dimensional or `size` is not positive.
    """
    if np.ndim(image) != 2 or min(size) < 1:
        raise ValueError(f"extract_patches: want an image (H, W) and a size > 0, got {np.shape(image)} and {size}.")
    ### BEGIN SOLUTION
    image = np.asarray(image, dtype=float)
    centers = np.asarray(centers, dtype=int)
    (height, width), (h, w) = image.shape, size
    rows = centers[:, 1, None] - (h - 1) // 2 + np.arange(h)  # (N, h)
    cols = centers[:, 0, None] - (w - 1) // 2 + np.arange(w)  # (N, w)
    rows_inside = (rows >= 0) & (rows < height)
    cols_inside = (cols >= 0) & (cols < width)
    # Read something harmless where the index is outside, then overwrite it.
    pixels = image[rows.clip(0, height - 1)[:, :, None], cols.clip(0, width - 1)[:, None, :]]
    patches = np.where(rows_inside[:, :, None] & cols_inside[:, None, :], pixels, 0.0)
    return patches.reshape(len(centers), h * w)
    ### END SOLUTION


def label_patches(centers, keypoint, radius):
    """Call a patch positive when its centre lies within a disc around the keypoint.

    Parameters
    ----------
    centers : ndarray (N, 2)
        Centres (x, y) of the patches, px.
    keypoint : ndarray (2,)
        The keypoint (x, y), px, not necessarily whole; NaN where it was not seen.
    radius : float
        Largest Euclidean distance that still counts, px, not negative.

    Returns
    -------
    ndarray of int (N,)
        1 where the distance is at most `radius`, else 0. All zero for a keypoint that is NaN.

    Raises
    ------
    ValueError
        If `radius` is negative.
    """
    if radius < 0:
        raise ValueError(f"label_patches: the radius must not be negative, got {radius}.")
    ### BEGIN SOLUTION
    dx, dy = (np.asarray(centers, dtype=float) - np.asarray(keypoint, dtype=float)).T
    return (np.hypot(dx, dy) <= radius).astype(int)  # a comparison with NaN is False
    ### END SOLUTION


def sigmoid(a):
    """Logistic function 1 / (1 + exp(-a)), elementwise, without overflow or a warning of it (slide "The logistic function").

    Parameters
    ----------
    a : array_like, any shape
        Activations (log odds).

    Returns
    -------
    ndarray of float64, the shape of `a`
        Probabilities, with small relative error on both sides of zero.
    """
    ### BEGIN SOLUTION
    a = np.asarray(a, dtype=float)
    e = np.exp(-np.abs(a))  # in (0, 1]
    return np.where(a >= 0, 1.0, e) / (1.0 + e)
    ### END SOLUTION


def softplus(a):
    """Softplus, log(1 + exp(a)), elementwise and without overflow.

    The log-partition function of a Bernoulli variable with natural parameter `a` (slide "Maximum likelihood
    estimation").

    Parameters
    ----------
    a : array_like, any shape
        Activations (log odds).

    Returns
    -------
    ndarray of float64, the shape of `a`
        With small relative error on both sides of zero.
    """
    ### BEGIN SOLUTION
    a = np.asarray(a, dtype=float)
    return np.maximum(a, 0.0) + np.log1p(np.exp(-np.abs(a)))
    ### END SOLUTION


def bernoulli_logpmf(y, p):
    """Log probability mass of a Bernoulli variable, log p^y (1 - p)^(1 - y) (slide "The Bernoulli distribution").

    Parameters
    ----------
    y : array_like
        Outcomes. Anything but 0 and 1 is impossible.
    p : array_like, broadcast against `y`
        Probabilities of the outcome 1, in [0, 1].

    Returns
    -------
    ndarray of float64, the common shape of `y` and `p`
        Natural logarithms: exactly 0 for a certain outcome, -inf for an impossible one.
    """
    ### BEGIN SOLUTION
    y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    with np.errstate(divide="ignore"):  # log 0 = -inf is what we want here
        return np.where(y == 1, np.log(p), np.where(y == 0, np.log1p(-p), -np.inf))
    ### END SOLUTION


def nll(w, X, y, lam=0.0):
    """Negative log likelihood of logistic regression, plus a ridge penalty (slide "Maximum likelihood estimation").

    L(w) = sum_n [log(1 + exp(a_n)) - y_n a_n] + 1/2 lam |w|^2 with a = Xw.

    Parameters
    ----------
    w : ndarray (D,)
        Weights.
    X : ndarray (N, D)
        Patches, one per row.
    y : ndarray (N,)
        Labels in {0, 1}.
    lam : float
        Strength of the ridge penalty.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `y` does not hold one label for each row of `X`.
    """
    if np.shape(y) != (len(X),):
        raise ValueError(f"nll: y must hold one label per row of X, shape ({len(X)},), got {np.shape(y)}.")
    ### BEGIN SOLUTION
    w, X, y = (np.asarray(v, dtype=float) for v in (w, X, y))
    a = X @ w
    # -log p(y | a) is softplus(-a) for y = 1 and softplus(a) for y = 0; unlike softplus(a) - y a, nothing cancels.
    return float(np.sum(softplus((1.0 - 2.0 * y) * a)) + 0.5 * lam * (w @ w))
    ### END SOLUTION


def nll_gradient(w, X, y, lam=0.0):
    """Gradient of `nll` with respect to the weights, X'(sigmoid(Xw) - y) + lam w (slide "Calculating the gradient").

    Parameters
    ----------
    w, X, y, lam
        As for `nll`: (D,), (N, D), (N,) and a float.

    Returns
    -------
    ndarray of float64 (D,)
        Exact but for rounding, even where |Xw| is large: no differences of `nll`.

    Raises
    ------
    ValueError
        If `y` does not hold one label for each row of `X`.
    """
    if np.shape(y) != (len(X),):
        raise ValueError(f"nll_gradient: y must hold one label per row of X, shape ({len(X)},), got {np.shape(y)}.")
    ### BEGIN SOLUTION
    w, X, y = (np.asarray(v, dtype=float) for v in (w, X, y))
    return X.T @ (sigmoid(X @ w) - y) + lam * w
    ### END SOLUTION


def nll_hessian(w, X, y, lam=0.0):
    """Hessian of `nll` with respect to the weights, X'SX + lam I (slide "The negative log likelihood is convex").

    S is the diagonal matrix of sigmoid'(Xw).

    Parameters
    ----------
    w, X, y, lam
        As for `nll`: (D,), (N, D), (N,) and a float.

    Returns
    -------
    ndarray of float64 (D, D)
        Symmetric and positive semi-definite; exact but for rounding. Memory grows with N D + D^2, not with N^2.
    """
    ### BEGIN SOLUTION
    w, X = np.asarray(w, dtype=float), np.asarray(X, dtype=float)
    a = X @ w
    slope = sigmoid(a) * sigmoid(-a)  # (N,), the derivative of the logistic function
    return X.T @ (slope[:, None] * X) + lam * np.eye(len(w))
    ### END SOLUTION


def gradient_error(f, grad, w, eps=1e-6):
    """Distance between g = grad(w) and central differences d_i = (f(w + eps e_i) - f(w - eps e_i)) / (2 eps) for every i.

    Any measure will do that keeps these promises where no entry of d is much smaller than the others, unless it is 0:
    at most 1e-6 for a right gradient, also of a million f or a millionth of f; and more than 1e-3 as soon as a single
    entry of g, be it one of a hundred, is wrong by a tenth.

    Parameters
    ----------
    f : callable, (D,) -> float
    grad : callable, (D,) -> (D,)
        What claims to be the gradient of `f`.
    w : ndarray (D,)
        Where to compare. It is not changed.
    eps : float
        Step of the differences.

    Returns
    -------
    float
        0 where both vanish.
    """
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    steps = eps * np.eye(len(w))
    differences = np.array([f(w + step) - f(w - step) for step in steps]) / (2.0 * eps)
    gradient = np.asarray(grad(w), dtype=float)
    scale = np.linalg.norm(gradient) + np.linalg.norm(differences)
    return float(np.linalg.norm(gradient - differences) / scale) if scale > 0 else 0.0
    ### END SOLUTION


def predict_proba(w, X):
    """Probability that each patch shows the keypoint (slide "Via logistic regression").

    Parameters
    ----------
    w : ndarray (D,)
        Weights.
    X : ndarray (N, D)
        Patches, one per row.

    Returns
    -------
    ndarray of float64 (N,)
    """
    ### BEGIN SOLUTION
    return sigmoid(np.asarray(X, dtype=float) @ np.asarray(w, dtype=float))
    ### END SOLUTION


def calibration(p, y, bins):
    """Compare predicted probabilities with how often they came true, bin by bin (a reliability diagram).

    Bin k holds k/bins <= p < (k + 1)/bins; the last one also holds p = 1. Where k/bins is no exact floating-point number, a
    p within its rounding error may go to either side.

    Parameters
    ----------
    p : ndarray (N,)
        Predicted probabilities, in [0, 1].
    y : ndarray (N,)
        Labels in {0, 1}.
    bins : int
        Number of bins of equal width, at least 1.

    Returns
    -------
    mean_p, mean_y : ndarray (bins,)
        Mean prediction and mean label of the examples in each bin, NaN where there are none.
    count : ndarray (bins,)
        Number of examples in each bin.

    Raises
    ------
    ValueError
        If `bins` is less than 1, a probability lies outside [0, 1], or `p` and `y` differ in shape.
    """
    p, y = np.asarray(p, dtype=float), np.asarray(y, dtype=float)
    if bins < 1 or p.shape != y.shape or not np.all((p >= 0) & (p <= 1)):
        raise ValueError("calibration: want bins >= 1 and as many labels as probabilities, all of these in [0, 1].")
    ### BEGIN SOLUTION
    inner_edges = np.arange(1, bins) / bins
    which = np.searchsorted(inner_edges, p, side="right")  # p * bins could round past an edge
    count = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 = NaN is what we want in an empty bin
        mean_p = np.bincount(which, weights=p, minlength=bins) / count
        mean_y = np.bincount(which, weights=y, minlength=bins) / count
    ### END SOLUTION
    return mean_p, mean_y, count


def roc_auc(y, score):
    """Area under the ROC curve: the probability that a random positive outscores a random negative, ties counting half.

    Parameters
    ----------
    y : ndarray (N,)
        Labels in {0, 1}.
    score : ndarray (N,)
        Any score that is larger for what looks more like a positive. Only the order counts: scores tie where they are equal.

    Returns
    -------
    float
        NaN where one of the classes is missing. Time grows as N log N.

    Raises
    ------
    ValueError
        If `y` and `score` differ in shape.
    """
    if np.shape(y) != np.shape(score):
        raise ValueError(f"roc_auc: y and score must have the same shape, got {np.shape(y)} and {np.shape(score)}.")
    ### BEGIN SOLUTION
    y, score = np.asarray(y), np.asarray(score, dtype=float)
    positives, negatives = np.sort(score[y == 1]), np.sort(score[y == 0])  # neighbours search in the same place
    # Each positive has beaten the negatives to its left, and half of those that tie with it.
    below = np.searchsorted(negatives, positives)
    not_above = np.searchsorted(negatives, positives, side="right")
    pairs = len(positives) * len(negatives)
    return float(np.sum(below + not_above)) / (2 * pairs) if pairs > 0 else float("nan")
    ### END SOLUTION
