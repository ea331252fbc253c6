"""The reference of the capstone against SciPy, pair counting, recordings made of bouts, and scikit-learn where it is installed."""

from itertools import combinations, groupby

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation

from posekit.data import load_six
from solutions import capstone
from solutions.pictorial import log_partition, marginals


@pytest.fixture
def rng():
    return np.random.default_rng(90)


def test_egocentric_undoes_a_rotation_and_a_step(rng):
    T, K = 6, 5
    body, heading = rng.normal(scale=60.0, size=(T, K, 3)), rng.uniform(-7.0, 7.0, size=T)
    body[:, 3, :2] = 0.0
    placed = np.stack([Rotation.from_euler("z", a).apply(pose) for a, pose in zip(heading, body, strict=True)])
    placed[..., :2] += rng.normal(scale=300.0, size=(T, 1, 2))
    assert_allclose(capstone.egocentric(placed, heading, 3), body, atol=1e-10)


def test_egocentric_looks_along_x_and_keeps_all_distances(rng):
    six = load_six("test")
    tail, withers = (six.names.index(name) for name in ("tail_base", "withers"))
    X = six.points3d[::9]
    forward = X[:, withers] - X[:, tail]
    turned = capstone.egocentric(X, np.arctan2(forward[:, 1], forward[:, 0]), tail)
    assert_allclose(turned[:, tail, :2], 0.0, atol=1e-9)
    assert_allclose(turned[:, withers, 1], 0.0, atol=1e-9)
    assert (turned[:, withers, 0] > 0).all()
    for i, j in combinations(range(X.shape[1]), 2):
        assert_allclose(
            np.linalg.norm(turned[:, i] - turned[:, j], axis=-1), np.linalg.norm(X[:, i] - X[:, j], axis=-1), rtol=1e-10
        )


def test_egocentric_by_hand_and_with_gaps():
    X = np.array([[[1.0, 2.0, 3.0], [1.0, 5.0, 4.0]], [[0.0, 0.0, 0.0], [np.nan] * 3], [[np.nan] * 3, [1.0, 1.0, 1.0]]])
    found = capstone.egocentric(X, np.array([np.pi / 2, 0.0, 0.0]), 0)
    assert_allclose(found[0], [[0.0, 0.0, 3.0], [3.0, 0.0, 4.0]], atol=1e-12)
    assert_array_equal(found[1], [[0.0, 0.0, 0.0], [np.nan] * 3])
    assert np.isnan(found[2, :, :2]).all()


def test_a_decoded_body_is_the_mean_of_lab_6s_marginals(rng):
    parents, K = np.array([0, 0, 1, 0]), 4
    trees = [(rng.uniform(-2.0, 2.0, size=(K, 2)), rng.uniform(0.1, 1.0, size=(K, 2))) for _ in range(3)]
    shares, fine = np.array([0.5, 0.3, 0.2]), rng.uniform(size=(K, 6, 8)) ** 4
    costs = -np.log(fine + 1 / 48)
    weight = np.log(shares) + [log_partition(costs, parents, *tree) + 0.5 * np.log(tree[1][1:]).sum() for tree in trees]
    weight = np.exp(weight - weight.max())
    mixture = sum(w * marginals(costs, parents, *tree) for w, tree in zip(weight, trees, strict=True)) / weight.sum()
    x, y = np.arange(8), np.arange(6)
    expected = np.stack([mixture.sum(axis=1) @ x, mixture.sum(axis=2) @ y], axis=-1)
    assert_allclose(capstone.decode_body(fine, parents, trees, shares, least=0.0), expected, rtol=1e-9)


def test_ethogram_puts_the_recording_together_again(rng):
    for T in (0, 1, 2, 50):
        states = rng.integers(-2, 3, size=T)
        bouts = capstone.ethogram(states, 25.0)
        assert [state for state, start, stop, _ in bouts for _ in range(start, stop)] == states.tolist()
        assert [state for state, *_ in bouts] == [state for state, _ in groupby(states.tolist())]
        assert [a for _, a, _, _ in bouts][1:] == [b for _, _, b, _ in bouts][:-1]
        assert_allclose(sum(seconds for *_, seconds in bouts), T / 25.0)
        assert all(type(state) is int for state, *_ in bouts)


def test_transitions_of_a_chain_are_those_that_it_was_drawn_from(rng):
    A = np.array([[0.0, 0.7, 0.3], [0.5, 0.0, 0.5], [1.0, 0.0, 0.0]])
    order = [0]
    for _ in range(20_000):
        order.append(rng.choice(3, p=A[order[-1]]))
    states = np.repeat(order, rng.integers(1, 4, size=len(order)))
    assert_allclose(capstone.transition_matrix(states, 3), A, atol=4 * np.sqrt(0.25 / 3000))
    assert_array_equal(capstone.transition_matrix(np.array([4, 4, 0]), 6).sum(axis=1), [0, 0, 0, 0, 1, 0])


def by_pairs(a, b):
    together = np.array([(a[i] == a[j], b[i] == b[j]) for i, j in combinations(range(len(a)), 2)])
    in_a, in_b, both = together[:, 0].sum(), together[:, 1].sum(), together.all(axis=1).sum()
    chance = in_a * in_b / len(together)
    return (both - chance) / ((in_a + in_b) / 2 - chance)


def test_rand_index_against_pairs(rng):
    for _ in range(30):
        a, b = rng.integers(3, size=20), rng.integers(4, size=20)
        assert_allclose(capstone.adjusted_rand_index(a, b), by_pairs(a, b), atol=1e-12)
        assert capstone.adjusted_rand_index(a, b) == capstone.adjusted_rand_index(b, a)


def test_rand_index_is_zero_on_average_for_groups_at_random(rng):
    values = [
        capstone.adjusted_rand_index(rng.integers(3, size=60), rng.permutation(np.arange(60) % 4)) for _ in range(600)
    ]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_rand_index_against_scikit_learn(rng):
    metrics = pytest.importorskip("sklearn.metrics")
    cases = [
        (rng.integers(n, size=T), rng.integers(m, size=T)) for n, m, T in ((1, 3, 9), (2, 2, 2), (5, 4, 300), (1, 1, 4))
    ]
    cases += [(np.arange(5), np.arange(5)), (np.array([1]), np.array([2])), (np.arange(5), np.zeros(5, dtype=int))]
    for a, b in cases:
        assert_allclose(capstone.adjusted_rand_index(a, b), metrics.adjusted_rand_score(a, b), atol=1e-12)


def test_motif_names_tell_a_walk_from_a_stand():
    """Half a minute on a straight line at 120 mm/s, then upright in one place, with a millimetre of jitter in each frame."""
    T, fps, names = 600, 30.0, ("spine", "tail_base", "snout")
    X = np.random.default_rng(1).normal(scale=1.0, size=(T, 3, 3))
    X[: T // 2, :, 0] += 120.0 / fps * np.arange(T // 2)[:, None] + [0.0, -60.0, 120.0]
    X[T // 2 :, :, 0] += 120.0 / fps * (T // 2)
    X[T // 2 :, :, 2] += [60.0, 10.0, 170.0]
    states = np.repeat([0, 2, 1], [T // 2 - 6, 12, T // 2 - 6])  # 2: between the two
    found = capstone.motif_names(X, states, 4, fps, names)
    assert_array_equal(found["frames"], [294, 294, 12, 0])
    assert_allclose(
        found["speed"][:2], [120.0, 0.0], atol=8.0
    )  # the jitter that is left: 1 mm at both ends of a third of a second
    assert_allclose(found["height"][:2], [1.0, 170.0], atol=1.0)
    assert_allclose(found["elongation"][:2], [180.0, 160.0], atol=1.0)
    assert found["name"][0] == "fast, low, long" and found["name"][3] == "never seen"
    assert found["name"][1].startswith("slow, high") and np.isnan(found["speed"][3])


@pytest.mark.parametrize(
    "call",
    [
        lambda: capstone.egocentric(np.zeros((4, 2, 3)), np.zeros(3), 0),
        lambda: capstone.ethogram(np.zeros((2, 2), dtype=int), 30.0),
        lambda: capstone.ethogram(np.array([0.5, 1.0]), 30.0),
        lambda: capstone.ethogram(np.array([0, 1]), 0.0),
        lambda: capstone.transition_matrix(np.array([0, 3]), 3),
        lambda: capstone.transition_matrix(np.array([-1, 1]), 3),
        lambda: capstone.transition_matrix(np.array([0.0, 1.0]), 3),
        lambda: capstone.adjusted_rand_index(np.arange(3), np.arange(4)),
        lambda: capstone.adjusted_rand_index(np.zeros(0, dtype=int), np.zeros(0, dtype=int)),
    ],
)
def test_bad_arguments_get_one_line(call):
    with pytest.raises(ValueError, match="^[a-z_]+: [^\n]+$"):
        call()
