from itertools import product

import numpy as np

from autograder.judge.bank import alternative, mistake


def rows_of(f, w, mu):
    place = np.arange(f.shape[1])
    table = w * (place[:, None] - place - mu) ** 2
    values, argmin = np.empty(f.shape), np.empty(f.shape, dtype=int)
    for i, row in enumerate(f):
        costs = row + table
        argmin[i] = costs.argmin(axis=1)
        values[i] = costs[place, argmin[i]]
    return values, argmin


def transform(f, w, mu):
    best, best_cols = rows_of(f, w[0], mu[0])
    values, rows = rows_of(best.T, w[1], mu[1])
    return values.T, rows.T, np.take_along_axis(best_cols, rows.T, axis=0)


def order_of(parents):
    order = [int(np.flatnonzero(np.asarray(parents) == np.arange(len(parents)))[0])]
    for part in order:
        order += [k for k in range(len(parents)) if parents[k] == part and k != part]
    return order


def passes(costs, parents, mu, w, sign=-1.0, order=None, weights=lambda w, k: w[k], offsets=lambda mu, k: mu[k]):
    """Totals (K, H, W) and pointers, with what a mistake changes as arguments."""
    order = order_of(parents) if order is None else order
    total, pointers = np.array(costs, dtype=float), {}
    for k in order[:0:-1]:
        message, *pointers[k] = transform(total[k], weights(w, k), sign * offsets(mu, k))
        total[parents[k]] += message
    return order, total, pointers


def back(order, total, pointers, parents, root=None):
    pose = np.zeros((len(parents), 2), dtype=int)
    root = order[0] if root is None else root
    y, x = np.unravel_index(total[root].argmin(), total[root].shape)
    pose[root] = x, y
    for k in order[1:]:
        x, y = pose[parents[k]]
        rows, cols = pointers[k]
        pose[k] = cols[y, x], rows[y, x]
    return pose


def solve(costs, parents, mu, w, **changed):
    order, total, pointers = passes(costs, parents, mu, w, **changed)
    return back(order, total, pointers, parents), float(total[order[0]].min())


@mistake("sends messages with the offset +mu", hint="the offset -mu[k]")
def other_sign(costs, parents, mu, w):
    return solve(costs, parents, mu, w, sign=1.0)


@mistake("forgets the offset", hint="the offset -mu[k]")
def no_offset(costs, parents, mu, w):
    return solve(costs, parents, mu, w, sign=0.0)


@mistake("takes the parent's row of mu", hint="mu is child minus parent")
def parents_offset(costs, parents, mu, w):
    return solve(costs, parents, mu, w, offsets=lambda mu, k: mu[parents[k]])


@mistake("takes the parent's row of w", hint="Each part's costs and the messages")
def parents_weight(costs, parents, mu, w):
    return solve(costs, parents, mu, w, weights=lambda w, k: w[parents[k]])


@mistake(
    "sends the part's own costs without the messages of its children",
    hint="the messages of all its children are added *before*",
)
def no_grandchildren(costs, parents, mu, w):
    order, total, pointers = order_of(parents), np.array(costs, dtype=float), {}
    for k in order[:0:-1]:
        message, *pointers[k] = transform(np.asarray(costs[k], dtype=float), w[k], -mu[k])
        total[parents[k]] += message
    return back(order, total, pointers, parents), float(total[order[0]].min())


@mistake("lets only the last child's message count", hint="the messages of all its children")
def last_child(costs, parents, mu, w):
    order, total, pointers = order_of(parents), np.array(costs, dtype=float), {}
    for k in order[:0:-1]:
        message, *pointers[k] = transform(total[k], w[k], -mu[k])
        total[parents[k]] = costs[parents[k]] + message
    return back(order, total, pointers, parents), float(total[order[0]].min())


@mistake("leaves the parent's own costs out", hint="Each part's costs and the messages")
def no_own_costs(costs, parents, mu, w):
    order = order_of(parents)
    total, pointers = np.array(costs, dtype=float), {}
    for k in order[:0:-1]:
        if any(parents[c] == k and c != k for c in order):
            total[k] -= costs[k]
        message, *pointers[k] = transform(total[k], w[k], -mu[k])
        total[parents[k]] += message
    return back(order, total, pointers, parents), float(total[order[0]].min())


@mistake("adds the highest instead of the lowest", hint="the lowest entry at the root")
def highest(costs, parents, mu, w):
    order, total, pointers = passes(costs, parents, mu, w)
    return back(order, total, pointers, parents), float(total[order[0]].max())


@mistake("takes costs for scores", hint="the lowest entry at the root")
def scores(costs, parents, mu, w):
    pose, energy = solve(-np.asarray(costs, dtype=float), parents, mu, w)
    return pose, -energy


@mistake("returns the energy with the other sign", hint="the lowest entry at the root is the energy")
def negative(costs, parents, mu, w):
    pose, energy = solve(costs, parents, mu, w)
    return pose, -energy


@mistake("returns the sum of the costs without the stretch", hint="the lowest entry at the root is the energy")
def no_stretch(costs, parents, mu, w):
    pose, _ = solve(costs, parents, mu, w)
    return pose, float(sum(costs[k, y, x] for k, (x, y) in enumerate(pose)))


@mistake("counts the root twice", hint="The root sends no message")
def root_to_itself(costs, parents, mu, w):
    order, total, pointers = passes(costs, parents, mu, w)
    root = order[0]
    total[root] = total[root] + transform(np.asarray(costs[root], dtype=float), w[root], -mu[root])[0]
    return back(order, total, pointers, parents), float(total[root].min())


@mistake("goes through the parts by their numbers", hint="in the order of tree_order")
def by_number(costs, parents, mu, w):
    K = len(parents)
    root = order_of(parents)[0]
    total, pointers = np.array(costs, dtype=float), {}
    for k in range(K - 1, -1, -1):
        if k != root:
            message, *pointers[k] = transform(total[k], w[k], -mu[k])
            total[parents[k]] += message
    return back(order_of(parents), total, pointers, parents), float(total[root].min())


@mistake("takes part 0 for the root", hint="The root may be any part")
def part_zero(costs, parents, mu, w):
    K = len(parents)
    total, pointers = np.array(costs, dtype=float), {}
    for k in range(K - 1, 0, -1):
        message, *pointers[k] = transform(total[k], w[k], -mu[k])
        total[parents[k]] += message
    pose = np.zeros((K, 2), dtype=int)
    pose[0] = np.unravel_index(total[0].argmin(), total[0].shape)[::-1]
    for k in range(1, K):
        x, y = pose[parents[k]]
        pose[k] = pointers[k][1][y, x], pointers[k][0][y, x]
    return pose, float(total[0].min())


@mistake("returns places as (row, column)", hint="(x, y) = (column, row)")
def row_column(costs, parents, mu, w):
    pose, energy = solve(costs, parents, mu, w)
    return pose[:, ::-1], energy


@mistake("puts each part where its own total is lowest", hint="where its *own* pointers lead from its parent's place")
def each_alone(costs, parents, mu, w):
    order, total, _ = passes(costs, parents, mu, w)
    pose = [np.unravel_index(t.argmin(), t.shape)[::-1] for t in total]
    return np.array(pose, dtype=int), float(total[order[0]].min())


@mistake("puts each part where its own cost is lowest", hint="where its *own* pointers lead")
def no_pointers(costs, parents, mu, w):
    order, total, _ = passes(costs, parents, mu, w)
    pose = [np.unravel_index(c.argmin(), c.shape)[::-1] for c in costs]
    return np.array(pose, dtype=int), float(total[order[0]].min())


@mistake("follows the pointers from the root's place for every part", hint="from its parent's place")
def from_the_root(costs, parents, mu, w):
    order, total, pointers = passes(costs, parents, mu, w)
    pose = back(order, total, pointers, parents)
    x, y = pose[order[0]]
    for k in order[1:]:
        pose[k] = pointers[k][1][y, x], pointers[k][0][y, x]
    return pose, float(total[order[0]].min())


@mistake("reads the pointers transposed", hint="where its *own* pointers lead")
def transposed_pointers(costs, parents, mu, w):
    order, total, pointers = passes(costs, parents, mu, w)
    pose = back(order, total, pointers, parents)
    for k in order[1:]:
        x, y = pose[parents[k]]
        rows, cols = (p.T for p in pointers[k])
        pose[k] = (
            cols[min(x, cols.shape[0] - 1), min(y, cols.shape[1] - 1)],
            rows[min(y, rows.shape[0] - 1), min(x, rows.shape[1] - 1)],
        )
    return pose, float(total[order[0]].min())


@mistake("reads the parent's pointers", hint="its *own* pointers")
def parents_pointers(costs, parents, mu, w):
    order, total, pointers = passes(costs, parents, mu, w)
    pose = back(order, total, pointers, parents)
    for k in order[1:]:
        x, y = pose[parents[k]]
        rows, cols = pointers[parents[k]] if parents[k] in pointers else pointers[k]
        pose[k] = cols[y, x], rows[y, x]
    return pose, float(total[order[0]].min())


@mistake("puts each child at its parent's place plus mu", hint="pointers lead from its parent's place")
def at_the_mean(costs, parents, mu, w):
    order, total, _ = passes(costs, parents, mu, w)
    _, H, W = total.shape
    pose = np.zeros((len(parents), 2), dtype=int)
    pose[order[0]] = np.unravel_index(total[order[0]].argmin(), (H, W))[::-1]
    for k in order[1:]:
        pose[k] = np.clip(np.rint(pose[parents[k]] + mu[k]), 0, [W - 1, H - 1])
    return pose, float(total[order[0]].min())


@mistake("returns places that are no whole numbers", hint="whole numbers")
def floats(costs, parents, mu, w):
    pose, energy = solve(costs, parents, mu, w)
    return pose.astype(float), energy


@mistake("adds the messages to the costs that it was given", hint="Work on a copy")
def in_place(costs, parents, mu, w):
    order, pointers = order_of(parents), {}
    for k in order[:0:-1]:
        message, *pointers[k] = transform(costs[k], w[k], -mu[k])
        costs[parents[k]] += message
    return back(order, costs, pointers, parents), float(costs[order[0]].min())


@mistake("makes a table of all pairs of places for each limb", hint="a table of all pairs of places does not fit")
def all_pairs(costs, parents, mu, w):
    K, H, W = np.shape(costs)
    places = np.array(list(product(range(H), range(W))))[:, ::-1]
    order, total, pointers = order_of(parents), np.array(costs, dtype=float).reshape(K, -1), {}
    for k in order[:0:-1]:
        stretch = w[k, 0] * (places[:, 0] - places[:, [0]] - mu[k, 0]) ** 2
        stretch += w[k, 1] * (places[:, 1] - places[:, [1]] - mu[k, 1]) ** 2
        stretch += total[k]
        total[parents[k]] += stretch.min(axis=1)
        pointers[k] = stretch.argmin(axis=1)
    chosen = np.zeros(K, dtype=int)
    chosen[order[0]] = total[order[0]].argmin()
    for k in order[1:]:
        chosen[k] = pointers[k][chosen[parents[k]]]
    return places[chosen], float(total[order[0]].min())


@mistake("looks for each part beside its parent only", hint="Each part's costs and the messages")
def greedy_from_the_root(costs, parents, mu, w):
    K, H, W = np.shape(costs)
    y, x = np.mgrid[:H, :W]
    pose, energy = np.zeros((K, 2), dtype=int), 0.0
    for k in order_of(parents):
        total = np.array(costs[k], dtype=float)
        if parents[k] != k:
            px, py = pose[parents[k]] + mu[k]
            total += w[k, 0] * (x - px) ** 2 + w[k, 1] * (y - py) ** 2
        pose[k] = np.unravel_index(total.argmin(), (H, W))[::-1]
        energy += total.min()
    return pose, float(energy)


@alternative
def by_recursion(costs, parents, mu, w):
    K, H, W = np.shape(costs)
    children = [[c for c in range(K) if parents[c] == k and c != k] for k in range(K)]
    pointers = {}

    def below(k):
        total = np.asarray(costs[k], dtype=float)
        for c in children[k]:
            message, *pointers[c] = transform(below(c), w[c], -np.asarray(mu[c]))
            total = total + message
        return total

    pose = [None] * K

    def place(k, y, x):
        pose[k] = (int(x), int(y))
        for c in children[k]:
            rows, cols = pointers[c]
            place(c, rows[y, x], cols[y, x])

    root = next(k for k in range(K) if parents[k] == k)
    total = below(root)
    place(root, *np.unravel_index(total.argmin(), (H, W)))
    return pose, total.min()


@alternative
def other_ties(costs, parents, mu, w):
    """The map turned around, so that of several best places another one is found."""
    turned, energy = solve(np.asarray(costs)[:, ::-1, ::-1], parents, -np.asarray(mu), w)
    _, H, W = np.shape(costs)
    return np.array([W - 1, H - 1]) - turned, energy


@alternative
def in_torch(costs, parents, mu, w):
    import torch

    K, H, W = np.shape(costs)
    total, pointers = [torch.as_tensor(np.asarray(c, dtype=float)) for c in costs], {}
    x, y = torch.arange(W, dtype=torch.float64), torch.arange(H, dtype=torch.float64)
    order = order_of(parents)
    for k in order[:0:-1]:
        along = float(w[k][0]) * (x - x[:, None] - float(mu[k][0])) ** 2  # (parent, child)
        down = float(w[k][1]) * (y - y[:, None] - float(mu[k][1])) ** 2
        best, cols = zip(*((row + along).min(dim=1) for row in total[k]), strict=True)
        message, rows = zip(*((column + down).min(dim=1) for column in torch.stack(best).T), strict=True)
        rows = torch.stack(rows).T
        total[parents[k]] = total[parents[k]] + torch.stack(message).T
        pointers[k] = rows, torch.gather(torch.stack(cols), 0, rows)
    pose = torch.zeros((K, 2), dtype=torch.int64)
    best = int(total[order[0]].argmin())
    pose[order[0]] = torch.tensor([best % W, best // W])
    for k in order[1:]:
        px, py = pose[parents[k]]
        pose[k] = torch.stack([pointers[k][1][py, px], pointers[k][0][py, px]])
    return pose, float(total[order[0]].min())
