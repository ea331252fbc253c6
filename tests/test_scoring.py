"""Scoring the capstone: files that nobody vouches for, numbers against the labs' references, and a board that no name can mark up."""

import csv
import io
import os
import re
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from typer.testing import CliRunner

from autograder import cli
from autograder.course import CourseError
from autograder.grading.intake import IntakeError
from autograder.scoring.board import write_board
from autograder.scoring.measures import columns, dump, load_baselines, load_truth, score
from autograder.scoring.reading import FILE_BYTES, Predictions, Refused, collect
from posekit.predictions import check_predictions, save_predictions
from posekit.skeleton import NAMES
from solutions.capstone import adjusted_rand_index
from solutions.triangulation import mean_position_error, rigid_procrustes

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=HYPERLINK(1)", "a\u202eb", "{{7*7}}"]


@pytest.fixture(scope="module")
def truth(root):
    return load_truth(root)


@pytest.fixture
def good(truth):
    """Predictions that are 5 mm off along x, and right labels under other names."""
    return truth.points3d + [5.0, 0.0, 0.0], 9 - truth.state


def npz(**arrays):
    """An npz file as bytes, written by NumPy."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def header(text, content=b""):
    """An npy file with this header, whatever it says."""
    text = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def run(*words):
    return CliRunner().invoke(cli.app, ["score-capstone", *map(str, words)])


# the file


def test_what_is_saved_is_read_again(tmp_path, good):
    save_predictions(tmp_path / "ann.npz", good[0].astype(np.float32), good[1].astype(np.int32))
    with np.load(tmp_path / "ann.npz", allow_pickle=False) as arrays:
        assert {name: (a.dtype.str, a.shape) for name, a in arrays.items()} == {
            "positions": ("<f8", (300, 13, 3)),
            "labels": ("<i8", (300,)),
        }
    (one,) = collect(tmp_path / "ann.npz")
    assert one.student == "ann"
    assert_allclose(one.positions, good[0], rtol=1e-6)
    assert_array_equal(one.labels, good[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda X, y: (X[:299], y), r"positions must have the shape \(300, 13, 3\).*not \(299, 13, 3\)"),
        (lambda X, y: (X.swapaxes(1, 2), y), "positions must have the shape"),
        (lambda X, y: (X, y[:, None]), r"labels must have the shape \(300,\)"),
        (lambda X, y: (X, y.astype(float)), "labels must be whole numbers"),
        (lambda X, y: (X.astype(complex), y), "positions must be real numbers"),
        (lambda X, y: (X / 1000, y), "look like metres; multiply by 1000"),
        (lambda X, y: (X / 10, y), "look like centimetres; multiply by 10"),
        (lambda X, y: (X * 0, y), "must be in mm, but the rat's bones have a median length of 0"),
        (
            lambda X, y: (np.where(np.arange(300)[:, None, None] == 7, np.nan, X), y),
            "13 of 3900 .* the first is spine in frame 7",
        ),
        (lambda X, y: (np.where(np.arange(39).reshape(13, 3) == 3, 1e9, X), y), "withers in frame 0 is 1e[+]06 m from"),
    ],
)
def test_the_helper_says_what_is_wrong_and_writes_nothing(tmp_path, good, change, said):
    with pytest.raises(ValueError, match=f"^save_predictions: [^\n]*{said}[^\n]*$"):
        save_predictions(tmp_path / "p.npz", *change(*good))
    with pytest.raises(ValueError, match="must end in .npz"):
        save_predictions(tmp_path / "p.npy", *good)
    assert list(tmp_path.iterdir()) == []


def test_rough_but_honest_predictions_are_accepted(truth):
    """Plain triangulation puts single points metres away; a walk through the room may be 2 m from its middle."""
    rng = np.random.default_rng(0)
    check_predictions(truth.points3d + rng.normal(scale=60.0, size=truth.points3d.shape), truth.state)
    check_predictions(truth.points3d + 2000.0, truth.state.astype(np.uint8))


BAD = {
    "text": (b"positions,labels\n", "not a zip archive"),
    "empty": (b"", "not a zip archive"),
    "cut": (npz(positions=np.zeros((300, 13, 3)), labels=np.zeros(300, int))[:-60], "not a zip archive"),
    "objects": (npz(positions=np.array([{}], dtype=object), labels=np.zeros(300, int)), "holds Python objects"),
    "no labels": (npz(positions=np.zeros((300, 13, 3))), "there is no array 'labels'"),
    "strings": (npz(positions=np.full((300, 13, 3), "x"), labels=np.zeros(300, int)), "of a type that is not read"),
    "records": (npz(positions=np.zeros(3, "f8,f8"), labels=np.zeros(300, int)), "of a type that is not read"),
    "shape": (npz(positions=np.zeros((3, 13, 3)), labels=np.zeros(300, int)), "must have the shape (300, 13, 3), not (3, 13, 3)"),
    "nan": (npz(positions=np.full((300, 13, 3), np.nan), labels=np.zeros(300, int)), "3900 of 3900 positions are NaN"),
    "bomb": (zipped({"positions.npy": bytes(64 << 20), "labels.npy": b""}), "larger than 1 MiB"),
    "large": (npz(positions=np.random.default_rng(0).normal(size=(300_000, 1)), labels=np.zeros(300, int)), "larger than 1 MiB"),
    "promise": (
        zipped({"positions.npy": header("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000, 13, 3), }")}),
        "must have the shape",
    ),
    "code": (zipped({"positions.npy": header("__import__('os').system('touch /tmp/owned')")}), "is damaged"),
    "deep": (zipped({"positions.npy": header("(" * 9000 + ")" * 9000)}), "is damaged"),
    "short": (
        zipped({"positions.npy": header("{'descr': '<f8', 'fortran_order': False, 'shape': (300, 13, 3), }", b"123")}),
        "'positions' is cut off",
    ),
    "method": (
        zipped({"positions.npy": bytes(99), "labels.npy": bytes(99)}, zipfile.ZIP_LZMA),
        "compressed by a method that is not read here",
    ),
    "nested": (zipped({"../positions.npy": b"", "/labels.npy": b""}), "there is no array 'positions'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_has_one_line_and_nobody_else_is_lost(tmp_path, good, name):
    content, said = BAD[name]
    (tmp_path / f"{name}.npz").write_bytes(content)
    save_predictions(tmp_path / "zoe.npz", *good)
    bad, fine = collect(tmp_path)
    assert isinstance(bad, Refused) and bad.student == name and said in bad.why and "\n" not in bad.why
    assert isinstance(fine, Predictions) and fine.student == "zoe"


def test_a_lying_directory_does_not_expand(tmp_path):
    """The archive's directory says that the array is small; the stream under it is not."""
    content = bytearray(zipped({"positions.npy": bytes(64 << 20), "labels.npy": b"x"}))
    size = (64 << 20).to_bytes(4, "little")
    at = content.rindex(size)
    content[at : at + 4] = (1000).to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(bytes(content))
    (one,) = collect(tmp_path)
    assert isinstance(one, Refused)


def test_links_pipes_and_heaps_are_not_followed(tmp_path, good):
    folder, elsewhere = tmp_path / "in", tmp_path / "elsewhere.npz"
    folder.mkdir()
    save_predictions(elsewhere, *good)
    (folder / "link.npz").symlink_to(elsewhere)
    os.mkfifo(folder / "pipe.npz")
    (folder / "heap.npz").write_bytes(bytes(FILE_BYTES + 1))
    (one,) = collect(folder)
    assert one == Refused("heap", "the file is larger than 1 MiB; `save_predictions` writes less than a tenth of that")


def test_folders_of_students_and_archives_of_platforms(tmp_path, good):
    content = npz(positions=good[0], labels=good[1])
    members = {
        "class/ann/predictions.npz": content,
        "class/ben/predictions.npz": b"",
        "class/cem/notes.txt": b"sorry",
        "class/dee/a.npz": content,
        "class/dee/b.npz": content,
    }
    (tmp_path / "export.zip").write_bytes(zipped(members))
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        archive.extractall(tmp_path / "out")
    for place in (tmp_path / "export.zip", tmp_path / "out"):
        found = {one.student: one for one in collect(place)}
        assert sorted(found) == ["ann", "ben", "cem", "dee (a.npz)", "dee (b.npz)"]
        assert isinstance(found["ann"], Predictions) and isinstance(found["dee (b.npz)"], Predictions)
        assert found["cem"] == Refused("cem", "no .npz file was handed in, but 'notes.txt'")
    with pytest.raises(IntakeError):
        collect(tmp_path / "BAD.zip")


# the numbers


def test_numbers_are_those_of_the_labs(truth):
    rng = np.random.default_rng(3)
    X = truth.points3d + rng.normal(scale=8.0, size=truth.points3d.shape) + 30.0
    X[7] *= [-1.0, 1.0, 1.0]  # a mirror image is not mended
    labels = rng.integers(4, size=300)
    found = score("x", X, labels, truth)
    turned = np.stack([rigid_procrustes(pose, true) for pose, true in zip(X, truth.points3d, strict=True)])
    assert_allclose(found.raw, mean_position_error(X, truth.points3d))
    assert_allclose(found.aligned, mean_position_error(turned, truth.points3d))
    assert_allclose(found.agreement, adjusted_rand_index(labels, truth.state))
    error = np.linalg.norm(X - truth.points3d, axis=-1)
    assert found.within == (np.mean(error <= 10.0), np.mean(error <= 20.0))
    assert_allclose(np.mean(found.by_keypoint), found.raw)
    frames = np.bincount(truth.state) / 300
    assert_allclose(np.sum(found.by_state * frames), found.raw)
    assert len(columns(truth)) == 5 + len(NAMES) + 8


def test_the_truth_scores_best(truth):
    best = score("truth", truth.points3d, truth.state, truth)
    assert (best.raw, best.within, best.agreement) == (0.0, (1.0, 1.0), 1.0) and best.aligned < 1e-9
    collapsed = score(
        "point", np.zeros_like(truth.points3d), np.zeros(300, dtype=int), truth
    )  # no rotation is the best
    assert np.isfinite(collapsed.aligned) and collapsed.agreement == 0.0


def test_stored_baselines_are_those_of_the_reference(root, truth):
    """The quickest of them is computed anew; `python -m tests.bench.capstone --write` makes all."""
    from posekit.data import load_detections
    from solutions.triangulation import fill_gaps, triangulate

    stored = {one.name: one for one in load_baselines(root)}
    assert list(stored) == ["DLT", "M1", "GIMBAL"] and stored["GIMBAL"].raw < stored["M1"].raw < stored["DLT"].raw
    found = load_detections("clip")
    X = triangulate(found.P, found.keypoints.swapaxes(1, 2))
    X = np.stack([fill_gaps(X[:, k]) for k in range(X.shape[1])], axis=1)
    assert_allclose(
        score("DLT", X, None, truth).raw, stored["DLT"].raw, rtol=1e-3
    )  # rays of its worst points are almost parallel


def test_baselines_and_truth_that_are_not_there(tmp_path):
    with pytest.raises(CourseError, match="^the truth of the clip is not [^\n]*instructor's checkout[^\n]*$"):
        load_truth(tmp_path)
    for content in (None, "", "[1]", '[{"name": "x"}]'):
        (tmp_path / "data" / "truth").mkdir(parents=True, exist_ok=True)
        if content is not None:
            (tmp_path / "data" / "truth" / "baselines.json").write_text(content)
        with pytest.raises(CourseError, match="is missing or damaged"):
            load_baselines(tmp_path)


# the board


def test_no_name_marks_up_the_board(tmp_path, truth, good):
    scores = [score(name, *good, truth) for name in HOSTILE]
    refused = [Refused(name, name) for name in HOSTILE]
    write_board(tmp_path / "new" / "out", scores, [score("DLT", good[0] + 9.0, None, truth)], refused, truth)
    page = (tmp_path / "new" / "out" / "leaderboard.html").read_text("utf-8")
    assert not re.search(r"<(script|img)", page) and "\u202e" not in page and "{{7*7}}" in page
    assert page.index("Content-Security-Policy") < page.index("default-src") < page.index("<body>")
    with open(tmp_path / "new" / "out" / "scores.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(HOSTILE) + 1
    assert {row["who"] for row in rows} >= {"'=HYPERLINK(1)", "DLT"}
    assert [row["agreement of labels"] for row in rows if row["who"] == "DLT"] == [""]
    assert_allclose(float(rows[0]["mean error, mm"]), 5.0)


def test_the_command(tmp_path, good):
    folder = tmp_path / "in"
    folder.mkdir()
    save_predictions(folder / "ann.npz", *good)
    (folder / "ben.npz").write_bytes(b"?")
    done = run(folder, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "ben: is not a zip archive" in done.output and "5.0 mm" in done.output and "GIMBAL" in done.output
    page = (tmp_path / "out" / "leaderboard.html").read_text("utf-8")
    assert "ann" in page and "Not scored" in page and "baseline" in page


def test_the_command_fails_where_nothing_could_be_scored(tmp_path, monkeypatch, capfd):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ben.npz").write_bytes(b"?")
    for words, said in (
        (("in",), "autograder: nothing could be scored: "),
        (("nowhere",), "autograder: "),
    ):
        monkeypatch.setattr(
            "sys.argv", ["autograder", "score-capstone", str(tmp_path / words[0]), "--out", str(tmp_path / "out")]
        )
        monkeypatch.setattr(cli, "_guard_streams", lambda: None)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        error = capfd.readouterr().err
        assert ended.value.code == 1 and error.startswith(said) and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_board_is_written_again_in_the_same_words(root, truth, good):
    one = score("ann", *good, truth)
    assert dump([one]) == dump([one]) and '"name": "ann"' in dump([one])
