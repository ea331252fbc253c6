"""Pictures of frames and weights: pixel axes with y downwards, names in place, no crumbs among the contours."""

from importlib import import_module

import numpy as np
import pytest

patches = import_module("posekit.draw.patches")  # the module: the package has a function of this name

TEXTS = {"alt": "A frame.", "caption": "Look."}


@pytest.fixture
def figures(monkeypatch):
    shown = []
    monkeypatch.setattr(patches, "show", lambda fig, **texts: shown.append(fig))
    return shown


def test_a_frame_has_pixel_axes_and_names_its_points(figures):
    points = np.array([[3.0, 2.0], [9.0, 6.0]])
    patches.frame(np.zeros((8, 12)), centers=points, names=["snout", "foot_R"], **TEXTS)
    (axes,) = figures[0].axes
    assert axes.axison and axes.get_ylim() == (7.5, -0.5) and axes.get_xlim() == (-0.5, 11.5)
    assert "column" in axes.get_xlabel() and "row" in axes.get_ylabel()
    written = {text.get_text(): text.xy for text in axes.texts}
    assert {name: tuple(xy) for name, xy in written.items()} == {"snout": (3.0, 2.0), "foot_R": (9.0, 6.0)}
    assert not figures[0].legends


def test_a_ring_is_called_what_it_is(figures):
    patches.frame(np.zeros((8, 12)), keypoint=(1, 2), called="brightest pixel", **TEXTS)
    assert [text.get_text() for text in figures[0].legends[0].get_texts()] == ["brightest pixel"]


@pytest.mark.parametrize("sign", [1, -1])
def test_only_large_areas_are_outlined(figures, sign):
    image = np.zeros((25, 25))
    image[8:16, 8:16] = sign  # 64 px
    image[1, 1] = 20 * sign  # one pixel, stronger than all after smoothing
    image[20, 20] = -1e-3 * sign  # so that the image is signed
    patches.weights({"w": image}, **TEXTS)
    axes = figures[0].axes[0]
    assert not axes.collections
    image[1, 1] = 0.0
    patches.weights({"w": image}, **TEXTS)
    (contour,) = figures[1].axes[0].collections
    (outline,) = contour.get_paths()
    assert len(outline.to_polygons()) == 1
