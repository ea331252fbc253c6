"""Checks of `fit_offsets`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab6.common import agree

PARENTS = np.array([2, 0, 2, 0, 1])  # the root is part 2
LIMBS = np.array([0, 1, 3, 4])


def draw_poses(rng, num_frames):
    """Poses whose limbs lie differently in every respect, with spreads of 5 to 20 px: no floor of a variance shows."""
    offset = rng.uniform(20.0, 40.0, size=(5, 2)) * rng.choice([-1.0, 1.0], size=(5, 2))
    spread = np.array([[5.0, 9.0], [7.0, 20.0], [1.0, 1.0], [12.0, 6.0], [16.0, 10.0]])
    noise = rng.normal(size=(num_frames, 5, 2))
    limbs = offset + spread * (noise - noise.mean(axis=0)) / noise.std(
        axis=0
    )  # few frames have just these spreads, too
    poses = np.zeros((num_frames, 5, 2))
    poses[:, 2] = rng.uniform(40.0, 90.0, size=(num_frames, 2))
    for k in (0, 1, 3, 4):
        poses[:, k] = poses[:, PARENTS[k]] + limbs[:, k]
    return poses


def limbs_of(poses):
    """Child minus parent (N, 4, 2), for all parts but the root."""
    return np.stack([poses[:, k] - poses[:, PARENTS[k]] for k in LIMBS], axis=1)


def rows(result):
    """The two results without the root's row, which means nothing."""
    mu, w = (np.asarray(part) for part in result)
    assert mu.shape == (5, 2) and w.shape == (5, 2), f"mu and w have shapes {mu.shape} and {w.shape}, expected (5, 2)"
    return mu[LIMBS], w[LIMBS]


@points(1)
@hint(
    "mu is the mean over frames of child *minus* parent, one row (x, y) for each child: poses[:, k] - poses[:, "
    "parents[k]]."
)
def test_means_are_child_minus_parent(fit_offsets, rng):
    poses = draw_poses(rng, 12)
    mu, _ = rows(fit_offsets(poses, PARENTS))
    agree(mu, limbs_of(poses).mean(axis=0))


@points(1)
@hint(
    "w is 1 / (2 variance), for x and for y apart, with the variance of child minus parent (not of the keypoint "
    "itself), divided by the number of frames N, not N - 1. A floor replaces what is smaller; it is not added to "
    "the rest."
)
def test_weights_are_half_an_inverse_variance(fit_offsets, rng):
    poses = draw_poses(rng, 6)
    _, w = rows(fit_offsets(poses, PARENTS))
    agree(w, 0.5 / limbs_of(poses).var(axis=0))


@points(1)
@hint(
    "A missing keypoint is NaN. Each limb is fitted on the frames in which *both* its ends are known: not on those "
    "alone in which the whole animal is, and a missing value is no zero."
)
def test_uses_the_frames_where_both_ends_are_known(fit_offsets, rng):
    poses = draw_poses(rng, 14)
    for k in range(5):
        poses[2 * k : 2 * k + 2, k] = np.nan
        poses[10:, k] += 15.0 * k  # frames where the whole animal is known are not like the others
    mu, w = rows(fit_offsets(poses, PARENTS))
    for row, k in enumerate(LIMBS):
        # Against the function itself on these frames, so that only the choice of frames is judged here.
        known = ~np.isnan(poses[:, [k, PARENTS[k]]]).any(axis=(1, 2))
        alone = np.nan_to_num(poses[known], nan=1.0)
        mu_alone, w_alone = rows(fit_offsets(alone, PARENTS))
        assert np.isfinite(mu[row]).all() and np.isfinite(w[row]).all(), (
            f"limb {k} has a mean or weight that is not a number"
        )
        agree(mu[row], mu_alone[row])
        agree(w[row], w_alone[row])


@points(1)
@hint("A limb whose length never changes has variance 0, and 1 / 0 is no weight: raise the variance to a floor first.")
def test_a_rigid_limb_has_a_finite_weight(fit_offsets, rng):
    poses = draw_poses(rng, 7)
    # Three keypoints are at rest: of what the variance is taken is not asked here. (The mean of whole numbers is exact.)
    poses[:, :3] = np.round(poses[0, :3])
    poses[:, 1] = poses[:, 0] + [300.0, -200.0]  # a long limb: its mean square is larger than that of any other
    _, w = rows(fit_offsets(poses, PARENTS))
    assert np.isfinite(w).all() and (w > 0).all(), f"a limb that never changed has the weight {w[1].tolist()}"
    assert (w[1] >= w.max(axis=0)).all(), "the limb that never changed is not the stiffest"
