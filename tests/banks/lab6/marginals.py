import numpy as np

from autograder.judge.bank import alternative, mistake


def order_of(parents):
    order = [int(np.flatnonzero(np.asarray(parents) == np.arange(len(parents)))[0])]
    for part in order:
        order += [k for k in range(len(parents)) if parents[k] == part and k != part]
    return order


def message(belief, w, mu):
    """log sum_q exp(belief(q) - w (q - p - mu)^2) for every p."""
    H, W = belief.shape
    y, x = np.arange(H), np.arange(W)
    rows, columns = np.exp(-w[1] * (y - y[:, None] - mu[1]) ** 2), np.exp(-w[0] * (x - x[:, None] - mu[0]) ** 2)
    top = belief.max()
    with np.errstate(divide="ignore"):
        return top + np.log(rows @ np.exp(belief - top) @ columns.T)


def beliefs(costs, parents, mu, w, send=message, down_sign=-1.0, exclude=True):
    order, belief, up = order_of(parents), -np.asarray(costs, dtype=float), {}
    for k in order[:0:-1]:
        up[k] = send(belief[k], w[k], mu[k])
        belief[parents[k]] += up[k]
    for k in order[1:]:
        belief[k] += send(belief[parents[k]] - (up[k] if exclude else 0.0), w[k], down_sign * mu[k])
    return belief


def normalised(belief):
    p = np.exp(belief - belief.max(axis=(1, 2), keepdims=True))
    return p / p.sum(axis=(1, 2), keepdims=True)


@mistake("sends the child's own message back to it", hint="*without* the message that came from k")
def with_own_message(costs, parents, mu, w):
    return normalised(beliefs(costs, parents, mu, w, exclude=False))


@mistake("takes the offset -mu on the way down", hint="with the offset +mu[k]")
def other_sign_down(costs, parents, mu, w):
    return normalised(beliefs(costs, parents, mu, w, down_sign=1.0))


@mistake("turns both offsets around", hint="with the offset +mu[k]")
def other_sign(costs, parents, mu, w):
    return normalised(beliefs(costs, parents, -np.asarray(mu), w))


@mistake("sends no messages down", hint="then down")
def upward_only(costs, parents, mu, w):
    order, belief = order_of(parents), -np.asarray(costs, dtype=float)
    for k in order[:0:-1]:
        belief[parents[k]] += message(belief[k], w[k], mu[k])
    return normalised(belief)


@mistake("takes each part alone", hint="Up to the root as for log Z")
def alone(costs, parents, mu, w):
    return normalised(-np.asarray(costs, dtype=float))


@mistake("sends down what the parent knew before its own parent spoke", hint="to child k goes the parent's belief")
def old_beliefs(costs, parents, mu, w):
    order, belief, up = order_of(parents), -np.asarray(costs, dtype=float), {}
    for k in order[:0:-1]:
        up[k] = message(belief[k], w[k], mu[k])
        belief[parents[k]] += up[k]
    before = belief.copy()
    for k in order[1:]:
        belief[k] += message(before[parents[k]] - up[k], w[k], -mu[k])
    return normalised(belief)


@mistake("sends down the parent's own costs only", hint="to child k goes the parent's belief")
def costs_only(costs, parents, mu, w):
    order, belief = order_of(parents), -np.asarray(costs, dtype=float)
    for k in order[:0:-1]:
        belief[parents[k]] += message(belief[k], w[k], mu[k])
    for k in order[1:]:
        belief[k] += message(-np.asarray(costs[parents[k]], dtype=float), w[k], -mu[k])
    return normalised(belief)


@mistake("puts the message in the place of the child's belief", hint="then down")
def replaced(costs, parents, mu, w):
    order, belief, up = order_of(parents), -np.asarray(costs, dtype=float), {}
    for k in order[:0:-1]:
        up[k] = message(belief[k], w[k], mu[k])
        belief[parents[k]] += up[k]
    for k in order[1:]:
        belief[k] = message(belief[parents[k]] - up[k], w[k], -mu[k])
    return normalised(belief)


@mistake("goes through the parts by their numbers", hint="Up to the root as for log Z")
def by_number(costs, parents, mu, w):
    K, root = len(parents), order_of(parents)[0]
    belief, up = -np.asarray(costs, dtype=float), {}
    for k in range(K - 1, -1, -1):
        if k != root:
            up[k] = message(belief[k], w[k], mu[k])
            belief[parents[k]] += up[k]
    for k in range(K):
        if k != root:
            belief[k] += message(belief[parents[k]] - up[k], w[k], -mu[k])
    return normalised(belief)


@mistake("returns beliefs that do not sum to one", hint="divided by its sum")
def not_normalised(costs, parents, mu, w):
    belief = beliefs(costs, parents, mu, w)
    return np.exp(belief - belief.max(axis=(1, 2), keepdims=True))


@mistake("normalises over all parts together", hint="divided by its sum")
def common_sum(costs, parents, mu, w):
    p = np.exp(beliefs(costs, parents, mu, w) - beliefs(costs, parents, mu, w).max())
    return p / p.sum()


@mistake("returns logarithms", hint="The exponential of a belief")
def logarithms(costs, parents, mu, w):
    return np.log(normalised(beliefs(costs, parents, mu, w)))


@mistake("takes maxima instead of sums", hint="as for log Z")
def max_marginals(costs, parents, mu, w):
    def send(belief, w, mu):
        H, W = belief.shape
        y, x = np.arange(H), np.arange(W)
        first = (belief[:, None] - w[0] * (x - x[:, None] - mu[0]) ** 2).max(axis=2)
        return (first.T[:, None] - w[1] * (y - y[:, None] - mu[1]) ** 2).max(axis=2).T

    return normalised(beliefs(costs, parents, mu, w, send))


@mistake(
    "exponentiates without taking the largest entry out", hint="take the largest entry out before each exponential"
)
def overflows(costs, parents, mu, w):
    def send(belief, w, mu):
        H, W = belief.shape
        y, x = np.arange(H), np.arange(W)
        rows, columns = np.exp(-w[1] * (y - y[:, None] - mu[1]) ** 2), np.exp(-w[0] * (x - x[:, None] - mu[0]) ** 2)
        return np.log(rows @ np.exp(belief) @ columns.T)

    with np.errstate(all="ignore"):
        return normalised(beliefs(costs, parents, mu, w, send))


@mistake("exponentiates the beliefs as they are", hint="take the largest entry out before each exponential")
def overflows_at_the_end(costs, parents, mu, w):
    with np.errstate(all="ignore"):
        p = np.exp(beliefs(costs, parents, mu, w))
        return p / p.sum(axis=(1, 2), keepdims=True)


@mistake("convolves with Fourier transforms, which wrap around", hint="nothing wraps around")
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

    return normalised(beliefs(costs, parents, mu, w, send))


@mistake("changes its input in place", hint="Work on a copy")
def in_place(costs, parents, mu, w):
    result = normalised(beliefs(costs, parents, mu, w))
    costs -= costs.min()
    costs += 1.0
    return result


@alternative
def from_every_part(costs, parents, mu, w):
    """Each part as the root of the same tree in turn: what arrives there is its marginal."""
    K = len(parents)
    neighbours = [[] for _ in range(K)]
    for k in range(K):
        if parents[k] != k:
            neighbours[k].append((parents[k], w[k], -np.asarray(mu[k])))
            neighbours[parents[k]].append((k, w[k], np.asarray(mu[k])))

    def arriving(k, origin):
        belief = -np.asarray(costs[k], dtype=float)
        for other, weight, offset in neighbours[k]:
            if other != origin:
                belief = belief + message(arriving(other, k), weight, offset)
        return belief

    return [normalised(arriving(k, None)[None])[0] for k in range(K)]


@alternative
def by_derivative(costs, parents, mu, w):
    """Minus the gradient of log Z with respect to the costs."""
    import torch

    given = torch.tensor(np.asarray(costs, dtype=float), requires_grad=True)
    belief, order = list(-given), order_of(parents)
    for k in order[:0:-1]:
        H, W = belief[k].shape
        y, x = torch.arange(H, dtype=torch.float64), torch.arange(W, dtype=torch.float64)
        along = -float(w[k][0]) * (x - x[:, None] - float(mu[k][0])) ** 2
        down = -float(w[k][1]) * (y - y[:, None] - float(mu[k][1])) ** 2
        first = torch.logsumexp(belief[k][:, None] + along, dim=2)
        belief[parents[k]] = belief[parents[k]] + torch.logsumexp(first.T[:, None] + down, dim=2).T
    torch.logsumexp(belief[order[0]].flatten(), 0).backward()
    return -given.grad


@alternative
def as_a_list(costs, parents, mu, w):
    return [list(map(list, p)) for p in normalised(beliefs(costs, parents, mu, w))]
