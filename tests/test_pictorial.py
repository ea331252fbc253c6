"""The references of Lab 6 against enumeration, theorems and each other; what they refuse; how their work grows."""

import sys
import warnings
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import ndimage, stats
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from autograder.checks.lab6.common import (
    ANY_ROOT,
    ROOT_FIRST,
    all_marginals,
    draw_bowls,
    draw_crosses,
    draw_problem,
    energies,
    energy_of,
    log_sum_exp,
)
from posekit.skeleton import parents_of
from solutions import envelope, pictorial
from solutions.pictorial import (
    assembly_cost,
    distance_transform_1d,
    distance_transform_2d,
    fit_offsets,
    greedy_assembly,
    hungarian_assembly,
    log_partition,
    map_pose,
    marginals,
    pairwise_cost,
    partition_and_label,
    pose_energy,
    sample_pose,
    soft_transform,
    tree_order,
    unaries,
    votes,
)

TREES = [*ROOT_FIRST, *ANY_ROOT]


def nearest(f, w, mu):
    """The transform of a row from the table of all pairs."""
    place = np.arange(len(f))
    return (f + w * (place[:, None] - place - mu) ** 2).min(axis=1)


def nearest_2d(f, w, mu):
    """The transform of a map from the table of all pairs of places."""
    H, W = f.shape
    y, x = (part.ravel() for part in np.mgrid[:H, :W])
    table = w[0] * (x[:, None] - x - mu[0]) ** 2 + w[1] * (y[:, None] - y - mu[1]) ** 2
    return (f.ravel() + table).min(axis=1).reshape(H, W)


def achieved(f, rows, cols, w, mu):
    """What the places that the transform points at really cost."""
    y, x = np.mgrid[: f.shape[0], : f.shape[1]]
    return f[rows, cols] + w[0] * (x - cols - mu[0]) ** 2 + w[1] * (y - rows - mu[1]) ** 2


# --- fit_offsets and unaries -----------------------------------------------------------------------------------------


def test_offsets_are_the_maximum_likelihood_estimates():
    rng = np.random.default_rng(0)
    parents = np.array([2, 2, 2, 0])
    poses = rng.normal(size=(60, 4, 2)) * [9.0, 4.0] + rng.normal(size=(4, 2)) * 30
    poses[rng.uniform(size=(60, 4)) < 0.2] = np.nan
    mu, w = fit_offsets(poses, parents)
    for k in (0, 1, 3):
        offset = poses[:, k] - poses[:, parents[k]]
        for axis in range(2):
            location, scale = stats.norm.fit(offset[~np.isnan(offset[:, axis]), axis])
            assert_allclose([mu[k, axis], w[k, axis]], [location, 0.5 / scale**2], rtol=1e-12)


def test_offsets_floor_the_variance_and_name_an_edge_without_data():
    poses = np.zeros((5, 2, 2)) + [[[1.0, 2.0], [4.0, 4.0]]]
    mu, w = fit_offsets(poses, [0, 0], min_variance=4.0)
    assert_allclose(mu[1], [3.0, 2.0])
    assert_allclose(w[1], [0.125, 0.125])
    poses[:3, 0], poses[3:, 1] = np.nan, np.nan
    with pytest.raises(ValueError, match="part 1 is never known"):
        fit_offsets(poses, [0, 0])


def test_unaries_are_normalised_floored_and_uniform_where_empty():
    maps = np.zeros((2, 3, 4))
    maps[0, 1, 2], maps[0, 0, 0] = 0.75, 0.25
    costs = unaries(maps)
    assert_allclose(np.exp(-costs[0, [1, 0, 2], [2, 0, 1]]), [0.75, 0.25, 1e-6])
    assert_allclose(np.exp(-costs[1]), 1 / 12)


# --- distance transforms ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_transform_of_a_row_is_the_minimum_over_all_pairs(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    f = rng.normal(size=n) * 10.0 ** rng.uniform(-3, 4)
    if seed % 3 == 0:
        f = np.round(f)  # plateaus
    if seed % 4 == 0:
        f[rng.uniform(size=n) < 0.5] = np.inf
    w, mu = 10.0 ** rng.uniform(-3, 2), rng.normal() * 10.0 ** rng.uniform(-1, 2)
    values, argmin = distance_transform_1d(f, w, mu)
    assert_allclose(values, nearest(f, w, mu), rtol=1e-10, atol=1e-9)
    assert argmin.dtype.kind == "i" and argmin.shape == (n,)
    assert_allclose(f[argmin] + w * (np.arange(n) - argmin - mu) ** 2, values, rtol=1e-12)


def test_transform_of_an_impossible_row_is_infinite():
    values, argmin = distance_transform_1d(np.full(4, np.inf), 1.0)
    assert np.isposinf(values).all() and (argmin >= 0).all()


@pytest.mark.parametrize(
    "row",
    [
        lambda n: np.zeros(n),
        lambda n: np.arange(n) ** 2.0,
        lambda n: -(np.arange(n) ** 2.0),  # every parabola hides the one before it
        lambda n: np.random.default_rng(0).normal(size=n) * 100,
    ],
)
def test_work_grows_with_the_length_of_the_row(row):
    """Lines of Python that are executed, not seconds: a parabola is added once and taken away at most once, in eight lines each."""

    def lines(n):
        count = 0

        def tracer(frame, event, _):
            nonlocal count
            count += event == "line"
            return tracer

        f = row(n)
        sys.settrace(tracer)
        try:
            distance_transform_1d(f, 0.5, 3.3)
        finally:
            sys.settrace(None)
        return count

    assert lines(2000) <= 16 * 2000 + 100
    assert lines(4000) <= 2.1 * lines(2000)


def by_envelope(f, w, mu):
    """The fast envelope, whether or not numba is there to compile it; compiled, it warns of nothing."""
    with np.errstate(invalid="ignore"):
        return envelope.by_envelope(np.asarray(f, dtype=float), np.asarray(w, dtype=float), np.asarray(mu, dtype=float))


TRANSFORMS = {
    "of the lab": distance_transform_2d,
    "fast": envelope.distance_transform_2d,
    "by envelope": by_envelope,
    "by NumPy": envelope.by_numpy,
}
each_transform = pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)


@each_transform
@pytest.mark.parametrize("seed", range(12))
def test_transform_of_a_map_is_the_minimum_over_all_pairs(transform, seed):
    rng = np.random.default_rng(seed)
    f = rng.normal(size=rng.integers(1, 15, size=2)) * 10.0 ** rng.uniform(-1, 3)
    if seed % 3 == 0:
        f[rng.uniform(size=f.shape) < 0.6] = np.inf
    if seed % 4 == 0:
        f = np.round(f)
    if seed % 4 == 1:  # rows without votes, which are all the same
        f[rng.integers(len(f)) :] = f[0, 0]
    w, mu = 10.0 ** rng.uniform(-3, 1, size=2), rng.normal(size=2) * 10.0 ** rng.uniform(-1, 1.5)
    values, rows, cols = transform(f, w, mu)
    assert_allclose(values, nearest_2d(f, w, mu), rtol=1e-10, atol=1e-9)
    assert_allclose(achieved(f, rows, cols, w, mu), values, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_envelopes_around_a_few_deep_places_miss_nothing_further_off(seed):
    rng = np.random.default_rng(seed)
    H, W = rng.integers(20, 45, size=2)
    f = 10.0 + 0.01 * rng.integers(0, 4, size=(H, W)) * (seed % 2)  # flat, or nearly
    for _ in range(int(rng.integers(1, 4))):
        y, x = rng.integers(H), rng.integers(W)
        f[y : y + rng.integers(1, 4), x : x + rng.integers(1, 4)] = rng.uniform(-300, 10)
    if seed % 3 == 0:
        f[:, rng.integers(W)] = np.inf
    w = 10.0 ** rng.uniform(-2, 1, size=2)
    for mu in (np.zeros(2), np.array([0.5, -0.5]), rng.normal(size=2) * 10.0, np.array([-1e6, 1e6])):
        expected = nearest_2d(f, w, mu)
        values, rows, cols = by_envelope(f, w, mu)
        assert_allclose(values, expected, rtol=1e-12, atol=1e-9)
        assert_allclose(achieved(f, rows, cols, w, mu), values, rtol=1e-12, atol=1e-9)


@each_transform
def test_transform_of_a_binary_map_is_the_squared_distance_of_scipy(transform):
    seen = np.random.default_rng(0).uniform(size=(40, 55)) < 0.02
    values, rows, cols = transform(np.where(seen, 0.0, np.inf), (1.0, 1.0), (0.0, 0.0))
    assert_allclose(values, ndimage.distance_transform_edt(~seen) ** 2, rtol=1e-12)
    assert seen[rows, cols].all()


# --- trees, energies, lowest energies --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_order_puts_parents_first(seed):
    rng = np.random.default_rng(seed)
    K = int(rng.integers(1, 15))
    name = rng.permutation(K)
    parents = np.zeros(K, dtype=int)
    parents[name] = name[[0, *(int(rng.integers(k)) for k in range(1, K))]]
    order = tree_order(parents)
    assert sorted(order) == list(range(K))
    place = np.argsort(order)
    assert all(place[parents[k]] < place[k] for k in range(K) if parents[k] != k)


@pytest.mark.parametrize("parents", TREES, ids=str)
def test_lowest_energy_is_that_of_enumeration(parents):
    for seed in range(5):
        problem = draw_problem(np.random.default_rng(seed), parents)
        table = energies(*problem)
        pose, energy = map_pose(*problem)
        assert_allclose(energy, table.min(), rtol=1e-12)
        assert_allclose(energy_of(pose, *problem), energy, rtol=1e-12)
        assert_allclose(pose_energy(pose, *problem), energy, rtol=1e-12)
        flat = np.ravel_multi_index((pose[:, 1], pose[:, 0]), (3, 4))
        assert_allclose(table[tuple(flat)], energy, rtol=1e-12)


def test_places_without_a_sign_have_the_same_energy():
    problem = draw_problem(np.random.default_rng(0), [0, 0, 1])
    pose = np.array([[3, 2], [0, 1], [2, 0]])  # child minus parent is negative
    assert_allclose(pose_energy(pose.astype(np.uint8), *problem), energy_of(pose, *problem), rtol=1e-12)


def test_lowest_energy_of_thirteen_parts_on_a_large_grid_is_the_planted_one():
    rng = np.random.default_rng(0)
    *problem, energy, pose = draw_bowls(rng, parents_of(), 60, 80)
    for transform in (None, envelope.distance_transform_2d):
        found, lowest = map_pose(*problem, transform=transform)
        assert_allclose(lowest, energy, rtol=1e-9)
        assert_allclose(energy_of(found, *problem), energy, rtol=1e-9)
        assert np.array_equal(found, pose)


def test_a_place_of_infinite_cost_is_not_taken():
    costs, parents, mu, w = draw_problem(np.random.default_rng(0), [1, 1, 1])
    pose, _ = map_pose(costs, parents, mu, w)
    costs[np.arange(3), pose[:, 1], pose[:, 0]] = np.inf
    other, energy = map_pose(costs, parents, mu, w)
    assert not (pose == other).all(axis=1).any()
    assert_allclose(energy, energies(costs, parents, mu, w).min(), rtol=1e-12)


# --- sums over poses -------------------------------------------------------------------------------------------------


def test_soft_transform_is_the_sum_over_all_pairs_near_and_far():
    rng = np.random.default_rng(0)
    for w, mu in (((0.3, 0.1), (1.5, -2.2)), ((40.0, 9.0), (60.0, 0.5))):  # the second underflows without care
        log_map = rng.normal(size=(5, 7)) * 3
        log_map[2] = -np.inf
        y, x = (part.ravel() for part in np.mgrid[:5, :7])
        table = w[0] * (x[:, None] - x - mu[0]) ** 2 + w[1] * (y[:, None] - y - mu[1]) ** 2
        expected = [log_sum_exp(row) for row in log_map.ravel() - table]
        assert_allclose(soft_transform(log_map, w, mu).ravel(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("parents", TREES, ids=str)
def test_partition_and_marginals_are_those_of_enumeration(parents):
    for seed in range(3):
        problem = draw_problem(np.random.default_rng(seed), parents)
        assert_allclose(log_partition(*problem), log_sum_exp(-energies(*problem)), rtol=1e-10)
        assert_allclose(marginals(*problem), all_marginals(*problem), rtol=1e-9, atol=1e-15)


def test_partition_falls_apart_along_the_axes():
    *problem, x, y = draw_crosses(np.random.default_rng(0), [1, 1, 1], 20, 30)
    assert_allclose(log_partition(*problem), log_sum_exp(-x) + log_sum_exp(-y), rtol=1e-10)


def test_partition_survives_constants_and_poses_that_are_all_improbable():
    costs, parents, mu, w = draw_problem(np.random.default_rng(1), [1, 1, 1])
    level = np.array([1000.0, -1e6, 1e4])
    z = log_partition(costs, parents, mu, w)
    assert_allclose(log_partition(costs + level[:, None, None], parents, mu, w), z - level.sum(), rtol=1e-12)
    far = mu + 100.0  # every limb is far too short: exp(-energy) is 0 for each pose
    assert_allclose(log_partition(costs, parents, far, w), log_sum_exp(-energies(costs, parents, far, w)), rtol=1e-10)
    assert_allclose(marginals(costs, parents, far, w), all_marginals(costs, parents, far, w), rtol=1e-6, atol=1e-12)


def test_samples_have_the_joint_distribution_of_enumeration():
    costs, parents, mu, w = draw_problem(np.random.default_rng(2), [1, 1, 1], 2, 3)
    p = np.exp(-energies(costs, parents, mu, w)).ravel()
    rng = np.random.default_rng(0)
    count = np.zeros((6, 6, 6))
    for _ in range(2000):
        x, y = sample_pose(costs, parents, mu, w, rng).T
        count[tuple(3 * y + x)] += 1
    rare = p / p.sum() * 2000 < 5
    found = np.append(count.ravel()[~rare], count.ravel()[rare].sum())
    expected = np.append((p / p.sum())[~rare], (p / p.sum())[rare].sum()) * 2000
    assert stats.chisquare(found, expected).pvalue > 1e-4


# --- from scores to maps ---------------------------------------------------------------------------------------------


def test_votes_put_each_cells_probability_where_it_points():
    probabilities, offsets = np.zeros((1, 4, 5)), np.zeros((1, 2, 4, 5))
    probabilities[0, 1, 2] = 0.8
    offsets[0, :, 1, 2] = 3.0, -2.0
    grid = votes(probabilities, offsets, stride=8, grid=(16, 20), cell=2.0, spread=2.0, share=0.5)
    assert grid.shape == (1, 16, 20)
    assert_allclose(grid.sum(), 0.4, rtol=1e-3)  # nothing is lost at the borders, which are far away
    y, x = np.mgrid[:16, :20]
    center = np.array([(grid[0] * x).sum(), (grid[0] * y).sum()]) / grid.sum()
    # The cell is centred at 8 (2, 1) + 3.5 px, and cell j of the new grid at 2 j + 1/2 px.
    assert_allclose(2.0 * center + 0.5, np.array([19.5, 11.5]) + [3.0, -2.0], atol=1e-3)


# --- many animals ----------------------------------------------------------------------------------------------------


def draw_candidates(rng, D, C=3, low=0.05, high=0.95):
    pair = rng.uniform(low, high, size=(D, D))
    pair = np.triu(pair, 1) + np.triu(pair, 1).T
    return rng.uniform(low, high, size=(D, C)), pair


def lowest_assembly(part_prob, pair_prob):
    """The lowest cost over all ways to drop some candidates and to group the others."""
    D = len(part_prob)
    return min(
        assembly_cost(np.array(clusters), part_prob, pair_prob)
        for clusters in product(*(range(-1, d + 1) for d in range(D)))
        if all(c <= max(clusters[:d], default=-1) + 1 for d, c in enumerate(clusters))
    )


def test_cost_of_an_assembly_counts_each_kept_candidate_and_each_pair_once():
    part, pair = draw_candidates(np.random.default_rng(0), 4)
    p, q = part.max(axis=1), pair
    cost = np.log((1 - p) / p)
    expected = cost[0] + cost[2] + cost[3] + np.log((1 - q[0, 3]) / q[0, 3])
    assert_allclose(assembly_cost([0, -1, 1, 0], part, pair), expected)


@pytest.mark.parametrize("seed", range(12))
def test_assembly_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    part, pair = draw_candidates(rng, D=1 + seed % 6)
    best = lowest_assembly(part, pair)
    labels, clusters = partition_and_label(part, pair)
    assert_allclose(assembly_cost(clusters, part, pair), best, atol=1e-9)
    assert np.array_equal(labels, np.where(clusters < 0, -1, part.argmax(axis=1)))
    for assembly in (greedy_assembly, hungarian_assembly):
        labels, clusters = assembly(part, pair)
        assert assembly_cost(clusters, part, pair) >= best - 1e-9
        assert np.array_equal(labels, np.where(clusters < 0, -1, part.argmax(axis=1)))
    assert assembly_cost(greedy_assembly(part, pair)[1], part, pair) <= 0.0


def test_seven_candidates_are_partitioned_as_enumeration_says():
    for seed in range(2):
        part, pair = draw_candidates(np.random.default_rng(seed), 7)
        _, clusters = partition_and_label(part, pair)
        assert_allclose(assembly_cost(clusters, part, pair), lowest_assembly(part, pair), atol=1e-9)


def test_clear_animals_are_found_by_all_three():
    rng = np.random.default_rng(0)
    animal, kind = rng.permutation(np.repeat([0, 1, 2], 8)), np.arange(24) % 8
    kind = np.argsort(np.argsort(animal * 100 + kind)) % 8  # every animal has one candidate of each kind
    pair = np.where(animal[:, None] == animal, rng.uniform(0.7, 0.99, (24, 24)), rng.uniform(0.01, 0.3, (24, 24)))
    pair = np.triu(pair, 1) + np.triu(pair, 1).T
    part = np.full((24, 8), 0.01)
    part[np.arange(24), kind] = 0.9
    by_linkage = fcluster(linkage(squareform(1.0 - pair, checks=False), "average"), 0.5, "distance")
    for assembly in (partition_and_label, greedy_assembly, hungarian_assembly):
        labels, clusters = assembly(part, pair)
        assert np.array_equal(labels, kind)
        assert np.array_equal(clusters[:, None] == clusters, animal[:, None] == animal)
        assert np.array_equal(clusters[:, None] == clusters, by_linkage[:, None] == by_linkage)


def test_hungarian_matching_keeps_candidates_of_one_kind_apart():
    part = np.array([[0.9, 0.1], [0.8, 0.1], [0.1, 0.9]])
    pair = np.full((3, 3), 0.99)
    assert len(set(hungarian_assembly(part, pair)[1][:2])) == 2
    assert len(set(partition_and_label(part, pair)[1])) == 1


def test_node_limit_gives_the_greedy_assembly_and_says_so():
    part, pair = draw_candidates(np.random.default_rng(0), 22)
    with pytest.warns(RuntimeWarning, match="greedy"):
        labels, clusters = partition_and_label(part, pair, node_limit=0)
    greedy = greedy_assembly(part, pair)
    assert np.array_equal(labels, greedy[0]) and np.array_equal(clusters, greedy[1])
    easy = np.where(np.eye(4) > 0, 0.5, 0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        partition_and_label(np.full((4, 1), 0.9), easy, node_limit=1000)


def test_nothing_to_keep_and_nobody_there():
    labels, clusters = partition_and_label(np.full((5, 2), 0.2), np.full((5, 5), 0.3))
    assert (labels == -1).all() and (clusters == -1).all()
    for assembly in (partition_and_label, greedy_assembly, hungarian_assembly):
        labels, clusters = assembly(np.zeros((0, 2)), np.zeros((0, 0)))
        assert len(labels) == len(clusters) == 0


def test_certain_pairs_cost_much_but_not_everything():
    assert_allclose(pairwise_cost([0.5, 0.1]), [0.0, np.log(9.0)], atol=1e-15)
    assert_allclose(pairwise_cost([0.0, 1.0]), np.array([1, -1]) * np.log(1e6), rtol=1e-5)


# --- what is refused -------------------------------------------------------------------------------------------------

COSTS, MU, W = np.zeros((3, 2, 4)), np.zeros((3, 2)), np.ones((3, 2))


@pytest.mark.parametrize(
    ("parents", "said"),
    [
        ([0, 2, 1], "cycle: from part 1"),
        ([0, 0, 2], r"these are: \[0, 2\]"),
        ([1, 2, 0], r"these are: \[\]"),
        ([0, 0, 3], "in 0 ... 2"),
        ([0, -1, 0], "in 0 ... 2"),
        ([0.0, 0.0, 0.0], "whole number"),
        ([], "whole number"),
        ([[0]], "whole number"),
    ],
    ids=str,
)
def test_what_is_no_tree_is_refused(parents, said):
    for call in (
        lambda: tree_order(parents),
        lambda: fit_offsets(np.zeros((2, 3, 2)), parents),
        lambda: map_pose(COSTS, parents, MU, W),
        lambda: log_partition(COSTS, parents, MU, W),
        lambda: marginals(COSTS, parents, MU, W),
        lambda: sample_pose(COSTS, parents, MU, W, np.random.default_rng(0)),
        lambda: pose_energy(np.zeros((3, 2), dtype=int), COSTS, parents, MU, W),
    ):
        with pytest.raises(ValueError, match=said) as caught:
            call()
        assert "\n" not in str(caught.value)


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("costs", "mu", "w", "said"),
    [
        (changed(COSTS, (0, 0, 0), np.nan), MU, W, "NaN"),
        (changed(COSTS, (0, 0, 0), -np.inf), MU, W, "-inf"),
        (changed(COSTS, 1, np.inf), MU, W, "part 1 has no place"),
        (COSTS[:2], MU, W, r"want costs \(3, H, W\)"),
        (COSTS[0], MU, W, "want costs"),
        (COSTS[:, :0], MU, W, "want costs"),
        (COSTS, MU[:2], W, "want costs"),
        (COSTS, MU, W[:, :1], "want costs"),
        (COSTS, changed(MU, 1, np.nan), W, "mu must be finite"),
        (COSTS, MU, changed(W, 2, 0.0), "positive"),
    ],
)
def test_what_does_not_fit_is_refused(costs, mu, w, said):
    parents = [0, 0, 1]
    for function in (map_pose, log_partition, marginals):
        with pytest.raises(ValueError, match=said) as caught:
            function(costs, parents, mu, w)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: fit_offsets(np.zeros((4, 2, 2)), [0, 0, 1]),
        lambda: unaries(np.full((1, 2, 2), 1.5)),
        lambda: unaries(np.full((1, 2, 2), np.nan)),
        lambda: unaries(np.zeros((2, 2))),
        lambda: distance_transform_1d([1.0, np.nan], 1.0),
        lambda: distance_transform_1d([1.0, -np.inf], 1.0),
        lambda: distance_transform_1d([], 1.0),
        lambda: distance_transform_1d([1.0], 0.0),
        lambda: distance_transform_1d([1.0], 1.0, np.nan),
        lambda: distance_transform_2d([1.0], (1.0, 1.0), (0.0, 0.0)),
        lambda: distance_transform_2d([[1.0]], 1.0, (0.0, 0.0)),
        lambda: envelope.distance_transform_2d([[np.nan]], (1.0, 1.0), (0.0, 0.0)),
        lambda: envelope.distance_transform_2d([[1.0]], (1.0, -1.0), (0.0, 0.0)),
        lambda: envelope.distance_transform_2d([[1.0]], (1.0, np.inf), (0.0, 0.0)),
        lambda: envelope.distance_transform_2d([[1.0]], (1.0, 1.0), (0.0, np.inf)),
        lambda: pose_energy([[4, 0]], COSTS[:1], [0], MU[:1], W[:1]),
        lambda: pose_energy([[0, 2]], COSTS[:1], [0], MU[:1], W[:1]),
        lambda: pose_energy([[0.0, 0.0]], COSTS[:1], [0], MU[:1], W[:1]),
        lambda: pairwise_cost([1.1]),
        lambda: partition_and_label(np.full((2, 1), 0.5), np.full((3, 3), 0.5)),
        lambda: partition_and_label(np.full((2, 1), 2.0), np.full((2, 2), 0.5)),
        lambda: partition_and_label(np.full((2, 1), 0.5), np.array([[0.5, 0.4], [0.6, 0.5]])),
        lambda: partition_and_label(np.full((2, 1), 0.5), np.full((2, 2), np.nan)),
    ],
)
def test_bad_arguments_are_refused_in_one_line(call):
    with pytest.raises(ValueError) as caught:
        call()
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_no_public_function_changes_what_it_is_given():
    problem = draw_problem(np.random.default_rng(0), [1, 1, 1])
    before = [np.copy(part) for part in problem]
    map_pose(*problem), log_partition(*problem), marginals(*problem)
    sample_pose(*problem, np.random.default_rng(0))
    assert all(np.array_equal(a, b) for a, b in zip(problem, before, strict=True))
    assert pictorial.as_problem(*problem)[0] is problem[0]  # so the functions above made copies of their own
