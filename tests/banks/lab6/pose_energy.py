import numpy as np

from autograder.judge.bank import alternative, mistake


def unary(pose, costs):
    return sum(costs[k, y, x] for k, (x, y) in enumerate(np.asarray(pose)))


def stretch(pose, parents, mu, w):
    pose, parents = np.asarray(pose), np.asarray(parents)
    limbs = parents != np.arange(len(parents))
    return (np.asarray(w) * (pose - pose[parents] - mu) ** 2)[limbs]


@mistake("takes x for the row", hint="[y, x]")
def transposed(pose, costs, parents, mu, w):
    return float(
        sum(costs[k, x % costs.shape[1], y] for k, (x, y) in enumerate(pose)) + stretch(pose, parents, mu, w).sum()
    )


@mistake("indexes the array by (x, y)", hint="[y, x]")
def out_of_range(pose, costs, parents, mu, w):
    return float(sum(costs[k, x, y] for k, (x, y) in enumerate(pose)) + stretch(pose, parents, mu, w).sum())


@mistake("counts the root's row as a limb", hint="The root's rows of mu and w are not used")
def root_as_limb(pose, costs, parents, mu, w):
    return float(unary(pose, costs) + (w * (pose - pose[parents] - mu) ** 2).sum())


@mistake("takes parent minus child", hint="child - parent - mu")
def other_sign(pose, costs, parents, mu, w):
    return float(unary(pose, costs) + stretch(pose, parents, -mu, w).sum())


@mistake("forgets the offset", hint="child - parent - mu")
def no_offset(pose, costs, parents, mu, w):
    return float(unary(pose, costs) + stretch(pose, parents, 0.0 * mu, w).sum())


@mistake("forgets the square", hint="the *square* of the difference")
def no_square(pose, costs, parents, mu, w):
    limbs = parents != np.arange(len(parents))
    return float(unary(pose, costs) + (w * np.abs(pose - pose[parents] - mu))[limbs].sum())


@mistake("squares the weight, too", hint="w (child - parent - mu)^2")
def weight_squared(pose, costs, parents, mu, w):
    return float(unary(pose, costs) + stretch(pose, parents, mu, w**2).sum())


@mistake("has one weight for x and y", hint="with weights of their own")
def one_weight(pose, costs, parents, mu, w):
    return float(unary(pose, costs) + stretch(pose, parents, mu, w[:, :1]).sum())


@mistake("takes the parent's weight and offset", hint="For every part but the root")
def parents_rows(pose, costs, parents, mu, w):
    return float(unary(pose, costs) + stretch(pose, parents, mu[parents], w[parents]).sum())


@mistake("subtracts the stretch", hint="w (child - parent - mu)^2")
def subtracted(pose, costs, parents, mu, w):
    return float(unary(pose, costs) - stretch(pose, parents, mu, w).sum())


@mistake("counts each limb twice", hint="For every part but the root")
def twice(pose, costs, parents, mu, w):
    return float(unary(pose, costs) + 2 * stretch(pose, parents, mu, w).sum())


@mistake("takes part 0 for the root", hint="For every part but the root")
def part_zero(pose, costs, parents, mu, w):
    return float(unary(pose, costs) + (w * (pose - pose[parents] - mu) ** 2)[1:].sum())


@mistake("measures every limb from the root", hint="child - parent - mu")
def from_the_root(pose, costs, parents, mu, w):
    root = np.flatnonzero(parents == np.arange(len(parents)))[0]
    return float(unary(pose, costs) + stretch(pose, np.full(len(parents), root), mu, w).sum())


@mistake("returns the mean cost of a part", hint="Add up costs")
def mean(pose, costs, parents, mu, w):
    return float(unary(pose, costs) / len(pose) + stretch(pose, parents, mu, w).sum())


@mistake("leaves the stretch out", hint="w (child - parent - mu)^2")
def no_stretch(pose, costs, parents, mu, w):
    return float(unary(pose, costs))


@mistake("leaves the root's own cost out", hint="Add up costs[k, y, x] over the parts")
def no_root(pose, costs, parents, mu, w):
    costs = costs.copy()
    costs[parents == np.arange(len(parents))] = 0.0
    return float(unary(pose, costs) + stretch(pose, parents, mu, w).sum())


@alternative
def by_loop(pose, costs, parents, mu, w):
    total = 0.0
    for k in range(len(parents)):
        x, y = (int(value) for value in pose[k])
        total += costs[k][y][x]
        if parents[k] != k:
            for axis in range(2):
                total += w[k][axis] * (pose[k][axis] - pose[parents[k]][axis] - mu[k][axis]) ** 2
    return total


@alternative
def by_matrix(pose, costs, parents, mu, w):
    pose, K = np.asarray(pose, dtype=float), len(parents)
    incidence = np.eye(K)
    incidence[np.arange(K), parents] -= 1.0
    residual = (incidence @ pose - mu) * (np.diag(incidence) > 0)[:, None]
    places = pose.astype(int)
    return np.sum(w * residual**2) + np.sum(np.asarray(costs)[range(K), places[:, 1], places[:, 0]])
