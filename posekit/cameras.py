"""Cameras as 3x4 matrices: from millimetres to pixels."""

import numpy as np


def project(P, X):
    """Image points of 3D points.

    Parameters
    ----------
    P : (..., 3, 4) camera matrices whose third row gives the depth up to a positive factor
    X : (..., 3) points, mm; leading axes broadcast against those of P

    Returns
    -------
    points : (..., 2) px (x, y); NaN where the depth is not positive

    Raises
    ------
    ValueError : for shapes that are not a camera's and a point's
    """
    P, X = np.asarray(P, float), np.asarray(X, float)
    if P.shape[-2:] != (3, 4):
        raise ValueError(f"P must end in shape (3, 4), not {P.shape}")
    if X.shape[-1:] != (3,):
        raise ValueError(f"X must end in shape (3,), not {X.shape}")
    homogeneous = np.einsum("...ij,...j->...i", P[..., :3], X) + P[..., 3]
    depth = homogeneous[..., 2:]
    return homogeneous[..., :2] / np.where(depth > 0, depth, np.nan)
