"""Pictures of networks, by what is drawn where: blocks of heatmaps at their pixels, marks of what is known and what is not."""

import numpy as np
import pytest

from posekit import draw
from posekit.draw import networks
from posekit.skeleton import NAMES

WORDS = {"alt": "a picture", "caption": "a caption"}


@pytest.fixture
def shown(monkeypatch):
    """Figures that are shown, and the second frame of films that are played, instead of an output of a notebook."""
    kept = []
    monkeypatch.setattr(networks, "show", lambda figure, **words: kept.append(figure))

    def play(film, **words):
        film._func(1)
        film._draw_was_started = True  # or matplotlib warns that nobody watched
        kept.append(film._fig)

    monkeypatch.setattr(networks, "play", play)
    return kept


@pytest.mark.parametrize(
    "width, columns, stride", [(160, 20, None), (198, 26, None), (160, 80, None), (161, 80, None), (30, 4, 8)]
)
def test_each_block_lies_over_its_pixels(shown, width, columns, stride):
    """Maps of a network cover the frame and a little more (26 cells of 8 px over 198), small frames a little less (80 of 2 over 161)."""
    side = stride or {20: 8, 26: 8, 80: 2}[columns]
    maps = {"a": np.zeros((columns, columns)), "b": np.full((columns, columns), 0.25)}
    draw.heatmaps(np.zeros((width, width)), maps, stride=stride, **WORDS)
    panels = [axes for axes in shown[0].axes if len(axes.images) == 2]
    assert len(panels) == 2
    for axes in panels:
        heat = axes.images[1]
        assert heat.get_extent() == [-0.5, columns * side - 0.5, columns * side - 0.5, -0.5]
        assert axes.get_xlim() == (-0.5, width - 0.5)
        assert heat.norm.vmax == 0.25  # one scale for both


@pytest.mark.parametrize("shape", [(12, 16), (12, 16, 3), (1, 12, 16), (3, 12, 16)])
def test_frames_may_come_as_networks_take_them(shown, shape):
    images, points = np.full((2, *shape), 0.5), np.full((2, 13, 2), 4.0)
    draw.poses(images, points, NAMES, **WORDS)
    drawn = shown[0].axes[0].images[0].get_array()
    assert drawn.shape in ((12, 16), (12, 16, 3))


@pytest.mark.filterwarnings("ignore:Animation was deleted")  # nobody plays it here
def test_what_nobody_knows_is_hollow_and_needs_no_truth(shown):
    images, found = np.zeros((2, 12, 16)), np.arange(12.0).reshape(2, 3, 2)
    sure = np.array([[True, True, False]] * 2)
    draw.tracking(images, found, None, ("leftEye", "Right_eye", "nose"), sure=sure, **WORDS)
    (axis,) = shown[0].axes
    assert "truth" not in axis.get_legend_handles_labels()[1]
    hollow = [line for line in axis.lines if line.get_markerfacecolor() == "none" and len(line.get_xdata())]
    assert [line.get_marker() for line in hollow] == ["o"]
    np.testing.assert_array_equal(hollow[0].get_xydata(), found[1, 2:])
    filled = {
        line.get_marker() for line in axis.lines if line.get_markerfacecolor() != "none" and len(line.get_xdata())
    }
    assert {"^", "s"} <= filled
