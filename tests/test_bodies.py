"""What Lab 6 is handed beside its exercises: priors, headings, swaps, candidates and how two animals are counted."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from posekit.bodies import (
    Candidates,
    animals,
    facing,
    find_candidates,
    identity_counts,
    limb_prior,
    named_clusters,
    owners,
    pair_features,
    swaps,
)
from posekit.detector import ScoreMaps
from solutions.pictorial import fit_offsets

NAMES = ("tail_base", "snout", "ear_L", "ear_R")


def test_prior_is_that_of_the_first_exercise():
    poses = np.random.default_rng(0).normal(size=(50, 4, 2)) * 9
    parents = np.array([0, 0, 1, 1])
    mine, theirs = limb_prior(poses, parents), fit_offsets(poses, parents)
    assert_allclose(mine[0][1:], theirs[0][1:], rtol=1e-12)
    assert_allclose(mine[1][1:], theirs[1][1:], rtol=1e-12)


def test_facing_counts_from_the_right_and_downwards():
    angles = np.deg2rad([0.0, 45.0, 90.0, 180.0, -90.0, -20.0, 359.0])
    points = np.zeros((len(angles), 4, 2)) + 50.0
    points[:, 1] += 30.0 * np.column_stack([np.cos(angles), np.sin(angles)])
    assert facing(points, NAMES).tolist() == [0, 1, 2, 4, 6, 0, 0]


def test_a_swap_is_off_and_where_its_partner_is():
    true = np.array([[[0.0, 0.0], [30.0, 0.0], [10.0, 10.0], [30.0, 10.0]]])
    found = true.copy()
    found[0, 2] = true[0, 3] + 1.0  # on the other ear
    found[0, 3] = true[0, 3] + 20.0  # off, and nowhere
    assert swaps(found, true, np.array([[2, 3]])) == 1
    assert swaps(true, true, np.array([[2, 3]])) == 0


def maps_with(cells):
    """Maps of two parts on 4 x 5 cells of 8 px; each of `cells` is (part, row, column, score, offset)."""
    probabilities = np.full((1, 2, 4, 5), 0.01, dtype=np.float32)
    offsets, pairs = np.zeros((1, 2, 2, 4, 5), dtype=np.float32), np.zeros((1, 2, 2, 2, 4, 5), dtype=np.float32)
    for part, i, j, score, offset in cells:
        probabilities[0, part, i, j] = score
        offsets[0, part, :, i, j] = offset
        pairs[0, part, 1 - part, :, i, j] = 16.0, 8.0
    return ScoreMaps(probabilities, offsets, 8, pairs)


def test_candidates_are_the_best_of_their_neighbourhood():
    maps = maps_with([(0, 1, 2, 0.9, (1, 0)), (0, 1, 3, 0.5, (-6, 0)), (0, 3, 0, 0.4, (0, 0)), (1, 1, 2, 0.1, (0, 0))])
    found = find_candidates(maps, 0)
    assert found.part.tolist() == [0, 0]
    assert_allclose(
        found.position, [[20.5, 11.5], [3.5, 27.5]]
    )  # the cell between them points to the first one's place
    assert_allclose(found.part_prob, [[0.9, 0.0], [0.4, 0.0]], rtol=1e-6)
    assert_allclose(found.points_to, [[[20.5, 11.5], [35.5, 19.5]], [[3.5, 27.5], [19.5, 35.5]]])


def test_nothing_to_find_and_maps_that_know_no_pairs():
    nothing = find_candidates(maps_with([]), 0)
    assert (
        nothing.position.shape == (0, 2) and nothing.part_prob.shape == (0, 2) and nothing.points_to.shape == (0, 2, 2)
    )
    assert pair_features(nothing).shape == (0, 0, 2)
    assert np.isnan(animals(nothing, np.zeros(0, int), np.zeros(0, int))).all()
    with pytest.raises(ValueError, match="has no pairs"):
        find_candidates(ScoreMaps(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 2, 2, 2)), 8), 0)


CANDIDATES = Candidates(
    position=np.array([[10.0, 10.0], [30.0, 10.0], [80.0, 10.0], [100.0, 13.0]]),
    part=np.array([0, 1, 0, 1]),
    part_prob=np.array([[0.9, 0.0], [0.0, 0.8], [0.7, 0.0], [0.0, 0.2]]),
    points_to=np.array(
        [[[10, 10], [30, 10]], [[10, 10], [30, 10]], [[80, 10], [100, 10]], [[80, 17], [100, 13]]], float
    ),
)
TRUE = np.array([[[10.0, 10.0], [30.0, 10.0]], [[80.0, 12.0], [100.0, 10.0]]])


def test_pairs_are_judged_from_both_sides():
    features = pair_features(CANDIDATES)
    assert_allclose(features, features.transpose(1, 0, 2))
    assert_allclose(features[0, 1], 0.0)
    assert_allclose(features[2, 3], np.log1p([3.0, 7.0]))
    assert (features[0, 3] > np.log1p(50.0)).all()


def test_owner_is_the_nearest_animal():
    assert owners(CANDIDATES, TRUE).tolist() == [0, 0, 1, 1]
    assert owners(CANDIDATES, TRUE + 11.0).tolist() == [-1, -1, -1, -1]


def test_clusters_are_named_after_most_of_their_candidates():
    owner = np.array([0, 0, 1, 1, 1, -1, 0])
    assert named_clusters(np.array([5, 5, 5, 2, 2, 7, -1]), owner).tolist() == [0, 0, 0, 1, 1, 2, -1]
    assert named_clusters(np.array([3, 3, 3, 3, 3, 3, 3]), owner).tolist() == [0] * 7  # one cluster is not two animals
    assert named_clusters(np.full(7, -1), owner).tolist() == [-1] * 7


def test_animals_are_the_clusters_with_most_parts_seen():
    labels = CANDIDATES.part
    found = animals(CANDIDATES, labels, np.array([4, 4, 7, 7]))
    assert_allclose(found, CANDIDATES.position.reshape(2, 2, 2))
    alone = animals(CANDIDATES, labels, np.array([0, 1, 1, 2]))
    assert_allclose(alone[0], CANDIDATES.position[[2, 1]])  # 0.7 + 0.8 is more than 0.9
    assert_allclose(alone[1, 0], [10.0, 10.0])
    assert np.isnan(alone[1, 1]).all()


def test_identities_are_matched_before_they_are_counted():
    visible = np.ones((2, 2), dtype=bool)
    assert identity_counts(TRUE[::-1], TRUE, visible)[:2] == (4, 0)
    mixed = np.array([[TRUE[0, 0], TRUE[1, 1]], [TRUE[1, 0], TRUE[0, 1]]])
    assert identity_counts(mixed, TRUE, visible)[:2] == (2, 2)
    assert identity_counts(np.full((2, 2, 2), np.nan), TRUE, visible)[:2] == (0, 0)
    visible[1] = False
    assert identity_counts(TRUE, TRUE, visible)[:2] == (2, 0)
