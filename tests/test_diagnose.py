"""The name of a mistake: found by asking the bank's functions what the wrong answer was asked."""

from contextlib import suppress
from itertools import product

import numpy as np
import pytest
import torch

from autograder.judge.binding import LocalTransport
from autograder.judge.checking import PUBLIC_SEED, read_checks
from autograder.judge.diagnose import diagnose, names_of
from autograder.judge.run import run_exercise

HEAD = """
import numpy as np
import torch

from autograder import budget, hint, points
from autograder.judge.bank import alternative, mistake
"""


@pytest.fixture
def name(tmp_path):
    """name(function, checks, bank): what the diagnosis of a wrong answer says, for each of several in turn."""
    counter = iter(range(100))

    def name(checks, bank, *functions, exercise="f", seeds=(PUBLIC_SEED,)):
        folder = tmp_path / str(next(counter))
        folder.mkdir()
        (folder / "test_checks.py").write_text(HEAD + checks)
        path = folder / f"{exercise}.py"
        path.write_text(HEAD + bank)
        found = []
        checked = [check for check in read_checks(folder / "test_checks.py") if check.exercise == exercise]
        for function, seed in product(functions, seeds):
            transport = LocalTransport(exercise, function)
            result, recording = run_exercise(exercise, checked, transport, seed=seed)
            found.append(diagnose(result, recording, names_of(path), checked, transport, seed))
        return found if len(found) > 1 else found[0]

    return name


VALUES = """
@points(1)
@hint("double it")
def test_doubles(f, rng):
    for x in rng.uniform(1.0, 2.0, size=(3, 2)):
        assert np.allclose(f(x), 2 * x)


@points(1)
@hint("whatever the sign")
def test_doubles_negatives(f):
    assert f(-3.0) == -6.0
"""

MISTAKES = """
@alternative
def right(x):
    return x + x


@mistake("squares", hint="double")
def squares(x):
    return x**2


@mistake("forgets the sign", hint="sign")
def absolute(x):
    return 2 * np.abs(x)


@mistake("takes the magnitude", hint="sign")
def magnitude(x):
    return np.abs(x) * 2
"""


def test_the_one_mistake_that_does_the_same_is_named(name):
    assert name(VALUES, MISTAKES, lambda x: x * x) == "squares"
    assert name(VALUES, MISTAKES, lambda x: x**2 * (1 + 1e-12)) == "squares"  # another rounding, not another function


def test_of_two_that_do_the_same_the_first_is_named(name):
    assert name(VALUES, MISTAKES, lambda x: 2 * abs(x)) == "forgets the sign"


def test_nothing_is_named_where_none_agrees(name):
    assert name(VALUES, MISTAKES, lambda x: x**2 * (1 + 1e-6)) is None
    assert name(VALUES, MISTAKES, lambda x: 2 * x) is None, "nothing is wrong"


def test_it_does_not_matter_who_came_before(name):
    def until_second(x):  # the same as the mistake for one call
        until_second.calls += 1
        return x**2 if until_second.calls < 2 else x

    until_second.calls = 0
    found = name(VALUES, MISTAKES, lambda x: x + 1, until_second, lambda x: x**2, lambda x: x, lambda x: x**2)
    assert found == [None, None, "squares", None, "squares"]
    assert name(VALUES, MISTAKES, lambda x: x**2, seeds=(1, 2, 1)) == ["squares"] * 3, "nor what they were asked"


TALK = """
class Spy:
    def __init__(self, factor):
        self.asked, self.factor = [], factor

    def __call__(self, x):
        self.asked.append(float(x))
        assert len(self.asked) <= 2, "asked too often"
        return self.factor


@points(1)
@hint("ask at 1 and at 2")
def test_asks_twice(f, rng):
    for factor in rng.uniform(1.0, 2.0, size=3):
        spy = Spy(factor)
        total = f(spy)
        spy.factor = 5.0  # a check may do with its functions what it likes
        assert np.isclose(total, 2.0 * factor)
        assert spy.asked == [1.0, 2.0]
"""

ASKERS = """
@alternative
def right(g):
    return sum(g(x) for x in (1.0, 2.0))


@mistake("asks at 0 and 1", hint="ask at 1")
def from_zero(g):
    return g(0.0) + g(1.0)


@mistake("asks in the wrong order", hint="ask at 1")
def backwards(g):
    return g(2.0) + g(1.0)


@mistake("asks once", hint="ask at 1")
def once(g):
    return 2 * g(1.0)
"""


def test_what_a_function_asks_belongs_to_what_it_does(name):
    """All of these give back the same number."""
    wrong = [
        lambda g: g(2.0) + g(1.0),
        lambda g: g(0.0) + g(1.0),
        lambda g: g(7.0) + g(8.0),
        lambda g: 2 * g(1.0),
        lambda g: g(2.0) + g(1.0 + 1e-13),
        lambda g: g(1.0) + g(0.0),
    ]
    assert name(TALK, ASKERS, *wrong) == [
        "asks in the wrong order",
        "asks at 0 and 1",
        None,
        "asks once",
        "asks in the wrong order",
        "asks at 0 and 1",
    ]


def test_a_question_that_the_check_refused_is_compared_too(name):
    often = """
@mistake("asks three times and makes do with two answers", hint="ask at 1")
def often(g):
    total = g(1.0) + g(2.0)
    try:
        g(3.0)
    except RuntimeError:
        pass
    return total
"""

    def same(g):
        found = [g(1.0), g(2.0)]
        with suppress(RuntimeError):
            found.append(g(3.0))
        return sum(found)

    assert name(TALK, ASKERS + often, same) == "asks three times and makes do with two answers"


MODULES = """
@points(1)
@hint("scale by the weight")
@pytest.mark.parametrize("size", [2, 3])
def test_scales(Scale, size):
    first, second = Scale(size), Scale(size)
    second.load({"weight": np.arange(1.0, size + 1.0).astype(np.float32)})
    x = np.full(size, 2.0, dtype=np.float32)
    assert np.allclose(first(x), x)
    assert np.allclose(second(x), x * np.arange(1.0, size + 1.0))
"""

SCALES = """
@alternative
class Right(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(size))

    def forward(self, x):
        return torch.as_tensor(x) * self.weight


class Base(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(size))


@mistake("divides by the weight", hint="scale")
class Divides(Base):
    def forward(self, x):
        return torch.as_tensor(x) / self.weight


@mistake("adds the weight", hint="scale")
class Adds(Base):
    def forward(self, x):
        return torch.as_tensor(x) + self.weight - 1


@mistake("divides by three weights", hint="scale")
class DividesByThree(Base):
    def forward(self, x):
        x = torch.as_tensor(x)
        return x * self.weight if len(x) == 2 else x / self.weight
"""


def test_handles_mean_the_same_on_both_sides(name):
    """A case has its own numbering of modules, whatever an earlier case or an earlier answer has made."""

    class Scale(torch.nn.Module):
        def __init__(self, size):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(size))

    class Divided(Scale):
        def forward(self, x):
            return torch.as_tensor(x) * self.weight**-1

    class Added(Scale):
        def forward(self, x):
            return torch.as_tensor(x) - 1 + self.weight

    class Late(Scale):
        def forward(self, x):
            x = torch.as_tensor(x)
            return x / self.weight if len(x) == 3 else x * self.weight

    class Broken(Scale):
        def forward(self, x):
            return 3 * x

    checks = "import pytest\n" + MODULES
    found = name(checks, SCALES, Broken, Late, Divided, Added, exercise="Scale")
    assert found == [None, "divides by three weights", "divides by the weight", "adds the weight"]


PROBED = """
@points(1)
@hint("halve it")
def test_halves(f):
    assert np.allclose(f(np.array([2.0, 6.0])), [1.0, 3.0])
"""


def test_a_finding_of_the_probes_is_compared_too(name):
    """Both are right for floats, and wrong for integers in their own way."""
    bank = """
@alternative
def right(x):
    return np.asarray(x, dtype=float) / 2


@mistake("halves whole numbers into whole numbers", hint="float")
def floors(x):
    return x // 2 if np.asarray(x).dtype.kind == "i" else x / 2


@mistake("refuses integers", hint="float")
def refuses(x):
    if np.asarray(x).dtype.kind == "i":
        raise TypeError("no integers")
    return x / 2
"""

    def floors(x):
        return x / 2 if x.dtype.kind == "f" else np.floor_divide(x, 2)

    assert name(PROBED.replace("6.0", "5.0").replace("3.0", "2.5"), bank, floors) == (
        "halves whole numbers into whole numbers"
    )


def test_in_single_precision_the_last_digits_do_not_count(name):
    checks = """
@points(1)
@hint("the mean of the logarithms")
def test_takes_the_geometric_mean(f, rng):
    x = rng.uniform(1.0, 2.0, size=4)
    assert np.allclose(f(x), np.exp(np.mean(np.log(x))))


@points(1)
@hint("of one number it is that number")
def test_keeps_one_number(f, rng):
    x = rng.uniform(1.0, 2.0, size=1)
    assert np.allclose(f(x), x[0])
"""
    bank = """
@alternative
def right(x):
    return np.exp(np.mean(np.log(x)))


@mistake("takes the product", hint="mean")
def product(x):
    return np.exp(np.sum(np.log(x)))
"""
    assert name(checks, bank, lambda x: np.prod(np.asarray(x, dtype=float))) == "takes the product"
