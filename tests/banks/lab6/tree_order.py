import numpy as np

from autograder.judge.bank import alternative, mistake


def depth_of(parents):
    depth = []
    for k in range(len(parents)):
        steps = 0
        while parents[k] != k:
            k = parents[k]
            steps += 1
        depth.append(steps)
    return np.array(depth)


def root_of(parents):
    return int(np.flatnonzero(np.asarray(parents) == np.arange(len(parents)))[0])


@mistake("returns the parts by their numbers", hint="The numbers of the parts say nothing")
def by_number(parents):
    return np.arange(len(parents))


@mistake("puts children before parents", hint="behind its parent")
def reversed_order(parents):
    return np.argsort(depth_of(parents), kind="stable")[::-1]


@mistake("sorts by the parents' numbers", hint="The numbers of the parts say nothing")
def by_parent(parents):
    return np.argsort(parents, kind="stable")


@mistake("puts the root first and leaves the rest as it is", hint="behind its parent")
def root_first(parents):
    root = root_of(parents)
    return np.array([root, *(k for k in range(len(parents)) if k != root)])


@mistake("returns the depths", hint="Every part once")
def depths(parents):
    return depth_of(parents)


@mistake("returns the rank of each part instead of the order", hint="behind its parent")
def ranks(parents):
    return np.argsort(np.argsort(depth_of(parents), kind="stable"))


@mistake("stops behind the root's children", hint="Every part once")
def one_level(parents):
    root = root_of(parents)
    order = [root, *(k for k in range(len(parents)) if parents[k] == root and k != root)]
    return np.array(order + [order[-1]] * (len(parents) - len(order)))


@mistake("stops behind the root's grandchildren", hint="and grandchildren and theirs")
def two_levels(parents):
    depth = depth_of(parents)
    return np.flatnonzero(depth <= 2)[np.argsort(depth[depth <= 2], kind="stable")]


@mistake("leaves the root out", hint="the root too")
def no_root(parents):
    order = np.argsort(depth_of(parents), kind="stable")
    return order[1:]


@mistake("lists the root twice", hint="Every part once")
def root_twice(parents):
    order = np.argsort(depth_of(parents), kind="stable")
    return np.append(order[0], order)


@mistake("walks to the root from every part and lists what it passes", hint="Every part once")
def with_repeats(parents):
    order = []
    for k in range(len(parents)):
        way = [k]
        while parents[way[-1]] != way[-1]:
            way.append(int(parents[way[-1]]))
        order += way[::-1]
    return np.array(order)


@mistake("returns floats", hint="return whole numbers")
def as_floats(parents):
    return np.argsort(depth_of(parents), kind="stable").astype(float)


@mistake("counts the depth only up to two", hint="behind its parent")
def shallow(parents):
    return np.argsort(np.minimum(depth_of(parents), 2), kind="stable")


@alternative
def breadth_first(parents):
    order = [root_of(parents)]
    for part in order:
        order += [k for k in range(len(parents)) if parents[k] == part and k != part]
    return order


@alternative
def depth_first(parents):
    order, stack = [], [root_of(parents)]
    while stack:
        part = stack.pop()
        order.append(part)
        stack += [k for k in range(len(parents)) if parents[k] == part and k != part]
    return np.array(order)


@alternative
def by_sweeps(parents):
    order = [root_of(parents)]
    while len(order) < len(parents):
        order += [k for k in range(len(parents)) if k not in order and parents[k] in order]
    return np.array(order, dtype=np.int32)


@alternative
def by_depth(parents):
    depth = depth_of(parents)
    return np.lexsort((-np.arange(len(parents)), depth))
