"""The distance transform of Lab 6 for those who decode whole films: the same values, many times as fast.

With numba the lower envelope is compiled. Without it each row is compared with all n x n pairs of places, which NumPy does so fast that on
maps of a few hundred pixels it beats an envelope in Python.

The compiled one takes three short cuts, none of which changes a value. A place is *calm* where its cost differs so little from its
neighbour's that whoever stands there takes the nearest place; on a real map most are. Lower envelopes are built only around the others,
as far as the deepest of them can reach. And a parabola that its two neighbours together lie below is left out before that.
`map_pose(..., transform=envelope.distance_transform_2d)` uses it. `tests/bench/pictorial.py` has its times.
"""

import numpy as np

try:
    import numba
except ImportError:
    numba = None
TILE = 8  # columns that are copied together: a line of the cache has 8 numbers


def compiled(function):
    """The function as machine code; the function itself, which is far too slow for more than tests, without numba."""
    return function if numba is None else numba.njit(cache=True)(function)


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
        If a shape is wrong, a cost is NaN or -inf, a weight is not positive, or an offset or a weight is not finite.
    """
    f, w, mu = np.ascontiguousarray(f, dtype=float), np.asarray(w, dtype=float), np.asarray(mu, dtype=float)
    if f.ndim != 2 or 0 in f.shape or w.shape != (2,) or mu.shape != (2,) or not (w > 0).all():
        raise ValueError(f"distance_transform_2d: want f (H, W), w (2,) > 0 and mu (2,), got {f.shape}, {w} and {mu}.")
    if not np.isfinite([w, mu]).all():
        raise ValueError(f"distance_transform_2d: weights and offsets must be finite, got {w} and {mu}.")
    if not f.min() > -np.inf:
        raise ValueError("distance_transform_2d: costs must be numbers or +inf: there is a NaN or -inf among them.")
    return (by_numpy if numba is None else by_envelope)(f, w, mu)


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


@compiled
def _nearest_shift(mu, n):
    """The offset in whole places; n places are as far as infinitely many."""
    return int(min(max(np.floor(mu + 0.5), -n), n))


@compiled
def _calm_step(w, rest):
    """Costs of neighbours that differ by at most this cross between them so that both stay nearest to their own place."""
    return w * (1.0 - 2.0 * abs(rest))


@compiled
def _window(low, high, depth, w, shift, n):
    """Places that are not calm with all that those reach, and the part of the result where they may be taken."""
    reach = int(np.sqrt(depth / w + 1.0)) + 2 if depth < w * n * n else n
    low, high = max(low - reach, 0), min(high + reach, n)
    left = min(max(low + shift, 0), n) if low > 0 else 0
    right = max(min(high + shift, n), left) if high < n else n
    return low, high, left, right


@compiled
def _undominated(f, w, places, costs):
    """List the places whose parabola is somewhere below both neighbours'; without a branch, since noise cannot be guessed."""
    n, kept = len(f), 0
    for q in range(n):
        h = f[q]
        below = not (0 < q < n - 1) or not (h - f[q - 1]) - (f[q + 1] - h) >= 2.0 * w
        places[kept], costs[kept] = q, h
        kept += (h < np.inf) & below
    return kept


@compiled
def _envelope(f, w, mu, half, first, values, argmin, places, costs, start):
    """Transform of one row; its places are counted from `first`. Work space come last, and `half[d]` is 1 / (2 w d)."""
    size = len(values)
    count = _undominated(f, w, places, costs)
    if count == 0:
        values[:], argmin[:] = np.inf, 0
        return
    last = 0
    start[0] = -np.inf
    for k in range(1, count):
        q, h = places[k], costs[k]
        while True:
            r = places[last]
            cross = 0.5 * (q + r) + (h - costs[last]) * half[q - r]
            if cross > start[last]:
                break
            last -= 1
        last += 1
        places[last], costs[last], start[last] = q, h, cross
    # Note where each parabola of the envelope begins, then fill the gaps between.
    argmin[:] = 0
    argmin[0] = places[0]
    for k in range(1, last + 1):
        if start[k] + mu > size - 1:
            break
        argmin[int(np.ceil(max(start[k] + mu, 0.0)))] = places[k]
    r = 0
    for p in range(size):
        r = max(r, argmin[p])
        stretch = p - mu - r
        values[p] = f[r] + w * stretch * stretch
        argmin[p] = first + r


@compiled
def _take_nearest(f, w, mu, shift, values, argmin):
    """Transform of a row that is calm throughout."""
    n = len(f)
    low, high = max(shift, 0), min(n + shift, n)
    for p in range(low):
        values[p], argmin[p] = f[0] + w * (p - mu) ** 2, 0
    for p in range(max(high, 0), n):
        values[p], argmin[p] = f[n - 1] + w * (p - mu - (n - 1)) ** 2, n - 1
    if low < high:
        near = w * (mu - shift) ** 2
        source, target, place = f[low - shift :], values[low:], argmin[low:]
        for p in range(high - low):
            target[p] = source[p] + near
            place[p] = low - shift + p


@compiled
def _along_rows(f, w, mu, values, argmin, half, places, costs, start):
    H, n = f.shape
    shift = _nearest_shift(mu, n)
    calm = _calm_step(w, mu - shift)
    for i in range(H):
        row = f[i]
        _take_nearest(row, w, mu, shift, values[i], argmin[i])
        steps = 0
        for q in range(1, n):
            steps += not abs(row[q] - row[q - 1]) <= calm
        if steps == 0:
            continue
        low, high = 0, n
        while abs(row[low + 1] - row[low]) <= calm:
            low += 1
        while abs(row[high - 1] - row[high - 2]) <= calm:
            high -= 1
        least = most = row[0]
        for h in row:
            least = h if h < least else least
            most = h if h > most else most
        low, high, left, right = _window(low, high, most - least, w, shift, n)
        if left < right:
            moved = mu + low - left
            part, target, place = row[low:high], values[i, left:right], argmin[i, left:right]
            _envelope(part, w, moved, half, low, target, place, places, costs, start)


@compiled
def _along_columns(f, w, mu, values, argmin, half, places, costs, start):
    """As `_along_rows`, without walking down a column: what is calm is done row by row, the rest in tiles."""
    n, W = f.shape
    shift = _nearest_shift(mu, n)
    calm = _calm_step(w, mu - shift)
    lows, highs = np.full(W, n), np.zeros(W, np.int64)
    least, most = f[0].copy(), f[0].copy()
    for i in range(1, n):
        above, row = f[i - 1], f[i]
        for j in range(W):
            step = not abs(row[j] - above[j]) <= calm
            lows[j] = min(lows[j], i - 1 if step else n)
            highs[j] = i + 1 if step else highs[j]
            least[j] = row[j] if row[j] < least[j] else least[j]
            most[j] = row[j] if row[j] > most[j] else most[j]
    for i in range(n):
        r = min(max(i - shift, 0), n - 1)
        near = w * (i - mu - r) ** 2
        source, target, place = f[r], values[i], argmin[i]
        for j in range(W):
            target[j] = source[j] + near
        place[:] = r
    tile, below, below_rows = np.empty((TILE, n)), np.empty((TILE, n)), np.empty((TILE, n), np.int32)
    for begin in range(0, W, TILE):
        end = min(begin + TILE, W)
        low, high = lows[begin:end].min(), highs[begin:end].max()
        if low >= high:
            continue
        depth = 0.0
        for j in range(begin, end):
            depth = max(depth, most[j] - least[j] if most[j] < np.inf else np.inf)
        low, high, top, bottom = _window(low, high, depth, w, shift, n)
        if top >= bottom:
            continue
        for i in range(low, high):
            for j in range(begin, end):
                tile[j - begin, i] = f[i, j]
        moved = mu + low - top
        for b in range(end - begin):
            part, target, place = tile[b, low:high], below[b, top:bottom], below_rows[b, top:bottom]
            _envelope(part, w, moved, half, low, target, place, places, costs, start)
        for i in range(top, bottom):
            for j in range(begin, end):
                values[i, j], argmin[i, j] = below[j - begin, i], below_rows[j - begin, i]


@compiled
def by_envelope(f, w, mu):
    """The transform of a map in linear time."""
    H, W = f.shape
    n = max(H, W)
    half, places, costs, start = np.empty(n), np.empty(n, np.int32), np.empty(n), np.empty(n)
    best, best_cols = np.empty((H, W)), np.empty((H, W), np.int32)
    values, rows, cols = np.empty((H, W)), np.empty((H, W), np.int32), np.empty((H, W), np.int32)
    for d in range(1, n):
        half[d] = 0.5 / (w[0] * d)
    _along_rows(f, w[0], mu[0], best, best_cols, half, places, costs, start)
    for d in range(1, n):
        half[d] = 0.5 / (w[1] * d)
    _along_columns(best, w[1], mu[1], values, rows, half, places, costs, start)
    for i in range(H):
        for j in range(W):
            cols[i, j] = best_cols[rows[i, j], j]
    return values, rows, cols
