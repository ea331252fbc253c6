"""Tables of DeepLabCut, lightning-pose and SLEAP, pictures and films: read as they are, or refused in one line."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from posekit import labels
from posekit.labels import LabelError, load_labels, read_film, read_table, write_table
from posekit.skeleton import left_right_pairs, side_of

POINTS = np.array([[[10.0, 4.0], [3.5, 7.25]], [[np.nan, np.nan], [0.0, 15.0]], [[19.0, 0.5], [np.nan, np.nan]]])
DEEPLABCUT = """\
scorer,,,ann,ann,ann,ann
bodyparts,,,snout,snout,Left_ear,Left_ear
coords,,,x,y,x,y
labeled-data,cage,img2.png,10,4,3.5,7.25
labeled-data,cage,img10.png,,,0,15
labeled-data,cage,img11.png,19,0.5,,
"""
LIGHTNING_POSE = """\
scorer,tracker,tracker,tracker,tracker
bodyparts,snout,snout,Left_ear,Left_ear
coords,x,y,x,y
labeled-data/cage/img2.png,10.0,4.0,3.5,7.25
labeled-data/cage/img10.png,,,0.0,15.0
labeled-data/cage/img11.png,19.0,0.5,NaN,NaN
"""
SLEAP = """\
track,frame_idx,instance.score,snout.x,snout.y,snout.score,Left_ear.x,Left_ear.y,Left_ear.score
,0,0.9,10.0,4.0,0.9,3.5,7.25,0.8
,1,0.8,,,,0.0,15.0,0.7
,2,0.9,19.0,0.5,0.9,,,
"""


def shades(number, size=(16, 20), mode="L"):
    """Pictures that can be told apart by their grey."""
    return [
        Image.new(mode, size[::-1], (20 * n + 5,) * len(mode) if len(mode) > 1 else 20 * n + 5) for n in range(number)
    ]


@pytest.fixture
def cage(tmp_path):
    folder = tmp_path / "labeled-data" / "cage"
    folder.mkdir(parents=True)
    for name, picture in zip(("img2.png", "img10.png", "img11.png"), shades(3), strict=True):
        picture.save(folder / name)
    return folder


def written(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text, inside",
    [(DEEPLABCUT, True), (LIGHTNING_POSE, False), (LIGHTNING_POSE, True), (SLEAP, True)],
    ids=["deeplabcut", "lightning-pose", "lightning-pose in the folder", "sleap"],
)
def test_reads_the_three_forms(cage, text, inside):
    table = written(cage / "table.csv" if inside else cage.parents[1] / "table.csv", text)
    read = load_labels(table, cage if text is SLEAP else None)
    assert read.names == ("snout", "Left_ear")
    np.testing.assert_array_equal(read.keypoints, POINTS)
    assert read.images.shape == (3, 1, 16, 20) and read.images.dtype == np.float32
    np.testing.assert_allclose(read.images[:, 0, 0, 0], np.array([5, 25, 45]) / 255, atol=1e-7)


def test_a_table_that_pandas_wrote_has_a_line_more(cage):
    lines = LIGHTNING_POSE.splitlines()
    table = written(cage / "table.csv", "\n".join([*lines[:3], "image,,,,", *lines[3:], ""]))
    assert read_table(table).frames == tuple(f"labeled-data/cage/img{n}.png" for n in (2, 10, 11))


def test_one_animal_of_a_table_for_several(cage):
    lines = LIGHTNING_POSE.splitlines()
    alone = "\n".join([lines[0], "individuals,mouse,mouse,mouse,mouse", *lines[1:]])
    np.testing.assert_array_equal(read_table(written(cage / "table.csv", alone)).keypoints, POINTS)
    with pytest.raises(LabelError, match="several animals .mouse, rat."):
        read_table(written(cage / "table.csv", alone.replace("mouse,mouse\n", "rat,rat\n")))


def test_written_tables_are_read_again(tmp_path):
    names, confidence = ("snout", "Left_ear"), np.linspace(0, 1, 6).reshape(3, 2)
    write_table(tmp_path / "a.csv", names, POINTS, range(3), confidence)
    assert (tmp_path / "a.csv").read_text().splitlines()[2] == "coords,x,y,likelihood,x,y,likelihood"
    write_table(tmp_path / "b.csv", names, POINTS, ["a/1.png", "a/2.png", "a/3.png"])
    for name, frames in (("a.csv", (0, 1, 2)), ("b.csv", ("a/1.png", "a/2.png", "a/3.png"))):
        table = read_table(tmp_path / name)
        assert table.names == names and table.frames == frames
        np.testing.assert_allclose(table.keypoints, POINTS, atol=5e-5)


def test_smaller_pictures_keep_their_points(tmp_path):
    """A bright block of pixels is found at its keypoint, in any size."""
    picture = np.zeros((24, 30), dtype=np.uint8)
    picture[12:18, 18:24] = 255  # its middle is (20.5, 14.5)
    Image.fromarray(picture).save(tmp_path / "a.png")
    write_table(tmp_path / "t.csv", ["block"], np.array([[[20.5, 14.5]]]), ["a.png"])
    for factor in (1, 2, 3, 6):
        read = load_labels(tmp_path / "t.csv", factor=factor)
        y, x = np.mgrid[: 24 // factor, : 30 // factor]
        weight = read.images[0, 0] / read.images.sum()
        np.testing.assert_allclose(read.keypoints[0, 0], [(x * weight).sum(), (y * weight).sum()], atol=1e-5)


def test_a_header_with_spaces(cage):
    table = written(cage / "table.csv", SLEAP.replace(",frame_idx,", ", frame_idx, "))
    assert read_table(table).names == ("snout", "Left_ear")


@pytest.mark.parametrize("mode, channels", [("L", 1), ("RGB", 3), ("RGBA", 3), ("P", 3)])
def test_pictures_in_grey_and_colour(tmp_path, mode, channels):
    Image.new(mode, (6, 4), 51 if mode in "LP" else (51,) * len(mode)).save(tmp_path / "a.png")
    picture = labels.read_picture(tmp_path / "a.png")
    assert picture.shape == (channels, 4, 6) and picture.dtype == np.float32
    assert picture.min() >= 0 and picture.max() <= 1


def test_sixteen_bits(tmp_path):
    Image.fromarray(np.full((4, 6), 65535, dtype=np.uint16)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(labels.read_picture(tmp_path / "a.png"), np.ones((1, 4, 6)))


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "want DeepLabCut's or lightning-pose's CSV"),
        ("a,b\n1,2\n", "want DeepLabCut's or lightning-pose's CSV"),
        ("\n".join(DEEPLABCUT.splitlines()[:3]), "no labelled frame"),
        (DEEPLABCUT.replace("coords", "units"), "lack 'coords'"),
        (DEEPLABCUT.replace("x,y,x,y", "x,y,x,z"), "'Left_ear' has no pair"),
        (DEEPLABCUT.replace("x,y,x,y", "x,y,x,x"), "two columns x of 'Left_ear'"),
        (DEEPLABCUT.replace("7.25", "seven"), "line 4: y of Left_ear is 'seven'"),
        (DEEPLABCUT.replace("img10", "img2"), "img2.png has two rows"),
        (DEEPLABCUT.replace("img10", "img7"), "img7.png, which is not in"),
        (DEEPLABCUT.replace("img2.png,10", "img2.png,200"), r"snout of img2.png is at \(200, 4\), outside"),
        (DEEPLABCUT.replace(",", ";"), "separated by ';'; save it with commas"),
        (DEEPLABCUT.replace(",19,0.5,,", ",19"), "line 6: 4 cells, where the lines at the top have 7"),
        (DEEPLABCUT.replace(",19,0.5,,", ",19,0.5,,,3"), "line 6: 8 cells, where the lines at the top have 7"),
        (DEEPLABCUT.replace("x,y,x,y", "x,y"), "bodyparts has 7 cells, the line coords 5"),
        (DEEPLABCUT.replace("Left_ear", ""), "column 6 is the x of a keypoint without a name"),
        (SLEAP.replace("Left_ear", "snout"), "two columns x of 'snout'"),
        (SLEAP + "a", "line 5: frame_idx is ''"),
        (SLEAP.replace(",2,0.9", ",1,0.9"), "frame 1 has two rows"),
        (SLEAP.replace(",2,0.9", ",two,0.9"), "line 4: frame_idx is 'two'"),
        (SLEAP.replace(",2,0.9", ",7,0.9"), "has frame 7, which cage is too short for"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_line(cage, text, says):
    table = written(cage / "table.csv", text)
    with pytest.raises(LabelError, match=says) as error:
        load_labels(table, cage if "frame_idx" in text else None)
    assert "\n" not in str(error.value)


def test_frames_of_two_sizes(cage):
    Image.new("L", (24, 16)).save(cage / "img11.png")
    with pytest.raises(
        LabelError, match=r"2 sizes \(20 x 16 px: 2, such as img2.png; 24 x 16 px: 1, such as img11.png\)"
    ):
        load_labels(written(cage / "table.csv", DEEPLABCUT))


def test_what_is_no_picture_and_no_table(cage):
    table = written(cage / "table.csv", DEEPLABCUT)
    for factor in (17, 0, 1.5, "2", None, True):
        with pytest.raises(LabelError, match=f"factor is {factor!r}: want a whole number"):
            load_labels(table, factor=factor)
    Image.fromarray(np.full((16, 20), 0.5, dtype=np.float32)).save(cage / "img11.tif")
    with pytest.raises(LabelError, match="img11.tif: its pixels are floats"):
        load_labels(written(cage / "table.csv", DEEPLABCUT.replace("img11.png", "img11.tif")))
    written(table, DEEPLABCUT)
    (cage / "img10.png").write_text("no picture")
    with pytest.raises(LabelError, match="img10.png: no picture"):
        load_labels(table)
    with pytest.raises(LabelError, match="cannot be read as a table"):
        read_table(cage / "img2.png")
    with pytest.raises(LabelError, match="nowhere.csv: cannot be opened .No such file"):
        read_table(cage / "nowhere.csv")
    with pytest.raises(LabelError, match="counts frames: say in which folder"):
        load_labels(written(cage / "table.csv", SLEAP))


def test_a_folder_is_a_film_in_the_order_of_its_numbers(cage):
    film = read_film(cage)
    np.testing.assert_allclose(film[:, 0, 0, 0], np.array([5, 25, 45]) / 255, atol=1e-7)  # img2, img10, img11
    np.testing.assert_array_equal(read_film(cage, factor=2, start=1, stop=2)[0, 0], film[1, 0, ::2, ::2])
    with pytest.raises(LabelError, match="no frame from number 3 on"):
        read_film(cage, start=3)
    with pytest.raises(LabelError, match="a folder without pictures"):
        read_film(cage.parent)
    with pytest.raises(LabelError, match="no such folder of pictures and no such film"):
        read_film(cage / "nowhere.mp4")


def test_a_film_is_read_by_imageio_where_it_is_there(cage, monkeypatch):
    film = cage / "film.mp4"
    film.write_bytes(b"no film")
    monkeypatch.setitem(sys.modules, "imageio", None)
    monkeypatch.setitem(sys.modules, "imageio.v3", None)
    with pytest.raises(LabelError, match=r"pip install .posekit\[video\]"):
        read_film(film)
    frames = [np.full((16, 20, 3), 10 * n, dtype=np.uint8) for n in range(4)]
    reader = SimpleNamespace(imiter=lambda path: iter(frames))
    monkeypatch.setitem(sys.modules, "imageio", SimpleNamespace(v3=reader))
    monkeypatch.setitem(sys.modules, "imageio.v3", reader)
    np.testing.assert_allclose(read_film(film, stop=3)[:, :, 0, 0], np.outer([0, 10, 20], np.ones(3)) / 255, atol=1e-7)

    def unreadable(path):
        raise OSError("Could not find a backend\nto open it")

    monkeypatch.setattr(reader, "imiter", unreadable)
    with pytest.raises(LabelError, match="imageio cannot read it") as error:
        read_film(film)
    assert "\n" not in str(error.value)


# Names of sides


@pytest.mark.parametrize(
    "names, pairs",
    [
        (("leftear", "rightear", "snout"), [("leftear", "rightear")]),
        (("Right_paw", "Left_paw"), [("Left_paw", "Right_paw")]),
        (("earL", "tail", "earR"), [("earL", "earR")]),
        (("L hand", "R hand", "lknee"), [("L hand", "R hand")]),
        (("hand_L_1", "hand_R_1", "hand_L_2"), [("hand_L_1", "hand_R_1")]),
        (("left front paw", "right front paw", "left hind paw"), [("left front paw", "right front paw")]),
        (("ball", "roll", "tail"), []),
    ],
)
def test_left_and_right_are_guessed(names, pairs):
    found = left_right_pairs(names)
    assert [(names[a], names[b]) for a, b in found] == pairs
    for left, right in pairs:
        assert (side_of(left), side_of(right)) == ("left", "right")


def test_pairs_can_be_said():
    names = ("port", "starboard", "mast")
    np.testing.assert_array_equal(left_right_pairs(names, [("port", "starboard")]), [[0, 1]])
    assert left_right_pairs(names, []).shape == (0, 2)
    with pytest.raises(ValueError, match="'bow' of the pair"):
        left_right_pairs(names, [("bow", "mast")])
    with pytest.raises(ValueError, match="'mast' is in two pairs"):
        left_right_pairs(names, [("port", "mast"), ("starboard", "mast")])
    assert [side_of(name) for name in ("brightness", "mast", "snout")] == ["", "", ""]
