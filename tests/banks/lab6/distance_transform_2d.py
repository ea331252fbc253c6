import numpy as np

from autograder.judge.bank import alternative, mistake


def rows_of(f, w, mu):
    """Transform of each row, and its arg-mins, from tables of pairs in one row."""
    f = np.asarray(f, dtype=float)
    place = np.arange(f.shape[1])
    table = w * (place[:, None] - place - mu) ** 2
    values, argmin = np.empty(f.shape), np.empty(f.shape, dtype=int)
    for i, row in enumerate(f):
        costs = row + table
        argmin[i] = costs.argmin(axis=1)
        values[i] = costs[place, argmin[i]]
    return values, argmin


def passes(f, w, mu):
    """Values (H, W), rows (H, W) of the second pass, columns of the first pass, not gathered."""
    best, best_cols = rows_of(f, w[0], mu[0])
    values, rows = rows_of(best.T, w[1], mu[1])
    return values.T, rows.T, best_cols


def honest(f, w, mu):
    values, rows, best_cols = passes(f, w, mu)
    return values, rows, np.take_along_axis(best_cols, rows, axis=0)


@mistake("does not look up the first pass at the row of the second", hint="*in that row*")
def not_gathered(f, w, mu):
    return passes(f, w, mu)


@mistake("returns columns and rows in the wrong order", hint="rows[p] is the row")
def exchanged(f, w, mu):
    values, rows, cols = honest(f, w, mu)
    return values, cols, rows


@mistake("looks the columns up along the wrong axis", hint="np.take_along_axis")
def wrong_axis(f, w, mu):
    values, rows, best_cols = passes(f, w, mu)
    H, W = np.shape(f)
    return values, rows, best_cols[rows, np.clip(rows, 0, W - 1)]


@mistake("returns the pointers transposed", hint="Mind transposes")
def transposed_pointers(f, w, mu):
    values, rows, cols = honest(f, w, mu)
    return values, rows.T, cols.T


@mistake("writes the rows that it found column by column into rows", hint="Mind transposes")
def refilled(f, w, mu):
    values, rows, best_cols = passes(f, w, mu)
    rows = rows.T.reshape(rows.shape)
    return values, rows, np.take_along_axis(best_cols, rows, axis=0)


@mistake("returns everything transposed", hint="f's shape (H, W)")
def transposed(f, w, mu):
    values, rows, cols = honest(f, w, mu)
    return values.T, rows.T, cols.T


@mistake("looks the columns up where the result is, not where it comes from", hint="*in that row*")
def at_the_target(f, w, mu):
    values, rows, best_cols = passes(f, w, mu)
    y, x = np.mgrid[: values.shape[0], : values.shape[1]]
    return values, rows, best_cols[y, best_cols[rows, x]]


@mistake("exchanges the weights of x and y", hint="w[0] and mu[0] belong to the transform of the rows")
def weights_exchanged(f, w, mu):
    return honest(f, w[::-1], mu)


@mistake("exchanges the offsets of x and y", hint="w and mu are for (x, y)")
def offsets_exchanged(f, w, mu):
    return honest(f, w, mu[::-1])


@mistake("takes (y, x) for (x, y)", hint="x runs along a row")
def all_exchanged(f, w, mu):
    return honest(f, w[::-1], mu[::-1])


@mistake("takes the weight of x for both", hint="w[1] and mu[1] to that of the columns")
def one_weight(f, w, mu):
    return honest(f, (w[0], w[0]), mu)


@mistake("forgets the offset", hint="w and mu are for (x, y)")
def no_offset(f, w, mu):
    return honest(f, w, (0.0, 0.0))


@mistake("turns the offset around", hint="w and mu are for (x, y)")
def other_sign(f, w, mu):
    return honest(f, w, (-mu[0], -mu[1]))


@mistake("transforms the columns of f, not those of what the first pass gave", hint="*what that gave*")
def adds_both(f, w, mu):
    across, cols = rows_of(f, w[0], mu[0])
    down, rows = rows_of(np.asarray(f).T, w[1], mu[1])
    return np.minimum(across, down.T), rows.T, cols


@mistake("transforms the rows twice", hint="every column of *what that gave*")
def rows_twice(f, w, mu):
    best, cols = rows_of(f, w[0], mu[0])
    values, again = rows_of(best, w[1], mu[1])
    y, _ = np.mgrid[: values.shape[0], : values.shape[1]]
    return values, y, np.take_along_axis(cols, again, axis=1)


@mistake("transforms the rows only", hint="then transform every column")
def rows_only(f, w, mu):
    values, cols = rows_of(f, w[0], mu[0])
    return values, np.mgrid[: values.shape[0], : values.shape[1]][0], cols


@mistake("assumes a square map", hint="f's shape (H, W)")
def square(f, w, mu):
    n = min(np.shape(f))
    return honest(np.asarray(f)[:n, :n], w, mu)


@mistake("takes infinite costs for a million", hint="A place of cost +inf stays impossible")
def million(f, w, mu):
    return honest(np.where(np.isfinite(f), f, 1e6), w, mu)


@mistake("changes its input in place", hint="Work on a copy")
def in_place(f, w, mu):
    values, rows, cols = honest(f.copy(), w, mu)
    f[:] = values
    return values, rows, cols


@mistake("makes a table of all pairs of places", hint="neither memory nor time")
def all_pairs(f, w, mu):
    H, W = np.shape(f)
    y, x = (part.ravel() for part in np.mgrid[:H, :W])
    costs = np.ravel(f) + w[0] * (x[:, None] - x - mu[0]) ** 2 + w[1] * (y[:, None] - y - mu[1]) ** 2
    rows, cols = np.unravel_index(costs.argmin(axis=1), (H, W))
    return costs.min(axis=1).reshape(H, W), rows.reshape(H, W), cols.reshape(H, W)


@mistake("looks at the whole map for each place", hint="neither memory nor time")
def whole_map(f, w, mu):
    H, W = np.shape(f)
    y, x = np.mgrid[:H, :W]
    values, rows, cols = np.empty((H, W)), np.empty((H, W), dtype=int), np.empty((H, W), dtype=int)
    for i in range(H):
        for j in range(W):
            costs = f + w[0] * (j - x - mu[0]) ** 2 + w[1] * (i - y - mu[1]) ** 2
            rows[i, j], cols[i, j] = np.unravel_index(costs.argmin(), (H, W))
            values[i, j] = costs.min()
    return values, rows, cols


@alternative
def columns_first(f, w, mu):
    best, best_rows = rows_of(np.asarray(f).T, w[1], mu[1])
    values, cols = rows_of(best.T, w[0], mu[0])
    rows = np.take_along_axis(best_rows.T, cols, axis=1)
    return values, rows, cols


@alternative
def by_loop(f, w, mu):
    values, rows, best_cols = passes(f, w, mu)
    H, W = values.shape
    cols = [[int(best_cols[rows[i, j], j]) for j in range(W)] for i in range(H)]
    return values.tolist(), rows.tolist(), cols


@alternative
def by_broadcasting(f, w, mu):
    f = np.asarray(f, dtype=float)
    H, W = f.shape
    x, y = np.arange(W), np.arange(H)
    if H * W * max(H, W) > 1e6:  # tables of a whole pass would be large
        return honest(f, w, mu)
    first = f[:, None] + w[0] * (x[:, None] - x - mu[0]) ** 2  # (H, W, W)
    second = first.min(axis=2).T[:, None] + w[1] * (y[:, None] - y - mu[1]) ** 2  # (W, H, H)
    rows = second.argmin(axis=2).T
    return second.min(axis=2).T, rows, first.argmin(axis=2)[rows, x]
