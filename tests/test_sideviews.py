"""Lab 4's side views: variety that keeps points on their pixels, and what stands in for exercises that are not written."""

import numpy as np
import pytest
import torch

from posekit.data import load_feature_experiment, load_side
from posekit.sideviews import four_ways, small_frames, trained_detector
from solutions.convolution import argmax_2d, disc_targets, downsample, downsample_points, pixel_error
from tests.bench.features import CONDITIONS, MODELS, frames


def test_points_stay_on_their_pixels():
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(9, 12, 16)).astype(np.float32)
    points = np.stack([rng.integers(16, size=(9, 3)), rng.integers(12, size=(9, 3))], axis=-1).astype(float)
    points[4, 1] = np.nan
    before, was = images.copy(), points.copy()
    new, moved = four_ways(images, points)
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(points, was)
    assert new.dtype == np.float32 and np.array_equal(np.isnan(moved), np.isnan(points))
    for n in range(9):
        for (x, y), (to_x, to_y) in zip(points[n], moved[n], strict=True):
            if np.isnan(x):
                continue
            assert (to_x, to_y) == ((15 - x, y) if n % 2 else (x, y))
            value, became = images[n, int(y), int(x)], new[n, int(to_y), int(to_x)]
            np.testing.assert_allclose(became, 1 - value if n % 4 >= 2 else value, atol=1e-7)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_small_frames_are_what_the_exercises_make(factor):
    images, points = frames("test", "as filmed")
    images, points = images[:6], points[:6]
    small, targets = small_frames(images, points, 4.0, factor)
    for n in range(6):
        expected = downsample(
            torch.from_numpy(images[n][None]), disc_targets(torch.from_numpy(points[n]), (128, 160), 4.0), factor
        )
        torch.testing.assert_close(small[n], expected[0].float(), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(targets[n], expected[1].float())


def test_the_trained_detectors_find_what_was_stored():
    """The weights, the stored predictions and the frames of today belong together."""
    experiment = load_feature_experiment()
    assert experiment.conditions == CONDITIONS and experiment.models == tuple(MODELS)
    small, _ = small_frames(*frames("test", "as filmed"))
    for kind, model in (("one layer", "one layer, window 13"), ("features", "features, window 33")):
        with torch.no_grad():
            found = downsample_points(argmax_2d(trained_detector(kind)(small)).numpy(), 1 / 2)
        same = np.abs(found - experiment.found[0, experiment.models.index(model), 0]).max(axis=-1) == 0
        assert same.mean() > 0.98  # rounding decides a few near ties


def test_the_experiment_says_what_the_lab_says():
    """As filmed the large window does the work; in four ways features are needed as well, with every seed, in both videos."""
    experiment, video = load_feature_experiment(), load_side("test").video
    assert np.isfinite(experiment.found).all() and np.isfinite(experiment.fitted).all()
    at = {name: m for m, name in enumerate(experiment.models)}
    median = {}
    for c, condition in enumerate(experiment.conditions):
        _, truth = frames("test", condition)
        for name, m in at.items():
            errors = [pixel_error(found, truth) for found in experiment.found[c, m]]
            median[condition, name] = np.array([np.nanmedian(error) for error in errors])
            median[condition, name, "by video"] = np.array(
                [[np.nanmedian(error[video == v]) for v in np.unique(video)] for error in errors]
            )
    filmed = {name: median["as filmed", name] for name in at}
    assert filmed["one layer, window 33"].max() < filmed["features, window 33"].min()
    assert filmed["features, window 33"].max() < 0.5 * filmed["features, window 11"].min()
    varied = {name: median["four ways", name, "by video"] for name in at}
    assert np.all(varied["features, window 33"] < varied["one layer, window 33"])
    fitted = experiment.fitted[1]
    assert fitted[at["features, window 33"]].max() < 0.5 * fitted[at["one layer, window 33"]].min()
