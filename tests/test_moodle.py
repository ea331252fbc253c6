"""Scores for Moodle: its grading worksheet and its gradebook's CSV, as it writes and takes them."""

import csv
import unicodedata

import pytest

from autograder.exports import ExportError
from autograder.exports.moodle import to_moodle
from tests.test_export import make

# As `mod/assign/feedback/offline` of Moodle 4.x writes it.
WORKSHEET = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade", "Grade can be changed",
             "Last modified (submission)", "Last modified (grade)", "Feedback comments"]  # fmt: skip
SHEET = [
    [
        "Participant 4711",
        "Jane Doe",
        "jane@x.edu",
        "Submitted for grading",
        "",
        "50.00",
        "Yes",
        "Sunday, 5 January",
        "-",
        "",
    ],
    ["Participant 4712", "Ana María Núñez", "ana@x.edu", "No submission", "3.00", "50.00", "Yes", "-", "-", "=cmd"],
    ["Participant 4713", "Kim Lee", "kim1@x.edu", "Submitted for grading", "", "50.00", "Yes", "-", "-", ""],
    ["Participant 4714", "Kim Lee", "kim2@x.edu", "Submitted for grading", "", "50.00", "No", "-", "-", ""],
]
BOOK = ["First name", "Last name", "ID number", "Institution", "Department", "Email address", "Assignment: Lab 1 (Real)",
        "Assignment: Lab 10 (Real)", "Course total (Real)", "Last downloaded from this course"]  # fmt: skip
GRADES = [
    ["Jane", "Doe", "s-77", "", "", "jane@x.edu", "-", "-", "-", "1736121600"],
    ["Ana María", "Núñez", "0042", "", "", "ana@x.edu", "3.00", "-", "3.00", "1736121600"],
    ["Kim", "Lee", "s-80", "", "", "kim1@x.edu", "-", "-", "-", "1736121600"],
    ["Kim", "Lee", "s-81", "", "", "kim2@x.edu", "-", "-", "-", "1736121600"],
]


@pytest.fixture
def export(tmp_path):
    def run(students, header, rows, delimiter=",", **options):
        with (tmp_path / "in.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows([header, *rows])
        done = to_moodle([make(student) for student in students], tmp_path / "in.csv", tmp_path / "out.csv", **options)
        with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
            return done, list(csv.reader(file))

    return run


@pytest.mark.parametrize("student", ["Jane Doe_4711", "jane@x.edu", "jane", "Jane Doe", "jane doe"])
@pytest.mark.parametrize(("header", "rows"), [(WORKSHEET, SHEET), (BOOK, GRADES)])
def test_a_student_is_matched_to_a_row(export, student, header, rows):
    done, (head, *out) = export([student], header, rows)
    grade = head.index("Grade" if header is WORKSHEET else "Assignment: Lab 1 (Real)")
    assert head == header and [row[grade] for row in out] == ["7", rows[1][grade], *(row[grade] for row in rows[2:])]
    assert done.matched == {student: "Jane Doe"} and len(done.without_result) == 3


@pytest.mark.parametrize("student", ["Kim Lee", "nobody", "4711", "Participant", "Jane Doe_9999 x", ""])
def test_whoever_is_in_doubt_is_listed_and_gets_nothing(export, student):
    done, (_, *out) = export([student], WORKSHEET, SHEET)
    assert done.without_row == (student,) and [row[4] for row in out] == ["", "3.00", "", ""]


def test_a_gradebook_that_knows_no_participants_numbers_still_tells_two_of_one_name_apart_or_neither(export):
    done, _ = export(["Kim Lee_4713", "Jane Doe_1"], BOOK, GRADES)
    assert done.matched == {"Jane Doe_1": "Jane Doe"} and done.without_row == ("Kim Lee_4713",)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_the_same_in_every_form_of_unicode(export, form):
    done, _ = export([unicodedata.normalize(form, "Ana María Núñez")], WORKSHEET, SHEET)
    assert list(done.matched.values()) == ["Ana María Núñez"]


def test_two_of_one_name_are_told_apart_by_their_numbers_and_a_locked_grade_stays(export):
    done, (_, *out) = export(["Kim Lee_4713", "Kim Lee_4714"], WORKSHEET, SHEET)
    assert [row[4] for row in out] == ["", "3.00", "7", ""] and done.locked == ("Kim Lee",)


def test_moodles_own_cells_come_back_as_they_were_and_nothing_is_a_formula(export):
    _, (_, *out) = export(["jane"], WORKSHEET, SHEET)
    assert out[1][9] == "'=cmd" and out[0][8] == "-" and out[0][:4] == SHEET[0][:4]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(export, delimiter):
    assert export(["jane"], BOOK, GRADES, delimiter)[0].matched == {"jane": "Jane Doe"}


def test_a_blind_worksheet_has_numbers_alone(export):
    header = [name for name in WORKSHEET if name not in ("Full name", "Email address")]
    done, (head, *out) = export(["Participant_4712"], header, [[row[0], *row[3:]] for row in SHEET])
    assert out[1][head.index("Grade")] == "7" and done.matched == {"Participant_4712": "Participant 4712"}


def test_a_column_that_cannot_be_told_is_asked_for(export):
    with pytest.raises(ExportError, match="which column is lab1"):
        export(["jane"], [name.replace("Lab 1 ", "Week 1 ") for name in BOOK], GRADES)
    head = [name.replace("Lab 1 ", "Week 1 ") for name in BOOK]
    assert export(["jane"], head, GRADES, column="Assignment: Week 1 (Real)")[1][1][6] == "7"
    with pytest.raises(ExportError, match="no column 'x'"):
        export(["jane"], BOOK, GRADES, column="x")


@pytest.mark.parametrize("content", [b"", b"Vorname,Nachname\na,b\n", b"\xff\xfe"])
def test_what_is_neither_is_one_line(tmp_path, content):
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(ExportError, match="Moodle"):
        to_moodle([make("ann")], tmp_path / "in.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
