"""What goes wrong, and what else is right, in `soft_argmax`."""

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def tensor(maps):
    return torch.as_tensor(maps, dtype=None if torch.is_tensor(maps) else torch.float64)


def softmax(maps, beta):
    maps = tensor(maps)
    return torch.softmax(beta * maps.flatten(-2), dim=-1).reshape(maps.shape)


def mean_position(p):
    H, W = p.shape[-2:]
    x = (p.sum(dim=-2) * torch.arange(W)).sum(dim=-1)
    y = (p.sum(dim=-1) * torch.arange(H)).sum(dim=-1)
    return torch.stack([x, y], dim=-1)


@mistake("returns (row, column)", hint="(x, y) in the end")
def rows_first(maps, beta=1.0):
    return mean_position(softmax(maps, beta)).flip(-1)


@mistake("forgets beta", hint="Softmax of beta times the values")
def no_beta(maps, beta=1.0):
    return mean_position(softmax(maps, 1.0))


@mistake("divides by beta", hint="beta times the values")
def divides_by_beta(maps, beta=1.0):
    return mean_position(softmax(maps, np.divide(1.0, beta)))


@mistake("multiplies the probabilities by beta", hint="beta times the values")
def beta_outside(maps, beta=1.0):
    return beta * mean_position(softmax(maps, 1.0))


@mistake("takes the softmax over rows and columns separately", hint="over all pixels of a map")
def softmax_of_marginals(maps, beta=1.0):
    maps = tensor(maps)
    x = torch.softmax(beta * maps.sum(dim=-2), dim=-1) @ torch.arange(maps.shape[-1]).to(maps)
    y = torch.softmax(beta * maps.sum(dim=-1), dim=-1) @ torch.arange(maps.shape[-2]).to(maps)
    return torch.stack([x, y], dim=-1)


@mistake("takes the softmax of each row", hint="over all pixels of a map")
def softmax_of_rows(maps, beta=1.0):
    p = torch.softmax(beta * tensor(maps), dim=-1)
    return mean_position(p / p.shape[-2])


@mistake("takes one softmax over all maps", hint="each map on its own")
def one_softmax(maps, beta=1.0):
    maps = tensor(maps)
    return mean_position(torch.softmax(beta * maps.flatten(), dim=0).reshape(maps.shape))


@mistake("uses the values themselves as weights", hint="Softmax")
def weighted_by_values(maps, beta=1.0):
    maps = beta * tensor(maps)
    return mean_position(maps / maps.sum(dim=(-2, -1), keepdim=True))


@mistake("scales coordinates to [-1, 1]", hint="the column")
def scaled(maps, beta=1.0):
    found = mean_position(softmax(maps, beta))
    size = torch.tensor([max(n - 1, 1) for n in found.new_zeros(maps.shape).shape[-2:]][::-1])
    return 2 * found / size - 1


@mistake("counts from one", hint="the mean of x")
def from_one(maps, beta=1.0):
    return mean_position(softmax(maps, beta)) + 1


@mistake("exponentiates large values", hint="exp overflows")
def naive_softmax(maps, beta=1.0):
    e = torch.exp(beta * tensor(maps))
    return mean_position(e / e.sum(dim=(-2, -1), keepdim=True))


@mistake("clamps the values before it exponentiates", hint="Only differences of values matter")
def clamps(maps, beta=1.0):
    e = torch.exp((beta * tensor(maps)).clamp(-80, 80))
    return mean_position(e / e.sum(dim=(-2, -1), keepdim=True))


@mistake("returns the arg-max", hint="the mean of x")
def hard(maps, beta=1.0):
    maps = tensor(maps)
    best = maps.flatten(-2).argmax(dim=-1)
    return torch.stack([best % maps.shape[-1], best // maps.shape[-1]], dim=-1)


@mistake("has no gradient", hint="no detach")
def detached(maps, beta=1.0):
    return mean_position(softmax(tensor(maps).detach(), beta))


@mistake("computes the gradient through half of it", hint="The point of a soft arg-max is its gradient")
def x_only(maps, beta=1.0):
    p = softmax(maps, beta)
    found = mean_position(p)
    return torch.stack([found[..., 0], found[..., 1].detach()], dim=-1)


@mistake("subtracts the largest value of all maps", hint="the largest one of each map")
def one_maximum_for_all(maps, beta=1.0):
    values = torch.as_tensor(maps)
    weights = torch.exp(beta * (values - values.max()))
    p = weights / weights.sum(dim=(-2, -1), keepdim=True)
    x = (p.sum(dim=-2) * torch.arange(p.shape[-1])).sum(dim=-1)
    y = (p.sum(dim=-1) * torch.arange(p.shape[-2])).sum(dim=-1)
    return torch.stack([x, y], dim=-1)


@mistake("takes a power of the probabilities afterwards", hint="beta belongs inside")
def power_afterwards(maps, beta=1.0):
    p = softmax(maps, 1.0) ** beta
    return mean_position(p / p.sum(dim=(-2, -1), keepdim=True))


@mistake("drops a leading axis of one", hint="expected shape (1, 2)")
def squeezes(maps, beta=1.0):
    return mean_position(softmax(maps, beta)).squeeze()


@alternative
def by_grid(maps, beta=1.0):
    p = softmax(maps, beta)
    rows, cols = torch.meshgrid(*(torch.arange(n).to(p) for n in p.shape[-2:]), indexing="ij")
    return torch.stack([(p * cols).sum(dim=(-2, -1)), (p * rows).sum(dim=(-2, -1))], dim=-1)


@alternative
def by_hand(maps, beta=1.0):
    maps = beta * tensor(maps)
    e = torch.exp(maps - maps.amax(dim=(-2, -1), keepdim=True))
    return mean_position(e / e.sum(dim=(-2, -1), keepdim=True))


@alternative
def by_logsumexp_in_single_precision(maps, beta=1.0):
    maps = beta * torch.as_tensor(maps).float()
    return mean_position(torch.exp(maps - torch.logsumexp(maps, dim=(-2, -1), keepdim=True)))
