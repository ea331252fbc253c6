"""`check("nll")` as a student meets it: in a notebook's own process, printing to standard output alone."""

import copy
import os
import pickle
import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

from autograder.outcome import Outcome
from autograder.reports.shown import Points
from autograder.result import ExerciseResult, TestResult

SESSION = """
import sys
{code}
from autograder import check
print("returned", repr(check("softplus")))
"""
RIGHT = "import numpy as np\ndef softplus(a):\n    {first}\n    return np.logaddexp(0.0, a)\n"


def run(code):
    return subprocess.run([sys.executable, "-c", SESSION.format(code=code)], capture_output=True, text=True)


def test_right_answer():
    done = run(RIGHT.format(first="pass"))
    assert "softplus — 3 of 3 points" in done.stdout and "returned 3.0" in done.stdout and done.stderr == ""


def test_wrong_answer_names_what_is_wrong():
    done = run("import numpy as np\ndef softplus(a):\n    return np.log(1 + np.exp(np.asarray(a, dtype=float)))\n")
    assert "returned 1.0" in done.stdout and "overflows" in done.stdout and "log1p" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "softplus is not defined. Run the cell that defines it first."),
        ("def softplus(a):\n    raise NotImplementedError()", "not written yet"),
        ("def softplus(a):\n    return 1 / 0", "ZeroDivisionError"),
        ("softplus = 3", "softplus is not a function"),
        ("def softplus(a):\n    sys.exit()", "SystemExit"),
    ],
)
def test_broken_answers_are_told_without_a_traceback(code, said):
    done = run(code)
    assert said in done.stdout and "returned 0.0" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


NLL = """
import numpy as np
def softplus(a):
    raise NotImplementedError
def nll(w, X, y, lam=0.0):
    a = X @ w
    return np.sum(softplus(a) - y * a) + 0.5 * lam * w @ w
"""


def test_an_exercise_that_calls_one_that_is_not_written_says_which():
    done = subprocess.run(
        [sys.executable, "-c", f"{NLL}\nfrom autograder import check\nprint(check('nll'))"],
        capture_output=True,
        text=True,
    )
    assert "✗ uses softplus, which is not written yet" in done.stdout and "0.0" in done.stdout


SIGMOID = """
import numpy as np
def sigmoid(a):
    return {sigmoid}
def probability(X, w):
    return sigmoid(X @ w)
def predict_proba(w, X):
    return {answer}
"""


@pytest.mark.parametrize(
    ("sigmoid", "answer", "told"),
    [
        ("1 / (1 + np.exp(a))", "sigmoid(X @ w)", True),
        ("1 / (1 + np.exp(a))", "probability(X, w)", True),  # by way of a function of the student's own
        ("0.5 * (1 + np.tanh(a / 2))", "sigmoid(X @ w)", True),  # loses small values: wrong elsewhere, but wrong
        ("np.exp(-np.logaddexp(0.0, -np.asarray(a, dtype=float)))", "1 - sigmoid(X @ w)", False),
        ("1 / (1 + np.exp(a))", "1 / (1 + np.exp(X @ w))", False),
    ],
)
def test_an_answer_that_rests_on_a_wrong_one_says_on_which(sigmoid, answer, told):
    code = SIGMOID.format(sigmoid=sigmoid, answer=answer)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nfrom autograder import check\nprint(check('predict_proba'))"],
        capture_output=True,
        text=True,
    )
    right = "1.0" in done.stdout.splitlines()
    assert ("Your function uses sigmoid, which is not right yet: mend that first." in done.stdout) == (
        told and not right
    )


def test_a_line_in_a_given_function_is_shown_with_its_source():
    """The function that needs the memory may be a given one, in a cell far away from the student's."""
    cells = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import numpy as np\\ndef big(n):\\n    return np.ones((n, n))")
shell.run_cell("def nll_hessian(w, X, y, lam=0.0):\\n    return big(len(X))[:2, :2]")
shell.run_cell("from autograder import check\\ncheck('nll_hessian')")
"""
    done = subprocess.run([sys.executable, "-c", cells], capture_output=True, text=True)
    assert "more than 600 MiB (in big, line 3: `return np.ones((n, n))`)" in " ".join(done.stdout.split())


def test_the_stop_button_stops_the_check():
    """The interrupt comes while the first call runs; no second call begins. What runs in the background of a script ignores interrupts."""
    slow = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
calls = []
def softplus(a):
    calls.append(1)
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        pass
from autograder import check
try:
    check("softplus")
except KeyboardInterrupt as stopped:
    print("stopped:", stopped, "after", len(calls))
"""
    done = subprocess.run([sys.executable, "-c", slow], capture_output=True, text=True)
    assert done.stdout == "stopped: the check of softplus was stopped after 1\n" and done.stderr == ""


def test_an_unknown_name_is_told(capsys):
    from autograder import check

    assert check("softplsu") == 0.0
    assert "no exercise called 'softplsu'" in capsys.readouterr().out


@pytest.mark.parametrize(
    "first",
    [
        "print('noise', file=sys.stderr)",
        "import os; os.write(2, b'noise')",
        "import warnings; warnings.warn('noise')",
        "import subprocess; subprocess.run('echo noise >&2', shell=True)",
    ],
)
def test_standard_error_stays_silent(first):
    """nbgrader takes anything there for a failure, and gives the cell zero."""
    done = run(RIGHT.format(first=first))
    assert done.stderr == "" and "returned 3.0" in done.stdout


def test_a_stream_that_the_student_kept_stays_silent():
    code = "import io\nclass Stream(io.StringIO):\n    pass\nsys.stderr = kept = Stream()\n" + RIGHT.format(
        first="kept.write('noise')"
    )
    done = run(code + "\nimport atexit; atexit.register(lambda: print('kept:', repr(kept.getvalue())))")
    assert "kept: ''" in done.stdout


@pytest.fixture(scope="module")
def notebook():
    """A notebook of Lab 1 that was run: its cells by their last lines."""
    cells = [
        "import numpy as np\nfrom autograder import check, check_all",
        "calls = []\ndef sigmoid(a):\n    calls.append(1)\n    return np.exp(-np.logaddexp(0.0, -np.asarray(a, dtype=float)))",
        "def softplus(a):\n    return np.log(1 + np.exp(np.asarray(a, dtype=float)))",
        'check("softplus")',
        'points = check("sigmoid")',
        'check("softplus");',
        'check("sigmoid")\ncheck("softplus")  # the last is shown',
        "before = len(calls)\ncheck_all()",
        "len(calls) - before",
        "def helper(a):\n    return np.logaddexp(0.0, a)\n\n\ndef softplus(a):\n    return helper(a)",
        "check_all() # again",
        "def helper(a):\n    return a - 100.0",
        "check_all() # and again",
    ]
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(written, timeout=300, kernel_name="python3").execute(env=os.environ | {"OMP_NUM_THREADS": "1"})
    return {cell.source.splitlines()[-1]: cell for cell in written.cells}


def shown_in(cell):
    return [output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})]


def printed_in(cell):
    assert not [output for output in cell.outputs if output.get("name") == "stderr"]
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_a_notebook_shows_the_report_once_and_in_colour(notebook):
    cell = notebook['check("softplus")']
    (shown,) = shown_in(cell)
    assert "1 of 3 points" in shown and "overflows" in shown and "One check passed" in shown and printed_in(cell) == ""


@pytest.mark.parametrize("line", ['points = check("sigmoid")', 'check("softplus");'])
def test_what_a_cell_does_not_show_is_printed(notebook, line):
    assert " of 3 points" in printed_in(notebook[line]) and shown_in(notebook[line]) == []


def test_of_two_checks_in_a_cell_the_last_is_shown(notebook):
    cell = notebook['check("softplus")  # the last is shown']
    assert (
        printed_in(cell).startswith("sigmoid — 3 of 3")
        and "softplus" not in printed_in(cell)
        and len(shown_in(cell)) == 1
    )


def test_nbgrader_reads_the_points(notebook):
    cell = notebook['check("softplus")']
    (result,) = cell.outputs
    assert result.output_type == "execute_result" and result.data["text/plain"] == "1.0"
    cell.metadata["nbgrader"] = {
        "grade": True, "grade_id": "softplus-check", "locked": True, "points": 3, "schema_version": 3, "solution": False, "task": False,
    }  # fmt: skip
    assert determine_grade(cell) == (1, 3)


def states(cell):
    (shown,) = shown_in(cell)
    return dict(re.findall(r"· (\w+)</th><td><span class=\"badge \w+\">.*? (\d+ / \d+)</span>", shown))


def test_check_all_shows_the_whole_lab_and_runs_only_what_has_changed(notebook):
    first = notebook["check_all()"]
    assert len(states(first)) == 12
    assert (
        states(first)["sigmoid"] == "3 / 3" and states(first)["softplus"] == "1 / 3" and states(first)["nll"] == "0 / 3"
    )
    assert "Lab 1 · Likelihood" in shown_in(first)[0] and "4 of 38 points so far" in shown_in(first)[0]
    assert notebook["len(calls) - before"].outputs[0].data["text/plain"] == "0"  # sigmoid was not called again
    assert states(notebook["check_all() # again"])["softplus"] == "3 / 3"
    assert states(notebook["check_all() # and again"])["softplus"] == "0 / 3"  # a helper is another


def test_check_all_prints_where_nothing_shows_html():
    code = "import numpy as np\ndef softplus(a):\n    return np.logaddexp(0.0, a)\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}from autograder import check_all\nprint(repr(check_all('lab1')))"],
        capture_output=True,
        text=True,
    )
    assert "3 of 38 points so far" in done.stdout and "✓ Exercise 4 · softplus" in done.stdout
    assert done.stdout.splitlines()[-1] == "3.0" and done.stderr == ""


@pytest.mark.parametrize(
    ("words", "said"), [("", "No exercise is defined here yet"), ("'lab77'", "There is no lab called 'lab77'")]
)
def test_check_all_needs_a_lab(words, said):
    done = subprocess.run(
        [sys.executable, "-c", f"from autograder import check_all\nprint(check_all({words}))"],
        capture_output=True,
        text=True,
    )
    assert said in done.stdout and done.stderr == ""


def test_points_are_a_float_in_all_respects():
    points = Points(ExerciseResult("softplus", (TestResult("t", 2, Outcome.PASSED),)))
    assert points == 2 and repr(points) == "2.0" and isinstance(points, float)
    assert type(copy.copy(points)) is float and type(pickle.loads(pickle.dumps(points))) is float
