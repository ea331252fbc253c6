import numpy as np

from autograder.judge.bank import alternative, mistake


def order_of(parents):
    order = [int(np.flatnonzero(np.asarray(parents) == np.arange(len(parents)))[0])]
    for part in order:
        order += [k for k in range(len(parents)) if parents[k] == part and k != part]
    return order


def message(belief, w, mu):
    H, W = belief.shape
    y, x = np.arange(H), np.arange(W)
    rows, columns = np.exp(-w[1] * (y - y[:, None] - mu[1]) ** 2), np.exp(-w[0] * (x - x[:, None] - mu[0]) ** 2)
    top = belief.max()
    with np.errstate(divide="ignore"):
        return top + np.log(rows @ np.exp(belief - top) @ columns.T)


def upward(costs, parents, mu, w):
    order, belief, up = order_of(parents), -np.asarray(costs, dtype=float), {}
    for k in order[:0:-1]:
        up[k] = message(belief[k], w[k], mu[k])
        belief[parents[k]] += up[k]
    return order, belief, up


def draw(belief, rng):
    """(x, y) of a place, from unnormalised logarithms."""
    p = np.exp(belief - belief.max()).ravel()
    y, x = np.unravel_index(rng.choice(p.size, p=p / p.sum()), belief.shape)
    return int(x), int(y)


def given_parent(belief, place, mu, w):
    """The child's belief beside a parent at (x, y)."""
    H, W = belief.shape
    x, y = np.arange(W), np.arange(H)[:, None]
    return belief - w[0] * (x - place[0] - mu[0]) ** 2 - w[1] * (y - place[1] - mu[1]) ** 2


def sample(costs, parents, mu, w, rng):
    order, belief, _ = upward(costs, parents, mu, w)
    pose = np.zeros((len(parents), 2), dtype=int)
    pose[order[0]] = draw(belief[order[0]], rng)
    for k in order[1:]:
        pose[k] = draw(given_parent(belief[k], pose[parents[k]], mu[k], w[k]), rng)
    return pose


@mistake("draws each part from its own marginal", hint="Parts are drawn *together*")
def independently(costs, parents, mu, w, rng):
    order, belief, up = upward(costs, parents, mu, w)
    for k in order[1:]:
        belief[k] += message(belief[parents[k]] - up[k], w[k], -mu[k])
    return np.array([draw(belief[k], rng) for k in range(len(parents))])


@mistake("draws the root first, and the others each from its own marginal given the root", hint="and so on")
def given_the_root_only(costs, parents, mu, w, rng):
    order, _, _ = upward(costs, parents, mu, w)
    root, held = order[0], np.array(costs, dtype=float)
    x, y = sample(costs, parents, mu, w, rng)[root]
    held[root] = np.where((np.indices(held[root].shape).T == [y, x]).all(axis=-1).T, held[root], np.inf)
    pose = np.array(
        [sample(held, parents, mu, w, rng)[k] for k in range(len(parents))]
    )  # each from a sample of its own
    pose[root] = x, y
    return pose


@mistake("holds only the part that was drawn last", hint="and so on")
def holds_the_last(costs, parents, mu, w, rng):
    pose, held = [], np.asarray(costs, dtype=float)
    for k in range(len(parents)):
        order, belief, up = upward(held, parents, mu, w)
        for j in order[1:]:
            belief[j] += message(belief[parents[j]] - up[j], w[j], -mu[j])
        x, y = draw(belief[k], rng)
        pose.append((x, y))
        held = np.array(costs, dtype=float)
        held[k] = np.inf
        held[k, y, x] = 0.0
    return np.array(pose)


@mistake("draws each part from its costs alone", hint="Parts are drawn *together*")
def from_costs(costs, parents, mu, w, rng):
    return np.array([draw(-np.asarray(c, dtype=float), rng) for c in costs])


@mistake("draws from the root down without what the children say", hint="the first from its marginal")
def no_messages(costs, parents, mu, w, rng):
    order = order_of(parents)
    pose = np.zeros((len(parents), 2), dtype=int)
    pose[order[0]] = draw(-costs[order[0]], rng)
    for k in order[1:]:
        pose[k] = draw(given_parent(-costs[k], pose[parents[k]], mu[k], w[k]), rng)
    return pose


@mistake("turns the offset around when it draws a child", hint="Parts are drawn *together*")
def other_sign(costs, parents, mu, w, rng):
    order, belief, _ = upward(costs, parents, mu, w)
    pose = np.zeros((len(parents), 2), dtype=int)
    pose[order[0]] = draw(belief[order[0]], rng)
    for k in order[1:]:
        pose[k] = draw(given_parent(belief[k], pose[parents[k]], -mu[k], w[k]), rng)
    return pose


@mistake("gives every part the root for a parent", hint="its marginal given where the first one is")
def from_the_root(costs, parents, mu, w, rng):
    order, belief, _ = upward(costs, parents, mu, w)
    pose = np.zeros((len(parents), 2), dtype=int)
    pose[order[0]] = draw(belief[order[0]], rng)
    for k in order[1:]:
        pose[k] = draw(given_parent(belief[k], pose[order[0]], mu[k], w[k]), rng)
    return pose


@mistake("returns the likeliest pose", hint="gave the same pose")
def likeliest(costs, parents, mu, w, rng):
    order, belief, _ = upward(costs, parents, mu, w)
    pose = np.zeros((len(parents), 2), dtype=int)
    pose[order[0]] = np.unravel_index(belief[order[0]].argmax(), belief[0].shape)[::-1]
    for k in order[1:]:
        total = given_parent(belief[k], pose[parents[k]], mu[k], w[k])
        pose[k] = np.unravel_index(total.argmax(), total.shape)[::-1]
    return pose


@mistake("draws the root and takes the likeliest place for the others", hint="a draw is no maximum")
def likeliest_children(costs, parents, mu, w, rng):
    order, belief, _ = upward(costs, parents, mu, w)
    pose = np.zeros((len(parents), 2), dtype=int)
    pose[order[0]] = draw(belief[order[0]], rng)
    for k in order[1:]:
        total = given_parent(belief[k], pose[parents[k]], mu[k], w[k])
        pose[k] = np.unravel_index(total.argmax(), total.shape)[::-1]
    return pose


@mistake("returns (row, column)", hint="(x, y) = (column, row)")
def row_column(costs, parents, mu, w, rng):
    return sample(costs, parents, mu, w, rng)[:, ::-1]


@mistake("uses NumPy's global generator", hint="two generators of the same seed")
def global_generator(costs, parents, mu, w, rng):
    return sample(costs, parents, mu, w, np.random)


@mistake("makes a generator of its own", hint="gave the same pose")
def own_generator(costs, parents, mu, w, rng):
    return sample(costs, parents, mu, w, np.random.default_rng(0))


@mistake("returns places that are no whole numbers", hint="whole numbers")
def floats(costs, parents, mu, w, rng):
    return sample(costs, parents, mu, w, rng) + 0.0


@mistake("draws uniformly among the places that are possible", hint="only")
def uniform(costs, parents, mu, w, rng):
    _, H, W = costs.shape
    return rng.integers([W, H], size=(len(parents), 2))


@alternative
def from_the_root_down(costs, parents, mu, w, rng):
    return sample(costs, parents, mu, w, rng)


@alternative
def by_enumeration_of_pairs(costs, parents, mu, w, rng):
    """Inverse cumulative sums in place of `choice`; a list of tuples."""
    order, belief, _ = upward(costs, parents, mu, w)
    H, W = belief[0].shape
    pose = [None] * len(parents)
    for k in order:
        total = belief[k] if parents[k] == k else given_parent(belief[k], pose[parents[k]], mu[k], w[k])
        total = np.exp(total - total.max()).ravel().cumsum()
        n = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
        pose[k] = (n % W, n // W)
    return pose


@alternative
def by_gumbel_noise(costs, parents, mu, w, rng):
    order, belief, _ = upward(costs, parents, mu, w)
    pose = np.zeros((len(parents), 2), dtype=int)
    for k in order:
        total = belief[k] if parents[k] == k else given_parent(belief[k], pose[parents[k]], mu[k], w[k])
        noisy = total + rng.gumbel(size=total.shape)
        pose[k] = np.unravel_index(noisy.argmax(), noisy.shape)[::-1]
    return pose
