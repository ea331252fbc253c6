import numpy as np
from scipy import ndimage
from scipy.special import logsumexp

from autograder.judge.bank import alternative, mistake


def order_of(parents):
    order = [int(np.flatnonzero(np.asarray(parents) == np.arange(len(parents)))[0])]
    for part in order:
        order += [k for k in range(len(parents)) if parents[k] == part and k != part]
    return order


def tables(H, W, w, mu):
    """exp(-w (q - p - mu)^2) for rows and for columns, (p, q)."""
    y, x = np.arange(H), np.arange(W)
    return np.exp(-w[1] * (y - y[:, None] - mu[1]) ** 2), np.exp(-w[0] * (x - x[:, None] - mu[0]) ** 2)


def message(belief, w, mu):
    rows, columns = tables(*belief.shape, w, mu)
    top = belief.max()
    with np.errstate(divide="ignore"):
        return top + np.log(rows @ np.exp(belief - top) @ columns.T)


def upward(costs, parents, mu, w, send=message, order=None):
    order, belief = order_of(parents) if order is None else order, -np.asarray(costs, dtype=float)
    for k in order[:0:-1]:
        belief[parents[k]] += send(belief[k], w[k], mu[k])
    return belief[order[0]]


def log_sum(root):
    return float(root.max() + np.log(np.exp(root - root.max()).sum()))


@mistake("turns the offset around", hint="log Z is the logarithm of the sum of exp(-energy)")
def other_sign(costs, parents, mu, w):
    return log_sum(upward(costs, parents, -mu, w))


@mistake("forgets the offset", hint="log Z is the logarithm of the sum of exp(-energy)")
def no_offset(costs, parents, mu, w):
    return log_sum(upward(costs, parents, 0.0 * mu, w))


@mistake("takes the lowest energy", hint="with sums of exponentials in the place of minima")
def minimum(costs, parents, mu, w):
    def best(belief, w, mu):
        H, W = belief.shape
        y, x = np.arange(H), np.arange(W)
        first = (belief[:, None] - w[0] * (x - x[:, None] - mu[0]) ** 2).max(axis=2)
        return (first.T[:, None] - w[1] * (y - y[:, None] - mu[1]) ** 2).max(axis=2).T

    return float(upward(costs, parents, mu, w, best).max())


@mistake("takes the maximum at the root", hint="at the root one sum is left")
def maximum_at_the_root(costs, parents, mu, w):
    return float(upward(costs, parents, mu, w).max())


@mistake("returns Z instead of its logarithm", hint="log Z is the logarithm")
def no_logarithm(costs, parents, mu, w):
    return float(np.exp(log_sum(upward(costs, parents, mu, w))))


@mistake("returns minus log Z", hint="log Z is the logarithm of the sum")
def free_energy(costs, parents, mu, w):
    return -log_sum(upward(costs, parents, mu, w))


@mistake("sums exp(+costs)", hint="minus the parent's costs")
def positive_costs(costs, parents, mu, w):
    return log_sum(upward(-np.asarray(costs, dtype=float), parents, mu, w))


@mistake("normalises the messages", hint="over *all* poses")
def normalised(costs, parents, mu, w):
    def send(belief, w, mu):
        sent = message(belief, w, mu)
        return sent - log_sum(sent)

    return log_sum(upward(costs, parents, mu, w, send))


@mistake("takes densities of Gaussians instead of exp(-energy)", hint="the sum of exp(-energy)")
def densities(costs, parents, mu, w):
    def send(belief, w, mu):
        return message(belief, w, mu) + 0.5 * np.log(w[0] * w[1] / np.pi**2)

    return log_sum(upward(costs, parents, mu, w, send))


@mistake("sums over each part alone", hint="over *all* poses")
def independent(costs, parents, mu, w):
    return sum(log_sum(-np.asarray(c, dtype=float)) for c in costs)


@mistake("counts poses with the mean instead of the sum", hint="the sum of exp(-energy) over *all* poses")
def mean(costs, parents, mu, w):
    return log_sum(upward(costs, parents, mu, w)) - np.log(costs[0].size)


@mistake("exchanges the weights of x and y", hint="log Z is the logarithm of the sum of exp(-energy)")
def exchanged(costs, parents, mu, w):
    return log_sum(upward(costs, parents, mu, np.asarray(w)[:, ::-1]))


@mistake("lets only the last child's message count", hint="Each message is a logarithm and is added")
def last_child(costs, parents, mu, w):
    order, belief = order_of(parents), -np.asarray(costs, dtype=float)
    for k in order[:0:-1]:
        belief[parents[k]] = -costs[parents[k]] + message(belief[k], w[k], mu[k])
    return log_sum(belief[order[0]])


@mistake(
    "sends the part's own costs without the messages of its children", hint="Each message is a logarithm and is added"
)
def no_grandchildren(costs, parents, mu, w):
    order, belief = order_of(parents), -np.asarray(costs, dtype=float)
    for k in order[:0:-1]:
        belief[parents[k]] += message(-np.asarray(costs[k], dtype=float), w[k], mu[k])
    return log_sum(belief[order[0]])


@mistake("lets the root send a message to itself", hint="The root sends no message")
def root_to_itself(costs, parents, mu, w):
    root = order_of(parents)[0]
    belief = upward(costs, parents, mu, w)
    return log_sum(belief + message(-np.asarray(costs[root], dtype=float), w[root], mu[root]))


@mistake("goes through the parts by their numbers", hint="Children before parents, whatever their numbers")
def by_number(costs, parents, mu, w):
    K, root, belief = len(parents), order_of(parents)[0], -np.asarray(costs, dtype=float)
    for k in range(K - 1, -1, -1):
        if k != root:
            belief[parents[k]] += message(belief[k], w[k], mu[k])
    return log_sum(belief[root])


@mistake("takes part 0 for the root", hint="Children before parents, whatever their numbers")
def part_zero(costs, parents, mu, w):
    belief = -np.asarray(costs, dtype=float)
    for k in range(len(parents) - 1, 0, -1):
        belief[parents[k]] += message(belief[k], w[k], mu[k])
    return log_sum(belief[0])


def naive(belief, w, mu):
    rows, columns = tables(*belief.shape, w, mu)
    with np.errstate(all="ignore"):
        return np.log(rows @ np.exp(belief) @ columns.T)


@mistake("exponentiates without taking the largest entry out", hint="Take the largest entry of a map out")
def overflows(costs, parents, mu, w):
    root = upward(costs, parents, mu, w, naive)
    with np.errstate(all="ignore"):
        return float(np.log(np.exp(root).sum()))


@mistake("takes the largest entry out of the messages, not at the root", hint="and at the root")
def overflows_at_the_root(costs, parents, mu, w):
    root = upward(costs, parents, mu, w)
    with np.errstate(all="ignore"):
        return float(np.log(np.exp(root).sum()))


@mistake("takes the largest entry out at the root, not of the messages", hint="for every message")
def overflows_in_messages(costs, parents, mu, w):
    with np.errstate(all="ignore"):
        return log_sum(upward(costs, parents, mu, w, naive))


@mistake("does not add the largest entry back", hint="add it back behind the logarithm")
def not_added_back(costs, parents, mu, w):
    def send(belief, w, mu):
        return message(belief - belief.max(), w, mu)

    return log_sum(upward(costs, parents, mu, w, send))


@mistake("adds a small number inside the logarithm", hint="nothing is reflected or cut off")
def epsilon(costs, parents, mu, w):
    def send(belief, w, mu):
        rows, columns = tables(*belief.shape, w, mu)
        top = belief.max()
        return top + np.log(rows @ np.exp(belief - top) @ columns.T + 1e-12)

    return log_sum(upward(costs, parents, mu, w, send))


@mistake("convolves with Fourier transforms, which wrap around", hint="nothing comes in again on the other side")
def wrapped(costs, parents, mu, w):
    def send(belief, w, mu):
        H, W = belief.shape
        y, x = np.arange(H), np.arange(W)
        kernel = sum(
            np.exp(-w[1] * (-y[:, None] + i * H - mu[1]) ** 2 - w[0] * (-x + j * W - mu[0]) ** 2)
            for i in (-1, 0, 1, 2)
            for j in (-1, 0, 1, 2)
        )
        top = belief.max()
        product = np.fft.fft2(np.exp(belief - top)) * np.fft.fft2(kernel)
        return top + np.log(np.maximum(np.fft.ifft2(product).real, 1e-300))

    return log_sum(upward(costs, parents, mu, w, send))


@mistake("reflects at the border, as gaussian_filter does", hint="nothing is reflected")
def reflected(costs, parents, mu, w):
    def send(belief, w, mu):
        top, sigma = belief.max(), np.sqrt(0.5 / np.asarray(w))
        smoothed = ndimage.gaussian_filter(np.exp(belief - top), (sigma[1], sigma[0]), truncate=30)
        moved = ndimage.shift(smoothed, (-mu[1], -mu[0]), order=1, mode="constant")
        return top + np.log(np.maximum(moved, 1e-300)) + np.log(2 * np.pi * sigma.prod())

    return log_sum(upward(costs, parents, mu, w, send))


@mistake("cuts the Gaussian off at three standard deviations", hint="cut off at a few standard deviations")
def truncated(costs, parents, mu, w):
    def send(belief, w, mu):
        rows, columns = tables(*belief.shape, w, mu)
        top, least = belief.max(), np.exp(-4.5)
        rows, columns = np.where(rows >= least, rows, 1e-300), np.where(columns >= least, columns, 1e-300)
        return top + np.log(rows @ np.exp(belief - top) @ columns.T)

    return log_sum(upward(costs, parents, mu, w, send))


@mistake("changes its input in place", hint="Work on a copy")
def in_place(costs, parents, mu, w):
    order = order_of(parents)
    costs *= -1.0
    for k in order[:0:-1]:
        costs[parents[k]] += message(costs[k], w[k], mu[k])
    return log_sum(costs[order[0]])


@alternative
def in_logarithms(costs, parents, mu, w):
    def send(belief, w, mu):
        H, W = belief.shape
        y, x = np.arange(H), np.arange(W)
        first = logsumexp(belief[:, None] - w[0] * (x - x[:, None] - mu[0]) ** 2, axis=2)
        return logsumexp(first.T[:, None] - w[1] * (y - y[:, None] - mu[1]) ** 2, axis=2).T

    return logsumexp(upward(costs, parents, mu, w, send))


@alternative
def in_place_of_minima(costs, parents, mu, w):
    """By recursion from the root."""

    def below(k):
        belief = -np.asarray(costs[k], dtype=float)
        for c in range(len(parents)):
            if parents[c] == k and c != k:
                belief = belief + message(below(c), w[c], mu[c])
        return belief

    return log_sum(below(order_of(parents)[0]))


@alternative
def from_a_leaf(costs, parents, mu, w):
    """The sum is the same from whichever part it is read: the root's first child takes its place."""
    parents, mu, w = np.array(parents), np.array(mu, dtype=float), np.array(w, dtype=float)
    order = order_of(parents)
    if len(order) > 1:
        root, child = order[0], order[1]
        parents[root], parents[child] = child, child
        mu[root], w[root] = -mu[child], w[child]
    return log_sum(upward(costs, parents, mu, w))


@alternative
def in_torch(costs, parents, mu, w):
    import torch

    belief = [-torch.as_tensor(np.asarray(c, dtype=float)) for c in costs]
    order = order_of(parents)
    for k in order[:0:-1]:
        H, W = belief[k].shape
        y, x = torch.arange(H, dtype=torch.float64), torch.arange(W, dtype=torch.float64)
        along = -float(w[k][0]) * (x - x[:, None] - float(mu[k][0])) ** 2
        down = -float(w[k][1]) * (y - y[:, None] - float(mu[k][1])) ** 2
        first = torch.logsumexp(belief[k][:, None] + along, dim=2)
        sent = torch.logsumexp(first.T[:, None] + down, dim=2).T
        belief[parents[k]] = belief[parents[k]] + sent
    return float(torch.logsumexp(belief[order[0]].flatten(), 0))
