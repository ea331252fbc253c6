"""The name of a mistake: found by asking the bank's functions what the wrong answer was asked."""

from contextlib import suppress
from itertools import product

import numpy as np
import pytest
import torch
from scipy import special, stats

from autograder.course import find_lab
from autograder.judge.binding import LocalTransport
from autograder.judge.checking import PUBLIC_SEED, load_checks, read_checks
from autograder.judge.diagnose import diagnose, names_of
from autograder.judge.run import run_exercise
from autograder.outcome import Failure, Kind, WallError

HEAD = """
import numpy as np
import torch
from scipy import special, stats

from autograder import budget, hint, points, quiet
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


def test_single_precision_may_stand_for_double_but_not_the_other_way(name):
    close = """
@mistake("squares nearly", hint="double")
def nearly(x):
    return np.float32(np.asarray(x) ** 2)
"""
    assert name(VALUES, MISTAKES, lambda x: np.float32(x) ** 2) == "squares"
    assert name(VALUES, MISTAKES + close, lambda x: np.asarray(x) ** 2 * (1 + 1e-7)) is None
    tripled = (
        MISTAKES
        + """
@mistake("squares and adds a hundred-millionth", hint="double")
def trifle(x):
    return np.asarray(x) ** 2 * (1 + 1e-8)
"""
    )
    assert name(VALUES, tripled, lambda x: np.float32(x) ** 2) is None, "two that it cannot tell apart"
    assert name(VALUES, tripled, lambda x: x**2) == "squares"


def test_flags_are_a_matter_of_style_where_no_check_asks_for_quiet(name):
    def noisy(x):
        np.log(np.zeros(1))
        return x * x

    assert name(VALUES, MISTAKES, noisy) == "squares"
    assert name(VALUES.replace("@points(1)", "@points(1)\n@quiet"), MISTAKES, noisy) is None


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


def test_how_often_the_same_is_asked_is_no_part_of_a_wrong_value(name):
    adds = """
class Line:
    def __init__(self, slope, drift):
        self.slope, self.drift = slope, drift

    def __call__(self, x):
        self.slope += self.drift
        return self.slope * x


@points(1)
@hint("add them")
def test_adds(f, rng):
    for slope in rng.uniform(1.0, 2.0, size=3):
        assert np.isclose(f(Line(slope, DRIFT)), 3.0 * slope)
"""
    bank = """
@alternative
def right(g):
    return g(1.0) + g(2.0)


@mistake("subtracts", hint="add them")
def subtracts(g):
    return g(2.0) - g(1.0)
"""

    def often(g):
        return (g(2.0) + g(2.0)) / 2 - g(1.0)

    assert name(adds.replace("DRIFT", "0.0"), bank, often) == "subtracts"
    assert name(adds.replace("DRIFT", "1e-12"), bank, often) is None, "the same question, but not the same answer"


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


def names(root, lab, exercise, *functions):
    """What answers to an exercise of the course are called."""
    lab = find_lab(root, lab)
    checks = load_checks(lab.checks)[exercise]
    bank = names_of(lab.banks / f"{exercise}.py")
    for function in functions:
        transport = LocalTransport(exercise, function)
        result, recording = run_exercise(exercise, checks, transport)
        assert result.score < result.max_score
        yield diagnose(result, recording, bank, checks, transport, PUBLIC_SEED)


def test_a_path_that_is_cut_short_has_no_name_of_its_gradients(root):
    def by_tolerance(grad, w0, step, num_steps):
        path = [np.array(w0, dtype=float)]
        while len(path) <= num_steps and np.linalg.norm(grad(path[-1])) > 1e-8:
            path.append(path[-1] - step * grad(path[-1]))
        return np.array(path)

    def at_zero(grad, w0, step, num_steps):
        path = [np.array(w0, dtype=float)]
        for _ in range(num_steps):
            if not np.any(grad(path[-1])):
                break
            path.append(path[-1] - step * grad(path[-1]))
        return np.array(path)

    # The first is called what it is: it ends where the gradient is small, in the check with a small one. Neither gets a name of
    # the gradients that it asks for.
    due = ["ends where the gradient vanishes", None]
    assert list(names(root, "lab2", "gradient_descent", by_tolerance, at_zero)) == due


def test_a_search_that_gives_up_has_no_name_of_what_it_accepts(root):
    def gives_up(f, g, w, direction, alpha=1.0, c=1e-4, rho=0.5):
        slope = g @ direction
        if slope >= 0:
            raise ValueError("uphill")
        start = f(w)
        for _ in range(20):
            if f(w + alpha * direction) <= start + c * alpha * slope:
                break
            alpha *= rho
        return alpha

    assert list(names(root, "lab2", "backtracking_step", gives_up)) == [None]


def test_finite_is_not_infinite(root):
    def between(y, p):
        y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
        return np.where((y < 0) | (y > 1), -np.inf, special.xlogy(y, p) + special.xlog1py(1 - y, -p))

    def as_failure(y, p):
        return np.where(np.asarray(y) == 1, np.log(p), np.log1p(-np.asarray(p)) + 0.0 * np.asarray(y))

    def half(y, p):
        return np.where(np.asarray(y) == 1, np.log(p), np.where(np.less(np.abs(y), 1), np.log1p(-np.asarray(p)), -5.0))

    found = list(names(root, "lab1", "bernoulli_logpmf", between, as_failure, half))
    assert found == [None, "gives outcomes other than 0 and 1 the probability of a 0", None]


def test_what_agrees_on_the_checks_inputs_alone_has_no_name(root):
    """Each does on the calls of the checks, or of those before the one that fails, what a mistake of the bank does."""

    def missing_at_one(centers, keypoint, radius):
        x, y = np.where(np.isnan(keypoint), 1.0, keypoint)
        return (np.hypot(centers[:, 0] - x, centers[:, 1] - y) <= radius).astype(int)

    def ties_to_the_last(y, score):
        y, score = np.asarray(y), np.asarray(score, dtype=float)
        wins = np.subtract.outer(score[y == 1], score[y == 0])
        later = np.subtract.outer(np.flatnonzero(y == 1), np.flatnonzero(y == 0)) > 0
        return float(np.mean(np.where(wins == 0, later, wins > 0))) if wins.size else float("nan")

    assert list(names(root, "lab1", "label_patches", missing_at_one)) == [None]
    assert list(names(root, "lab1", "roc_auc", ties_to_the_last)) == [None]


def test_budgets_and_exceptions_alone_are_no_evidence(root):
    """A third table of N by N; an error with words of its own, where two of the bank raise one."""

    def by_sqrt(w, X, y, lam=0.0):
        p = special.expit(X @ w)
        root = np.sqrt(np.eye(len(X)) * (p * (1 - p)))
        return X.T @ root @ root @ X + lam * np.eye(len(w))

    def refuses(y, p):
        if np.any((np.asarray(y) != 0) & (np.asarray(y) != 1)):
            raise ValueError("what is that?")
        return stats.bernoulli.logpmf(y, p)

    assert list(names(root, "lab1", "nll_hessian", by_sqrt)) == [None]
    assert list(names(root, "lab1", "bernoulli_logpmf", refuses)) == [None]


def test_it_names_what_it_may_in_another_style(root):
    def by_hand(w, X, y, lam=0.0):
        return float(np.mean([np.logaddexp(0.0, -(2 * t - 1) * (x @ w)) for x, t in zip(X, y)]) + lam * (w @ w) / 2)

    assert list(names(root, "lab1", "nll", by_hand)) == ["takes the mean instead of the sum"]


def test_an_answer_that_dies_while_it_is_asked_on_has_no_name(root):
    class Mortal(LocalTransport):
        def request(self, *anything):
            self.lives -= 1
            if self.lives == 0:
                self.dead = Failure(Kind.ENDED)
                raise WallError(self.dead)
            return super().request(*anything)

    lab = find_lab(root, "lab1")
    checks, bank = load_checks(lab.checks)["softplus"], names_of(lab.banks / "softplus.py")
    found = []
    for lives in (2, 10_000):
        transport = Mortal("softplus", lambda a: np.log(1 + np.exp(a)))
        transport.lives = 10_000
        result, recording = run_exercise("softplus", checks, transport)
        transport.lives = lives
        found.append(diagnose(result, recording, bank, checks, transport, PUBLIC_SEED))
    assert found[0] is None and found[1] is not None
