"""What learning platforms, and teachers without one, hand to the grader: each form of names, in each kind of container."""

import csv
import io
import json
import logging
import subprocess
import sys
import unicodedata
import zipfile
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.build import Kind, build
from autograder.course import find_lab
from autograder.files import clean
from autograder.grading.intake import NO_NOTEBOOK, IntakeError, collect
from autograder.grading.intake.forms import lateness, read_files, read_time
from autograder.grading.intake.titles import Title
from autograder.grading.notebook import parse
from autograder.grading.release import Release
from tests.trees import by_student, make_zip, payload, payloads, tree

LAB = "lab1_likelihood.ipynb"
STUB = 'def softplus(a):\n    """Softplus."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
CHECK = 'check("softplus")'
PROMPT = "*Write your answer here.*"


def code(source: str, **metadata) -> dict:
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


def text(source: str, **metadata) -> dict:
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


def notebook(answer: str, written: str = PROMPT) -> bytes:
    """A notebook of one exercise and one question."""
    cells = [
        code(answer, nbgrader={"grade_id": "softplus"}),
        code(CHECK, nbgrader={"grade_id": "softplus-check"}),
        text(
            "### 4b · Why?  (3 points, written)\n\nSay why it does not overflow.", nbgrader={"grade_id": "written-4b"}
        ),
        text(written, tags=["answer-4b"]),
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


FRESH = notebook(STUB)
RELEASE = Release(tuple(parse(FRESH)))


def work(who: str) -> bytes:
    """An answer of one's own."""
    return notebook(f"def softplus(a):\n    return {who!r}")


JANE, KIM, OLD = work("jane"), work("kim"), work("old")


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def collected(path, **options):
    return collect(path, "lab1", "likelihood", RELEASE, **options)


# The files of a class as a platform gives them out, and what each student is graded for.
PLATFORMS = {
    "Canvas": (
        {
            "doejane_12345_67890_lab1_likelihood.ipynb": JANE, "doejane_12345_67891_notes.ipynb": OLD,
            "leekim_LATE_12346_67892_lab1_likelihood-1.ipynb": KIM, "leekim_LATE_12346_67880_lab1_likelihood.ipynb": OLD,
            "roean_12347_67893_lab1.zip": zipped({"mine/lab1.ipynb": OLD}), "poelu_12348_text.html": b"<p>", "xulin_12349_70_a.py": b"",
        },
        {"doejane_12345": JANE, "leekim_12346": KIM, "roean_12347": OLD, "poelu_12348": None, "xulin_12349": None},
    ),
    "Moodle, flat": (
        {
            "Jane Doe_123456_assignsubmission_file_lab1_likelihood.ipynb": JANE,
            "Jane Doe_123456_assignsubmission_file_notes.ipynb": OLD,
            "Kim Lee_123457_assignsubmission_file_Untitled.ipynb": KIM,
            "Kim Lee_123457_assignsubmission_onlinetext_onlinetext.html": b"",
            "Kim Lee_123458_assignsubmission_file_lab1_1_2_x.ipynb": OLD,
            "Participant_77_assignsubmission_onlinetext.html": b"",
        },
        {"Jane Doe_123456": JANE, "Kim Lee_123457": KIM, "Kim Lee_123458": OLD, "Participant_77": None},
    ),
    "Moodle, folders": (
        {
            "Jane Doe_123456_assignsubmission_file_/lab1_likelihood.ipynb": JANE,
            "Jane Doe_123456_assignsubmission_onlinetext_/onlinetext.html": b"",
            "Kim Lee_123457_assignsubmission_file/deep/er/lab1.ipynb": KIM,
            "Al Poe_123458_assignsubmission_file_/report.pdf": b"",
        },
        {"Jane Doe_123456": JANE, "Kim Lee_123457": KIM, "Al Poe_123458": None},
    ),
    "Moodle, one folder": (
        {"Jane Doe_123456_assignsubmission_file_/lab1_likelihood.ipynb": JANE},
        {"Jane Doe_123456": JANE},
    ),
    "Blackboard": (
        {
            "Lab 1_jdoe12_attempt_2025-01-04-10-00-00_lab1_likelihood.ipynb": OLD,
            "Lab 1_jdoe12_attempt_2025-01-04-10-00-00.txt": b"Name: Jane",
            "Lab 1_jdoe12_attempt_2025-01-05-23-59-00_other name.ipynb": JANE,
            "Lab 1_k_lee_attempt_2025-01-05-09-00-00_lab1_likelihood.ipynb": KIM,
            "Lab 1_poe_attempt_2025-01-05-09-00-00.txt": b"no file",
        },
        {"jdoe12": JANE, "k_lee": KIM, "poe": None},
    ),
    "Brightspace, files": (
        {
            "12345-67890 - Jane Doe - Jan 4, 2025 1159 PM - lab1_likelihood.ipynb": OLD,
            "12345-67890 - Jane Doe - Jan 5, 2025 926 AM - lab1_likelihood.ipynb": JANE,
            "12346-67890 - Mary-Ann Lee- 5 January, 2025 12:30 AM - lab - 1.ipynb": KIM,
            "index.html": b"",
        },
        {"Jane Doe": JANE, "Mary-Ann Lee": KIM},
    ),
    "Brightspace, folders": (
        {
            "397063-2557369 - Jane Doe - Dec 31, 2024 1159 PM/lab1_likelihood.ipynb": OLD,
            "397063-2557369 - Jane Doe - Jan 1, 2025 1200 AM/lab1_likelihood.ipynb": JANE,
            "397063-2557369 - Kim Lee - Jan 1, 2025 100 PM/lab1_likelihood.ipynb": KIM,
            "index.html": b"",
        },
        {"Jane Doe": JANE, "Kim Lee": KIM},
    ),
    "ILIAS": (
        {
            "Lab_1/Abgaben/Doe_Jane_jdoe_4711/20250104120000_lab1_likelihood.ipynb": OLD,
            "Lab_1/Abgaben/Doe_Jane_jdoe_4711/20250105120000_lab1_likelihood.ipynb": JANE,
            "Lab_1/Abgaben/Lee_Kim_klee_4712/20250105120000_Untitled.ipynb": KIM,
            "Lab_1/status.xlsx": b"",
        },
        {"Doe_Jane_jdoe_4711": JANE, "Lee_Kim_klee_4712": KIM},
    ),
    "ILIAS, teams": (
        {
            "Lab_1/Submissions/Team 1/Doe_Jane_jdoe_4711/20250105120000_lab1.ipynb": JANE,
            "Lab_1/Submissions/Team 2/Lee_Kim_klee_4712/20250105120000_lab1.ipynb": KIM,
        },
        {"Doe_Jane_jdoe_4711": JANE, "Lee_Kim_klee_4712": KIM},
    ),
    "GitHub Classroom": (
        {
            "lab1-jdoe/lab1_likelihood.ipynb": JANE, "lab1-jdoe/README.md": b"", "lab1-jdoe/old/lab1_likelihood.ipynb": OLD,
            "lab1-likelihood-kim-lee/labs/lab1_likelihood.ipynb": KIM, "lab1-poe/README.md": b"",
        },
        {"jdoe": JANE, "kim-lee": KIM, "poe": None},
    ),
    "Google Classroom": (
        {
            "Jane Doe - lab1_likelihood.ipynb": JANE, "Copy of Kim Lee - lab1_likelihood.ipynb": KIM,
            "Copy of lab1_likelihood.ipynb": OLD, "Copy of lab1_likelihood (1).ipynb": OLD,
        },
        {"Jane Doe": JANE, "Kim Lee": KIM, "Copy of lab1_likelihood": OLD, "Copy of lab1_likelihood (1)": OLD},
    ),
    "Sakai": (
        {
            "Lab 1/Doe, Jane(1234)/Submission attachment(s)/lab1_likelihood.ipynb": JANE, "Lab 1/grades.csv": b"",
            "Lab 1/Doe, Jane(1235)/Submission attachment(s)/lab1_likelihood.ipynb": KIM,
        },
        {"Doe, Jane(1234)": JANE, "Doe, Jane(1235)": KIM},
    ),
    "nbgrader's submitted": (
        {
            "submitted/jdoe/lab1/lab1_likelihood.ipynb": JANE, "submitted/klee/Lab 01/lab1_likelihood.ipynb": KIM,
            "submitted/poe/lab2/lab2.ipynb": OLD, "source/lab1/lab1_likelihood.ipynb": OLD,
        },
        {"jdoe": JANE, "klee": KIM, "poe": None},
    ),
    "nbgrader's exchange": (
        {
            "jdoe+lab1+2025-01-04 12:00:00.123456 UTC+abc/lab1_likelihood.ipynb": OLD,
            "jdoe+lab1+2025-01-05 12:00:00.123456 UTC+abd/lab1_likelihood.ipynb": JANE,
            "k+lee@x.edu+lab1+2025-01-05 12_00_00 UTC/lab1_likelihood.ipynb": KIM,
            "poe+lab2+2025-01-05 12:00:00.123456 UTC/lab2.ipynb": OLD,
        },
        {"jdoe": JANE, "k+lee@x.edu": KIM},
    ),
    "nbgrader's downloaded": (
        {
            "downloaded/lab1/extracted/jdoe_lab1.ipynb": JANE, "downloaded/lab1/archive/all.zip": b"PK",
            "downloaded/lab1/extracted/klee_lab1_likelihood.ipynb": KIM, "downloaded/lab2/extracted/jdoe_lab2.ipynb": OLD,
        },
        {"jdoe": JANE, "klee": KIM},
    ),
    "plain files": (
        {
            "jdoe.ipynb": OLD, "jdoe-Copy1.ipynb": JANE, "klee__20250105120000.ipynb": KIM, "lab1-poe (2).ipynb": OLD,
            "12.ipynb": OLD, "a_1_2_b.ipynb": OLD,
        },
        {"jdoe": JANE, "klee": KIM, "poe": OLD, "12": OLD, "a_1_2_b": OLD},
    ),
    "a folder per student": (
        {"jdoe/x.ipynb": JANE, "klee/lab1.zip": zipped({"lab1.ipynb": KIM}), "poe/lab1_likelihood.ipynb.txt": OLD, "xu/a.docx": b""},
        {"jdoe": JANE, "klee": KIM, "poe": OLD, "xu": None},
    ),
    "a folder per lab": (
        {"lab1/jdoe.ipynb": JANE, "lab1/klee.ipynb": KIM, "lab2/jdoe.ipynb": OLD, "lab10/jdoe.ipynb": OLD},
        {"jdoe": JANE, "klee": KIM},
    ),
    "sections": (
        {
            "A/doejane_12345_67890_lab1.ipynb": JANE, "A/roean_12348_67894_lab1.ipynb": OLD,
            "B/leekim_12346_67891_lab1.ipynb": KIM, "B/poelu_12347_67892_lab1.ipynb": OLD,
        },
        {"doejane_12345": JANE, "roean_12348": OLD, "leekim_12346": KIM, "poelu_12347": OLD},
    ),
}  # fmt: skip
CONTAINERS = {
    "folder": lambda path, files: tree(path / "given", files),
    "folder in a folder": lambda path, files: (
        tree(path / "given", {f"submissions/{n}": d for n, d in files.items()}).parent / "given"
    ),
    "zip": lambda path, files: make_zip(path / "given.zip", files),
    "zip of a folder": lambda path, files: make_zip(path / "given.zip", {f"given/{n}": d for n, d in files.items()}),
    "zip of a Mac": lambda path, files: make_zip(
        path / "given.zip", files | {f"__MACOSX/._{name}": b"\0\5\x16\7" for name in files} | {".DS_Store": b"\0"}
    ),
}


# A folder that is called anything, with lab1 in it, is a student's.
PLACED = [(p, c) for p in PLATFORMS for c in CONTAINERS if (p, c) != ("a folder per lab", "zip of a folder")]


@pytest.mark.parametrize(("platform", "container"), PLACED)
def test_every_form_in_every_container(tmp_path, platform, container):
    files, expected = PLATFORMS[platform]
    found = collected(CONTAINERS[container](tmp_path, files))
    assert payloads(found) == expected
    for submission in found:
        if submission.error:
            assert submission.error.startswith(NO_NOTEBOOK)


@pytest.mark.parametrize("platform", sorted(set(PLATFORMS) - {"Moodle, one folder"}))
def test_a_form_does_not_hang_on_the_order_of_an_archive(tmp_path, platform):
    files, expected = PLATFORMS[platform]
    assert payloads(collected(make_zip(tmp_path / "given.zip", dict(reversed(files.items()))))) == expected


@pytest.mark.parametrize("platform", PLATFORMS)
def test_without_the_release_the_same_students_are_found(tmp_path, platform):
    files, expected = PLATFORMS[platform]
    assert {s.student for s in collect(tree(tmp_path, files), "lab1")} == set(
        expected
    ) or platform == "GitHub Classroom"


# --- several files of one student -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fresh", [LAB, "lab1_likelihood (1).ipynb", "z.ipynb"])
@pytest.mark.parametrize(
    "own",
    [
        "lab1_likelihood-Copy1.ipynb",
        "lab1_likelihood__20250105120000.ipynb",
        "Copy of lab1_likelihood.ipynb",
        "a.ipynb",
    ],
)
def test_the_notebook_with_work_in_it_counts(tmp_path, fresh, own):
    (submission,) = collected(
        tree(tmp_path, {f"submitted/jdoe/lab1/{fresh}": FRESH, f"submitted/jdoe/lab1/{own}": JANE})
    )
    assert payload(submission) == JANE
    (note,) = submission.notes
    assert f"{own} counts" in note and fresh in note


@pytest.mark.parametrize(
    "untouched",
    [
        FRESH,
        notebook(STUB.replace("NotImplementedError()", "NotImplementedError")),
        notebook(STUB.replace("Softplus.", "Softplus, in last year's words.")),
        notebook(STUB + "\n", "Write your answer here."),
        notebook("# my notes\n" + STUB),
        b"{",
    ],
)
def test_an_untouched_notebook_or_a_broken_one_never_wins(tmp_path, untouched):
    (submission,) = collected(
        tree(tmp_path, {"submitted/jdoe/lab1/" + LAB: untouched, "submitted/jdoe/lab1/old.ipynb": JANE})
    )
    assert payload(submission) == JANE


@pytest.mark.parametrize("answer", [notebook(STUB, "Because."), work("x"), notebook("softplus = lambda a: a")])
def test_any_answer_is_work(tmp_path, answer):
    (submission,) = collected(
        tree(tmp_path, {"submitted/jdoe/lab1/" + LAB: FRESH, "submitted/jdoe/lab1/old.ipynb": answer})
    )
    assert payload(submission) == answer


def test_an_untouched_newest_attempt_does_not_hide_an_older_one(tmp_path):
    files = {
        "Lab 1_jdoe_attempt_2025-01-04-10-00-00_lab1_likelihood.ipynb": JANE,
        "Lab 1_jdoe_attempt_2025-01-05-10-00-00_lab1_likelihood.ipynb": FRESH,
    }
    (submission,) = collected(tree(tmp_path, files))
    assert payload(submission) == JANE
    assert submission.notes == ("handed in 2 times: an earlier one counts, since there is work in it",)


# --- forms that are mixed ---------------------------------------------------------------------------------------------


def test_who_sent_a_notebook_by_mail_is_one_more_student(tmp_path, caplog):
    files = {
        "doejane_12345_67890_lab1_likelihood.ipynb": JANE, "obrienmary_LATE_12346_67891_lab1_likelihood.ipynb": OLD,
        "leekim.ipynb": KIM,
    }  # fmt: skip
    with caplog.at_level(logging.WARNING):
        found = by_student(collected(tree(tmp_path, files)))
    assert {s: payload(f) for s, f in found.items()} == {"doejane_12345": JANE, "obrienmary_12346": OLD, "leekim": KIM}
    assert found["obrienmary_12346"].late and not found["leekim"].late
    assert "Canvas" in found["leekim"].notes[0] and not found["doejane_12345"].notes
    assert len(caplog.messages) == 1 and "Canvas's form of names (2), a plain file name (1)" in caplog.messages[0]


def test_files_and_folders_of_several_platforms(tmp_path):
    files = {
        "Jane Doe_123456_assignsubmission_file_/lab1.ipynb": JANE, "Kim Lee_123457_assignsubmission_file_lab1.ipynb": KIM,
        "poelu_12348_67890_lab1.ipynb": OLD, "xu/lab1_likelihood.ipynb": OLD, "12345-6 - Al Roe - Jan 5, 2025 926 AM - x.ipynb": OLD,
    }  # fmt: skip
    assert payloads(collected(tree(tmp_path, files))) == {
        "Jane Doe_123456": JANE, "Kim Lee_123457": KIM, "poelu_12348": OLD, "xu": OLD, "Al Roe": OLD,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_students_name_is_one_in_every_form_of_unicode(tmp_path, form):
    """A Mac takes the letters of a file's name apart, and an archive may hold both."""
    name = "Müller Jürgen"
    files = {
        unicodedata.normalize(form, f"{name}.ipynb"): JANE,
        unicodedata.normalize("NFD", f"{name}-Copy1.ipynb"): FRESH,
    }
    (submission,) = collected(make_zip(tmp_path / "c.zip", files))
    assert submission.student == unicodedata.normalize("NFC", name) and payload(submission) == JANE


def test_an_archive_that_does_not_say_that_its_names_are_utf8(tmp_path):
    path = make_zip(tmp_path / "c.zip", {"Müller.ipynb": JANE})
    data = bytearray(path.read_bytes())
    for signature, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        flags = data.index(signature) + at
        data[flags + 1] &= ~8  # the bit that says it
    path.write_bytes(data)
    assert payloads(collected(path)) == {"Müller": JANE}


# --- endings, and archives in archives --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("bo.py", b"x = 1", "but bo.py"),
        ("bo.zip", b"PK", "but bo.zip, which is not a zip archive"),
        ("bo.zip", zipped({"a.py": b""}), "but bo.zip, in which there is no notebook"),
        ("bo.tar.gz", b"\x1f\x8b", "but bo.tar.gz"),
        ("bo.html", b"<html>", "but bo.html"),
        ("bo.docx", b"PK", "but bo.docx"),
        ("bo.pdf", b"%PDF", "but bo.pdf"),
        ("bo.json", b"{}", "but bo.json"),
        ("bo.txt", b"sorry", "but bo.txt"),
        ("bo", b"?", "but bo"),
    ],
)
def test_who_handed_in_something_else_has_a_row_that_says_what(tmp_path, name, data, said):
    found = by_student(collected(tree(tmp_path, {"jdoe.ipynb": JANE, name: data})))
    (other,) = set(found) - {"jdoe"}
    assert other in ("bo", "bo.tar") and said in found[other].error and found[other].error.startswith(NO_NOTEBOOK)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bo.ipynb.txt", KIM), ("bo.ipynb.json", KIM), ("bo.IPYNB.TXT", KIM), ("bo.json", KIM), ("bo.txt", KIM), ("bo", KIM),
        ("bo.zip", zipped({"x/y/z.ipynb": KIM})), ("bo.ipynb.zip", zipped({"bo.ipynb": KIM, "__MACOSX/._bo.ipynb": b"\0"})),
        ("bo.zip", zipped({"lab1_likelihood.ipynb": FRESH, "final.ipynb": KIM, "notes.txt": b""})),
    ],
)  # fmt: skip
def test_a_notebook_under_another_ending_or_in_a_zip_is_graded(tmp_path, name, data):
    files = {"jdoe.ipynb": JANE, name: data}
    for path in (tree(tmp_path / "folder", files), make_zip(tmp_path / "class.zip", files)):
        found = by_student(collected(path))
        assert payload(found["bo"]) == KIM
        assert any(note == f"handed in as {name}" for note in found["bo"].notes)


def test_a_newer_attempt_in_a_zip_counts(tmp_path):
    files = {
        "Lab 1_jdoe_attempt_2025-01-04-10-00-00_lab1_likelihood.ipynb": OLD,
        "Lab 1_jdoe_attempt_2025-01-05-10-00-00_mine.zip": zipped({"x.ipynb": JANE}),
    }
    (submission,) = collected(tree(tmp_path, files))
    assert payload(submission) == JANE and "handed in as mine.zip" in submission.notes


def test_a_bomb_in_a_zip_in_the_classs_zip_costs_its_own_student_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.grading.intake.sources.NOTEBOOK_BYTES", 2**20)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lab1.ipynb", bytes(2**28))
    found = by_student(collected(make_zip(tmp_path / "c.zip", {"bo.zip": bomb.getvalue(), "jdoe.ipynb": JANE})))
    assert payload(found["jdoe"]) == JANE and "larger than" in found["bo"].error


def test_a_class_of_zips(tmp_path):
    assert payloads(collected(tree(tmp_path, {"jdoe.zip": zipped({LAB: JANE}), "klee.zip": zipped({LAB: KIM})}))) == {
        "jdoe": JANE, "klee": KIM,
    }  # fmt: skip


# --- other names for the lab ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("called", ["lab01", "Lab 1", "lab-1", "LAB1", "lab1_likelihood", "Lab 1 likelihood", "lab_1"])
def test_the_lab_may_be_spelled_in_other_ways(tmp_path, called):
    assert payloads(collected(tree(tmp_path, {f"submitted/jdoe/{called}/{LAB}": JANE}))) == {"jdoe": JANE}


@pytest.mark.parametrize(
    "files",
    [
        {"submitted/jdoe/hw1/x.ipynb": JANE, "submitted/klee/hw1/x.ipynb": KIM, "submitted/klee/hw10/x.ipynb": OLD},
        {"jdoe+hw1+2025-01-05 12:00:00 UTC/x.ipynb": JANE, "klee+hw1+2025-01-05 12:00:00 UTC/x.ipynb": KIM},
        {"downloaded/hw1/extracted/jdoe_hw1.ipynb": JANE, "downloaded/hw1/extracted/klee.ipynb": KIM},
        {
            "inbound/jdoe+hw1+2025-01-05 12:00:00 UTC/x.ipynb": JANE,
            "inbound/klee+hw1+2025-01-05 12:00:00 UTC/x.ipynb": KIM,
            "outbound/hw1/x.ipynb": OLD,
        },
    ],
)
@pytest.mark.parametrize("at", ["", "submitted"])
def test_another_name_for_the_assignment_is_found_and_asked_for(tmp_path, files, at):
    path = tree(tmp_path, files) / at
    if not path.exists():
        path = tmp_path
    with pytest.raises(IntakeError, match=r"no assignment called lab1.*found: .*hw1 \(\d\).*--assignment hw1") as error:
        collected(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    assert payloads(collected(path, assignment="hw1")) == {"jdoe": JANE, "klee": KIM}
    with pytest.raises(IntakeError, match="no assignment called hw2"):
        collected(path, assignment="hw2")


def test_a_course_sorted_by_other_labs_is_refused(tmp_path):
    with pytest.raises(IntakeError, match=r"no assignment called lab1.*found: lab2 \(1\), lab3 \(1\)"):
        collected(tree(tmp_path, {"lab2/jdoe.ipynb": JANE, "lab3/jdoe.ipynb": JANE}))


def test_a_course_folder_of_nbgraders_has_no_student_called_source(tmp_path):
    files = {"source/lab1/lab1.ipynb": FRESH, "release/lab1/lab1.ipynb": FRESH, "autograded/jdoe/lab1/lab1.ipynb": JANE}
    assert "source" not in payloads(collected(tree(tmp_path, files | {"submitted/jdoe/lab1/lab1.ipynb": JANE})))


NAMES = st.text(st.sampled_from("aZ9_- ().+é\u0301\u202e\n"), min_size=1, max_size=8) | st.sampled_from(
    [
        "lab1", "lab1_likelihood", "hw1", "submitted", "inbound", "extracted", "downloaded", "archive", "submission_1", "run.json",
        "results", "jdoe", "doejane_12345_67890_x", "Jane Doe_1_assignsubmission_file_", "Lab 1_a_attempt_2025-01-04-10-00-00",
        "1-2 - Jane Doe - Jan 5, 2025 926 AM", "jdoe+lab1+2025-01-05 12:00:00 UTC", "Team 1", "submissions", "lab1-Copy1", "timestamp.txt",
        "submission_metadata.yml",
    ]
)  # fmt: skip
ENDINGS = st.sampled_from(["", ".ipynb", ".ipynb.txt", ".zip", ".pdf", ".txt", ".IPYNB"])
PATHS = st.tuples(st.lists(NAMES, max_size=3), NAMES, ENDINGS).map(lambda p: "/".join([*p[0], p[1] + p[2]]))


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(
        PATHS, st.sampled_from([JANE, FRESH, b"", b"{", zipped({"lab1.ipynb": KIM})]), min_size=1, max_size=8
    )
)
def test_whatever_lies_where_there_are_students_or_one_line(tmp_path_factory, files):
    path = make_zip(tmp_path_factory.mktemp("any") / "given.zip", files)
    try:
        found = by_student(collected(path))
    except IntakeError as error:
        assert "\n" not in str(error) and clean(str(error)) == str(error)
        return
    for submission in found.values():
        payload(submission)
        assert all(clean(line) == line for line in (*submission.notes, submission.error or "", submission.late))


@pytest.mark.parametrize("name", ["a b", "it's", "x\x1b[31m\ny", "; rm -rf ~", "ü" * 80])
def test_a_refusal_shows_a_hostile_name_harmlessly(tmp_path, name):
    with pytest.raises(IntakeError) as error:
        collected(tree(tmp_path, {f"submitted/jdoe/{name}/x.ipynb": JANE}))
    assert "\n" not in str(error.value) and "\x1b" not in str(error.value)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.pdf": b"", "b.PDF": b"", "c.py": b""}, r"files of the endings \.pdf \(2\), \.py \(1\)"),
        (
            {"data/x.csv": b"", "src/y": b""},
            r"the folders data, src and files of the endings \.csv \(1\), no ending \(1\)",
        ),
        ({}, "found nothing"),
        (
            {"downloaded/lab1/archive/all.zip": zipped({"jdoe.ipynb": JANE})},
            "nothing is extracted yet.*archive/all.zip.*zip_collect",
        ),
    ],
)
def test_a_refusal_says_what_was_found(tmp_path, files, said):
    with pytest.raises(IntakeError, match=said) as error:
        collected(tree(tmp_path, files))
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)


# --- lateness ---------------------------------------------------------------------------------------------------------

DUE = datetime(2025, 1, 5, 12)
STAMPED = {
    "Blackboard": {"Lab 1_jdoe_attempt_2025-01-05-14-05-00_lab1.ipynb": JANE, "Lab 1_klee_attempt_2025-01-05-12-00-00_lab1.ipynb": KIM},
    "Brightspace": {"1-2 - jdoe - Jan 5, 2025 205 PM - lab1.ipynb": JANE, "3-2 - klee - Jan 5, 2025 1200 PM - lab1.ipynb": KIM},
    "ILIAS": {"jdoe/20250105140500_lab1.ipynb": JANE, "klee/20250105120000_lab1.ipynb": KIM},
    "nbgrader": {
        "submitted/jdoe/lab1/lab1.ipynb": JANE, "submitted/jdoe/lab1/timestamp.txt": b"2025-01-05 14:05:00.5",
        "submitted/klee/lab1/lab1.ipynb": KIM, "submitted/klee/lab1/timestamp.txt": b"2025-01-05 11:59:59.123456",
    },
    "nbgrader's exchange": {"jdoe+lab1+2025-01-05 14:05:00/lab1.ipynb": JANE, "klee+lab1+2025-01-05 12:00:00/lab1.ipynb": KIM},
    "Gradescope": {
        "submission_1/lab1.ipynb": JANE, "submission_2/lab1.ipynb": KIM,
        "submission_metadata.yml": b"""\
submission_1:
  :submitters:\n  - {":name": jdoe}
  :created_at: !ruby/object:ActiveSupport::TimeWithZone 2025-01-05 14:05:00.000000000
submission_2:
  :submitters:\n  - {":name": klee}
  :created_at: 2025-01-05 11:05:00.123
""",
    },
}  # fmt: skip


@pytest.mark.parametrize("platform", STAMPED)
def test_what_a_platform_says_of_the_time_is_held_against_the_due_date(tmp_path, platform):
    tree(tmp_path, STAMPED[platform])
    assert {s.student: s.late for s in collected(tmp_path, due=DUE)} == {"jdoe": "2 h 5 min", "klee": ""}
    assert {s.student: s.late for s in collected(tmp_path)} == {"jdoe": "", "klee": ""}


@pytest.mark.parametrize(
    ("stamp", "hours"),
    [("2025-01-05 14:00:00 UTC", 2), ("2025-01-05T14:00:00Z", 2), ("2025-01-05 14:00:00.25 -08:00", 10), ("2025-01-05 14:00:00 +0130", 0.5),
     ("2025-01-05 14:00:00 America/Los_Angeles", 10)],
)  # fmt: skip
def test_a_time_with_a_zone_is_that_zones(monkeypatch, stamp, hours):
    monkeypatch.setenv("TZ", "UTC")
    assert lateness(read_time(stamp), datetime.fromisoformat("2025-01-05T12:00:00+00:00")).split() == (
        [f"{int(hours)}", "h", "0", "min"] if hours >= 1 else ["30", "min"]
    )


@pytest.mark.parametrize(
    "stamp", ["", "yesterday", "2025-13-05 12:00:00", "2025-01-05", "9" * 10_000, "2025-01-05 12:00:00\nx\ny"]
)
def test_a_time_that_says_nothing_is_no_time(tmp_path, stamp):
    assert read_time(stamp) is None
    tree(
        tmp_path,
        {"submitted/jdoe/lab1/lab1.ipynb": JANE, "submitted/jdoe/lab1/timestamp.txt": stamp.encode() + b"\xff"},
    )
    assert [s.late for s in collected(tmp_path, due=DUE)] == [""]


def test_a_zone_that_is_a_path_is_not_opened(tmp_path):
    assert read_time("2025-01-05 12:00:00 ../../../etc/passwd") is None
    assert read_time("2025-01-05 12:00:00 etc/passwd") == DUE


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("Jan 5, 2025 1159 PM", (1, 5, 23, 59)), ("5 January, 2025 12:30 AM", (1, 5, 0, 30)), ("août 5, 2025 2359", (8, 5, 23, 59)),
        ("déc. 5, 2025 2359", (12, 5, 23, 59)), ("2025-10-05 105 PM", (10, 5, 13, 5)), ("5 Mär 2025 800", (3, 5, 8, 0)),
        ("juil. 5, 2025 1000", (7, 5, 10, 0)), ("juin 5, 2025 1000", (6, 5, 10, 0)),
    ],
)  # fmt: skip
def test_brightspaces_times(said, order):
    named = read_files([f"1-2 - Jane Doe - {said} - lab1.ipynb"])[f"1-2 - Jane Doe - {said} - lab1.ipynb"]
    assert named.student == "Jane Doe" and named.when == datetime(2025, *order)


@pytest.mark.parametrize(
    ("numbers", "students"),
    [
        (["11-90 Kim", "12-90 Kim", "13-90 Jane"], {"Kim_11", "Kim_12", "Jane"}),  # the user's number, the assignment's
        (["90-11 Kim", "90-12 Kim", "90-13 Jane"], {"Kim_11", "Kim_12", "Jane"}),  # the other way round
        (["11-1 Kim", "11-2 Kim", "12-3 Jane"], {"Kim", "Jane"}),  # the user's, the attempt's
        (["1-90 Kim", "2-90 Kim"], {"Kim"}),  # two attempts of one student alone
        (["5-90 Kim", "5-90 Jane", "5-90 Kim"], {"Kim", "Jane"}),  # both are the assignment's
    ],
)
def test_two_students_of_one_name_are_two_and_two_attempts_are_one(numbers, students):
    files = [f"{n.replace(' ', ' - ')} - Jan {day}, 2025 926 AM - lab1.ipynb" for day, n in enumerate(numbers, 1)]
    assert {named.student for named in read_files(files).values()} == students


@pytest.mark.parametrize(
    "name", ["1-1 - " + "a - " * 5000, "_" * 20000, "a_1" * 7000, "1-1 - " + "2025 " * 4000, "x_attempt_" * 2000]
)
def test_a_long_hostile_name_is_read_in_no_time(tmp_path, name):
    """It would take minutes if matching went over all ways to split it."""
    assert payloads(collected(make_zip(tmp_path / "c.zip", {f"{name}.ipynb": JANE, "ann.ipynb": KIM})))["ann"] == KIM


# --- through the command line -----------------------------------------------------------------------------------------


def test_a_mixed_class_from_end_to_end(mini, tmp_path):
    """A platform's files, one sent by mail, and what is no notebook: each has its row, its lateness and its reason."""
    solved = build(find_lab(mini, "lab9"), Kind.WALKTHROUGH).encode()
    class_ = {
        "Lab 9_jdoe_attempt_2025-01-04-10-00-00_lab9_mini.ipynb": build(find_lab(mini, "lab9")).encode(),
        "Lab 9_jdoe_attempt_2025-01-05-12-30-00_lab9_mini.ipynb": solved,
        "Lab 9_klee_attempt_2025-01-05-11-30-00_lab9_mini.ipynb": JANE,
        "Lab 9_poe_attempt_2025-01-05-11-30-00.txt": b"nothing attached",
        "roe.ipynb.txt": solved, "xu.py": b"x = 1", "grades.csv": b"",
    }  # fmt: skip
    words = ["grade", tree(tmp_path / "class", class_), "--lab", "lab9", "--out", tmp_path / "out", "--seed", 1]
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, words), "--due", "2025-01-05T12:00"], cwd=mini, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    with open(tmp_path / "out" / "grades.csv", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert {student: (row["score"], row["late"]) for student, row in rows.items()} == {
        "jdoe": ("7", "30 min"), "klee": ("0", ""), "poe": ("0", ""), "roe": ("7", ""), "xu": ("0", ""),
    }  # fmt: skip
    assert rows["klee"]["remarks"] == "all exercises: another course's notebook: none of lab9's exercises in it"
    assert rows["poe"]["remarks"] == f"all exercises: {NO_NOTEBOOK}"
    assert "Blackboard" in rows["roe"]["remarks"] and "handed in as roe.ipynb.txt" in rows["roe"]["remarks"]
    assert f"{NO_NOTEBOOK}, but xu.py" in rows["xu"]["remarks"]
    assert "handed in 2 times: the newest counts" in rows["jdoe"]["remarks"]


# --- the course's own lab ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lab", [f"lab{n}" for n in range(6)])
def test_a_lab_as_handed_out_has_no_work_in_it(root, lab):
    found = find_lab(root, lab)
    release = Release(tuple(parse(found.notebook.read_bytes())))
    assert not release.has_answers(release.cells) and not release.is_foreign(release.cells)


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("lab1", 2), ("lab1_likelihood", 2), ("LAB1_Likelihood", 2), ("Lab 1", 2), ("lab-01", 2), ("ｌａｂ１", 2), ("lab1 likelihood", 2),
        ("lab1_likelihood (1)", 1), ("lab1_final", 1), ("jdoe_lab1", 1), ("Copy of lab1_likelihood", 2), ("lab1_likelihood-Copy1", 1),
        ("lab10", 0), ("lab10_x", 0), ("collab1", 0), ("lab", 0), ("1", 0), ("hw1", 0), ("", 0),
    ],
)  # fmt: skip
def test_which_names_are_a_labs(name, rank):
    assert Title("lab1", "likelihood").rank(name) == rank
