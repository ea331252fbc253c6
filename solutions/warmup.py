"""Lab 0: three small functions, to meet the notebook, the checks and the conventions of the course."""

import numpy as np


def brightest_point(image):
    """Where an image is brightest.

    Parameters
    ----------
    image : ndarray (H, W)
        Grey values; its largest value occurs once.

    Returns
    -------
    ndarray of int (2,)
        The point (x, y) = (column, row), px.
    """
    ### BEGIN SOLUTION
    row, column = np.unravel_index(np.argmax(image), np.shape(image))
    return np.array([column, row])
    ### END SOLUTION


def log_odds(p):
    """Log odds, log(p / (1 - p)), elementwise.

    Parameters
    ----------
    p : ndarray, any shape
        Probabilities, in [0, 1].

    Returns
    -------
    ndarray of float64, the shape of `p`
        -inf at 0 and inf at 1.
    """
    ### BEGIN SOLUTION
    p = np.asarray(p, dtype=float)
    with np.errstate(divide="ignore"):  # log 0 = -inf is what we want here
        return np.log(p) - np.log1p(-p)
    ### END SOLUTION


def quadratic_gradient(w, A, b):
    """Gradient of f(w) = 1/2 w'Aw - b'w with respect to w.

    Parameters
    ----------
    w : ndarray (D,)
    A : ndarray (D, D)
        Not necessarily symmetric.
    b : ndarray (D,)

    Returns
    -------
    ndarray of float64 (D,)
    """
    ### BEGIN SOLUTION
    return (np.asarray(A) + np.asarray(A).T) @ np.asarray(w, dtype=float) / 2 - b
    ### END SOLUTION
