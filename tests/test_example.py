"""The example class of every lab: forty students, with clusters as real classes have them."""

import re
from collections import defaultdict

import nbformat
import pytest

from autograder.authoring.example import DUE, IN_TIME, LATE, RIGHT, SHARED, write_class
from autograder.authoring.spans import read_spans
from autograder.course import labs
from tests.conftest import ROOT

CLUSTERS, OF = 6, 3  # misunderstandings that are shared, and by how many students at least
NO_NOTEBOOK = {"bolzano", "fibonacci"}


@pytest.fixture(scope="module", params=[lab for lab in labs(ROOT) if lab.name != "lab0"], ids=lambda lab: lab.name)
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    return request.param, folder, write_class(request.param, folder)


def answers(path):
    """The source of each answer of a notebook, by exercise."""
    cells = [(cell.metadata.get("nbgrader", {}), cell.source) for cell in nbformat.read(path, as_version=4).cells]
    return {data["grade_id"]: source for data, source in cells if data.get("solution")}


def test_a_class_has_clusters_and_slips(written):
    lab, folder, students = written
    assert len(students) == len(set(students)) == 40 and sorted(path.name for path in folder.iterdir()) == students
    solved = {name: span.full for name, span in read_spans(lab.reference).items() if span.has_solution}
    stubs, blank = answers(lab.notebook), []
    makers = defaultdict(set)
    for student in sorted(set(students) - NO_NOTEBOOK):
        own = answers(folder / student / lab.name / lab.notebook.name)
        blank += [student] if own == stubs else []
        for name, source in own.items() if student not in RIGHT else ():
            if source not in (solved[name], stubs[name]):
                makers[name, source].add(student)
    sizes = sorted(map(len, makers.values()), reverse=True)
    assert sum(size >= OF for size in sizes) >= min(CLUSTERS, len(solved)) and sizes[0] == SHARED[0]
    assert sizes.count(1) >= 10
    assert blank == ["descartes", "fermat"]


def test_who_is_right_changes_nothing_that_others_compute_with(written):
    """A list is right where an array is due, until another exercise indexes it as an array: such a student would not be right."""
    lab, folder, _ = written
    solved = {name: span.full for name, span in read_spans(lab.reference).items() if span.has_solution}
    for student in RIGHT:
        own = answers(folder / student / lab.name / lab.notebook.name)
        for name, source in own.items():
            if any(re.search(rf"\b{name}\(", solved[other]) for other in own if other != name):
                assert source == solved[name], f"{student} has another {name}, on which other exercises build"


def test_a_mistake_is_renamed_and_not_what_it_calls(written):
    """A mistake called `normal` becomes `sample_vmf`, its `rng.normal` does not."""
    lab, folder, students = written
    for student in sorted(set(students) - NO_NOTEBOOK):
        for name, source in answers(folder / student / lab.name / lab.notebook.name).items():
            assert not re.search(rf"\b(rng|np)\.{name}\b", source), f"{student}'s {name} calls a method of that name"


def test_some_files_are_late_or_no_notebooks(written):
    lab, folder, students = written
    stamps = {student: (folder / student / lab.name / "timestamp.txt").read_text() for student in students}
    assert {student for student, stamp in stamps.items() if stamp > DUE} == set(LATE) and IN_TIME < DUE
    assert (folder / "fibonacci" / lab.name / f"{lab.stem}.pdf").exists()
    with pytest.raises(nbformat.reader.NotJSONError):
        nbformat.read(folder / "bolzano" / lab.name / lab.notebook.name, as_version=4)


def test_the_same_lab_has_the_same_class(tmp_path):
    lab = labs(ROOT)[1]
    for name in ("one", "two"):
        write_class(lab, tmp_path / name)
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
