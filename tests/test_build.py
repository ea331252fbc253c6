"""The builder: the same bytes twice, nothing of the solutions in what students open, one clear line for every slip of an author."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from autograder.authoring import BuildError
from autograder.authoring.build import Kind, build, entries
from autograder.authoring.spans import SpanError, names_defined, names_needed, read_spans
from autograder.course import find_lab, labs
from autograder.judge.checking import CheckError, load_checks


@pytest.fixture
def lab(course):
    return find_lab(course, "lab9")


def edit(path, old, new, count=1):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def cells(text):
    return nbformat.reads(text, as_version=4).cells


def test_labs_are_up_to_date(root):
    for lab in labs(root):
        assert lab.notebook.exists() and lab.notebook.read_text("utf-8") == build(lab), f"{lab.stem}: run `make build`"


REBUILD = """
import sys
from pathlib import Path
from autograder.authoring.build import Kind, build
from autograder.course import find_lab
sys.stdout.write(build(find_lab(Path(sys.argv[1]), "lab9"), Kind[sys.argv[2]]))
"""


@pytest.mark.parametrize("kind", list(Kind))
def test_a_rebuild_is_byte_identical(mini, kind):
    """In other processes with other hash seeds, so that no order of a set or dict can hide."""
    words = [sys.executable, "-c", REBUILD, str(mini), kind.name]
    first, second = (
        subprocess.run(words, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    )
    assert first == second == build(find_lab(mini, "lab9"), kind).encode()


def test_cell_ids_are_unique_and_stay_when_a_cell_is_added(lab):
    before = {cell.source: cell.id for cell in cells(build(lab))}
    edit(lab.source, "**Exercise 1**", "A new paragraph.\n\n+++\n\n**Exercise 1**")
    after = {cell.source: cell.id for cell in cells(build(lab))}
    assert len(set(after.values())) == len(after) == len(before) + 1
    same = before.keys() & after.keys()
    assert len(same) >= len(before) - 1 and all(before[source] == after[source] for source in same)


def test_student_notebooks_hold_no_solution(root):
    for lab in labs(root):
        text = build(lab)
        assert "BEGIN SOLUTION" not in text and "from solutions" not in text and "Model answer" not in text
        spans = read_spans(lab.reference)
        for entry in entries(lab):
            stub = next(c.source for c in cells(text) if c.metadata.get("nbgrader", {}).get("grade_id") == entry.name)
            assert stub == spans[entry.name].stub
            assert "raise NotImplementedError()" in stub
            secret = [line for line in spans[entry.name].full.splitlines() if line.strip() and line not in stub]
            assert secret, f"{entry.name} has nothing to write"


def test_metadata_is_what_nbgrader_reads(lab):
    graded = [c.metadata.nbgrader for c in cells(build(lab)) if "nbgrader" in c.metadata]
    assert len({m.grade_id for m in graded}) == len(graded)
    by_id = {m.grade_id: m for m in graded}
    worth = {name: sum(check.points for check in checks) for name, checks in load_checks(lab.checks).items()}
    for name, points in worth.items():
        assert by_id[name].solution and not by_id[name].grade and not by_id[name].locked
        check = by_id[f"{name}-check"]
        assert check.grade and check.locked and not check.solution and check.points == points
    task = by_id["written-9a"]
    assert task.task and task.locked and not task.grade and task.points == 2


def test_explore_cells_are_tagged_and_answers_can_be_found(lab):
    built = cells(build(lab))
    assert any(c.source == "double(np.arange(3.0))" and c.metadata.tags == ["explore"] for c in built)
    assert any(c.metadata.get("tags") == ["answer-9a"] for c in built)
    assert any("Why twice?" in c.source and c.cell_type == "markdown" for c in built)


def test_a_cell_that_only_draws_is_folded_where_the_tag_is_not_enough(lab):
    edit(lab.source, "[explore]", "[explore, hide-input]")
    (folded,) = (c for c in cells(build(lab)) if "hide-input" in c.metadata.get("tags", []))
    assert folded.metadata.tags == ["explore", "hide-input"]
    assert folded.metadata.jupyter.source_hidden and folded.metadata.cellView == "form"


def test_given_functions_become_their_source(lab):
    edit(lab.source, ":tags: [exercise, optional]\nfrom", ":tags: [given]\nfrom")
    edit(lab.reference, "    ### BEGIN SOLUTION\n    return mean", "    return mean")
    edit(lab.reference, "np.shape(mean))\n    ### END SOLUTION", "np.shape(mean))")
    (lab.checks / "test_draw_normal.py").unlink()
    (given,) = [c for c in cells(build(lab)) if c.metadata.get("nbgrader", {}).get("grade_id") == "given-draw_normal"]
    assert given.source == read_spans(lab.reference)["draw_normal"].full and given.metadata.nbgrader.locked


def test_walkthrough_grades_as_a_submission(lab):
    student = [(c.metadata, c.id) for c in cells(build(lab))]
    walkthrough = [(c.metadata, c.id) for c in cells(build(lab, Kind.WALKTHROUGH))]
    assert student == walkthrough
    assert "NotImplementedError" not in build(lab, Kind.WALKTHROUGH)


# --- an author's slips ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "source",
            "solutions.mini import double",
            "solutions.mini import triple",
            "solutions.mini has no function triple",
        ),
        ("source", "solutions.mini import double", "solutions.nini import double", "no module solutions.nini"),
        ("source", "import iterate", "import double", "double is listed twice"),
        ("source", "import iterate", "import iterate, double", "imports one name"),
        ("source", "from solutions.mini import iterate", "import solutions", "one line"),
        ("source", "double(np.arange(3.0))", "from solutions import mini", "only exercise and given cells"),
        ("source", "import numpy as np\n", "", "double uses np, which no earlier cell defines"),
        ("source", "[explore]", "[explroe]", "no cell has the tag 'explroe'"),
        ("source", 'question("9a")', 'question("9z")', "no question '9z'"),
        (
            "source",
            ":tags: [exercise, optional]\nfrom solutions.mini import draw_normal",
            "1",
            "draw_normal of solutions.mini",
        ),
        ("reference", "    ### END SOLUTION\n", "", "has no"),
        ("reference", "    ### BEGIN SOLUTION\n", "", "has no partner"),
        ("reference", "### BEGIN SOLUTION", "### BEGIN SOLUTION here", "write the markers exactly"),
        ("reference", "def double(x):", "SCALE = 2.0\n\n\ndef double(x, scale=SCALE):", "double uses SCALE"),
        (
            "checks",
            "def test_doubles(double, rng)",
            "def test_doubles(dubble, rng)",
            "lab9/test_double.py checks dubble: its file is test_dubble.py",
        ),
        ("checks", "@points(1)", "@points()", "@points takes one whole number"),
        ("checks", "@points(1)", "@points(1, 2)", "@points takes one whole number"),
        ("checks", '@hint("Twice means 2 * x.")', "@hint()", "@hint takes one text"),
        (
            "checks",
            "import numpy as np",
            "import nothing_here",
            "lab9/test_double.py cannot be loaded: ModuleNotFoundError",
        ),
        ("checks", "assert_allclose(double(x), x + x)", "assert (", "lab9/test_double.py:"),
        ("source", "double(np.arange(3.0))", "double(np.arange(3.0)", "lab9_mini.md, cell 5: line 1:"),
        ("reference", "def double(x):", "def double(x:", "mini.py:"),
        (
            "source",
            "· 2 points · ●○○ · 20 minutes. Write `double",
            "· 3 points · ●○○ · 20 minutes. Write `double",
            "says 3 points, its checks are worth 2",
        ),
        ("source", "**Exercise 2**", "**Exercise 3**", "iterate is exercise 3, but follows exercise 1"),
        ("source", "Write `iterate(", "Write `repeat(", "does not name `iterate`"),
        ("source", "**Exercise 2** ·", "Exercise 2 ·", "0 lines introduce iterate"),
        (
            "source",
            "; 6 points from checks",
            "; 7 points from checks",
            "says 7 points from checks and 2 written; there are 6 and 2",
        ),
        (
            "source",
            "**Hours** About 1 for",
            "**Hours** About 4 for",
            "says 4 for the exercises, whose minutes add up to 1.0",
        ),
        ("source", "**Hours**", "Hours:", "no line says `**Hours**"),
        ("answers", "### 9a", "### 9b", "no question '9a'"),
        ("answers", "**Rubric.**", "Rubric", "needs a model answer, a rubric and marked samples"),
    ],
)
def test_a_slip_is_one_clear_line(lab, file, old, new, said):
    edit(lab.checks / "test_double.py" if file == "checks" else getattr(lab, file), old, new)
    with pytest.raises((BuildError, CheckError)) as error:
        build(lab)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_an_exercise_without_checks_is_refused(lab):
    (lab.checks / "test_draw_normal.py").unlink()
    with pytest.raises(BuildError, match="no check in checks/lab9 takes draw_normal"):
        build(lab)


def test_a_name_that_another_lab_has_is_refused(lab, course):
    other = course / "autograder" / "checks" / "lab8"
    other.mkdir()
    (course / "solutions" / "notebooks" / "lab8_other.md").write_text("# Another lab")
    shutil.copy(lab.checks / "test_double.py", other)
    with pytest.raises(BuildError, match="double is an exercise of lab8, too"):
        build(lab)


def test_magics_in_a_source_cell_are_python_too(lab):
    edit(lab.source, "double(np.arange(3.0))", "%timeit double(np.arange(3.0))")
    assert any(cell.source == "%timeit double(np.arange(3.0))" for cell in cells(build(lab)))


def run_in(course, *words):
    return subprocess.run([sys.executable, "-m", "autograder", *words], cwd=course, capture_output=True, text=True)


def test_build_check_exits_1_where_a_notebook_is_stale(course):
    find_lab(course, "lab9").notebook.unlink()
    assert run_in(course, "build", "--check").returncode == 1
    assert run_in(course, "build").returncode == 0
    assert run_in(course, "build", "--check").returncode == 0
    edit(course / "solutions" / "mini.py", "Twice `x`", "Two times `x`")
    stale = run_in(course, "build", "--check")
    assert stale.returncode == 1 and "lab9_mini.ipynb" in stale.stderr and "Traceback" not in stale.stderr
    assert run_in(course, "build").returncode == 0
    (course / "labs" / "lab8_gone.ipynb").write_text("{}")
    refused = run_in(course, "build", "--check")
    assert refused.returncode == 1 and "lab8_gone.ipynb in labs/ belongs to no lab: remove it" in refused.stderr


@pytest.mark.parametrize("file", ["reference", "checks"])
def test_a_slip_is_one_line_on_the_command_line(lab, course, file):
    edit(lab.checks / "test_double.py" if file == "checks" else lab.reference, "(", "((")
    refused = run_in(course, "build")
    assert refused.returncode == 1 and refused.stderr.startswith("autograder: ") and refused.stderr.count("\n") == 1


def test_a_failing_build_leaves_the_old_notebook(course):
    lab = find_lab(course, "lab9")
    subprocess.run([sys.executable, "-m", "autograder", "build"], cwd=course, check=True, capture_output=True)
    before = lab.notebook.read_bytes()
    edit(lab.reference, "    ### END SOLUTION\n", "")
    failed = subprocess.run([sys.executable, "-m", "autograder", "build"], cwd=course, capture_output=True, text=True)
    assert failed.returncode == 1 and "Traceback" not in failed.stderr
    assert lab.notebook.read_bytes() == before


# --- cutting functions out ---------------------------------------------------------------------------------------------------


def test_spans_run_from_the_first_decorator_to_the_last_indented_line(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(
        "import functools\n\n\n@functools.cache\n@functools.wraps(len)\ndef f(x):\n    ### BEGIN SOLUTION\n    return 1\n"
        "    ### END SOLUTION\n    # a comment that is no statement\n\n\ndef g():\n    return 2\n"
    )
    spans = read_spans(module)
    assert spans["f"].marked.startswith("@functools.cache") and spans["f"].marked.endswith("no statement")
    assert spans["f"].stub.splitlines()[3:5] == ["    # YOUR CODE HERE", "    raise NotImplementedError()"]
    assert spans["f"].missing_lines == 1
    assert spans["g"].marked == "def g():\n    return 2"


def test_markers_outside_a_function_are_refused(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n")
    with pytest.raises(SpanError, match="outside"):
        read_spans(module)


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("def f(x=A):\n    return x", {"A"}),
        ("@deco\ndef f(x):\n    return len(x)", {"deco"}),
        ("def f(x):\n    y = 1\n    return [z + y + B for z in x]", {"B"}),
        ("def f(x: T) -> U:\n    return f(x)", {"T", "U", "f"}),
        ("class C(Base):\n    def m(self):\n        return helper(self)", {"Base", "helper"}),
        ("def f():\n    import os\n    return os.name", set()),
    ],
)
def test_names_needed(source, needed):
    assert names_needed(source) == needed


def test_names_defined():
    assert names_defined("import a.b\nfrom c import d as e\nf = 1\ndef g(): h = 2\nclass K: pass\nfor i in (): pass") == {
        "a", "e", "f", "g", "K", "i",
    }  # fmt: skip


def test_core_exercises_ask_for_at_most_fifteen_lines(root):
    for lab in labs(root):
        spans = read_spans(lab.reference)
        long = {e.name: spans[e.name].missing_lines for e in entries(lab) if spans[e.name].missing_lines > 15}
        assert len(long) <= 4, f"{lab.name}: {long}"


def test_every_built_notebook_is_json_with_a_final_newline(root):
    for lab in labs(root):
        text = build(lab)
        assert text.endswith("\n") and json.loads(text)["nbformat"] == 4
