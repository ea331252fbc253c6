"""Answers that are alike: the same but for names and layout, rare in the class, and long enough to say something."""

import json
import sys

import nbformat
import pytest

from autograder.alike.page import write_page
from autograder.alike.pairs import ENOUGH, SHORT, pairs
from autograder.alike.shape import Shape, names_defined, shapes
from autograder.authoring.build import Kind, build
from autograder.course import find_lab, labs
from autograder.grading.plan import make_plan
from tests.conftest import ROOT

FIRST = '''
def f(a, b=2.0):
    """Adds."""
    # the sum
    total: float = a + b
    parts = [x * 2 for x in range(3)]
    return np.asarray(total) + sum(parts)
'''
SAME = [
    FIRST.replace("total", "summe").replace("parts", "p").replace("a +", "u +").replace("f(a,", "f(u,"),
    FIRST.replace('"""Adds."""', '"""Something else, at length."""'),
    FIRST.replace("    # the sum\n", "\n\n"),
    FIRST.replace(": float", ""),
    "%matplotlib inline\n" + FIRST.replace("x * 2 for x in", "value*2   for value in"),
    FIRST + "\nother = 3\n",
    "def f():\n    pass\n" + FIRST,
]
OTHER = [
    FIRST.replace("2.0", "3.0"), FIRST.replace("a + b", "b + a"), FIRST.replace("np.asarray", "np.array"),
    FIRST.replace("range(3)", "range(4)"),
    FIRST.replace("sum(parts)", "parts[0]"), FIRST.replace("b=2.0", "c=2.0, *, b"), FIRST + "\nf = lambda a: a\n",
]  # fmt: skip


def digest(source):
    return shapes([source], ["f"])["f"].digest


@pytest.mark.parametrize("source", SAME)
def test_names_and_layout_do_not_matter(source):
    assert digest(source) == digest(FIRST)


@pytest.mark.parametrize("source", OTHER)
def test_anything_else_does(source):
    assert digest(source) != digest(FIRST)


def test_helpers_belong_to_the_answer_and_other_exercises_do_not():
    with_helper = "def help_me(x):\n    return x + 1\ndef f(x):\n    return help_me(x)"
    renamed = with_helper.replace("help_me", "h")
    assert digest(with_helper) == digest(renamed) != digest(with_helper.replace("+ 1", "+ 2"))
    both = shapes([with_helper, with_helper.replace("+ 1", "+ 2")], ["f", "help_me"])
    assert both["f"] == shapes([with_helper], ["f", "help_me"])["f"]


def test_two_names_are_not_taken_for_one():
    assert digest("def f(a, b):\n    return a - b") != digest("def f(a, b):\n    return b - a")
    assert digest("def f(a):\n    return a.x") != digest("def f(a):\n    return a.y")


@pytest.mark.parametrize(
    "source",
    ["def f(:", "(" * 5000, "x = " + "-" * 100_000 + "1", "\0", "def f(x):\n    return " + "+".join("x" * 9000)],
)
def test_what_cannot_be_parsed_has_no_shape_and_ends_nothing(source):
    assert set(shapes([source, "def g(x):\n    return x"], ["f", "g"])) <= {"f", "g"}


def klass(**groups):
    """Students with one exercise each, by the name of what they share."""
    return {f"{name}{n}": {"f": Shape(name, 200, f"{name}{n}")} for name, count in groups.items() for n in range(count)}


def found(students, expected=(), given=50):
    return [pair.students for pair in pairs(students, [Shape(d, 0, "") for d in expected], {"f": given})]


def test_only_what_is_rare_is_shown():
    assert found(klass(a=2, b=3, c=15)) == [("a0", "a1")]
    assert found(klass(a=3, c=30)) == [("a0", "a1"), ("a0", "a2"), ("a1", "a2")]
    assert found(klass(a=1, b=1)) == []


def test_what_anybody_may_come_to_and_what_is_short_is_not_shown():
    assert found(klass(a=2), expected="a") == []
    assert found(klass(a=2), given=200 - SHORT + 1) == [] == found(klass(a=2), given=200 - ENOUGH + 1)
    assert found(klass(a=2), given=200 - ENOUGH) == [("a0", "a1")]


def test_small_agreements_add_up_and_the_most_comes_first():
    half = {name: {e: Shape(f"{name[0]}{e}", ENOUGH // 2, "") for e in "fg"} for name in ("a0", "a1", "b0", "b1")}
    half["b0"]["h"] = half["b1"]["h"] = Shape("h", ENOUGH, "")
    all_found = pairs(half, [], dict.fromkeys("fgh", 0))
    assert [(p.students, len(p.agreements)) for p in all_found] == [(("b0", "b1"), 3), (("a0", "a1"), 2)]
    assert pairs(half, [], {"f": 0}) == []


@pytest.mark.parametrize(
    "lab",
    [pytest.param(lab, id=lab.name, marks=[] if lab.name == "lab1" else [pytest.mark.slow]) for lab in labs(ROOT)],
)
def test_the_walkthrough_twice_and_the_notebook_as_handed_out_are_no_pair(lab):
    plan = make_plan(lab, seed=0)
    names = [entry.name for entry in plan.exercises]
    solved = [c.source for c in nbformat.reads(build(lab, Kind.WALKTHROUGH), 4).cells if c.cell_type == "code"]
    released = [cell.source for cell in plan.release.cells if cell.code]
    handed_out = names_defined(released)
    reference = shapes([lab.reference.read_text("utf-8")], names, handed_out)
    read = {s: shapes(cells, names, handed_out) for s, cells in zip("abcd", (solved, solved, released, released))}
    given = {name: shape.size for name, shape in shapes(released, names).items()}
    assert pairs(read, [*reference.values(), *read["c"].values()], given) == []
    assert len(pairs({s: read[s] for s in "ab"}, [], given)) == (
        lab.name != "lab0"
    )  # the control, and a lab of one-liners


LONG = """
def double(x):
    values = np.asarray(x, dtype=float)
    result = np.zeros_like(values)
    flat = result.reshape(-1)
    for index, value in enumerate(values.reshape(-1)):
        if value > 0:
            flat[index] = value + value
        elif value < 0:
            flat[index] = -(abs(value) + abs(value))
        else:
            flat[index] = 0.0 * value
    return result.reshape(values.shape) if values.ndim else result[()]
"""


def test_a_class_from_end_to_end(mini, tmp_path, monkeypatch, capsys):
    lab = find_lab(mini, "lab9")
    base = nbformat.reads(build(lab, Kind.WALKTHROUGH), 4)
    place = next(i for i, cell in enumerate(base.cells) if "def double" in cell.source)
    renamed = LONG.replace("value", "v").replace("result", "out").replace("# ", "#")
    (tmp_path / "class").mkdir()
    for student, source in {"ann": LONG, "<b>en": renamed, "cem": LONG.replace("+ value", "* 2"), "dee": None}.items():
        book = json.loads(nbformat.writes(base))
        if source:
            book["cells"][place]["source"] = source
        (tmp_path / "class" / f"{student}.ipynb").write_text(json.dumps(book))
    (tmp_path / "class" / "bad.ipynb").write_bytes(b"{")
    deep = json.loads(nbformat.writes(base))
    deep["cells"][place]["source"] = "def double(x):\n    return " + "(" * 150 + "x" + ")" * 150
    (tmp_path / "class" / "deep.ipynb").write_text(json.dumps(deep))
    monkeypatch.chdir(mini)
    words = ["alike", str(tmp_path / "class"), "--lab", "lab9", "--out", str(tmp_path / "a.html")]
    monkeypatch.setattr(sys, "argv", ["autograder", *words])
    from autograder import cli

    monkeypatch.setattr(cli, "_guard_streams", lambda: None)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code and "1 pairs of 6 students to ask about" in capsys.readouterr().out.replace("\n", "")
    text = (tmp_path / "a.html").read_text("utf-8")
    assert "Did &lt;b&gt;en and ann work on this together?" in text and "2 of 5 students have this answer" in text
    assert "with other names or another layout" in text and "<script" not in text and "<b>en" not in text


def test_a_notebook_that_takes_the_parser_down_is_said(mini, monkeypatch):
    from autograder.alike import reading

    plan = make_plan(find_lab(mini, "lab9"), seed=0)
    good = build(plan.lab, Kind.WALKTHROUGH).encode()

    monkeypatch.setattr(reading, "_read", reading_that_dies)
    found = dict(
        reading.read_all({"a": lambda: good, "b": lambda: b"die", "c": lambda: good}, ("double",), frozenset())
    )
    assert found["b"] is None and set(found["a"]) == set(found["c"]) == {"double"}


def reading_that_dies(payload, names, handed_out):
    import os

    if payload == b"die":
        os._exit(1)
    return {name: Shape(name, 1, "") for name in names}


def test_the_page_without_pairs_says_so(tmp_path):
    write_page([], "lab1", 7, tmp_path / "a.html")
    assert "Of 7 students no two" in (tmp_path / "a.html").read_text()
