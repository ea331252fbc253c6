"""Scenes that can be turned: what is in their markup. `tests/browser` has what their script does with it."""

import base64
import json
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from posekit.data import load_six
from posekit.draw import scene3d


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: a list of bundles by MIME type."""
    bundles = []
    monkeypatch.setattr(scene3d, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.fixture(scope="module")
def six():
    return load_six("test")


def scene_of(markup):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', markup)[1])


def decoded(part, unit):
    points = np.frombuffer(base64.b64decode(part["points"]), "<i2").reshape(part["frames"], part["count"], 3)
    return np.where(points == scene3d.GAP, np.nan, points * unit)


def test_points_come_back_within_a_tenth_of_a_millimetre(shown, six):
    X = six.points3d[:40].copy()
    X[3, 2] = X[7, 5, 1] = np.nan
    scene3d.scene({"truth": scene3d.skeleton(X, six.parents)}, alt="a", caption="c")
    scene = scene_of(shown[0]["text/html"])
    X[7, 5] = np.nan  # half a point is none
    assert_allclose(decoded(scene["parts"][1], scene["unit"]), X, atol=0.1)
    assert len(scene["parts"][1]["edges"]) == 12
    assert scene["frames"] == 40


def test_a_scene_needs_no_network_and_says_what_it_shows(shown, six):
    scene3d.scene({"rat <1>": scene3d.skeleton(six.points3d[:2], six.parents)}, alt='a "rat"', caption="c & d")
    (bundle,) = shown
    markup = bundle["text/html"]
    assert not re.search(r"https?:|//[a-z]+\.|\bimport\b.*from|fetch\(|XMLHttp", markup)
    assert 'aria-label="a &quot;rat&quot; Drag' in markup and 'alt="a &quot;rat&quot;"' in markup
    assert "rat &lt;1&gt;" in markup and "c &amp; d" in markup
    assert "<div hidden>" in markup and "data:image/png" in markup  # without scripts the picture stays
    assert bundle["text/plain"] == '[Scene: a "rat"] c & d'


def test_three_hundred_frames_of_two_bodies_fit(shown, six):
    body = scene3d.skeleton(six.points3d[:300], six.parents)
    scene3d.scene({"truth": body, "estimate": body}, alt="a", caption="c")
    assert len(shown[0]["text/html"]) < scene3d.LARGEST
    with pytest.raises(ValueError, match="fewer frames"):
        scene3d.scene({str(n): scene3d.skeleton(six.points3d, six.parents) for n in range(5)}, alt="a", caption="c")


def test_scenes_that_cannot_be_drawn_are_refused(six):
    one, two = (scene3d.skeleton(six.points3d[:n], six.parents) for n in (4, 5))
    with pytest.raises(ValueError, match=r"\[4, 5\] frames"):
        scene3d.scene({"one": one, "two": two}, alt="a", caption="c")
    with pytest.raises(ValueError, match="too many"):
        scene3d.scene({str(n): one for n in range(6)}, alt="a", caption="c")


def test_cameras_stand_where_the_matrices_say(six):
    pyramids = scene3d.cameras(six.P, size=40.0)
    corners = pyramids.points.reshape(6, 5, 3)
    for matrix, (centre, *base) in zip(six.P, corners, strict=True):
        assert_allclose(matrix[:, :3] @ centre + matrix[:, 3], 0.0, atol=1e-6)
        u, v, w = matrix[:, :3] @ np.mean(base, axis=0) + matrix[:, 3]
        assert w > 0
        assert_allclose([u / w, v / w], [63.5, 55.5], atol=1e-6)  # the middle of a picture of 128 x 112


def test_ellipsoids_lie_on_their_surface():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    covariance, centre = root @ root.T, np.array([10.0, -5.0, 3.0])
    points = scene3d.ellipsoid(centre, covariance, 2.5).points[0] - centre
    assert_allclose(np.einsum("ni,ij,nj->n", points, np.linalg.inv(covariance), points), 2.5**2)


def test_ghosts_are_faint_and_move(shown, six):
    samples = six.points3d[:20].reshape(4, 5, 13, 3)
    scene3d.scene({"samples": scene3d.ghosts(samples, six.parents)}, alt="a", caption="c")
    part = scene_of(shown[0]["text/html"])["parts"][1]
    assert (part["frames"], part["count"], len(part["edges"]), part["dot"]) == (5, 4 * 13, 4 * 12, 0)
    assert len(part["colour"]) == 9  # with an opacity


def test_joined_parts_keep_their_lines():
    one = scene3d.segments(np.arange(12.0).reshape(2, 2, 3))
    both = scene3d.join(one, one)
    assert both.points.shape == (1, 8, 3)
    assert_array_equal(both.edges, [[0, 1], [2, 3], [4, 5], [6, 7]])


def test_any_frame_can_be_painted():
    """Seen along -x from +x, the height of a point is its height in the picture, and y goes to the right."""
    X = np.array([[[0.0, 0.0, 0.0], [0.0, 10.0, 20.0]], [[0.0, 0.0, 0.0], [0.0, 30.0, 40.0]]])
    axes = Figure().subplots()
    parts = {"still": scene3d.skeleton(X[:1], [0, 0]), "moves": scene3d.skeleton(X, [0, 0])}
    scene3d.paint(axes, parts, 1, centre=np.zeros(3), reach=50.0, floor=0, azimuth=0.0, elevation=0.0)
    ends = {line.get_label(): line.get_xydata()[0] for line in axes.lines if line.get_linestyle() != "None"}
    assert_allclose(ends["still"], [10.0, 20.0], atol=1e-9)
    assert_allclose(ends["moves"], [30.0, 40.0], atol=1e-9)
    assert axes.get_ylim() == (-50.0, 50.0)
