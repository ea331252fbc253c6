"""The viewer of scenes in three dimensions, by mouse, keys and finger, and for those who do not see it."""

import numpy as np
import pytest

from posekit.data import load_six
from posekit.draw import scene3d

pytestmark = pytest.mark.browser
FPS = 30.0
FRAMES = 90
ALT, CAPTION = "A rat walks.", "Turn it."


def html_of(monkeypatch, parts, **options):
    shown = []
    monkeypatch.setattr(scene3d, "display", lambda bundle, raw: shown.append(bundle["text/html"]))
    scene3d.scene(parts, alt=ALT, caption=CAPTION, fps=FPS, **options)
    return shown[0]


@pytest.fixture
def opened(page, monkeypatch, tmp_path):
    """Opens a page with scenes, its clock in the test's hand: nothing here hangs on how fast this machine is."""
    six = load_six("test")
    walk = {"truth": scene3d.skeleton(six.points3d[:FRAMES], six.parents), "cameras": scene3d.cameras(six.P)}

    def open_(*scenes, style=""):
        file = tmp_path / "scene.html"
        markup = "".join(html_of(monkeypatch, parts) for parts in scenes or [walk])
        file.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style>{markup}", "utf-8")
        page.clock.install()
        page.goto(file.as_uri())
        page.clock.pause_at(page.evaluate("Date.now()") + 1000)
        return page

    open_.walk = walk
    return open_


def ink(page, n=0):
    """What is drawn on the n-th canvas, to be compared."""
    return page.locator("canvas").nth(n).evaluate("canvas => canvas.toDataURL()")


def frame(page, n=0):
    return int(page.locator("input[type=range]").nth(n).input_value())


def run(page, seconds):
    page.clock.run_for(round(1000 * seconds))


def test_it_waits_until_it_is_asked(opened):
    page = opened()
    before = ink(page)
    run(page, 3.0)
    assert (frame(page), ink(page)) == (0, before)
    assert page.locator("canvas").evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)"
    )


def test_the_button_plays_pauses_and_plays_again(opened):
    page = opened()
    button = page.get_by_role("button")
    assert "play" in button.inner_text()
    button.click()
    assert "pause" in button.inner_text()
    run(page, 1.0)
    assert abs(frame(page) - FPS) <= 2  # the clock shows a picture each 16 ms
    button.click()
    there = frame(page), ink(page)
    run(page, 1.0)
    assert (frame(page), ink(page)) == there
    button.click()
    run(page, FRAMES / FPS)
    assert frame(page) == FRAMES - 1 and "play" in button.inner_text()
    assert page.locator("output").inner_text() == f"{(FRAMES - 1) / FPS:.2f} s"
    button.click()  # from the end, it starts anew
    run(page, 0.5)
    assert 0 < frame(page) < FRAMES / 2


def test_keys_alone_are_enough(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    assert page.locator("canvas").evaluate("c => getComputedStyle(c).outlineStyle") != "none"
    start = ink(page)
    for there, back in (("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"), ("+", "-")):
        page.keyboard.press(there)
        assert ink(page) != start, there
        page.keyboard.press(back)
        assert ink(page) == start, back
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.keyboard.press(",")
    assert frame(page) == 1
    page.keyboard.press(" ")
    run(page, 1.0)
    assert abs(frame(page) - 1 - FPS) <= 2
    page.keyboard.press(" ")
    there = frame(page)
    run(page, 1.0)
    assert frame(page) == there
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the button
    run(page, 0.5)
    assert frame(page) > there
    page.keyboard.press("Tab")
    page.keyboard.press("Home")  # the slider
    assert frame(page) == 0


def test_keys_neither_scroll_the_page_nor_reach_it(opened):
    page = opened()
    page.evaluate(
        """() => {
            window.pressed = [];
            window.heard = [];
            addEventListener("keydown", (event) => pressed.push(event), { capture: true });
            addEventListener("keydown", (event) => heard.push(event.key));
        }"""
    )
    page.locator("canvas").focus()
    for key in (" ", "ArrowDown", "x", "Control++"):  # the last is the browser's own zoom
        page.keyboard.press(key)
    prevented = page.evaluate("pressed.filter((event) => event.defaultPrevented).map((event) => event.key)")
    assert prevented == [" ", "ArrowDown"]
    assert page.evaluate("heard") == ["x", "Control", "+"]


def test_a_mouse_turns_it_and_zooms_where_it_was_clicked(opened):
    page = opened(style="body { height: 4000px }")
    box = page.locator("canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    start = ink(page)
    page.mouse.move(x, y)
    page.mouse.wheel(0, 120)  # not clicked yet: the page scrolls
    page.wait_for_function("scrollY > 0")
    assert ink(page) == start
    page.evaluate("scrollTo(0, 0)")
    page.mouse.down()
    page.mouse.move(x + 80, y + 20, steps=4)
    page.mouse.up()
    turned = ink(page)
    assert turned != start
    page.mouse.move(x, y)
    assert ink(page) == turned  # let go
    page.mouse.wheel(0, 120)
    page.wait_for_function("before => document.querySelector('canvas').toDataURL() !== before", arg=turned)
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("page_options", [{"viewport": {"width": 390, "height": 844}, "has_touch": True}])
def test_it_fits_a_phone_and_the_slider_shows_any_frame(opened):
    page = opened()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("canvas").bounding_box()
    assert box["width"] > 350
    assert abs(box["width"] / box["height"] - 4 / 3) < 0.02
    start = ink(page)
    page.locator("input").fill("40")
    assert ink(page) != start
    assert page.locator("output").inner_text() == f"{40 / FPS:.2f} s"


def test_who_does_not_see_it_is_told_what_it_is_and_which_keys(opened):
    page = opened()
    picture = page.get_by_role("img")  # the still picture is hidden, and so are the lines beside the labels
    assert picture.count() == 1
    name = picture.get_attribute("aria-label")
    assert name.startswith(ALT) and "arrow keys" in name and "Space plays" in name
    assert page.get_by_role("slider", name="Frame").count() == 1
    assert page.get_by_role("button", name="play").count() == 1
    assert page.get_by_text("cameras").is_visible() and page.get_by_text(CAPTION).is_visible()


@pytest.mark.parametrize("page_options", [{"java_script_enabled": False}])
def test_without_scripts_the_picture_stays(page, monkeypatch, tmp_path):
    six = load_six("test")
    markup = html_of(monkeypatch, {"truth": scene3d.skeleton(six.points3d[:2], six.parents)})
    page.set_content(markup)
    assert page.get_by_role("img", name=ALT).is_visible()
    assert page.locator("canvas").count() == 0 or not page.locator("canvas").is_visible()


def test_scenes_of_a_page_are_played_each_by_itself(opened):
    still = {"rays": scene3d.segments(np.array([[[0.0, 0, 0], [100, 0, 100]]]))}
    page = opened(opened.walk, still, opened.walk)
    assert page.get_by_role("button").count() == 2  # what does not move has nothing to play
    page.get_by_role("button").nth(0).click()
    run(page, 1.0)
    assert abs(frame(page, 0) - FPS) <= 2
    assert (frame(page, 1), frame(page, 2)) == (0, 0)


def test_points_that_are_missing_are_left_out(opened):
    six = load_six("test")
    X = six.points3d[[0, 0]].copy()
    X[1, 5] = np.nan
    page = opened({"rat": scene3d.skeleton(X, six.parents)})
    count = (
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, n) => n % 4 === 3 && v).length"
    )
    whole = page.locator("canvas").evaluate(count)
    page.locator("input").fill("1")
    assert 0.5 * whole < page.locator("canvas").evaluate(count) < whole
