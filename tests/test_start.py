"""Nobody's work is lost: `posekit start` never overwrites, and the builder writes over nothing but its own and git's."""

import subprocess
import sys

import nbformat
import pytest

from autograder.authoring.build import Kind, build
from autograder.course import find_lab, labs
from posekit.start import StartError, shipped, start

ANSWER = "return 'two hours of work'"


def run(module, *words, cwd):
    return subprocess.run([sys.executable, "-m", module, *map(str, words)], cwd=cwd, capture_output=True, text=True)


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


def test_every_lab_can_be_started(root):
    assert list(shipped()) == [lab.name for lab in labs(root)]
    assert list(shipped().values()) == [lab.notebook for lab in labs(root)]


def test_a_second_start_leaves_the_work_and_says_what_to_do(tmp_path):
    before = answer(start("lab1", tmp_path))
    done = run("posekit.cli", "start", "lab1", tmp_path, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "is there already and stays as it is" in done.stderr
    again = done.stderr.strip().rpartition("posekit ")[2].split()
    assert run("posekit.cli", *again, cwd=tmp_path).returncode == 0  # what it advises works
    assert (tmp_path / "lab1_likelihood.ipynb").read_bytes() == before


def test_all_labs_are_started_but_those_that_are_there(root, tmp_path):
    before = answer(start("lab1", tmp_path / "work"))
    for _ in range(2):
        done = run("posekit.cli", "start", "all", cwd=tmp_path)
        assert done.returncode == 0 and "left as they are: " in done.stdout
    assert (tmp_path / "work" / "lab1_likelihood.ipynb").read_bytes() == before
    assert len(list((tmp_path / "work").iterdir())) == len(labs(root))


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
    done = run("posekit.cli", "start", lab, folder, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and said in done.stderr


# --- autograder build ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("committed", [False, True])
def test_build_keeps_a_notebook_with_answers(course, request, committed):
    if committed:
        request.getfixturevalue("git")
    notebook = find_lab(course, "lab9").notebook
    before = answer(notebook)
    done = run("autograder", "build", cwd=course)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "lab9_mini.ipynb was changed by hand, and is left as it is" in done.stderr
    assert notebook.read_bytes() == before and ANSWER.encode() in before


def test_build_replaces_its_own_output_and_what_git_has(course, git):
    notebook, reference = find_lab(course, "lab9").notebook, course / "solutions" / "mini.py"

    def edited(old, new):
        reference.write_text(reference.read_text().replace(old, new))
        assert run("autograder", "build", cwd=course).returncode == 0
        return new in notebook.read_text()

    assert edited("Twice `x`", "Two times `x`")
    assert edited("Two times `x`", "Double `x`")  # built, and never committed
    answer(notebook)
    git("add", "-A")
    assert edited("Double `x`", "Twice `x`")  # staged: `git checkout` can bring it back


def test_a_clean_clone_of_an_unsealed_notebook_is_rebuilt(course, git):
    notebook = find_lab(course, "lab9").notebook
    notebook.write_text(notebook.read_text().replace('"built"', '"built_by_an_old_version"'))
    git("commit", "-q", "-a", "-m", "As it was")
    assert run("autograder", "build", cwd=course).returncode == 0
    notebook.write_bytes(notebook.read_bytes() + b" ")
    assert run("autograder", "build", cwd=course).returncode == 0  # a blank more is no work


@pytest.mark.parametrize("option", ["--walkthrough", "--nbgrader"])
@pytest.mark.parametrize("folder", ["labs", "labs/below", "solutions/../labs"])
def test_solutions_are_never_written_into_labs(course, option, folder):
    before = find_lab(course, "lab9").notebook.read_bytes()
    done = run("autograder", "build", option, folder, cwd=course)
    assert done.returncode == 1 and "is what students get" in done.stderr
    assert [path.read_bytes() for path in (course / "labs").rglob("*")] == [before]


def test_walkthroughs_do_not_replace_what_a_student_has_started(course, tmp_path):
    lab = find_lab(course, "lab9")
    copy = tmp_path / "work" / lab.notebook.name
    copy.parent.mkdir()
    copy.write_text(build(lab))
    done = run("autograder", "build", "--walkthrough", copy.parent, cwd=course)
    assert done.returncode == 1 and "changed by hand" in done.stderr and copy.read_text() == build(lab)
    copy.write_text(build(lab, Kind.WALKTHROUGH))
    assert run("autograder", "build", "--walkthrough", copy.parent, cwd=course).returncode == 0
