"""Nobody's work is lost: `posekit start` never overwrites, and the builder writes over nothing but its own and git's."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder import cli
from autograder.authoring import BuildError
from autograder.authoring.build import Kind, build
from autograder.course import extras, find_lab, labs
from posekit.start import StartError, shipped, start

ANSWER = "return 'two hours of work'"


def posekit(*words, cwd):
    command = [sys.executable, "-m", "posekit.cli", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def autograder_build(course, monkeypatch):
    """`autograder build` in the little course; what it refuses, empty where nothing."""
    monkeypatch.chdir(course)

    def autograder_build(walkthrough=None, nbgrader=None):
        try:
            cli.build(False, walkthrough, nbgrader)
        except BuildError as error:
            return str(error)
        return ""

    return autograder_build


def answer(path):
    """A student writes into the first exercise of a notebook, and JupyterLab saves it."""
    notebook = nbformat.read(path, as_version=4)
    stub = next(cell for cell in notebook.cells if "NotImplementedError" in cell.source)
    stub.source = stub.source.replace("raise NotImplementedError()", ANSWER)
    stub.execution_count = 1
    nbformat.write(notebook, path)
    return path.read_bytes()


@pytest.fixture
def git(tmp_path, course):
    """The little course as a clone has it: its notebook committed."""

    def git(*words):
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *identity, *words], cwd=course, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "Released")
    return git


# --- posekit start -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lab1", "1", "LAB1", "lab1_likelihood", "lab1_likelihood.ipynb"])
def test_a_lab_is_copied_into_a_new_folder(root, tmp_path, name):
    copy = start(name, tmp_path / "my" / "work")
    assert copy == tmp_path / "my" / "work" / "lab1_likelihood.ipynb"
    assert copy.read_bytes() == (root / "labs" / "lab1_likelihood.ipynb").read_bytes()


def everything(root):
    """Labs and what stands beside them, by number."""
    return sorted([*labs(root), *extras(root)], key=lambda lab: (int(lab.name[3:].rstrip("x")), lab.name))


def test_every_lab_can_be_started(root):
    assert list(shipped()) == [lab.name for lab in everything(root)]
    assert list(shipped().values()) == [lab.notebook for lab in everything(root)]


def test_a_second_start_leaves_the_work_and_says_what_to_do(tmp_path):
    before = answer(start("lab1", tmp_path))
    done = posekit("start", "lab1", tmp_path, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "is there already and stays as it is" in done.stderr
    again = done.stderr.strip().rpartition("posekit ")[2].split()
    assert posekit(*again, cwd=tmp_path).returncode == 0  # what it advises works
    assert (tmp_path / "lab1_likelihood.ipynb").read_bytes() == before


def test_all_labs_are_started_but_those_that_are_there(root, tmp_path):
    before = answer(start("lab1", tmp_path / "work"))
    for _ in range(2):
        done = posekit("start", "all", cwd=tmp_path)
        assert done.returncode == 0 and "left as they are: " in done.stdout
    assert (tmp_path / "work" / "lab1_likelihood.ipynb").read_bytes() == before
    assert len(list((tmp_path / "work").iterdir())) == len(everything(root))


def test_a_link_to_work_elsewhere_is_not_followed(tmp_path):
    work = tmp_path / "elsewhere.ipynb"
    work.write_text("work")
    (tmp_path / "lab1_likelihood.ipynb").symlink_to(work)
    with pytest.raises(StartError, match="there already"):
        start("lab1", tmp_path)
    assert work.read_text() == "work"


@pytest.mark.parametrize(
    ("lab", "folder", "said"),
    [
        ("lab99", "work", "there is no lab 'lab99'; there are lab0, lab1, "),
        ("../lab1", "work", "there is no lab '../lab1'"),
        ("lab1", "file", "file is a file: name a folder"),
        ("lab1", "file/below", "cannot be written: Not a directory"),
    ],
)
def test_what_cannot_be_started_is_one_line(tmp_path, lab, folder, said):
    (tmp_path / "file").touch()
    done = posekit("start", lab, folder, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and said in done.stderr


# --- autograder build ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("committed", [False, True])
def test_build_keeps_a_notebook_with_answers(course, request, committed, autograder_build):
    if committed:
        request.getfixturevalue("git")
    notebook = find_lab(course, "lab9").notebook
    before = answer(notebook)
    refused = autograder_build()
    assert "lab9_mini.ipynb was changed by hand, and is left as it is" in refused and "\n" not in refused
    assert notebook.read_bytes() == before and ANSWER.encode() in before


def test_the_command_says_so_and_exits_1(course):
    answer(find_lab(course, "lab9").notebook)
    command = [sys.executable, "-m", "autograder", "build"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("autograder: ") and done.stderr.count("\n") == 1


def test_build_replaces_its_own_output_and_what_git_has(course, git, autograder_build):
    notebook, reference = find_lab(course, "lab9").notebook, course / "solutions" / "mini.py"

    def edited(old, new):
        reference.write_text(reference.read_text().replace(old, new))
        assert not autograder_build()
        return new in notebook.read_text()

    assert edited("Twice `x`", "Two times `x`")
    assert edited("Two times `x`", "Double `x`")  # built, and never committed
    answer(notebook)
    git("add", "-A")
    assert edited("Double `x`", "Twice `x`")  # staged: `git checkout` can bring it back


def test_a_notebook_without_a_seal_is_replaced_where_git_has_it(course, git, autograder_build):
    notebook = find_lab(course, "lab9").notebook
    notebook.write_text(notebook.read_text().replace('"built"', '"built_by_an_old_version"'))
    assert "changed by hand" in autograder_build()
    git("commit", "-q", "-a", "-m", "As it was")
    assert not autograder_build()
    notebook.write_bytes(b"{")
    assert "changed by hand" in autograder_build()


@pytest.mark.parametrize("option", ["walkthrough", "nbgrader"])
@pytest.mark.parametrize("folder", ["labs", "labs/below", "solutions/../labs"])
def test_solutions_are_never_written_into_labs(course, option, folder, autograder_build):
    before = find_lab(course, "lab9").notebook.read_bytes()
    assert "is what students get" in autograder_build(**{option: Path(folder)})
    assert [path.read_bytes() for path in (course / "labs").rglob("*")] == [before]


def test_walkthroughs_do_not_replace_what_a_student_has_started(course, tmp_path, autograder_build):
    lab = find_lab(course, "lab9")
    copy = tmp_path / "work" / lab.notebook.name
    copy.parent.mkdir()
    copy.write_text(build(lab))
    assert "changed by hand" in autograder_build(walkthrough=copy.parent) and copy.read_text() == build(lab)
    copy.write_text(build(lab, Kind.WALKTHROUGH))
    assert not autograder_build(walkthrough=copy.parent)
