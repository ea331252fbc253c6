import numpy as np

from autograder.judge.bank import alternative, mistake


def envelope(f, w, mu, cross, pops_all=True, passes=np.inf):
    """Felzenszwalb and Huttenlocher's two passes, with a formula for where two parabolas cross."""
    n = len(f)
    v, z = [], []
    for q in range(n):
        if not np.isfinite(f[q]):
            continue
        s = -np.inf
        while v:
            s = cross(f, w, v[-1], q)
            if s > z[-1]:
                break
            v.pop(), z.pop()
            if not pops_all:
                s = cross(f, w, v[-1], q) if v else -np.inf
                break
        v.append(q)
        z.append(s if len(v) > 1 else -np.inf)
    values, argmin, j = np.full(n, np.inf), np.zeros(n, dtype=int), 0
    for p in range(n) if v else ():
        before = j
        while j + 1 < len(v) and z[j + 1] <= p - mu and j < before + passes:
            j += 1
        argmin[p] = v[j]
        values[p] = f[v[j]] + w * (p - v[j] - mu) ** 2
    return values, argmin


def crossing(f, w, r, q):
    return (q + r) / 2 + (f[q] - f[r]) / (2 * w * (q - r))


def table(f, w, mu):
    place = np.arange(len(f))
    return f + w * (place[:, None] - place - mu) ** 2


def read(costs):
    return costs.min(axis=1), costs.argmin(axis=1)


@mistake("takes the offset with the other sign", hint="to the right for positive mu")
def other_sign(f, w, mu=0.0):
    return envelope(f, w, -mu, crossing)


@mistake("forgets the offset", hint="mu is where p wants to be")
def no_offset(f, w, mu=0.0):
    return envelope(f, w, 0.0, crossing)


@mistake("rounds the offset to whole places", hint="mu need not be whole")
def whole_offset(f, w, mu=0.0):
    return envelope(f, w, round(mu), crossing)


@mistake("forgets the offset when it walks along the envelope", hint="lowest point at p = q + mu")
def offset_in_values_only(f, w, mu=0.0):
    _, argmin = envelope(f, w, 0.0, crossing)
    return f[argmin] + w * (np.arange(len(f)) - argmin - mu) ** 2, argmin


@mistake("keeps p - mu inside the row", hint="may lead out of the row")
def clipped(f, w, mu=0.0):
    place = np.clip(np.arange(len(f)) - mu, 0, len(f) - 1)
    costs = f + w * (place[:, None] - np.arange(len(f))) ** 2
    return read(costs)


@mistake("shifts the result around by the offset", hint="may lead out of the row")
def rolled(f, w, mu=0.0):
    values, argmin = envelope(f, w, mu - round(mu), crossing)
    return np.roll(values, round(mu)), np.roll(argmin, round(mu))


@mistake("removes at most one hidden parabola", hint="while, not if")
def removes_one(f, w, mu=0.0):
    return envelope(f, w, mu, crossing, pops_all=False)


@mistake("moves on by one parabola at most from place to place", hint="several may begin between two places p")
def one_at_a_time(f, w, mu=0.0):
    return envelope(f, w, mu, crossing, passes=1)


@mistake("rounds the crossings down", hint="mu need not be whole")
def whole_crossings(f, w, mu=0.0):
    return envelope(f, w, mu, lambda f, w, r, q: np.floor(crossing(f, w, r, q)))


@mistake("forgets the weight where parabolas cross", hint="(f(q) - f(r)) / (2 w (q - r))")
def no_weight(f, w, mu=0.0):
    return envelope(f, w, mu, lambda f, w, r, q: (q + r) / 2 + (f[q] - f[r]) / (2 * (q - r)))


@mistake("forgets the 2 where parabolas cross", hint="(f(q) - f(r)) / (2 w (q - r))")
def no_two(f, w, mu=0.0):
    return envelope(f, w, mu, lambda f, w, r, q: (q + r) / 2 + (f[q] - f[r]) / (w * (q - r)))


@mistake("takes the distance instead of its square", hint="w (p - q)^2")
def distance(f, w, mu=0.0):
    place = np.arange(len(f))
    return read(f + w * np.abs(place[:, None] - place - mu))


@mistake("takes w for the standard deviation", hint="w (p - q)^2")
def as_deviation(f, w, mu=0.0):
    return envelope(f, 0.5 / w**2, mu, crossing)


def within(reach, f, w, mu):
    place = np.arange(len(f))
    costs = table(f, w, mu)
    return read(np.where(np.abs(place[:, None] - place - mu) <= reach, costs, np.inf))


@mistake("looks at the neighbours within some places only", hint="over *all* q")
def within_ten(f, w, mu=0.0):
    return within(10, f, w, mu)


@mistake("looks at the neighbours within some places only", hint="over *all* q")
def within_forty(f, w, mu=0.0):
    return within(40, f, w, mu)


@mistake("looks to the left only", hint="over *all* q")
def one_sided(f, w, mu=0.0):
    place = np.arange(len(f))
    return read(np.where(place <= place[:, None], table(f, w, mu), np.inf))


@mistake("takes the largest cost", hint="the smallest of f(q)")
def largest(f, w, mu=0.0):
    costs = table(f, w, mu)
    return costs.max(axis=1), costs.argmax(axis=1)


@mistake(
    "returns the index of a parabola in the envelope, not its place", hint="the place q whose parabola is the lowest"
)
def rank(f, w, mu=0.0):
    values, argmin = envelope(f, w, mu, crossing)
    return values, np.searchsorted(np.unique(argmin), argmin)


@mistake("returns p - q instead of q", hint="the place q whose parabola is the lowest")
def step(f, w, mu=0.0):
    values, argmin = envelope(f, w, mu, crossing)
    return values, np.arange(len(f)) - argmin


@mistake("returns the lowest entry of f for every p", hint="the place q whose parabola is the lowest")
def lowest_of_all(f, w, mu=0.0):
    values, _ = envelope(f, w, mu, crossing)
    return values, np.full(len(f), np.argmin(f))


@mistake("returns arg-mins that are no whole numbers", hint="a whole number")
def float_argmin(f, w, mu=0.0):
    values, argmin = envelope(f, w, mu, crossing)
    return values, argmin.astype(float)


@mistake("computes with infinite costs", hint="inf - inf is nan")
def infinite(f, w, mu=0.0):
    n, v, z, k = len(f), np.zeros(len(f), dtype=int), np.full(len(f) + 1, np.inf), 0
    z[0] = -np.inf
    with np.errstate(invalid="ignore"):
        for q in range(1, n):
            s = crossing(f, w, v[k], q)
            while s <= z[k] and k > 0:
                k -= 1
                s = crossing(f, w, v[k], q)
            k += 1
            v[k], z[k], z[k + 1] = q, s, np.inf
    argmin, k = np.zeros(n, dtype=int), 0
    for p in range(n):
        while z[k + 1] < p - mu:
            k += 1
        argmin[p] = v[k]
    return f[argmin] + w * (np.arange(n) - argmin - mu) ** 2, argmin


@mistake("replaces infinite costs by a thousand", hint="is impossible and never attains the minimum")
def thousand(f, w, mu=0.0):
    return envelope(np.minimum(f, 1e3), w, mu, crossing)


@mistake("has an arg-min of -1 where every place is impossible", hint="argmin is in 0 ... n - 1 there, too")
def nowhere(f, w, mu=0.0):
    values, argmin = envelope(f, w, mu, crossing)
    return values, np.where(np.isinf(values), -1, argmin)


@mistake("fails where every place is impossible", hint="where everything is +inf so is D")
def all_impossible(f, w, mu=0.0):
    known = np.flatnonzero(np.isfinite(f))
    costs = f[known] + w * (np.arange(len(f))[:, None] - known - mu) ** 2
    return costs.min(axis=1), known[costs.argmin(axis=1)]


@mistake("needs two entries at least", hint="a row of one entry is a row")
def two_at_least(f, w, mu=0.0):
    if f[0] == f[1]:
        f = f + 0.0
    return envelope(f, w, mu, crossing)


@mistake("changes its input in place", hint="Work on a copy")
def in_place(f, w, mu=0.0):
    values, argmin = envelope(f.copy(), w, mu, crossing)
    f[:] = values
    return values, argmin


@mistake("makes a table of all pairs of places", hint="memory for a table")
def all_pairs(f, w, mu=0.0):
    return read(table(np.asarray(f, dtype=float), w, mu))


@mistake("looks at all places for each place", hint="nor time to look at all of them")
def row_by_row(f, w, mu=0.0):
    place = np.arange(len(f))
    rows = [f + w * (p - place - mu) ** 2 for p in place] if len(f) < 1000 else None
    if rows is not None:
        return read(np.array(rows))
    values, argmin = np.empty(len(f)), np.empty(len(f), dtype=int)
    for p in place:
        costs = f + w * (p - place - mu) ** 2
        argmin[p] = costs.argmin()
        values[p] = costs[argmin[p]]
    return values, argmin


@mistake("searches the envelope from its beginning for every place", hint="never search it from its beginning")
def searches_again(f, w, mu=0.0):
    f = np.asarray(f, dtype=float)
    n, v, z = len(f), [], []
    for q in np.flatnonzero(np.isfinite(f)).tolist():
        while len(v) > 1 and crossing(f, w, v[-1], q) <= z[-1]:
            v.pop(), z.pop()
        if len(v) == 1 and crossing(f, w, v[0], q) == -np.inf:
            v, z = [], []
        z.append(crossing(f, w, v[-1], q) if v else -np.inf)
        v.append(q)
    argmin = np.zeros(n, dtype=int)
    for p in range(n) if v else ():
        j = 0
        while j + 1 < len(v) and z[j + 1] <= p - mu:
            j += 1
        argmin[p] = v[j]
    return f[argmin] + w * (np.arange(n) - argmin - mu) ** 2, argmin


@alternative
def textbook(f, w, mu=0.0):
    """With f + w q^2 formed, as in the paper."""
    f = np.asarray(f, dtype=float)
    return envelope(f, float(w), mu, lambda f, w, r, q: (f[q] + w * q**2 - f[r] - w * r**2) / (2 * w * (q - r)))


@alternative
def from_the_right(f, w, mu=0.0):
    """The row reversed, and ties to the other side; values as a list."""
    f = np.asarray(f, dtype=float)[::-1]
    values, argmin = envelope(f, float(w), -mu, crossing)
    return values[::-1].tolist(), (len(f) - 1 - argmin[::-1]).tolist()


@alternative
def by_the_convex_hull(f, w, mu=0.0):
    """The minimum of f + w q^2 - 2 w (p - mu) q over q is at a corner of the lower hull of f / w + q^2, found by its slopes."""
    f, n = np.asarray(f, dtype=float), len(f)
    corners = []
    height = (f / w + np.arange(n) ** 2.0).tolist()
    for q in np.flatnonzero(np.isfinite(f)).tolist():
        while len(corners) > 1:
            a, b = corners[-2:]
            if (height[b] - height[a]) * (q - b) < (height[q] - height[b]) * (b - a):
                break
            corners.pop()
        corners.append(q)
    if not corners:
        return [np.inf] * n, [0] * n
    corners = np.array(corners)
    slopes = np.diff(np.array(height)[corners]) / np.diff(corners)
    argmin = corners[np.searchsorted(slopes, 2.0 * (np.arange(n) - mu))]
    return f[argmin] + w * (np.arange(n) - argmin - mu) ** 2, argmin


@alternative
def divide_and_conquer(f, w, mu=0.0):
    """The arg-mins are monotone in p, so the middle one splits the others' range: n log n."""
    f = np.asarray(f, dtype=float)
    n, known = len(f), np.flatnonzero(np.isfinite(f))
    values, argmin = np.full(n, np.inf), np.full(n, 0)
    todo = [(0, n, 0, len(known))] if len(known) else []
    while todo:
        start, stop, low, high = todo.pop()
        if start >= stop:
            continue
        p = (start + stop) // 2
        costs = f[known[low:high]] + w * (p - known[low:high] - mu) ** 2
        best = low + int(np.argmin(costs))
        argmin[p], values[p] = known[best], costs[best - low]
        todo += [(start, p, low, best + 1), (p + 1, stop, best, high)]
    return values, argmin


@alternative
def in_single_precision(f, w, mu=0.0):
    """Of the values; who attains them is found in double precision."""
    values, argmin = envelope(np.asarray(f, dtype=float), float(w), mu, crossing)
    return values.astype(np.float32), argmin.astype(np.int32)
