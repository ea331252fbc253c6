"""The distance transform of Lab 6 for those who decode whole films: the same values, many times as fast.

With numba the lower envelope is compiled. Without it each row is compared with all n x n pairs of places, which NumPy does so fast that on
maps of a few hundred pixels it beats an envelope in Python.
`map_pose(..., transform=envelope.distance_transform_2d)` uses it. `tests/bench/pictorial.py` has its times.
"""

import numpy as np

try:
    from numba import njit
except ImportError:
    njit = None


def distance_transform_2d(f, w, mu):
    """As `pictorial.distance_transform_2d`; takes numba where it is installed.

    Parameters
    ----------
    f : ndarray (H, W)
        Costs, +inf where a place is impossible.
    w, mu : array_like (2,)
        Weights, positive, and offset for (x, y).

    Returns
    -------
    values : ndarray of float64 (H, W)
    rows, cols : ndarray of int (H, W)

    Raises
    ------
    ValueError
        If a shape is wrong, a cost is NaN or -inf, or a weight is not positive.
    """
    f, w, mu = np.ascontiguousarray(f, dtype=float), np.asarray(w, dtype=float), np.asarray(mu, dtype=float)
    if f.ndim != 2 or 0 in f.shape or w.shape != (2,) or mu.shape != (2,) or not (w > 0).all():
        raise ValueError(f"distance_transform_2d: want f (H, W), w (2,) > 0 and mu (2,), got {f.shape}, {w} and {mu}.")
    if not f.min() > -np.inf:
        raise ValueError("distance_transform_2d: costs must be numbers or +inf: there is a NaN or -inf among them.")
    return by_numpy(f, w, mu) if njit is None else _by_numba(f, w[0], w[1], mu[0], mu[1])


def by_numpy(f, w, mu):
    """The transform of a map from tables of all pairs of columns, and then of rows."""
    best, best_cols = _minima(f, w[0], mu[0])
    values, rows = _minima(best.T, w[1], mu[1])
    return values.T, rows.T, np.take_along_axis(best_cols, rows.T, axis=0)


def _minima(f, w, mu):
    """Transform of each row of f (R, n), and where it comes from."""
    place = np.arange(f.shape[1])
    table = w * (place[:, None] - place - mu) ** 2
    values, argmin = np.empty(f.shape), np.empty(f.shape, dtype=int)
    for i, row in enumerate(f):
        total = row + table
        argmin[i] = total.argmin(axis=1)
        values[i] = total[place, argmin[i]]
    return values, argmin


if njit is not None:

    @njit(cache=True)
    def _envelope(f, n, w, mu, half, values, argmin, lowest, start, height):
        """Transform of one row into `values` and `argmin`; the last three are work space, `half[d]` is 1 / (2 w d)."""
        q = 1
        while q < n and f[q] == f[0]:
            q += 1
        if (
            q == n and f[0] < np.inf
        ):  # no votes in this row, as in most rows of a real map: everybody takes the nearest place
            for p in range(n):
                r = min(max(int(np.floor(p - mu + 0.5)), 0), n - 1)
                values[p], argmin[p] = f[0] + w * (p - mu - r) ** 2, r
            return
        last = -1
        for q in range(n):
            h = f[q]
            if h == np.inf:
                continue
            cross = -np.inf
            while last >= 0:
                r = lowest[last]
                cross = 0.5 * (q + r) + (h - height[last]) * half[q - r]
                if cross > start[last]:
                    break
                last -= 1
            if last < 0:
                cross = -np.inf
            last += 1
            lowest[last], start[last], height[last] = q, cross, h
        if last < 0:
            for p in range(n):
                values[p], argmin[p] = np.inf, 0
            return
        start[last + 1] = np.inf
        p = 0
        for j in range(last + 1):
            r, h, end = lowest[j], height[j], start[j + 1]
            while p < n and p - mu < end:
                stretch = p - mu - r
                values[p] = h + w * stretch * stretch
                argmin[p] = r
                p += 1

    @njit(cache=True)
    def _transposed(source, target):
        """Copy by blocks, each of which fits into the cache."""
        H, W = source.shape
        for top in range(0, H, 16):
            for left in range(0, W, 16):
                for i in range(top, min(top + 16, H)):
                    for j in range(left, min(left + 16, W)):
                        target[j, i] = source[i, j]

    @njit(cache=True)
    def _by_numba(f, w_x, w_y, mu_x, mu_y):
        H, W = f.shape
        n = max(H, W)
        lowest, start, height, half = np.empty(n, np.int32), np.empty(n + 1), np.empty(n), np.empty(n)
        best, best_cols = np.empty((H, W)), np.empty((H, W), np.int32)
        for d in range(1, n):
            half[d] = 0.5 / (w_x * d)
        for i in range(H):
            _envelope(f[i], W, w_x, mu_x, half, best[i], best_cols[i], lowest, start, height)
        across = np.empty((W, H))
        _transposed(best, across)
        for d in range(1, n):
            half[d] = 0.5 / (w_y * d)
        down, down_rows = np.empty((W, H)), np.empty((W, H), np.int32)
        for j in range(W):
            _envelope(across[j], H, w_y, mu_y, half, down[j], down_rows[j], lowest, start, height)
        values, rows, cols = best, np.empty((H, W), np.int32), np.empty((H, W), np.int32)
        _transposed(down, values)
        _transposed(down_rows, rows)
        for i in range(H):
            for j in range(W):
                cols[i, j] = best_cols[rows[i, j], j]
        return values, rows, cols
