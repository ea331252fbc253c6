"""`check("nll")` as a student meets it: in a notebook's own process, printing to standard output alone."""

import subprocess
import sys

import pytest

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
    """The interrupt comes while the first call runs; no second call begins."""
    slow = """
import os, signal, threading
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
