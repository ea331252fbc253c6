"""What is read of a cell's syntax: what it defines, and which names that gives a meaning to."""

import ast
import dis
from pathlib import Path

import pytest

from autograder.wall.inside.statements import at, bound, definitions, is_plain, outline, start, used


def defined(source: str) -> str:
    return ast.unparse(ast.Module(definitions(ast.parse(source).body), []))


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "from math import *",
        "def f(x):\n    return x",
        "class A:\n    pass",
        "SIZE = (25, 25)",
        "lo, hi = (-1.0, 2 * 3)",
        "half = partial(np.multiply, 0.5)",
        "f = np.vectorize(lambda x: x + 1)",
        "a = np.array([1.0, -2.0])",
        "name: str = f'{SIZE}'",
        "if FAST:\n    n = 3\nelse:\n    n = 300",
        "try:\n    import seaborn\nexcept ImportError:\n    seaborn = None",
    ],
)
def test_definitions_stay(source):
    assert defined(source) == ast.unparse(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "print(1)",
        "w = fit(X, y)",
        "for i in range(9):\n    x = i",
        "while True:\n    x = 1",
        "train, test = load('train'), load('test')",
        "x: int",
        "rows = [f(i) for i in range(9)]",
        "if go():\n    run()",
        "del x",
    ],
)
def test_what_may_cost_something_does_not(source):
    assert defined(source) == ""


def test_a_with_leaves_its_definitions():
    assert defined("with needs('X'):\n    def f(x):\n        return x\n    y = f(3)") == "def f(x):\n    return x"


def test_what_is_empty_then_passes():
    assert defined("if slow:\n    run()\nelse:\n    n = 1") == "if slow:\n    pass\nelse:\n    n = 1"


def test_a_lambda_is_plain_whatever_it_does_when_it_is_called():
    assert is_plain(ast.parse("lambda x: train(x)", mode="eval").body)
    assert not is_plain(ast.parse("lambda x=train(3): x", mode="eval").body)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = b.c = d[0] = 1", {"a"}),
        ("(a, *b), c = x", {"a", "b", "c"}),
        ("a += 1", {"a"}),
        ("for i, (j, k) in x:\n    m = 1\nelse:\n    n = 2", {"i", "j", "k", "m", "n"}),
        ("with open(x) as f:\n    y = 1", {"f", "y"}),
        ("try:\n    a = 1\nexcept E as e:\n    b = 2", {"a", "b", "e"}),
        ("import os.path, numpy as np", {"os", "np"}),
        ("from m import a as b, c", {"b", "c"}),
        ("from m import *", {"*"}),
        ("def f(x):\n    y = 1", {"f"}),
        ("class A(B):\n    z = 1", {"A"}),
        ("g = lambda x: (y := x)", {"g"}),
        ("if (n := len(x)) > 3:\n    pass", {"n"}),
        ("match x:\n    case {'a': q, **rest}:\n        pass\n    case [first, *others]:\n        pass", {"q", "rest", "first", "others"}),
        ("del a", {"a"}),
        ("rows = [(last := f(i)) for i in x]", {"rows", "last"}),
    ],
)  # fmt: skip
def test_bound_names(source, names):
    (statement,) = ast.parse(source).body
    assert bound(statement) == names


def test_bound_names_are_those_that_python_stores():
    """The compiler's own list, for every statement of this file that stands for itself."""
    for statement in ast.parse(Path(__file__).read_text("utf-8")).body:
        code = compile(ast.Module([statement], []), "x", "exec")
        stored = {step.argval for step in dis.get_instructions(code) if step.opname in ("STORE_NAME", "DELETE_NAME")}
        assert bound(statement) == stored - {"__doc__"}


def test_used_names():
    (statement,) = ast.parse("def f(x=SIZE):\n    return g(x) + other.part").body
    assert used(statement) == {"SIZE", "g", "x", "other"}


def test_an_outline_tells_what_is_left_out():
    found = outline(ast.parse("import os\nw = fit(os)\ndef f():\n    return w\nw = 2").body)
    assert found == {"definitions": [[["os"], []], [["f"], ["w"]], [["w"], []]], "left": []}
    assert outline(ast.parse("w = fit(1)\nfor i in x:\n    pass").body) == {"definitions": [], "left": ["i", "w"]}


def test_the_statement_at_a_place():
    body = ast.parse("@deco\ndef f():\n    pass\n\na = 1; b = 2\n").body
    assert [start(statement) for statement in body] == [(1, 1), (5, 0), (5, 7)]
    assert [at(body, place) for place in ((1, 1), (3, 4), (5, 4), (5, 11))] == [0, 0, 1, 2]
    assert at(body, (0, 0)) is None
