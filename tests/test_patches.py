"""What Labs 1 to 3 go on with where an exercise is missing says the same as the exercises' references."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, hessian

from posekit import draw
from posekit.data import load_side
from posekit.patches import best_weights, contrast, paw_centers, paw_patches, round_window, standardized, steepest
from solutions.descent import lipschitz_bound, standardize
from solutions.likelihood import extract_patches, label_patches


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def unwritten():
    raise NotImplementedError


def loss(w, X, y, lam):
    return anp.sum(anp.logaddexp(0.0, X @ w) - y * (X @ w)) + 0.5 * lam * w @ w


@pytest.mark.parametrize("size", [(5, 7), (15, 15)])
def test_patches_are_those_of_the_exercises(size):
    rats = load_side("validation")
    X, y = paw_patches(rats, size, 9, seed=4)
    centers, hands = paw_centers(rats, 9, seed=4)
    assert np.isnan(hands).any(), "some hands are hidden"
    np.testing.assert_array_equal(
        X, np.vstack([extract_patches(*frame, size) for frame in zip(rats.images, centers, strict=True)])
    )
    np.testing.assert_array_equal(
        y, np.concatenate([label_patches(c, hand, 3.0) for c, hand in zip(centers, hands, strict=True)])
    )


def test_a_round_window_is_a_disc_that_touches_its_square():
    window = round_window(9).reshape(9, 9)
    assert window[4].all()
    assert window[:, 4].all()
    assert not window[[0, 0, 8, 8], [0, 8, 0, 8]].any()
    assert np.array_equal(window, window.T)


def test_contrast_forgets_brightness_and_leaves_corners_at_zero(rng):
    X, window = rng.random((4, 81)), round_window(9)
    plain = contrast(X, window)
    np.testing.assert_allclose(contrast(X + 3.0, window), plain, atol=1e-12)
    assert not plain[:, ~window].any()
    np.testing.assert_allclose(plain[:, window].mean(axis=1), 0.0, atol=1e-12)


def test_standardized_and_steepest_are_the_exercises(rng):
    X = np.column_stack([rng.normal(2.0, 3.0, size=(30, 4)), np.full(30, 0.1)])
    for ours, reference in zip(standardized(X), standardize(X), strict=True):
        np.testing.assert_allclose(ours, reference, rtol=1e-12)
    assert steepest(X, 0.7) == pytest.approx(lipschitz_bound(X, 0.7), rel=1e-10)


def test_best_weights_are_a_minimum(rng):
    X, y, lam = rng.normal(size=(50, 6)), rng.integers(2, size=50), 0.3
    w = best_weights(X, y, lam)
    np.testing.assert_allclose(grad(loss)(w, X, y, lam), 0.0, atol=1e-6)
    assert np.linalg.eigvalsh(hessian(loss)(w, X, y, lam))[0] > 0


def test_a_comparison_leaves_out_what_is_not_written(capsys):
    assert draw.finished({"one": lambda: 1, "other": lambda: 1 + unwritten()}) == {"one": 1}
    assert capsys.readouterr().out == "other: not in the picture, since unwritten is missing.\n"
    with pytest.raises(ZeroDivisionError):
        draw.finished({"wrong": lambda: 1 / 0})
