import math

import numpy as np

from autograder.judge.bank import alternative, mistake


def distributions(probabilities):
    maps = np.asarray(probabilities, dtype=float)
    total = maps.sum(axis=(1, 2), keepdims=True)
    return np.where(total > 0, maps / np.where(total > 0, total, 1.0), 1.0 / maps[0].size)


@mistake("does not normalise the maps", hint="Divide each part's map by its *own* sum")
def not_normalised(probabilities, floor=1e-6):
    maps = np.asarray(probabilities, dtype=float)
    maps = np.where(maps.sum(axis=(1, 2), keepdims=True) > 0, maps, 1.0 / maps[0].size)
    return -np.log(np.maximum(maps, floor))


@mistake("divides all maps by their common sum", hint="its *own* sum")
def common_sum(probabilities, floor=1e-6):
    maps = np.asarray(probabilities, dtype=float)
    maps = np.where(maps.sum(axis=(1, 2), keepdims=True) > 0, maps, 1.0 / maps[0].size)
    return -np.log(np.maximum(maps / maps.sum(), floor))


@mistake("divides each row by its sum", hint="over rows and columns")
def by_rows(probabilities, floor=1e-6):
    maps = np.asarray(probabilities, dtype=float)
    total = maps.sum(axis=2, keepdims=True)
    return -np.log(np.maximum(np.where(total > 0, maps / np.where(total > 0, total, 1.0), 1.0 / maps[0].size), floor))


@mistake("divides by the largest value instead of the sum", hint="*own* sum")
def by_maximum(probabilities, floor=1e-6):
    maps = np.asarray(probabilities, dtype=float)
    top = maps.max(axis=(1, 2), keepdims=True)
    return -np.log(np.maximum(np.where(top > 0, maps / np.where(top > 0, top, 1.0), 1.0 / maps[0].size), floor))


@mistake("forgets the minus", hint="the likelier a place, the lower its cost")
def positive(probabilities, floor=1e-6):
    return np.log(np.maximum(distributions(probabilities), floor))


@mistake("takes logarithms to the base 10", hint="natural logarithm")
def base_ten(probabilities, floor=1e-6):
    return -np.log10(np.maximum(distributions(probabilities), floor))


@mistake("takes the log odds", hint="minus the natural logarithm")
def log_odds(probabilities, floor=1e-6):
    p = np.clip(distributions(probabilities), floor, 1 - floor)
    return np.log1p(-p) - np.log(p)


@mistake("has no floor", hint="exactly the floor")
def no_floor(probabilities, floor=1e-6):
    with np.errstate(divide="ignore"):
        return -np.log(distributions(probabilities))


@mistake("adds the floor instead of raising to it", hint="np.maximum")
def added(probabilities, floor=1e-6):
    return -np.log(distributions(probabilities) + floor)


@mistake("applies the floor before the division", hint="*after* the division")
def floor_first(probabilities, floor=1e-6):
    maps = np.maximum(np.asarray(probabilities, dtype=float), floor)
    return -np.log(maps / maps.sum(axis=(1, 2), keepdims=True))


@mistake("has a floor of its own", hint="with the floor that was given")
def fixed_floor(probabilities, floor=1e-6):
    return -np.log(np.maximum(distributions(probabilities), 1e-6))


@mistake("gives an empty map the floor everywhere", hint="says nothing and is uniform")
def empty_is_floor(probabilities, floor=1e-6):
    maps = np.asarray(probabilities, dtype=float)
    return -np.log(np.maximum(maps / np.maximum(maps.sum(axis=(1, 2), keepdims=True), 1e-300), floor))


@mistake("divides an empty map by zero", hint="A map of zeros says nothing")
def zero_by_zero(probabilities, floor=1e-6):
    maps = np.asarray(probabilities, dtype=float)
    with np.errstate(invalid="ignore"):
        return -np.log(np.maximum(maps / maps.sum(axis=(1, 2), keepdims=True), floor))


@mistake("gives an empty map costs of zero", hint="uniform: 1 / (H W)")
def empty_is_free(probabilities, floor=1e-6):
    costs = -np.log(np.maximum(distributions(probabilities), floor))
    costs[np.asarray(probabilities).sum(axis=(1, 2)) == 0] = 0.0
    return costs


@mistake("adds an epsilon to the sum", hint="says nothing and is uniform")
def epsilon_in_the_sum(probabilities, floor=1e-6):
    maps = np.asarray(probabilities, dtype=float)
    return -np.log(np.maximum(maps / (maps.sum(axis=(1, 2), keepdims=True) + 1e-8), floor))


@mistake("takes a faint map for an empty one", hint="*own* sum")
def faint_is_empty(probabilities, floor=1e-6):
    maps = np.asarray(probabilities, dtype=float)
    total = maps.sum(axis=(1, 2), keepdims=True)
    return -np.log(np.maximum(np.where(total > 1e-6, maps / np.maximum(total, 1e-300), 1.0 / maps[0].size), floor))


@alternative
def by_loop(probabilities, floor=1e-6):
    K, H, W = np.shape(probabilities)
    costs = np.empty((K, H, W))
    for k in range(K):
        total = sum(float(p) for row in probabilities[k] for p in row)
        for i in range(H):
            for j in range(W):
                costs[k, i, j] = -math.log(max(probabilities[k][i][j] / total if total else 1 / (H * W), floor))
    return costs


@alternative
def as_a_list(probabilities, floor=1e-6):
    costs = []
    for m in np.array(probabilities, dtype=float):
        if not m.any():
            m += 1.0
        costs.append(np.minimum(np.log(m.sum()) - np.log(np.where(m > 0, m, 1e-300)), -np.log(floor)))
    return costs


@alternative
def in_torch(probabilities, floor=1e-6):
    import torch

    maps = torch.as_tensor(np.asarray(probabilities, dtype=float)).flatten(1)
    maps = torch.where(maps.sum(1, keepdim=True) > 0, maps, torch.ones_like(maps))
    return -(maps / maps.sum(1, keepdim=True)).clamp_min(floor).log().reshape(np.shape(probabilities))
