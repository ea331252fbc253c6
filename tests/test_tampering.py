"""What looks as if it were meant to move a score is told, in the words of what the code does; honest code is not."""

from types import SimpleNamespace

import pytest

from autograder.authoring.example import FAKE_SCORE
from autograder.grading.notebook import Cell
from autograder.grading.tampering import MOST, tampering


def told(*sources: str, released: tuple[int, ...] = ()) -> list[str]:
    cells = [Cell(True, source) for source in sources]
    return tampering(SimpleNamespace(cells=cells, is_released=lambda number: number in released))


def test_the_example_of_a_cheat_is_told_whole():
    assert sorted(told("import numpy as np", FAKE_SCORE)) == [
        "Code cell 2 changes `numpy.testing`",
        "Code cell 2 gives `check` another meaning",
        "Code cell 2 prints what looks like a score",
    ]


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("check = lambda name: 3.0", "gives `check` another meaning"),
        ("def check(name):\n    return 3.0", "gives `check` another meaning"),
        ("import numpy as np\nnp.testing.assert_allclose = print", "changes `numpy.testing`"),
        ("from numpy import testing\ntesting.assert_allclose = print", "changes `numpy.testing`"),
        ("import autograder.judge.run as r\nr.run_exercise = None", "changes `autograder.judge.run`"),
        ("import builtins\nsetattr(builtins, 'abs', None)", "changes `builtins`"),
        ("print('nll — 4 of 4 points')", "prints what looks like a score"),
        ("print('{\"score\": 50}')", "prints what looks like a score"),
    ],
)
def test_each_kind_is_told(source, what):
    assert told(source) == [f"Code cell 1 {what}"]


@pytest.mark.parametrize(
    "source",
    [
        "checked = check('softplus')",
        "import torch\ntorch.backends.cudnn.deterministic = True",
        "import numpy as np\nnp.seterr(over='ignore')\nx = np.zeros(3)\nx[0] = 1",
        "import matplotlib\nmatplotlib.rcParams['font.size'] = 12",
        "class Net:\n    def check(self):\n        self.numpy = 3",
        "print('the best score is', 3, 'of 5 points')",
        '"""nll — 4 of 4 points is what I want"""',
        "def f(:\n",
        "(" * 500,
    ],
)
def test_honest_code_is_not(source):
    assert told(source) == []


def test_what_was_handed_out_is_not_told():
    assert told("check = print", released=(1,)) == []


def test_there_is_an_end_to_it():
    assert len(told(*["check = print"] * 50)) == MOST
