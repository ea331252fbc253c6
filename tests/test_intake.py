"""Intake: every layout that a teacher may have, and every trick that a folder or an archive may play."""

import io
import logging
import os
import signal
import stat
import struct
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.files import NAME_BYTES, clean, file_names, safe_name, write_atomically
from autograder.grading import intake
from autograder.grading.intake import NO_NOTEBOOK, NOTEBOOK_BYTES, IntakeError, collect, sources
from autograder.grading.intake.titles import Title
from tests.trees import by_student, make_zip, payload, payloads, tree

NB = b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'


@pytest.fixture(autouse=True)
def no_hang():
    """A read that blocks fails the test instead of holding up the suite."""
    previous = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("collect hangs"))
    signal.alarm(600)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def put(root: Path, **files: bytes) -> Path:
    return tree(root, files)


# --- a folder of notebooks --------------------------------------------------------------------------------------------


def test_a_folder_of_notebooks(tmp_path):
    tree(tmp_path, {"zoe.ipynb": b"z", "adam.ipynb": b"a", "Ute.IPYNB": b"u", "roster.csv": b"", "a.b.ipynb": b"ab"})
    assert payloads(collect(tmp_path, "lab1")) == {"Ute": b"u", "a.b": b"ab", "adam": b"a", "zoe": b"z"}


@pytest.mark.parametrize(
    "student",
    ['O\'Neil, "Al"', "=1+1", "<b>x", "a\\b", "new\nline", "-rf", "李明", "a_1_2_b", " ", "x" * 240, "%2e%2e"],
)
def test_the_exact_id_is_kept(tmp_path, student):
    put(tmp_path, **{f"{student}.ipynb": NB, "other.ipynb": NB})
    assert payloads(collect(tmp_path, "lab1")) == {student: NB, "other": NB}


def test_an_id_that_is_no_utf8_is_kept(tmp_path):
    name = b"caf\xe9.ipynb"
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        file.write(NB)
    (submission,) = collect(tmp_path, "lab1")
    assert os.fsencode(submission.student) == b"caf\xe9" and payload(submission) == NB


def test_what_is_not_a_student(tmp_path, caplog):
    outside = tmp_path / "outside.ipynb"
    outside.write_bytes(b"secret")
    root = tree(
        tmp_path / "in",
        {
            "ann.ipynb": NB, "._ann.ipynb": b"x", ".hidden.ipynb": b"x", ".ipynb": b"x", "__MACOSX/ben.ipynb": b"x",
            ".ipynb_checkpoints/ann-checkpoint.ipynb": b"x", "folder.ipynb/inner.ipynb": b"x", "old/cem.ipynb": b"x",
        },
    )  # fmt: skip
    (root / "out.ipynb").symlink_to(outside)
    (root / "relative.ipynb").symlink_to("../outside.ipynb")
    (root / "dangling.ipynb").symlink_to(root / "nothing")
    (root / "loop.ipynb").symlink_to("loop.ipynb")
    (root / "null.ipynb").symlink_to("/dev/null")
    os.mkfifo(root / "pipe.ipynb")
    (root / "dirlink").symlink_to(tmp_path, target_is_directory=True)
    with caplog.at_level(logging.WARNING):
        assert payloads(collect(root, "lab1")) == {"ann": NB}
    for name in ("out", "relative", "dangling", "loop", "null", "pipe"):
        assert f"{name}.ipynb" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device files")
def test_a_device_is_not_a_student(tmp_path):
    put(tmp_path, **{"ann.ipynb": NB})
    try:
        os.mknod(tmp_path / "zero.ipynb", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this container makes no device files")
    assert payloads(collect(tmp_path, "lab1")) == {"ann": NB}


def test_a_link_inside_the_folder_counts(tmp_path):
    put(tmp_path, **{"store/1.ipynb": NB, "ann.ipynb": b"a"})
    (tmp_path / "ben.ipynb").symlink_to("store/1.ipynb")
    assert payloads(collect(tmp_path, "lab1")) == {"ann": b"a", "ben": NB}


def test_the_folder_itself_may_be_a_link(tmp_path):
    put(tmp_path / "real", **{"ann.ipynb": NB})
    (tmp_path / "link").symlink_to("real")
    assert payloads(collect(tmp_path / "link", "lab1")) == {"ann": NB}


def test_one_notebook(tmp_path):
    put(tmp_path, **{"ann.ipynb": NB, "ben.ipynb": b""})
    assert payloads(collect(tmp_path / "ann.ipynb", "lab1")) == {"ann": NB}


def test_a_notebook_at_the_cap_is_read_and_one_past_it_is_an_error(tmp_path):
    for name, size in (("fits", NOTEBOOK_BYTES), ("large", NOTEBOOK_BYTES + 1), ("sparse", 10 * 2**30)):
        with open(tmp_path / f"{name}.ipynb", "wb") as file:
            file.truncate(size)
    found = by_student(collect(tmp_path, "lab1"))
    assert len(payload(found["fits"])) == NOTEBOOK_BYTES
    for name in ("large", "sparse"):
        assert found[name].error.startswith("the notebook is larger than 128 MiB")


def test_a_notebook_without_permission_is_its_students_error(tmp_path, monkeypatch):
    put(tmp_path, **{"ann.ipynb": NB, "ben.ipynb": NB})
    real = os.open

    def refuse(path, *args, **kwargs):  # root, who may run the tests, is refused nothing
        if path == "ben.ipynb":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    found = by_student(collect(tmp_path, "lab1"))
    assert payload(found["ann"]) == NB and "permission denied" in found["ben"].error


def after_listing(monkeypatch, action):
    """Do something between the listing of a folder and the reading of its files."""
    original = intake.find

    def late(*args, **kwargs):
        action()
        return original(*args, **kwargs)

    monkeypatch.setattr(intake, "find", late)


def test_a_file_that_vanishes_is_its_students_error(tmp_path, monkeypatch):
    put(tmp_path, **{"ann.ipynb": NB, "ben.ipynb": NB})
    after_listing(monkeypatch, (tmp_path / "ben.ipynb").unlink)
    found = by_student(collect(tmp_path, "lab1"))
    assert payload(found["ann"]) == NB and "no such file" in found["ben"].error


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_a_file_that_is_swapped_is_its_students_error(tmp_path, monkeypatch, kind):
    target = tmp_path / "in" / "ben.ipynb"
    put(tmp_path / "in", **{"ann.ipynb": NB, "ben.ipynb": NB})
    (tmp_path / "secret").write_bytes(b"secret")

    def swap():
        target.unlink()
        {
            "pipe": lambda: os.mkfifo(target),
            "link": lambda: target.symlink_to(tmp_path / "secret"),
            "folder": target.mkdir,
        }[kind]()

    after_listing(monkeypatch, swap)
    found = by_student(collect(tmp_path / "in", "lab1"))
    assert payload(found["ann"]) == NB
    assert payload(found["ben"]) is None and "cannot be read" in found["ben"].error


def test_a_notebook_that_changes_after_the_run_began_is_not_graded(tmp_path):
    (submission,) = collect(put(tmp_path, **{"ann.ipynb": NB}), "lab1")
    assert submission.read() == NB
    put(tmp_path, **{"ann.ipynb": NB + b" "})
    with pytest.raises(IntakeError, match="^ann: the notebook was changed"):
        submission.read()


def test_a_folder_on_the_way_that_becomes_a_link_is_not_followed(tmp_path, monkeypatch):
    root = put(tmp_path / "in", **{"ann/lab1/x.ipynb": NB, "ben/lab1/x.ipynb": NB})
    put(tmp_path / "secret", **{"x.ipynb": b"secret"})

    def swap():
        (root / "ben/lab1/x.ipynb").unlink()
        (root / "ben/lab1").rmdir()
        (root / "ben/lab1").symlink_to(tmp_path / "secret")

    after_listing(monkeypatch, swap)
    found = by_student(collect(root, "lab1"))
    assert payload(found["ann"]) == NB and payload(found["ben"]) is None


FLAT = {
    "ann.ipynb": NB, "bob.pdf": b"", "cy.ipynb.txt": NB, "dan.ipynb.json": NB, "eve/lab1_likelihood.ipynb": NB,
    ".dot.ipynb": NB, "roster.csv": b"", "old/scratch.ipynb": NB, "README.md": b"",
}  # fmt: skip
SYSTEM = {
    ".DS_Store": b"", "Thumbs.db": b"", "desktop.ini": b"", "._ann.ipynb": b"", "__MACOSX/ann.ipynb": b"",
    ".ipynb_checkpoints/ann-checkpoint.ipynb": b"", "graded/run.json": b"", "graded/results/ann.json": b"",
}  # fmt: skip


@pytest.mark.parametrize("zipped", [False, True])
def test_everybody_in_a_flat_folder_has_a_row_and_what_is_ignored_is_named_once(tmp_path, caplog, zipped):
    if zipped:
        path = make_zip(tmp_path / "c.zip", FLAT | SYSTEM | {"a\\b.ipynb": NB})
        ignored = ["roster.csv", "old", "README.md", ".dot.ipynb", "a"]
    else:
        path = tree(tmp_path, FLAT | SYSTEM)
        ignored = ["roster.csv", "old", "README.md", ".dot.ipynb"]
    assert payloads(collect(path, "lab1")) == {"ann": NB, "bob": None, "cy": NB, "dan": NB, "eve": NB}
    named = [m.partition(": ")[0] for m in caplog.messages if m.startswith("'")]
    assert sorted(named) == sorted(map(repr, ignored))


HOSTILE = "x\x1b[31m\ny\u202e"


def is_clean(text: str) -> bool:
    return clean(text) == text and "\n" not in text


def test_hostile_names_reach_no_message_as_they_are(tmp_path, caplog):
    root = tree(
        tmp_path / HOSTILE,
        {
            f"ann/lab1/{HOSTILE}.ipynb": NB, "ann/lab1/lab1.ipynb": NB, f"ann/lab1/{HOSTILE}2.ipynb": NB,
            f"ben/lab1/{HOSTILE}.txt": b"", f"cy/{HOSTILE}.ipynb": NB,
        },
    )  # fmt: skip
    (root / "ben" / "lab1" / HOSTILE).symlink_to("nowhere")
    found = by_student(collect(root, "lab1"))
    assert "lab1.ipynb counts, not x\ufffd[31m y" in found["ann"].notes[0] and "but x\ufffd[31m y" in found["ben"].error
    assert is_clean(found["ann"].notes[0]) and is_clean(found["ben"].error)
    assert len(caplog.messages) == 2 and all(map(is_clean, caplog.messages))
    (root / "empty").mkdir()
    (root / "bad.zip").write_bytes(b"PK")
    for path in (root / "empty", root / "bad.zip", root / "missing"):
        with pytest.raises(IntakeError) as error:
            collect(path, "lab1")
        assert is_clean(str(error.value))


# --- nbgrader ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["", "submitted"])
@pytest.mark.parametrize("folder", ["lab1", "lab1_likelihood"])
def test_nbgraders_folders(tmp_path, at, folder):
    tree(
        tmp_path / "submitted",
        {
            f"ann/{folder}/lab1_likelihood.ipynb": b"a", f"ann/{folder}/timestamp.txt": b"", "ann/lab10/lab10.ipynb": b"x",
            f"ben/{folder}/notes.txt": b"", "cem/lab2/lab2_descent.ipynb": b"x", f"dot/{folder}/.ipynb_checkpoints/x.ipynb": b"x",
            f".git/{folder}/x.ipynb": b"x",
        },
    )  # fmt: skip
    put(tmp_path, **{"source/lab1/lab1_likelihood.ipynb": b"source"})
    found = by_student(collect(tmp_path / at, "lab1"))
    assert {s: payload(f) for s, f in found.items()} == {"ann": b"a", "ben": None, "cem": None, "dot": None}
    assert found["ben"].error == f"{NO_NOTEBOOK}, but notes.txt" and found["cem"].error == NO_NOTEBOOK


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["lab1_likelihood.ipynb", "scratch.ipynb"], "lab1_likelihood.ipynb"),
        (["lab1.ipynb", "zzz.ipynb"], "lab1.ipynb"),
        (["LAB1_Likelihood.ipynb", "lab10_x.ipynb"], "LAB1_Likelihood.ipynb"),
        (["lab1_likelihood.ipynb", "lab1_likelihood (1).ipynb"], "lab1_likelihood.ipynb"),
        (["lab1_likelihood-Copy1.ipynb", "mine.ipynb"], "lab1_likelihood-Copy1.ipynb"),
        (["old.ipynb", "new.ipynb"], "new.ipynb"),
    ],
)
def test_one_of_several_notebooks_is_chosen_and_noted(tmp_path, names, chosen):
    for age, name in enumerate(names):  # the later in the list, the newer
        path = put(tmp_path, **{f"ann/lab1/{name}": name.encode()}) / "ann/lab1" / name
        os.utime(path, (1e9 + age, 1e9 + age))
    (submission,) = collect(tmp_path, "lab1")
    assert payload(submission) == chosen.encode()
    (note,) = submission.notes
    assert f"{chosen} counts" in note and all(name in note for name in names)


def test_a_students_link_to_anothers_work_is_not_followed(tmp_path):
    put(tmp_path, **{"ann/lab1/lab1.ipynb": NB, "eve/lab1/readme.md": b""})
    (tmp_path / "eve/lab1/lab1.ipynb").symlink_to("../../ann/lab1/lab1.ipynb")
    (tmp_path / "mal").symlink_to("ann")
    found = by_student(collect(tmp_path, "lab1"))
    assert set(found) == {"ann", "eve"} and found["eve"].error.startswith(NO_NOTEBOOK)


@pytest.mark.parametrize("out", ["graded/", ""])
@pytest.mark.parametrize("at", ["", "submitted"])
def test_what_a_run_wrote_among_the_students_is_no_student(tmp_path, out, at):
    run = {"run.json": b"", "results/ann.json": b"", "units/1.json": b"", "feedback/ann.html": b""}
    tree(tmp_path / "submitted", {f"{out}{name}": data for name, data in run.items()})
    tree(tmp_path / "submitted", {"ann/lab1/lab1.ipynb": b"a", "ben/lab2/lab2.ipynb": b"b"})
    put(tmp_path, **{"stray.ipynb": b""})
    assert payloads(collect(tmp_path / at, "lab1")) == {"ann": b"a", "ben": None}


def test_a_student_who_is_called_like_a_run_or_hands_one_in_is_kept(tmp_path):
    tree(tmp_path, {"run.json": b"", "results/lab1/lab1.ipynb": b"r", "units/1.json": b""})
    tree(tmp_path, {"ann/lab1/lab1.ipynb": b"a", "ann/lab1/run.json": b"", "ann/lab1/results/x.json": b""})
    tree(tmp_path, {"ben/run.json": b"", "ben/results/x.json": b"", "ben/lab1/lab1.ipynb": b"b"})
    assert payloads(collect(tmp_path, "lab1")) == {"ann": b"a", "ben": b"b", "results": b"r"}


def test_a_notebook_outside_a_labs_folder_is_named(tmp_path, caplog):
    tree(
        tmp_path, {"submitted/ann/lab1/lab1.ipynb": b"a", "submitted/eve/lab1.ipynb": b"e", "submitted/cy.ipynb": b"c"}
    )
    put(tmp_path, **{"source/lab1/lab1.ipynb": b"s"})
    (tmp_path / "submitted/ben").mkdir()
    put(tmp_path, **{"submitted/ben/scratch.ipynb": b"b"})
    found = collect(tmp_path, "lab1")
    assert payloads(found) == {"ann": b"a", "ben": None, "eve": b"e"}
    assert by_student(found)["eve"].notes == ("not in a folder called lab1",)
    assert sorted(m.partition(": ")[0] for m in caplog.messages) == [
        "'submitted/ben/scratch.ipynb'",
        "'submitted/cy.ipynb'",
    ]


# --- Canvas -----------------------------------------------------------------------------------------------------------

CANVAS = {
    "doejane_1001_9001_lab1_likelihood.ipynb": b"jane",
    "doejohn_LATE_1002_9002_lab1_likelihood.ipynb": b"john",
    "smithal_1003_9003_lab1_likelihood.ipynb": b"old",
    "smithal_LATE_1003_9010_lab1_likelihood-10.ipynb": b"newest",
    "smithal_1003_9009_lab1_likelihood-9.ipynb": b"newer",
    "anon_Xy12_9004_my_1_2_notebook.ipynb": b"anon",
    "leekim_1005_9005_report.pdf": b"%PDF",
    "parkjo_1006_text.html": b"<p>",
    "évaño_1007_9007_9_9_evil.ipynb": b"unicode",
}


def check_canvas(submissions):
    found = by_student(submissions)
    assert {s: payload(f) for s, f in found.items()} == {
        "doejane_1001": b"jane", "doejohn_1002": b"john", "smithal_1003": b"newest", "anon_Xy12": b"anon",
        "leekim_1005": None, "parkjo_1006": None, "évaño_1007": b"unicode",
    }  # fmt: skip
    assert found["doejane_1001"].notes == ()
    late = {student for student, submission in found.items() if submission.late}
    assert late == {"doejohn_1002", "smithal_1003"} and found["doejohn_1002"].late == "marked by Canvas"
    assert found["doejohn_1002"].notes == ()
    assert found["smithal_1003"].notes == ("handed in 3 times: the newest counts",)
    assert found["leekim_1005"].error == f"{NO_NOTEBOOK}, but report.pdf"


def test_a_canvas_zip(tmp_path):
    check_canvas(collect(make_zip(tmp_path / "submissions.zip", CANVAS), "lab1"))
    reverse = dict(reversed(CANVAS.items()))
    check_canvas(collect(make_zip(tmp_path / "reverse.zip", reverse), "lab1"))


def test_a_canvas_zip_unpacked(tmp_path):
    check_canvas(collect(tree(tmp_path, CANVAS), "lab1"))


def test_a_zip_is_canvass_only_where_every_notebook_has_its_form(tmp_path):
    files = {"lee_1_2_x.ipynb": b"x", "lee_1_3_y.ipynb": b"y", "ann.ipynb": b"a"}
    found = payloads(collect(make_zip(tmp_path / "c.zip", files), "lab1"))
    assert found == {"lee_1_2_x": b"x", "lee_1_3_y": b"y", "ann": b"a"}


def test_a_number_without_end_is_a_name(tmp_path):
    long = f"bob_3_{'1' * 5000}_mine"
    assert payloads(collect(make_zip(tmp_path / "c.zip", {f"{long}.ipynb": b"b", "ann.ipynb": b"a"}), "lab1")) == {
        "ann": b"a",
        long: b"b",
    }


def test_the_newest_of_one_submission_number(tmp_path):
    files = {f"a_1_5_lab1{v}.ipynb": v.encode() for v in ("", "-1", "-2")}
    assert payloads(collect(make_zip(tmp_path / "c.zip", files), "lab1")) == {"a_1": b"-2"}
    files = {f"a_1_{n}_lab1.ipynb": str(n).encode() for n in (9, 10)}
    assert payloads(collect(make_zip(tmp_path / "d.zip", files), "lab1")) == {"a_1": b"10"}


def test_a_zip_of_a_folder(tmp_path):
    flat = {
        "class/ann.ipynb": b"a",
        "class/ben.ipynb": b"b",
        "__MACOSX/class/._ann.ipynb": b"x",
        "class/.DS_Store": b"x",
    }
    assert payloads(collect(make_zip(tmp_path / "f.zip", flat), "lab1")) == {"ann": b"a", "ben": b"b"}
    for prefix in ("", "submitted/", "course/submitted/"):
        files = {f"{prefix}ann/lab1/lab1.ipynb": b"a"}
        assert payloads(collect(make_zip(tmp_path / "n.zip", files), "lab1")) == {"ann": b"a"}


# --- Gradescope -------------------------------------------------------------------------------------------------------

METADATA = """\
---
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '00123'
    :email: jane@x.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone 2024-01-01
  :score: 3.0
submission_12:
  :submitters:
  - :name: Al
    :sid: ''
    :email: al@x.edu
  - :name: '=cmd|"/c"'
    :sid:
    :email:
submission_13:
  :submitters: []
"""
GRADESCOPE = {
    "assignment_5_export/submission_metadata.yml": METADATA.encode(),
    "assignment_5_export/submission_11/lab1_likelihood.ipynb": b"jane",
    "assignment_5_export/submission_11/deep/er/scratch.ipynb": b"x",
    "assignment_5_export/submission_12/anything.ipynb": b"group",
    "assignment_5_export/submission_13/lab1.ipynb": b"nobody",
    "assignment_5_export/submission_14/lab1.py": b"x",
}


def check_gradescope(submissions):
    found = by_student(submissions)
    assert {s: payload(f) for s, f in found.items()} == {
        "00123": b"jane", "al@x.edu": b"group", '=cmd|"/c"': b"group", "submission_13": b"nobody", "submission_14": None,
    }  # fmt: skip
    assert any("group" in note for note in found["al@x.edu"].notes)
    assert any("2 notebooks" in note for note in found["00123"].notes)


@pytest.mark.parametrize("prefix", ["assignment_5_export/", ""])
def test_a_gradescope_zip(tmp_path, prefix):
    files = {name.replace("assignment_5_export/", prefix): data for name, data in GRADESCOPE.items()}
    check_gradescope(collect(make_zip(tmp_path / "g.zip", files), "lab1"))


def test_a_gradescope_zip_unpacked(tmp_path):
    tree(tmp_path, GRADESCOPE)
    check_gradescope(collect(tmp_path / "assignment_5_export", "lab1"))


@pytest.mark.parametrize("sid", ["N/A", "0000", ""])
def test_an_id_that_several_students_have_is_nobodys(tmp_path, sid):
    people = [("Ann", "ann@x.edu"), ("Ben", "ben@x.edu"), ("Cy", ""), ("Cy", "")]
    metadata = "".join(
        f"submission_{n}:\n  :submitters:\n  - {{':name': {name}, ':sid': '{sid}', ':email': '{email}'}}\n"
        for n, (name, email) in enumerate(people)
    )
    files = {f"submission_{n}/lab1.ipynb": str(n).encode() for n in range(4)}
    path = make_zip(tmp_path / "g.zip", files | {"submission_metadata.yml": metadata.encode()})
    assert payloads(collect(path, "lab1")) == {
        "ann@x.edu": b"0", "ben@x.edu": b"1", "submission_2": b"2", "submission_3": b"3",
    }  # fmt: skip


def test_one_student_with_two_submissions_is_one(tmp_path):
    person = ":submitters: [{':name': Ann, ':sid': '7', ':email': ann@x.edu}]"
    metadata = f"submission_1:\n  {person}\nsubmission_2:\n  {person}\n".encode()
    files = {"submission_1/lab1.ipynb": b"1", "submission_2/lab1.ipynb": b"2", "submission_metadata.yml": metadata}
    (submission,) = collect(make_zip(tmp_path / "g.zip", files), "lab1")
    assert submission.student == "7" and submission.notes


@pytest.mark.parametrize(
    "metadata",
    [
        b"", b"- 1", b"\xff\xfe\xff", b"[" * 100_000, b"submission_11: !!python/object/apply:os.system ['touch pwned']",
        b"submission_11:\n  :submitters: {a: b}", b"a: &a [x]\nsubmission_11: {':submitters': *a}", b"\x00", b"? [a]\n: b",
    ],
)  # fmt: skip
def test_metadata_that_says_nothing_leaves_the_folders_names(tmp_path, metadata):
    files = {"submission_metadata.yml": metadata, "submission_11/a.ipynb": b"a", "submission_12/b.ipynb": b"b"}
    found = payloads(collect(make_zip(tmp_path / "g.zip", files), "lab1"))
    assert found == {"submission_11": b"a", "submission_12": b"b"}
    assert not Path("pwned").exists()


# --- archives that play tricks ----------------------------------------------------------------------------------------


def test_names_that_lead_out_are_ignored_and_nothing_is_extracted(tmp_path, monkeypatch, caplog):
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    entries = {
        "../evil.ipynb": b"x", "../../etc/evil.ipynb": b"x", "/abs.ipynb": b"x", "..\\win.ipynb": b"x", "C:\\w.ipynb": b"x",
        "a/../../b.ipynb": b"x", "ann.ipynb": NB,
    }  # fmt: skip
    archive = make_zip(tmp_path / "cwd" / "t.zip", entries)
    before = sorted(tmp_path.rglob("*"))
    with caplog.at_level(logging.WARNING):
        assert payloads(collect(archive, "lab1")) == {"ann": NB}
    assert sorted(tmp_path.rglob("*")) == before and not Path("/abs.ipynb").exists()
    assert caplog.text.count("leads out") == 6


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def test_entries_that_are_links_or_devices_are_ignored(tmp_path):
    kinds = [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]
    entries = [(entry(f"e{i}.ipynb", kind | 0o777), b"/etc/passwd") for i, kind in enumerate(kinds)]
    entries += [(entry("ann.ipynb", stat.S_IFREG | 0o644), NB), (entry("ben.ipynb", 0), NB)]
    assert payloads(collect(make_zip(tmp_path / "l.zip", entries), "lab1")) == {"ann": NB, "ben": NB}


def test_a_bomb_costs_its_own_student_alone(tmp_path):
    archive = make_zip(tmp_path / "b.zip", {"bomb.ipynb": bytes(NOTEBOOK_BYTES + 1), "ann.ipynb": NB})
    assert archive.stat().st_size < NOTEBOOK_BYTES // 900
    found = by_student(collect(archive, "lab1"))
    assert payload(found["ann"]) == NB and "larger than 128 MiB" in found["bomb"].error


def test_a_header_that_lies_about_the_size_is_not_believed(tmp_path):
    archive = make_zip(tmp_path / "b.zip", {"bomb.ipynb": bytes(NOTEBOOK_BYTES + 1), "ann.ipynb": NB})
    data = archive.read_bytes()
    true, lie = struct.pack("<L", NOTEBOOK_BYTES + 1), struct.pack("<L", 100)
    assert data.count(true) == 2  # local header and central directory
    archive.write_bytes(data.replace(true, lie))
    found = by_student(collect(archive, "lab1"))
    assert payload(found["ann"]) == NB and found["bomb"].error


def test_an_archive_that_expands_past_the_total_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "ARCHIVE_BYTES", 2**20)
    files = {f"s{i}.ipynb": bytes(2**18) for i in range(5)}
    with pytest.raises(IntakeError, match="expands to more than"):
        collect(make_zip(tmp_path / "b.zip", files), "lab1")


COLLECT = """
import resource, sys
from autograder.grading.intake import collect
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = collect(sys.argv[1], "lab1")
assert all(len(submission.read()) > 4_000_000 for submission in found[:3])
print(len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    "count", [40, pytest.param(466, marks=pytest.mark.slow), pytest.param(2000, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_class_need_not_fit_into_memory(tmp_path, count, zipped):
    """Notebooks of 4 MB with their outputs: what is kept of each is a name and a digest."""
    if zipped:
        outputs = b" " * 4_000_000
        path = make_zip(tmp_path / "c.zip", {f"s{number}.ipynb": NB + outputs for number in range(count)})
    else:
        path = tmp_path / "class"
        path.mkdir()
        for number in range(count):
            with open(path / f"s{number}.ipynb", "wb") as file:
                file.write(NB)
                file.truncate(4_100_000)  # a hole, which costs no disk
    done = subprocess.run([sys.executable, "-c", COLLECT, path], capture_output=True, text=True, check=True)
    students, grown = map(int, done.stdout.split())
    assert students == count and grown < 60_000  # KiB: a few notebooks, not 40


def test_too_many_entries_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "ENTRIES", 10)
    files = {f"s{i}.ipynb": NB for i in range(11)}
    with pytest.raises(IntakeError, match="more than 10"):
        collect(make_zip(tmp_path / "b.zip", files), "lab1")
    with pytest.raises(IntakeError, match="more than 10"):
        collect(tree(tmp_path / "folder", files), "lab1")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_no_cap_stops_are_not_decompressed(tmp_path, method):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("bomb.ipynb", bytes(2**20))
        archive.writestr("ann.ipynb", NB, compress_type=zipfile.ZIP_STORED)
    found = by_student(collect(path, "lab1"))
    assert payload(found["ann"]) == NB and "method" in found["bomb"].error


def flag_encrypted(data: bytes, name: bytes) -> bytes:
    """Set the encryption bit of one entry in the local header and in the central directory."""
    out = bytearray(data)
    for signature, flags, at in ((b"PK\3\4", 6, 30), (b"PK\1\2", 8, 46)):
        start = -1
        while (start := data.find(signature, start + 1)) >= 0:
            if data[start + at : start + at + len(name)] == name:
                out[start + flags] |= 1
    return bytes(out)


def test_an_encrypted_entry_is_its_students_error(tmp_path):
    path = make_zip(tmp_path / "e.zip", {"ann.ipynb": NB, "ben.ipynb": NB})
    path.write_bytes(flag_encrypted(path.read_bytes(), b"ben.ipynb"))
    found = by_student(collect(path, "lab1"))
    assert payload(found["ann"]) == NB and "encrypted" in found["ben"].error


def test_a_damaged_entry_is_its_students_error(tmp_path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("ann.ipynb", NB)
        archive.writestr("ben.ipynb", b"MARK" * 10)
    path.write_bytes(path.read_bytes().replace(b"MARKMARK", b"MARKMASK"))
    found = by_student(collect(path, "lab1"))
    assert payload(found["ann"]) == NB and "damaged" in found["ben"].error


def test_of_two_entries_with_one_name_the_later_counts(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = make_zip(tmp_path / "d.zip", [("ann.ipynb", b"first"), ("ann.ipynb", b"second")])
    (submission,) = collect(path, "lab1")
    assert payload(submission) == b"second" and submission.notes == ("handed in 2 times: the newest counts",)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", b"PK\5\6" + bytes(18), b"\x1f\x8b" + bytes(100)])
def test_an_unreadable_archive_is_one_line(tmp_path, content):
    path = tmp_path / "class.zip"
    path.write_bytes(content)
    with pytest.raises(IntakeError) as error:
        collect(path, "lab1")
    assert "class.zip" in str(error.value) and "\n" not in str(error.value)


def test_a_truncated_archive_is_one_line(tmp_path):
    whole = make_zip(tmp_path / "w.zip", CANVAS).read_bytes()
    for size in range(0, len(whole), 97):
        path = tmp_path / "cut.zip"
        path.write_bytes(whole[:size])
        with pytest.raises(IntakeError):
            collect(path, "lab1")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_archive_never_crashes(tmp_path_factory, data):
    """Whatever bytes are changed, there is a list of submissions or one clear line."""
    path = tmp_path_factory.mktemp("fuzz") / "f.zip"
    whole = bytearray(make_zip(path, GRADESCOPE).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        by_student(collect(path, "lab1"))
    except IntakeError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("make", ["missing", "pipe", "empty"])
def test_a_path_without_submissions_is_one_line(tmp_path, make):
    path = tmp_path / "x.zip"
    if make == "pipe":
        os.mkfifo(path)
    if make == "empty":
        path.mkdir()
    with pytest.raises(IntakeError) as error:
        collect(path, "lab1")
    assert str(path) in str(error.value) and "\n" not in str(error.value)


# --- names and writes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("student", ["adams_1001", "Jane.Doe", "al@x.edu", "a-b+c", "李明", "Žižek", "हिन्दी"])
def test_an_ordinary_id_is_its_own_file_name(student):
    assert safe_name(student) == unicodedata.normalize("NFC", student) == student


@pytest.mark.parametrize(
    "student",
    ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-rf", "con", "NUL.txt", "x" * 300, "é" * 200, "a\0b", "\udce9", "a:b",
     "e\u0301", "trail.", "a b", "x\u202ey", "*?<>|"],
)  # fmt: skip
def test_a_hostile_id_becomes_a_safe_name_with_a_hash(student):
    name = safe_name(student)
    assert name != student and safe_name(student) == name
    check_safe(name)


def check_safe(name: str):
    assert name and not name.startswith((".", "-")) and not name.endswith(".")
    assert not set(name) & set('/\\:*?"<>|\0 ')
    assert len(name.encode("utf-8")) <= NAME_BYTES + 80  # and so is no lone surrogate
    assert name.split(".")[0].casefold() not in {"con", "prn", "aux", "nul"}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.text(st.characters(), max_size=8) | st.sampled_from(["Al", "al", "AL", "ß", "ss", "a/b", "a_b", "ﬁ", "fi"])
    )
)
@example(["a/b", safe_name("a/b"), safe_name("a/b").upper()])
def test_a_class_has_unique_names_where_case_is_ignored(students):
    names = file_names(students)
    assert set(names) == set(students)
    assert len({unicodedata.normalize("NFKC", name).casefold() for name in names.values()}) == len(names)
    assert file_names(reversed(students)) == names
    for name in names.values():
        check_safe(name)


def test_the_names_work_on_this_file_system(tmp_path):
    students = ["a/b", "a_b", "A_B", "x" * 300, "", "é" * 200, "\udce9", "new\nline", "con"]
    for student, name in file_names(students).items():
        write_atomically(tmp_path / f"{name}.json", repr(student))
    assert sorted(p.read_text() for p in tmp_path.iterdir()) == sorted(map(repr, students))


def test_a_write_replaces_the_whole_file_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "grades.csv"
    write_atomically(path, "old\r\n")
    assert path.read_bytes() == b"old\r\n"

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["grades.csv"] and path.read_bytes() == b"old\r\n"


def test_a_written_file_has_the_users_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "x", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_clean_leaves_nothing_that_steers_a_terminal():
    assert clean("a\x1b[31mb\tc\nd\r\ne") == "a\ufffd[31mb\tc\nd\ne"
    for char in "\x00\x07\x1b\r\x7f\x9b\ud800\u202e\u2066\ufeff\u2028":
        assert clean(char) == "\ufffd"
    io.StringIO().write(clean("\ud800"))


def test_the_capstone_is_a_lab_of_the_course(tmp_path):
    """Its name has no number; a course sorted by labs holds it beside the others, and it is nobody's name."""
    title = Title("capstone", "behavior")
    names = ["capstone", "Capstone_behavior", "capstone_behavior (1)", "jdoe_capstone", "capstone2", "capsule"]
    assert [title.rank(name) for name in names] == [2, 2, 1, 1, 0, 0]
    assert title.student_of_folder("capstone-jdoe") == "jdoe"
    members = {"lab8/ann.ipynb": b"8", "capstone/ann.ipynb": b"c", "capstone/ben_capstone.ipynb": b"b"}
    place = put(tmp_path, **members)
    assert payloads(collect(place, "capstone", "behavior")) == {"ann": b"c", "ben": b"b"}
    assert payloads(collect(place, "lab8", "gimbal")) == {"ann": b"8"}
