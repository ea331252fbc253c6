"""Figures of Lab 7: each has its texts, and draws what it is given."""

import numpy as np
import pytest

from posekit.draw import core, tracks

TEXTS = {"alt": "A path <through> a room.", "caption": "Look at the end."}
SECONDS = np.arange(20) / 30
WAVE = np.sin(SECONDS)

FIGURES = {
    "track": lambda: tracks.track(
        SECONDS,
        {"truth": WAVE, "estimate": np.where(SECONDS > 0.3, WAVE, np.nan)},
        ylabel="x, mm",
        band=("90 %", WAVE - 1, WAVE + 1),
        missing=SECONDS < 0.1,
        **TEXTS,
    ),
    "outlier_map": lambda: tracks.outlier_map(
        SECONDS, np.linspace(0, 1, 120).reshape(20, 6), np.arange(120).reshape(20, 6) % len(tracks.EVENTS), **TEXTS
    ),
    "dots": lambda: tracks.dots(
        ["snout", "spine"], {"M0": np.array([9.0, 3.0]), "M1": [5.0, 2.0]}, xlabel="mm", **TEXTS
    ),
    "dots on a log axis": lambda: tracks.dots(["snout"], {"M0": [90.0]}, xlabel="mm", xscale="log", **TEXTS),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_shown_with_its_texts(name, monkeypatch):
    shown = []
    monkeypatch.setattr(core, "display", lambda bundle, raw: shown.append(bundle))
    FIGURES[name]()
    (bundle,) = shown
    assert 'alt="A path &lt;through&gt; a room."' in bundle["text/html"]
    assert "<figcaption>Look at the end.</figcaption>" in bundle["text/html"]
    assert bundle["text/plain"] == "[Picture: A path <through> a room.] Look at the end."
