"""The example class of every lab: forty students, with clusters as real classes have them."""

import re
from collections import defaultdict

import nbformat
import pytest

from autograder import cli
from autograder.authoring.example import DUE, IN_TIME, LATE, RIGHT, SHARED, WRITERS, write_class
from autograder.authoring.spans import read_spans
from autograder.authoring.written import read_questions
from autograder.course import labs
from autograder.grading.notebook import parse
from autograder.grading.plan import make_plan
from autograder.grading.written import written_answer
from autograder.marking.desk import asked_of
from autograder.marking.given import answers_of
from autograder.marking.marks import Marks
from autograder.marking.samples import write_sample_marks
from autograder.marking.sheet import read_sheet, take
from autograder.result import Result, WrittenAnswer
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


def test_a_mistake_is_renamed_and_not_what_it_calls(written):
    """A mistake called `normal` becomes `sample_vmf`, its `rng.normal` does not."""
    lab, folder, students = written
    for student in sorted(set(students) - NO_NOTEBOOK):
        for name, source in answers(folder / student / lab.name / lab.notebook.name).items():
            assert not re.search(rf"\b(rng|np)\.{name}\b", source), f"{student}'s {name} calls a method of that name"


def test_an_answer_keeps_what_stands_over_it(written):
    """`@like_those_given` gives tensors back where tensors came in: without it a right student loses a point."""
    lab, folder, students = written
    for student in sorted(set(students) - NO_NOTEBOOK):
        for name, source in answers(folder / student / lab.name / lab.notebook.name).items():
            bank = lab.banks / f"{name}.py"
            for span in read_spans(bank).values() if bank.exists() else ():
                _, _, body = span.full.partition("):\n")
                over = set(re.findall(r"^@(\w+)$", span.full, re.MULTILINE)) - {"alternative"}
                if body and source.endswith(body):
                    assert over <= set(re.findall(r"^@(\w+)$", source, re.MULTILINE)), f"{student}'s {name}"


def test_some_files_are_late_or_no_notebooks(written):
    lab, folder, students = written
    stamps = {student: (folder / student / lab.name / "timestamp.txt").read_text() for student in students}
    assert {student for student, stamp in stamps.items() if stamp > DUE} == set(LATE) and IN_TIME < DUE
    assert (folder / "fibonacci" / lab.name / f"{lab.stem}.pdf").exists()
    with pytest.raises(nbformat.reader.NotJSONError):
        nbformat.read(folder / "bolzano" / lab.name / lab.notebook.name, as_version=4)


def test_who_is_right_gives_the_references_answer_where_others_compute_with_it(written):
    """An alternative may return a list or a tensor, which is right in its own exercise alone."""
    lab, folder, _ = written
    solved = {name: span.full for name, span in read_spans(lab.reference).items() if span.has_solution}
    for student in RIGHT:
        notebook = nbformat.read(folder / student / lab.name / lab.notebook.name, as_version=4)
        code = [
            cell
            for cell in notebook.cells
            if cell.cell_type == "code" and "explore" not in cell.metadata.get("tags", [])
        ]
        for name, source in answers(folder / student / lab.name / lab.notebook.name).items():
            others = "\n".join(cell.source for cell in code if cell.source != source and "check(" not in cell.source)
            assert source == solved[name] or not re.search(rf"^[^#\n]*(?<![\w\"]){name}\(", others, re.MULTILINE), (
                student
            )


def test_written_answers_are_the_marked_samples_and_their_marks_reach_them(written, tmp_path):
    lab, folder, students = written
    plan, questions = make_plan(lab, seed=0), read_questions(lab.answers)
    results = []
    for student in sorted(set(students) - NO_NOTEBOOK):
        cells = parse((folder / student / lab.name / lab.notebook.name).read_bytes())
        said = {task: written_answer(cells, plan.release, task.id).text for task in plan.tasks}
        own = tuple(WrittenAnswer(task.id, task.title, task.points, text) for task, text in said.items())
        assert student in WRITERS or all(answer.is_blank for answer in own)
        results.append(Result(student, lab.name, (), {}, "", {}, own))
    answers = answers_of(results, seed=0)
    assert sorted(answers) == sorted(questions)
    for own in answers.values():
        there = [answer.students for answer in own if not answer.said.is_blank]
        assert there and max(map(len, there)) == 2  # two give the same, and no more
    assert {len(own) for own in answers.values()} & {3, 4}  # with the blank one: better and worse
    table = tmp_path / "marks.csv"
    write_sample_marks(table, questions)
    taken = take(read_sheet(table), Marks(), asked_of(results, questions), answers)
    assert not taken.wrong and not taken.nobodys
    for result in taken.marks.applied(results):
        for answer in result.written:
            samples = {sample.text: (sample.points, sample.why) for sample in questions[answer.question].samples}
            assert (answer.points, answer.comment) == samples.get(answer.answer, (None, ""))


def test_the_command_writes_marks_where_it_is_asked_to(tmp_path, capfd):
    cli.example(tmp_path / "class", "lab1", tmp_path / "marks.csv")
    assert {row.question for row in read_sheet(tmp_path / "marks.csv")} == {"4b", "8b", "9b", "12b"}
    assert "marks to" in capfd.readouterr().out


def test_every_question_has_a_marked_sample_of_the_whole(written):
    for question in read_questions(written[0].answers).values():
        assert question.samples and all(0 <= sample.points <= question.points for sample in question.samples)
        # A quotation that is not read as one would stand in the one before it.
        assert not [sample for sample in question.samples if "**" in sample.why or '" **' in sample.text]


def test_the_same_lab_has_the_same_class(tmp_path):
    lab = labs(ROOT)[1]
    for name in ("one", "two"):
        write_class(lab, tmp_path / name)
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
