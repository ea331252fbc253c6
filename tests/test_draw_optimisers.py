"""Figures of Labs 2 and 3: each has its texts, and the players need no server."""

import re

import numpy as np
import pytest

from posekit.draw import optimisers

TEXTS = {"alt": "A path <down> a valley.", "caption": "Look at the end."}
PATH = np.array([[1.0, 1.0], [0.5, 0.2], [0.1, 0.1], [0.0, 0.0]])
VIEW = {"xlim": (-1, 1), "ylim": (-1, 1)}


def bowl(w):
    return float(w[0] ** 2 + 5 * w[1] ** 2)


FIGURES = {
    "contours": lambda: optimisers.contours(bowl, {"a": PATH}, best=np.zeros(2), **VIEW, **TEXTS),
    "contours with a cloud": lambda: optimisers.contours(
        bowl, {"a": PATH, "cloud": np.random.default_rng(0).normal(size=(200, 2))}, **VIEW, **TEXTS
    ),
    "losses as stairs": lambda: optimisers.losses(
        {"a": ([1, 2, 4], [1.0, 0.1, 0.01])}, steps=True, xlabel="ms", **TEXTS
    ),
    "losses": lambda: optimisers.losses({"a": ([0, 1, 2], [1.0, 0.1, -1e-9])}, xlabel="passes", **TEXTS),
    "line_search": lambda: optimisers.line_search(
        lambda a: (1 - a) ** 2, -2.0, np.array([4.0, 2.0, 1.0]), c=0.1, **TEXTS
    ),
    "step_map": lambda: optimisers.step_map(
        np.geomspace(0.1, 4, 5), np.linspace(0, 0.9, 4), np.geomspace(1e-6, 2, 20).reshape(4, 5), **TEXTS
    ),
    "scaling": lambda: optimisers.scaling(
        {"a": ([10, 100], [1.0, 9.0])}, guides={"a": ([10, 100], [0.9, 9.0])}, xlabel="N", **TEXTS
    ),
    "spectra": lambda: optimisers.spectra({"a": np.array([3.0, 1.0, 0.1])}, **TEXTS),
}
PLAYERS = {
    "race": lambda: optimisers.race(bowl, {"a": PATH, "b": PATH[:2]}, best=np.zeros(2), frames=3, **VIEW, **TEXTS),
    "sliding_models": lambda: optimisers.sliding_models(
        lambda w: w**2, lambda w: (2 * w, 2.0), np.array([1.0, 0.0, 0.0]), span=(-2, 2), **TEXTS
    ),
}


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr("posekit.draw.core.display", lambda data, raw: outputs.append(data))
    return outputs


@pytest.mark.parametrize("name", [*FIGURES, *PLAYERS])
def test_every_figure_is_shown_once_with_its_texts(name, shown):
    (FIGURES | PLAYERS)[name]()
    (output,) = shown
    assert 'alt="A path &lt;down&gt; a valley."' in output["text/html"]
    assert "<figcaption>Look at the end.</figcaption>" in output["text/html"]
    assert "A path <down> a valley." in output["text/plain"]


@pytest.mark.parametrize("name", PLAYERS)
def test_players_carry_all_they_need(name, shown):
    PLAYERS[name]()
    page = shown[0]["text/html"]
    assert not re.search(r"https?://|<link", page)
    assert 'class="fa' not in page
    for button in re.findall(r"<button[^>]*>(.*?)</button>", page, re.DOTALL):
        assert button.strip()
    assert len(re.findall(r'frames\[\d+\] = "data:image/png;base64,', page)) >= 3
    assert re.search(r'<img src="data:image/png;base64,[A-Za-z0-9+/=]+" alt=', page)
