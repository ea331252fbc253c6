"""The page "from the lecture to the labs" names exercises that exist, in the labs that it says, and leaves no lab out."""

import re

import pytest

from autograder.course import exercise_names, labs


@pytest.fixture(scope="module")
def rows(root):
    """(slide, where, what) of all tables of the page."""
    lines = (root / "site" / "course" / "lecture.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in cells if row[0] not in ("slide", "---")]


def test_every_exercise_exists_in_a_lab_of_its_row(root, rows):
    of_lab = {lab.name: set(exercise_names(lab.checks)) for lab in labs(root)}
    for slide, where, what in rows:
        named = {name.lower().replace(" ", "") for name in re.findall(r"Lab \d|Capstone", f"{where} {what}")}
        there = set().union(*(of_lab[name] for name in named))
        missing = set(re.findall(r"`(\w+)`", what)) - there
        assert not missing, f"{slide}: {sorted(missing)} is no exercise of {where}"


def test_every_slide_leads_somewhere(rows):
    assert len(rows) >= 50 and all(len(row) == 3 and all(row) for row in rows)
    assert len({slide for slide, _, _ in rows}) == len(rows)


def test_every_box_is_there(root, rows):
    """What a row calls a box by a system's name is in the notebook of a lab that it names."""
    sources = {lab.name: lab.source.read_text("utf-8") for lab in labs(root)}
    for slide, where, what in rows:
        text = "".join(sources[name.lower().replace(" ", "")] for name in re.findall(r"Lab \d|Capstone", where))
        for title in re.findall(r'box(?:es)? "([^"]+)"', what):
            assert title in text, f"{slide}: there is no box {title!r} in {where}"


def test_every_lab_serves_the_lecture(root, rows):
    named = {name.lower().replace(" ", "") for row in rows for name in re.findall(r"Lab \d|Capstone", row[1])}
    assert named == {lab.name for lab in labs(root)} - {"lab0"}
