"""Patches around the right hand, and where Labs 1 to 3 go on without some of their exercises."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.optimize import minimize
from scipy.special import expit


def paw_centers(rats, anywhere, seed):
    """Where patches are cut out: in each frame six centres close to the right hand, then some anywhere.

    Parameters
    ----------
    rats : posekit.data.SideView
    anywhere : int
        Centres per frame that are drawn from all of the frame.
    seed : int

    Returns
    -------
    centers : ndarray of int (F, 6 + anywhere, 2), (x, y) px
    hands : ndarray (F, 2), the hand (x, y) px, NaN where it is hidden
    """
    rng = np.random.default_rng(seed)
    paw = rats.names.index("hand_R")
    height, width = rats.images.shape[1:]
    centers = []
    for point in rats.keypoints[:, paw]:
        near = point + rng.uniform(-2, 2, size=(6, 2))
        centers.append(np.vstack([near, rng.uniform((0, 0), (width - 1, height - 1), size=(anywhere, 2))]))
    hands = np.where(rats.visible[:, paw, None], rats.keypoints[:, paw], np.nan)
    return np.rint(centers).astype(int), hands


def paw_patches(rats, size, anywhere, seed, radius=3.0):
    """Patches at the centres of `paw_centers`, and whether they show a paw: where a lab goes on without its exercises.

    Parameters
    ----------
    rats, anywhere, seed : as for `paw_centers`
    size : (int, int)
        Odd height h and width w of a patch.
    radius : float
        A patch is positive if its centre is at most so far from the hand, px.

    Returns
    -------
    X : ndarray (F * (6 + anywhere), h * w), row by row
    y : ndarray, labels 0.0 and 1.0
    """
    centers, hands = paw_centers(rats, anywhere, seed)
    frames = np.arange(len(centers))[:, None]
    X = all_patches(rats.images, size)[frames, centers[..., 1], centers[..., 0]].reshape(-1, size[0] * size[1])
    y = np.linalg.norm(centers - hands[:, None], axis=-1) <= radius
    return X, y.ravel().astype(float)


def all_patches(images, size):
    """The patches around all pixels of some frames, as a view of them, with zeros beyond the border.

    Parameters
    ----------
    images : ndarray (..., H, W)
    size : (int, int)
        Odd height h and width w of a patch.

    Returns
    -------
    ndarray (..., H, W, h, w)
    """
    h, w = size
    border = [(0, 0)] * (np.ndim(images) - 2) + [(h // 2, h // 2), (w // 2, w // 2)]
    return sliding_window_view(np.pad(np.asarray(images, dtype=float), border), size, axis=(-2, -1))


def round_window(side):
    """Which pixels (side * side,) of a square patch lie inside a disc."""
    offset = np.arange(side) - side // 2
    return (np.hypot(offset[:, None], offset) <= side / 2).ravel()


def contrast(X, window=slice(None)):
    """Patches without their own brightness and contrast; what is outside the window is zero.

    Parameters
    ----------
    X : ndarray (N, D)
    window : bool array (D,), optional
    """
    inside = X[:, window]
    Z = np.zeros(X.shape)
    # Noise on a plain wall has a deviation of about 0.01: the 0.05 keeps it from being blown up.
    Z[:, window] = (inside - inside.mean(axis=1, keepdims=True)) / (inside.std(axis=1, keepdims=True) + 0.05)
    return Z


def standardized(X):
    """Pixels less their means and divided by their deviations, where they vary; the means; the deviations (else 1)."""
    mean, scale = np.mean(X, axis=0), np.where(np.ptp(X, axis=0) > 0, np.std(X, axis=0), 1.0)
    return np.divide(X - mean, scale), mean, scale


def steepest(X, lam=0.0):
    """The largest curvature that the negative log likelihood of `X` can have anywhere, with its ridge penalty."""
    return float(np.linalg.norm(X, 2) ** 2 / 4 + lam)


def best_weights(X, y, lam, tol=1e-7):
    """Weights (D,) with the smallest negative log likelihood plus lam w^T w / 2, by SciPy, to a gradient of about `tol`."""

    def value_and_gradient(w):
        a = X @ w
        return np.logaddexp(0.0, a).sum() - y @ a + 0.5 * lam * w @ w, X.T @ (expit(a) - y) + lam * w

    def product(w, v):
        p = expit(X @ w)
        return X.T @ (p * (1.0 - p) * (X @ v)) + lam * v

    start = np.zeros(X.shape[1])
    return minimize(
        value_and_gradient, start, jac=True, hessp=product, method="trust-ncg", options={"gtol": tol, "maxiter": 500}
    ).x
