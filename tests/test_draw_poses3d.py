"""Figures of Lab 8: each has its texts, and draws what it is given."""

import numpy as np
import pytest

from posekit.draw import core, poses3d
from posekit.skeleton import NAMES, parents_of

TEXTS = {"alt": "Points <on> a sphere.", "caption": "Look at the red line."}
UP = np.array([0.0, 0.0, 1.0])

FIGURES = {
    "spheres": lambda: poses3d.spheres({"kappa = 0": np.eye(3), "kappa = 9": -np.eye(3)}, UP, **TEXTS),
    "pose_states": lambda: poses3d.pose_states(
        np.tile(UP, (5, 13, 1)), np.full(13, 30.0), parents_of(), NAMES, list("abcde"), **TEXTS
    ),
    "agreement": lambda: poses3d.agreement(
        np.array([[5, 0], [2, 7], [0, 0]]), ["1", "2", "3"], ["walk", "rear"], xlabel="named", ylabel="found", **TEXTS
    ),
    "volume": lambda: poses3d.volume(np.arange(27.0).reshape(3, 3, 3), 20.0, {"truth": UP}, label="score", **TEXTS),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_shown_with_its_texts(name, monkeypatch):
    shown = []
    monkeypatch.setattr(core, "display", lambda bundle, raw: shown.append(bundle))
    FIGURES[name]()
    (bundle,) = shown
    assert 'alt="Points &lt;on&gt; a sphere."' in bundle["text/html"]
    assert "<figcaption>Look at the red line.</figcaption>" in bundle["text/html"]
    assert bundle["text/plain"] == "[Picture: Points <on> a sphere.] Look at the red line."
