import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from autograder.judge.bank import alternative, mistake


def against(p):
    p = np.clip(np.asarray(p, dtype=float), 1e-5, 1.0 - 1e-5)
    return np.log((1.0 - p) / p)


def programme(part_prob, pair_prob, alone=None, pair=None, middles=(0, 1, 2), lazily=True, ends=2, whole=1, bound=1):
    """x (D,) and y (D, D) of the optimum, with what a mistake changes as arguments: which of a triple's ends may be the middle."""
    D = len(part_prob)
    d, e = np.triu_indices(D, 1)
    number = np.zeros((D, D), dtype=int)
    number[d, e] = number[e, d] = D + np.arange(len(d))
    alone = against(np.max(part_prob, axis=1)) if alone is None else alone
    pair = against(pair_prob) if pair is None else pair
    cost = np.append(alone, np.asarray(pair)[d, e])
    rows = [([number[a, b]], [end]) for a, b in zip(d, e, strict=True) for end in (a, b)[:ends]]
    while True:
        A = np.zeros((len(rows), len(cost)))
        for i, (more, less) in enumerate(rows):
            A[i, more], A[i, less] = 1.0, -1.0
        constraints = LinearConstraint(A, -np.inf, 0.0) if rows else None
        found = milp(cost, integrality=whole, bounds=Bounds(0, 1), constraints=constraints, options={"mip_rel_gap": 0})
        y = found.x[number] * (1 - np.eye(D))
        new = []
        for i in range(D) if lazily else ():
            for j in range(i + 1, D):
                for k in range(j + 1, D):
                    for which, (a, m, b) in enumerate(((j, i, k), (i, j, k), (i, k, j))):
                        if which in middles and y[a, m] + y[m, b] - y[a, b] - found.x[m] > 1e-6:
                            new.append(([number[a, m], number[m, b]], [number[a, b], (a, m, b)[bound]]))
        if not new:
            return found.x[:D] > 0.5, np.round(y)
        rows += new


def read(part_prob, kept, y):
    D = len(kept)
    clusters = np.full(D, -1)
    for d in range(D):
        if kept[d] and clusters[d] < 0:
            clusters[(y[d] > 0.5) & kept] = d
            clusters[d] = d
    return np.where(kept, np.argmax(part_prob, axis=1), -1), clusters


def solve(part_prob, pair_prob, **changed):
    return read(part_prob, *programme(part_prob, pair_prob, **changed))


@mistake("turns the sign of the pairs' costs around", hint="that over pairs in one animal")
def pairs_turned(part_prob, pair_prob):
    return solve(part_prob, pair_prob, pair=-against(pair_prob))


@mistake("turns the sign of the candidates' costs around", hint="over kept candidates")
def candidates_turned(part_prob, pair_prob):
    return solve(part_prob, pair_prob, alone=-against(np.max(part_prob, axis=1)))


@mistake("leaves the candidates' own costs out", hint="over kept candidates")
def no_own_costs(part_prob, pair_prob):
    return solve(part_prob, pair_prob, alone=np.zeros(len(part_prob)))


@mistake("keeps every candidate", hint="Where every cost is positive nothing is kept")
def keeps_all(part_prob, pair_prob):
    return solve(part_prob, pair_prob, alone=np.full(len(part_prob), -100.0))


@mistake("drops candidates below one half at the start", hint="none is dropped beforehand")
def drops_first(part_prob, pair_prob):
    part_prob = np.asarray(part_prob)
    good = np.flatnonzero(part_prob.max(axis=1) > 0.5)
    labels, clusters = np.full(len(part_prob), -1), np.full(len(part_prob), -1)
    if len(good):
        labels[good], clusters[good] = solve(part_prob[good], np.asarray(pair_prob)[np.ix_(good, good)])
    return labels, clusters


@mistake("counts every pair twice", hint="each pair once")
def pairs_twice(part_prob, pair_prob):
    return solve(part_prob, pair_prob, pair=2.0 * against(pair_prob))


@mistake("takes minus log p for a cost", hint="Minimise the sum of log((1 - p) / p)")
def surprise(part_prob, pair_prob):
    p, q = np.clip(np.max(part_prob, axis=1), 1e-5, 1.0), np.clip(pair_prob, 1e-5, 1.0)
    return solve(part_prob, pair_prob, alone=-np.log(p), pair=-np.log(q))


@mistake("asks for no transitivity", hint="then so are d and f")
def no_triples(part_prob, pair_prob):
    return solve(part_prob, pair_prob, lazily=False)


@mistake("puts only one of a triple's three in the middle", hint="for *each* of the three as the middle one")
def one_middle(part_prob, pair_prob):
    return solve(part_prob, pair_prob, middles=(1,))


@mistake(
    "bounds a triple by one of its ends instead of the middle one",
    hint="x_e, for *each* of the three as the middle one",
)
def bound_by_the_last(part_prob, pair_prob):
    return solve(part_prob, pair_prob, bound=2)


@mistake(
    "bounds a triple by one of its ends instead of the middle one",
    hint="x_e, for *each* of the three as the middle one",
)
def bound_by_the_first(part_prob, pair_prob):
    return solve(part_prob, pair_prob, bound=0)


@mistake("never solves again", hint="solve again until there are none")
def closes_once(part_prob, pair_prob):
    kept, y = programme(part_prob, pair_prob, lazily=False)
    reach = (y > 0.5) | np.eye(len(y), dtype=bool)
    for _ in range(len(y)):
        reach = reach | ((reach.astype(int) @ reach.astype(int)) > 0)
    return read(part_prob, kept, reach & kept & kept[:, None])


@mistake("joins greedily", hint="for *each* of the three")
def greedily(part_prob, pair_prob):
    cost, alone = against(pair_prob), against(np.max(part_prob, axis=1))
    clusters = [[d] for d in range(len(cost)) if alone[d] < 0]
    while True:
        gains = [
            (cost[np.ix_(a, b)].sum(), i, j)
            for i, a in enumerate(clusters)
            for j, b in enumerate(clusters)
            if i < j and cost[np.ix_(a, b)].sum() < 0
        ]
        if not gains:
            break
        _, i, j = min(gains)
        clusters[i] += clusters.pop(j)
    numbers = np.full(len(cost), -1)
    for n, members in enumerate(clusters):
        numbers[members] = n
    return np.where(numbers < 0, -1, np.argmax(part_prob, axis=1)), numbers


@mistake(
    "gives an animal one candidate of each part at most", hint="Two candidates of one part may belong to one animal"
)
def one_per_part(part_prob, pair_prob):
    label = np.argmax(part_prob, axis=1)
    pair = against(pair_prob).copy()
    pair[label[:, None] == label] = 1000.0
    return solve(part_prob, pair_prob, pair=pair)


@mistake("leaves single candidates out", hint="alone in it or not")
def no_singles(part_prob, pair_prob):
    labels, clusters = solve(part_prob, pair_prob)
    alone = np.array([np.sum(clusters == c) == 1 for c in clusters])
    return np.where(alone, -1, labels), np.where(alone, -1, clusters)


@mistake("labels dropped candidates, too", hint="-1 in *both* arrays")
def labels_all(part_prob, pair_prob):
    _, clusters = solve(part_prob, pair_prob)
    return np.argmax(part_prob, axis=1), clusters


@mistake("puts dropped candidates into animals of their own", hint="-1 in *both* arrays")
def clusters_all(part_prob, pair_prob):
    labels, clusters = solve(part_prob, pair_prob)
    return labels, np.where(clusters < 0, len(clusters) + np.arange(len(clusters)), clusters)


@mistake("puts all dropped candidates into animal 0", hint="-1 in *both* arrays")
def zero_is_dropped(part_prob, pair_prob):
    labels, clusters = solve(part_prob, pair_prob)
    return labels, np.where(clusters < 0, 0, clusters + 1)


@mistake("returns the likeliest part as a probability", hint="return whole numbers")
def floats(part_prob, pair_prob):
    labels, clusters = solve(part_prob, pair_prob)
    return labels.astype(float), clusters.astype(float)


@mistake("returns clusters and labels in the wrong order", hint="a kept one its likeliest part")
def exchanged(part_prob, pair_prob):
    return solve(part_prob, pair_prob)[::-1]


@mistake("calls the parts 1, 2, ...", hint="a kept one its likeliest part")
def from_one(part_prob, pair_prob):
    labels, clusters = solve(part_prob, pair_prob)
    return np.where(labels < 0, -1, labels + 1), clusters


@mistake("computes with log 0", hint="log 0 is no cost")
def not_clipped(part_prob, pair_prob):
    with np.errstate(divide="ignore"):
        return solve(part_prob, pair_prob, pair=np.log((1.0 - np.asarray(pair_prob)) / pair_prob))


@mistake("tries all assemblies", hint="27 million")
def enumerates(part_prob, pair_prob):
    alone, cost, D = against(np.max(part_prob, axis=1)), against(pair_prob), len(part_prob)
    best = [0.0, [-1] * D]

    def place(d, clusters, total):
        if d == D:
            if total < best[0] - 1e-12:
                best[:] = total, clusters
            return
        place(d + 1, [*clusters, -1], total)
        for c in range(max(clusters, default=-1) + 2):
            joined = sum(cost[d, e] for e in range(d) if clusters[e] == c)
            place(d + 1, [*clusters, c], total + alone[d] + joined)

    place(0, [], 0.0)
    clusters = np.array(best[1], dtype=int)
    return np.where(clusters < 0, -1, np.argmax(part_prob, axis=1)), clusters


@mistake("links no pair to its candidates", hint="Pairs of unlikely candidates may pay")
def not_linked(part_prob, pair_prob):
    return solve(part_prob, pair_prob, ends=0)


@mistake("rounds the relaxed solution", hint="at last in whole numbers")
def relaxed(part_prob, pair_prob):
    return solve(part_prob, pair_prob, whole=0)


@mistake("links a pair to its first candidate only", hint="Pairs of unlikely candidates")
def half_linked(part_prob, pair_prob):
    return solve(part_prob, pair_prob, ends=1)


@alternative
def integer_only(part_prob, pair_prob):
    """All rounds in whole numbers."""
    return solve(part_prob, pair_prob)


@alternative
def branch_and_bound(part_prob, pair_prob):
    """By hand: candidates one by one, with the sum of all negative costs that are left as a bound. Without a solver."""
    alone, cost, D = against(np.max(part_prob, axis=1)), against(pair_prob), len(part_prob)
    order = np.argsort(-np.abs(cost - np.diag(np.diag(cost))).sum(axis=1))
    alone, cost = alone[order], cost[np.ix_(order, order)]
    negative = np.minimum(cost, 0.0)
    left = np.array([np.minimum(alone[d:], 0.0).sum() for d in range(D + 1)])
    best = [1e-12, None]

    def place(d, members, chosen, total, promised):
        """`promised[e]`: for a later e, the most that any cluster so far could save it."""
        if total + left[d] + sum(promised[d:]) + np.triu(negative[d:, d:], 1).sum() >= best[0] - 1e-9:
            return
        if d == D:
            best[:] = total, chosen
            return
        options = [(alone[d] + sum(cost[d, e] for e in group), n) for n, group in enumerate(members)]
        options += [(alone[d], len(members)), (0.0, -1)]
        for gain, n in sorted(options):
            groups = [[*group, d] if i == n else group for i, group in enumerate(members)]
            groups += [[d]] if n == len(members) else []
            saved = [min([0.0] + [cost[e, group].sum() for group in groups]) for e in range(D)]
            place(d + 1, groups, [*chosen, n], total + gain, saved)

    place(0, [], [], 0.0, [0.0] * D)
    clusters = np.full(D, -1)
    if best[1] is not None:
        clusters[order] = best[1]
    return np.where(clusters < 0, -1, np.argmax(part_prob, axis=1)), clusters


@alternative
def all_triples(part_prob, pair_prob, node_limit=None):
    """Every triangle inequality from the start, without the right-hand side x_e."""
    from scipy.sparse import lil_array

    D = len(part_prob)
    pairs = [(d, e) for d in range(D) for e in range(d + 1, D)]
    number = {pair: D + n for n, pair in enumerate(pairs)} | {pair[::-1]: D + n for n, pair in enumerate(pairs)}
    cost = [float(against(p)) for p in np.max(part_prob, axis=1)] + [float(against(pair_prob[d][e])) for d, e in pairs]
    triples = [(d, e, f) for d, f in pairs for e in range(D) if e not in (d, f)]
    A, upper = lil_array((2 * len(pairs) + len(triples), len(cost))), np.zeros(2 * len(pairs) + len(triples))
    for n, (d, e) in enumerate(pairs):
        A[2 * n, number[d, e]], A[2 * n, d], A[2 * n + 1, number[d, e]], A[2 * n + 1, e] = 1, -1, 1, -1
    for n, (d, e, f) in enumerate(triples, start=2 * len(pairs)):
        A[n, number[d, e]], A[n, number[e, f]], A[n, number[d, f]], upper[n] = 1, 1, -1, 1
    constraints = LinearConstraint(A.tocsr(), ub=upper) if len(pairs) else ()
    z = milp(cost, integrality=np.ones(len(cost)), bounds=(0, 1), constraints=constraints).x
    labels, clusters = [-1] * D, [-1] * D
    for d in range(D):
        if z[d] > 0.5:
            labels[d] = int(np.argmax(part_prob[d]))
            clusters[d] = next((clusters[e] for e in range(d) if z[number[e, d]] > 0.5), d)
    return labels, clusters
