"""What a check means: marks, bindings, what the harness notices by itself, and what a student reads."""

import importlib
import inspect
import json
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from autograder.course import labs
from autograder.judge.binding import Exercise, LocalTransport, coerce
from autograder.judge.checking import CheckError, load_checks, read_checks, stream
from autograder.judge.run import run_exercise
from autograder.outcome import DEFAULT_BUDGET, Budget, StudentError
from autograder.reports.text import text

ROOT = Path(__file__).parent.parent
HEAD = """\
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
import pytest
from autograder import budget, hint, no_probe, points, quiet, raises
"""


@pytest.fixture
def judge(tmp_path):
    """judge(function, checks, ...) -> result of the exercise `f`."""
    number = iter(range(1000))

    def run(function, checks, code="", **options):
        path = tmp_path / f"test_lab9_{next(number)}.py"
        path.write_text(HEAD + textwrap.dedent(checks))
        transport = LocalTransport("f", function)
        transport.code = code
        result, _ = run_exercise("f", read_checks(path), transport, **options)
        return result

    return run


DOUBLES = """
@points(1)
@hint("Twice means 2 * x.")
def test_doubles(f):
    x = np.array([1.0, 2.5])
    assert_allclose(f(x), 2 * x)
"""


def only(result):
    (test,) = result.tests
    return test


def test_points_and_hint(judge):
    right, wrong = judge(lambda x: 2 * x, DOUBLES), judge(lambda x: x**2, DOUBLES)
    assert (right.score, right.max_score, right.hints) == (1, 1, [])
    assert (wrong.score, wrong.hints) == (0, ["Twice means 2 * x."])
    assert only(wrong).name == "doubles"


def test_feedback_names_input_result_and_expectation(judge):
    message = only(judge(lambda x: np.where(x > 2, 0.0, 2 * x), DOUBLES)).message
    assert message == "f([…, 2.5, …]) gave 0.0, expected 5.0"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: None, "None (is a `return` missing?)"),
        (lambda x: (2 * x)[:, None], "an array of shape (2, 1), expected shape (2,)"),
        (lambda x: "2", "gave '2', which is not of the kind that is asked for"),
        (lambda x: {3}, "returned a value of type set, which cannot be compared"),
        (lambda x: np.array([None, 1]), "an array of Python objects (dtype object)"),
        (lambda x: print, "returned a function where a value is due"),
        (lambda x: x.foo, "f raised AttributeError: 'numpy.ndarray' object has no attribute 'foo'"),
        (lambda x, y: 2 * x, "f takes (x, y), but is called as f([1.0, 2.5])"),
    ],
)
def test_wrong_kinds_are_told_in_one_line(judge, function, said):
    message = only(judge(function, DOUBLES)).message
    assert said in message and "\n" not in message and "Traceback" not in message


@pytest.mark.parametrize(
    "function", [lambda x: [2 * v for v in x], lambda x: tuple(2 * v for v in x), lambda x: map(float, 2 * x)]
)
def test_honest_return_types_pass(judge, function):
    assert judge(function, DOUBLES).score == 1


def test_an_exception_is_shown_with_the_students_line(judge):
    def f(x):
        values = list(x)
        return values[7]

    message = only(judge(f, DOUBLES)).message
    assert message.startswith("f raised IndexError: list index out of range (line ") and "`return values[7]`" in message


def test_an_unwritten_exercise_says_so_once(judge):
    def f(x):
        raise NotImplementedError

    result = judge(f, DOUBLES + DOUBLES.replace("test_doubles", "test_again"))
    assert (result.score, result.max_score, result.error, result.hints) == (0, 2, "not written yet", [])


def test_a_changed_input_fails_the_check_where_it_happened_once(judge):
    def f(x):
        x *= 2
        return x

    result = judge(f, DOUBLES + DOUBLES.replace("test_doubles", "test_again"))
    assert [t.passed for t in result.tests] == [False, True]
    assert "f changed its input x in place" in result.tests[0].message and "copy" in result.tests[0].hint


def test_calls_do_not_see_each_others_arrays(judge):
    buffer = np.zeros(2)

    def f(x):
        buffer[:] = 2 * x
        return buffer

    aliasing = """
    @points(1)
    @hint("A fresh array each time.")
    def test_first_result_stays(f):
        x = np.array([1.0, 2.0])
        first = f(x)
        f(x + 1)
        assert_allclose(first, 2 * x)
    """
    assert judge(f, aliasing).score == 1


def test_quiet_counts_flags_and_warnings_only_where_asked(judge):
    def f(x):
        np.exp(1e4 * x)
        return 2 * x

    noisy = judge(f, DOUBLES)
    quiet = judge(f, DOUBLES.replace("@points", "@quiet\n@points"))
    assert noisy.score == 1 and quiet.score == 0
    assert "floating-point warning: overflow" in only(quiet).message


def test_underflow_is_honest(judge):
    def f(x):
        np.exp(-800.0 * x)
        return 2 * x

    assert judge(f, DOUBLES.replace("@points", "@quiet\n@points")).score == 1


def test_integer_probe(judge):
    def f(x):
        out = np.empty_like(x)
        for i in range(len(x)):
            out[i] = x[i] * 1.5
        return out

    checks = DOUBLES.replace("2 * x)", "1.5 * x)")
    result = judge(f, checks)
    assert result.score == 0 and "integers" in only(result).message
    assert judge(f, checks.replace("@points", '@no_probe("integers")\n@points')).score == 1


def test_float32_probe(judge):
    def f(x):
        large = np.asarray([1e8], dtype=x.dtype)
        return x + large - large + x

    result = judge(f, DOUBLES.replace("2 * x)", "2 * x, rtol=1e-6)"))
    assert result.score == 0 and "float32" in only(result).message


def test_a_probe_never_blames_a_value_that_changes_by_chance(judge):
    sampler = """
    @points(1)
    @hint("A draw.")
    def test_draws(f, rng):
        assert f(np.zeros(2), rng).shape == (2,)
    """
    assert judge(lambda mean, rng: mean + rng.normal(size=2), sampler).score == 1


def test_parametrized_cases_count_as_one_check(judge):
    checks = """
    @points(2)
    @hint("Twice.")
    @pytest.mark.parametrize("x", [1.0, 2.0, 3.0])
    def test_doubles(f, x):
        assert_allclose(f(x), 2 * x)
    """
    assert judge(lambda x: 2 * x, checks).score == 2
    wrong = judge(lambda x: x**2, checks)
    assert wrong.score == 0 and only(wrong).message == "f(1.0) gave 1.0, expected 2.0"


def test_plain_asserts_say_what_they_compared(judge):
    checks = """
    @points(1)
    @hint("Positive.")
    def test_sign(f):
        assert f(2.0) > 0
    """
    assert only(judge(lambda x: -x, checks)).message == "f(2.0) gave -2.0"
    named = checks.replace("> 0", '> 0, "a loss is never negative"')
    assert only(judge(lambda x: -x, named)).message == "a loss is never negative"


def test_torch_functions_and_modules_are_driven_where_they_are():
    import torch

    class Scaled(torch.nn.Module):
        """A layer whose gradient and whose behaviour in training are known by hand."""

        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1, bias=False)

        def forward(self, x):
            return self.layer(x) * (3.0 if self.training else 1.0)

    found = Exercise("f", LocalTransport("f", lambda x: x**3), DEFAULT_BUDGET).value_and_gradients(
        torch.tensor([1.0, 2.0])
    )
    np.testing.assert_allclose(found["value"], 9.0)
    np.testing.assert_allclose(found["inputs"][0], [3.0, 12.0])
    net = Exercise("f", LocalTransport("f", Scaled), DEFAULT_BUDGET)()
    net.load({"layer.weight": np.array([[1.0, 2.0]], dtype=np.float32)})
    x = torch.ones(1, 2)
    net.train()
    np.testing.assert_allclose(net(x), [[9.0]])
    net.train(False)
    np.testing.assert_allclose(net(x), [[3.0]])
    np.testing.assert_allclose(net.backward(x)["parameters"]["layer.weight"], [[1.0, 1.0]])
    np.testing.assert_allclose(net.state()["layer.weight"], [[1.0, 2.0]])
    assert net.attribute("layer.in_features") == 2
    assert net.shapes() == {"layer.weight": (1, 2)} and net.hooks() == 0


def test_torch_s_own_modules_and_other_names_of_the_notebook_can_be_arguments():
    import torch

    def local(name, function):
        return Exercise(name, LocalTransport(name, function), DEFAULT_BUDGET)

    def one_step(model, x, y, optimizer, loss):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value

    x, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]])
    step = local("one_step", one_step)
    net = step.torch("nn.Sequential", {"layer": step.torch("nn.Linear", 2, 1, bias=False)})
    net.load({"layer.weight": np.zeros((1, 2), dtype=np.float32)})
    assert step(net, x, y, step.torch("optim.SGD", net, lr=0.1), step.torch("nn.MSELoss")) == 9.0
    np.testing.assert_allclose(net.state()["layer.weight"], [[0.6, 1.2]], rtol=1e-6)  # w + lr * 2 * (3 - 0) * x

    scaled = local("apply", lambda model, x, times: [model(x), times * model(x)])
    linear = scaled.torch("nn.Linear", 2, 1, bias=False)
    found = scaled.value_and_gradients(linear, x, 2)
    np.testing.assert_allclose(found["parameters"]["weight"], [[3.0, 6.0]])
    assert len(found["inputs"]) == 1
    with pytest.raises(StudentError, match="has no gradient"):
        local("cut", lambda x: x.detach()).value_and_gradients(x)

    assert local("build", _build)(local("build", _build).named("_part"), 3).tolist() == [1, 2, 3]


def _build(part, count):
    return [part(i) for i in range(count)]


def _part(i):
    return i + 1


def test_feedback_names_the_call_of_a_module(judge):
    checks = """
    @points(1)
    @hint("The weights are used as they are loaded.")
    def test_of_ones(f):
        import torch
        net = f()
        net.load({"weight": np.array([[2.0]])})
        assert_allclose(net(torch.ones(1, 1)), [[3.0]])
    """
    import torch

    result = only(judge(lambda: torch.nn.Linear(1, 1, bias=False), checks))
    assert result.message.startswith("f(…).forward([…, 1.0, …]) gave 2.0, expected 3.0")


def test_feedback_does_not_call_a_module_a_function(judge):
    checks = """
    @points(1)
    @hint("The number that comes in comes out.")
    def test_of_a_module(f):
        assert_allclose(f(f.torch("nn.ReLU"), f.named("_part"), 1.0), 1.0)
    """
    result = only(judge(_second, checks))
    assert result.message.startswith("f(<a torch object>, _part, 1.0) gave 2.0, expected 1.0")


def _second(module, part, number):
    return 2.0 * number


def test_raises(judge):
    checks = """
    @points(1)
    @hint("A negative step is refused.")
    def test_refuses(f):
        with raises(ValueError):
            f(-1.0)
    """

    def refuses(x):
        raise ValueError("negative")

    def breaks(x):
        return undefined  # noqa: F821

    class Special(ValueError):
        pass

    def refuses_specially(x):
        raise Special

    assert judge(refuses, checks).score == judge(refuses_specially, checks).score == 1
    assert "raised nothing" in only(judge(lambda x: x, checks)).message
    assert "NameError" in only(judge(breaks, checks)).message


CALLBACK = """
@points(1)
@hint("Central differences.")
def test_slope(f):
    calls = []
    def square(x):
        calls.append(x)
        return float(np.sum(x**2))
    assert_allclose(f(square, np.array([3.0])), [6.0], rtol=1e-6)
    assert len(calls) == 2, f"square was called {len(calls)} times"
"""


def test_functions_are_called_back_and_counted(judge):
    def slope(g, x):
        x = np.asarray(x, dtype=float)
        return np.array([(g(x + 1e-5) - g(x - 1e-5)) / 2e-5])

    def wasteful(g, x):
        g(x)
        return slope(g, x)

    assert judge(slope, CALLBACK).score == 1
    assert only(judge(wasteful, CALLBACK)).message == "square was called 3 times"


def test_a_callback_that_fails_is_told_as_the_callers_mistake(judge):
    message = only(judge(lambda g, x: g("three"), CALLBACK)).message
    assert "called the function that it was given in a way that fails" in message


def test_an_endless_loop_ends_the_exercise(judge):
    def f(x):
        while True:
            pass

    checks = DOUBLES + DOUBLES.replace("test_doubles", "test_again")
    result = judge(f, checks)
    assert "used more than 5 s of CPU time" in result.tests[0].message
    assert result.tests[1].message.startswith("not run: an earlier call used more than 5 s")


def test_a_declared_budget_costs_its_own_check_alone(judge):
    def f(x):
        while len(x) > 100:
            pass
        return 2 * x

    costly = """
    @points(1)
    @budget(cpu=0.2)
    @hint("One pass is enough.")
    def test_is_fast(f):
        f(np.zeros(1000))
    """
    result = judge(f, textwrap.dedent(costly) + DOUBLES)
    assert [t.passed for t in result.tests] == [False, True]


def test_a_budget_of_memory(judge):
    costly = """
    @points(1)
    @budget(memory=200)
    @hint("No n by n matrix.")
    def test_fits(f):
        assert f(np.ones(20_000)) == 20_000
    """
    assert judge(lambda x: x.sum(), costly).score == 1
    dense = judge(lambda x: np.outer(x, x).trace(), costly)
    assert "f needed more than 200 MiB" in only(dense).message


SECRET = """
@points(1)
@hint("Twice.")
def test_doubles(f, rng):
    x = rng.normal(size=3)
    assert_allclose(f(x), 2 * x)
"""


@pytest.mark.parametrize("function", [lambda x: x, lambda x: 2 * x + 1e-3, lambda x: x[:, None], lambda x: str(x)])
def test_graded_feedback_shows_no_input_of_the_secret_seed(judge, function):
    seed = 12345
    drawn = stream(seed, "f", "doubles").normal(size=3)
    message = only(judge(function, SECRET, seed=seed, secret=True)).message
    assert message
    for value in (*drawn, *(2 * drawn)):
        assert f"{abs(value):.3g}"[:4] not in message


def test_a_student_cannot_print_the_secret_through_an_exception(judge):
    def f(x):
        raise ValueError(f"the input is {x.tolist()}")

    assert "0." not in only(judge(f, SECRET, seed=5, secret=True)).message
    assert "the input is" in only(judge(f, SECRET)).message


def test_streams_depend_on_seed_exercise_and_check_alone():
    draws = {
        key: tuple(stream(*key).integers(1 << 60, size=2))
        for key in [(0, "a", "x"), (1, "a", "x"), (0, "b", "x"), (0, "a", "y"), (0, "a", "x", 1)]
    }
    assert len(set(draws.values())) == len(draws)
    assert tuple(stream(0, "a", "x").integers(1 << 60, size=2)) == draws[0, "a", "x"]


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ("@points(1)\n@hint('h')\ndef test_x(): pass", "first argument must name the exercise"),
        ("@points(1)\ndef test_x(f): pass", "needs @points(n) and @hint(text)"),
        ("@points(0.5)\n@hint('h')\ndef test_x(f): pass", "one whole number"),
        ("@points(1)\n@hint('h')\ndef test_x(f, tmp_path): pass", "nothing supplies the argument 'tmp_path'"),
        ("@points(1)\n@hint('h')\n@pytest.mark.skip\ndef test_x(f): pass", "'skip' has no meaning in a notebook"),
        ("@points(1)\n@hint('h')\n@no_probe('int')\ndef test_x(f): pass", "no probe 'int'"),
        ("@points(1)\n@hint('h', also='shape')\ndef test_x(f): pass", "`also` of @hint is a tuple"),
        ("@points(1)\n@hint('h', also=('shaep',))\ndef test_x(f): pass", "not of 'shaep'"),
    ],
)
def test_a_check_that_breaks_the_rules_is_refused(judge, checks, said):
    with pytest.raises(CheckError, match=None) as error:
        judge(abs, checks)
    assert said in str(error.value)


@pytest.mark.parametrize("body", ["assert f(1.0) == undefined", "[][0]"])
def test_a_broken_check_is_never_the_students_fault(judge, body):
    with pytest.raises(CheckError, match="is broken"):
        judge(abs, f"@points(1)\n@hint('h')\ndef test_x(f):\n    {body}")


def test_coerce():
    assert isinstance(coerce([1, 2.5]), np.ndarray)
    assert isinstance(coerce([[1], [2, 3]]), list)
    ragged = coerce(([1, 2], [[1], [2, 3]]))
    assert isinstance(ragged, tuple) and isinstance(ragged[0], np.ndarray) and isinstance(ragged[1][0], np.ndarray)
    assert coerce("abc") == "abc" and coerce(None) is None


def test_what_is_written_only_in_part_keeps_its_points(judge):
    def f(x):
        if x.ndim == 0:
            raise NotImplementedError
        return 2 * x

    checks = DOUBLES + '@points(1)\n@hint("also one number")\ndef test_scalar(f):\n    assert f(np.array(2.0)) == 4.0\n'
    result = judge(f, checks)
    assert (result.score, result.error) == (1, None)
    assert result.tests[1].message.startswith("f raised NotImplementedError (line ")
    assert result.tests[1].hint == "Is a part of it still to be written?"


@pytest.mark.parametrize("how", ["class", "value", "budget", "wire", "message", "line", "argument"])
def test_nothing_that_is_shown_carries_a_secret_input(judge, how):
    """Whatever a function does with its input: names of classes, messages, source lines and names of arguments are its own."""
    import linecache

    from autograder.wall.inside.student import OutOfTime
    from autograder.wall.wire import WireError

    def f(x):
        secret = "LEAK" + str(x[0])[:6].replace(".", "")
        if how == "class":
            raise type(secret, (Exception,), {"__module__": "builtins"})()
        if how == "value":
            return type(secret, (), {})()
        if how == "argument":
            x[0] = 0.0
        if how == "line":
            linecache.cache[f.__code__.co_filename] = (9, None, [secret] * 9999, "x")
        raise {"budget": OutOfTime, "wire": WireError}.get(how, ValueError)(secret)

    draws = """
    @points(1)
    @hint("whatever")
    def test_draws(f, rng):
        x = rng.uniform(2.0, 3.0, size=2)
        assert_allclose(f(x), 2 * x)
    """
    try:
        result = judge(f, draws, seed=5, secret=True)
    finally:
        linecache.checkcache()
        linecache.cache.pop(f.__code__.co_filename, None)
    assert result.score == 0 and "LEAK" not in json.dumps(result.tests[0].to_json())


DESCENT = """
@points(1)
@hint("One step against the slope after the other.")
def test_goes_down(f):
    steps = f(lambda w: w - 2.0, np.array([1.0, 5.0]), 0.5, 4)
    assert_allclose(steps[-1], 2.0 + 0.5**4 * np.array([-1.0, 3.0]), rtol=1e-6)
"""


def descend(grad, w, step, count):
    path = [w]
    for _ in range(count):
        path.append(path[-1] - step * grad(path[-1]))
    return path


def descend_in_place(grad, w, step, count):
    w = w.copy()
    for _ in range(count):
        w -= step * grad(w)
    return [w]


def descend_in_a_table_of_its_dtype(grad, w, step, count):
    path = np.zeros((count + 1, len(w)), dtype=w.dtype)
    path[0] = w
    for t in range(count):
        path[t + 1] = path[t] - step * grad(path[t])
    return path


def descend_less_far_in_float32(grad, w, step, count):
    return descend(grad, w, step * (0.9 if w.dtype == np.float32 else 1.0), count)


def test_probes_reach_calls_that_hand_functions_over(judge):
    assert judge(descend, DESCENT).score == 1
    for function in (descend_in_place, descend_in_a_table_of_its_dtype):
        test = only(judge(function, DESCENT))
        assert "f on the same numbers as integers" in test.message and "np.asarray(x, dtype=float)" in test.hint
    assert "f on the same numbers as float32" in only(judge(descend_less_far_in_float32, DESCENT)).message


def test_integers_are_probed_beside_floats_too(judge):
    """A table of the first array's type has room for sums of integers, and none for what comes of a fraction."""
    checks = """
    @points(1)
    @hint("Products.")
    def test_multiplies(f):
        x, y = np.array([1.5, 2.0]), np.array([0.7, 2.5])
        assert_allclose(f(x, y), x * y)
    """

    def in_place(x, y):
        out = np.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * y[i]
        return out

    assert "as integers gave" in only(judge(in_place, checks)).message
    assert judge(lambda x, y: np.asarray(x, dtype=float) * y, checks).score == 1


def test_a_probe_blames_nobody_for_functions_that_answer_otherwise_each_time(judge):
    counts = """
    @points(1)
    @hint("Ask once.")
    def test_asks(f):
        answers = iter(range(1000))
        assert f(lambda x: float(next(answers)), np.array([0.5])) == 0.0
    """
    assert judge(lambda g, x: g(x), counts).score == 1
    particular = """
    @points(1)
    @hint("Ask with floats.")
    def test_asks(f):
        def g(x):
            assert x.dtype == float
            return 1.0
        assert f(g, np.array([0.5])) == 1.0
    """
    assert judge(lambda g, x: g(x), particular).score == 1


def test_a_probe_that_does_not_end_costs_nothing(judge, monkeypatch):
    """Rounded, the point and its direction fit together no more, and an honest search for a decrease goes on and on."""
    monkeypatch.setattr("autograder.judge.run.PROBE_BUDGET", Budget(cpu=0.1, declared=True))
    checks = """
    @points(1)
    @hint("Halve until it goes down.")
    def test_searches(f):
        assert f(lambda x: float(x[0] ** 2), np.array([0.4]), np.array([-0.5])) == 1.0

    @points(1)
    @hint("The same again.")
    @budget(cpu=5, memory=500)
    def test_comes_later(f):
        assert f(lambda x: float(x[0] ** 2), np.array([0.4]), np.array([-0.5])) == 1.0
    """

    def search(g, x, direction):
        step = 1.0
        while g(x + step * direction) >= g(x):
            step *= 0.5
        return step

    assert judge(search, checks).score == 2


def test_a_mark_can_stand_for_all_checks_of_a_file(judge):
    def f(x):
        return x / 2 if x.dtype.kind == "f" else x

    checks = DOUBLES.replace("2 * x)", "x / 2)")
    assert judge(f, checks).score == 0
    assert judge(f, 'pytestmark = no_probe("integers")\n' + checks).score == 1


@pytest.mark.parametrize("lab", [lab for lab in labs(ROOT) if lab.reference.exists()], ids=lambda lab: lab.name)
def test_no_integers_go_where_a_docstring_promises_floats(lab):
    module = importlib.import_module(f"solutions.{lab.module}")
    for name, checks in load_checks(lab.checks).items():
        arguments = inspect.getdoc(getattr(module, name)).partition("Parameters\n")[2].partition("Returns\n")[0]
        if re.search(r"^\w[\w, ]* : .*\bof floats\b", arguments, re.MULTILINE):
            assert all("integers" in check.no_probe for check in checks), f"{name} is promised floats"


@pytest.mark.parametrize("secret", [False, True])
def test_a_wrong_signature_is_named_whole(judge, secret):
    called = "with 3 arguments, one of them by the name lam" if secret else "as f(1.0, [0.5, 1.5], lam=2.0)"
    checks = """
    @points(1)
    @hint("The sum.")
    def test_adds(f, rng):
        assert f(1.0, np.array([0.5, 1.5]), lam=2.0) == 5.0
    """

    def message(function):
        path = inspect.getsource(function)
        return only(judge(function, checks, code=path, secret=secret)).message

    assert message(lambda a, b, ridge=0.0: 5.0) == f"f takes (a, b, ridge=…), but is called {called}"
    assert message(lambda a, lam: 5.0).startswith("f takes (a, lam), but is called ")
    assert message(lambda a, b, c, lam: 5.0).startswith("f takes (a, b, c, lam), but is called ")
    assert message(lambda: 5.0).startswith("f has no argument lam" if secret else "f takes (), but is called ")
    assert judge(lambda a, *rest, **more: 5.0, checks).score == 1


def test_what_is_called_like_that_inside_is_no_wrong_signature(judge):
    def f(x):
        return (lambda a, b: a)(x)

    assert "raised TypeError" in only(judge(f, DOUBLES)).message


def test_a_signature_of_a_students_making_tells_nothing(judge):
    class Sly:
        def __call__(self, x, y):
            return x

        @property
        def __signature__(self):
            return inspect.Signature([inspect.Parameter("LEAK", inspect.Parameter.KEYWORD_ONLY)])

    assert "LEAK" not in only(judge(Sly(), SECRET, seed=5, secret=True)).message


def test_a_forward_that_takes_other_arguments_is_named(judge):
    import torch

    class Net(torch.nn.Module):
        def forward(self, x, y):
            return x

    checks = """
    @points(1)
    @hint("What comes in.")
    def test_gives(f):
        import torch
        assert_allclose(f()(torch.ones(1)), [1.0])
    """
    assert (
        only(judge(Net, checks)).message
        == "f(…).forward takes (x, y), but is called as f(…).forward(<array of shape (1,)>)"
    )


@pytest.mark.parametrize("secret", [False, True])
def test_a_tensor_where_arrays_went_in_counts_and_is_told(judge, secret):
    import torch

    result = judge(lambda x: 2 * torch.as_tensor(x), DOUBLES, seed=3, secret=secret)
    assert result.score == 1 and "f gives back a torch tensor where an array went in" in result.notes[0]
    assert result.notes[0].split()[0] in text(result)
    assert judge(lambda x: 2 * x, DOUBLES).notes == ()
    of_tensors = DOUBLES.replace("x = np.array([1.0, 2.5])", "import torch; x = torch.tensor([1.0, 2.5])")
    assert judge(lambda x: 2 * x, of_tensors).notes == ()


PARTS = """
@points(1)
@hint("It has a weight.")
def test_has_a_weight(f, rng):
    f().load({"weight": np.ones((1, 2)), "bias": np.ones(1)})
"""


@pytest.mark.parametrize("secret", [False, True])
def test_parts_that_a_module_lacks_are_named(judge, secret):
    import torch

    def said(make):
        return only(judge(make, PARTS, seed=3, secret=secret)).message

    assert judge(lambda: torch.nn.Linear(2, 1), PARTS).score == 1
    assert said(lambda: torch.nn.Linear(2, 1, bias=False)) == "f has no bias"
    assert said(lambda: torch.nn.Sequential(torch.nn.Linear(2, 1))).startswith("f has no weight, bias")
    shape = "another shape than (1, 2)" if secret else "shape (1, 3), expected (1, 2)"
    assert said(lambda: torch.nn.Linear(3, 1)) == f"f has weight of {shape}"

    class Spare(torch.nn.Linear):
        def __init__(self):
            super().__init__(2, 1)
            self.register_parameter("LEAK5377", torch.nn.Parameter(torch.zeros(1)))

    assert said(Spare) == f"f has {'a part' if secret else 'LEAK5377'}, which should not be there"


def test_parts_that_are_one_and_the_same_are_found():
    import torch

    part = torch.nn.Linear(1, 1, bias=False)
    net = Exercise("f", LocalTransport("f", lambda: torch.nn.Sequential(part, part)), DEFAULT_BUDGET)()
    assert net.shared() == {"1.weight": "0.weight"}


def square(x):
    return x + 1000.0  # wrong


def fourth_power(x):
    return square(square(x))


def test_another_exercise_can_be_stood_in_for(judge):
    checks = """
    @points(1)
    @hint("Twice.")
    def test_of_two(f):
        asked = []
        def right(x):
            asked.append(x)
            return x * x
        assert f.beside(square=right)(2.0) == 16.0 and asked == [2.0, 4.0]
        assert f(2.0) == 2002.0, "afterwards it is as before"
    """
    assert judge(fourth_power, checks).score == 1 and square(0.0) == 1000.0


def test_what_the_check_stumbles_over_is_not_called_a_wrong_kind(judge):
    """The value is of the right kind: something else that was done does not fit the check's notes."""
    notes = """
    @points(1)
    @hint("Ask for 1.")
    def test_asks(f):
        asked = {}
        value = f(lambda x: asked.setdefault(x, 0.0))
        assert asked[1.0] == value
    """
    test = only(judge(lambda g: g(2.0), notes))
    assert test.message == "what f(<a function>) did cannot be checked further (KeyError: 1.0)"


def test_single_precision_is_named(judge):
    thirds = DOUBLES.replace("2 * x)", "x / 3, rtol=1e-12)")
    for function in (lambda x: np.float32(x) / 3, lambda x: (np.float32(x) / 3).astype(float)):
        test = only(judge(function, thirds))
        assert "single precision" in test.hint and "float64" in test.hint
    assert "Twice" in only(judge(lambda x: np.float32(x), thirds)).hint


def test_a_function_can_be_given_an_iterator():
    def count(first, items, last):
        return [first, sum(items), sum(items), last]

    counted = Exercise("f", LocalTransport("f", count), DEFAULT_BUDGET).with_iterator(1, 7.0, [1.0, 2.0], 8.0)
    assert counted.tolist() == [7.0, 3.0, 0.0, 8.0]  # nothing is left of it the second time


def test_tensors_that_come_back_are_counted():
    import torch

    f = Exercise("f", LocalTransport("f", lambda x, n: torch.stack([x] * n) if n > 3 else [x] * n), DEFAULT_BUDGET)
    for number, tensors in ((2, 2), (3, 3), (4, 1)):
        f(torch.ones(2), number)
        assert f.tensors == tensors


def test_a_forward_pass_is_watched_and_run_in_double():
    import torch

    class Net(torch.nn.Module):
        """A convolution that is used twice, with a pooling between."""

        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 1, 1)

        def forward(self, x):
            return self.conv(torch.nn.functional.max_pool2d(torch.relu(self.conv(x)), 3, 1, 1))

    net = Exercise("f", LocalTransport("f", Net), DEFAULT_BUDGET)()
    x = torch.ones(1, 1, 4, 4)
    assert net.in_double(x).dtype == np.float64 and net(x).dtype == np.float32
    seen = net.watch(x)
    assert [name for name in seen["functions"] if name in ("conv2d", "relu", "max_pool2d")] == [
        "conv2d", "relu", "max_pool2d", "conv2d",
    ]  # fmt: skip
    first, second = seen["convolutions"]
    assert (first["again"], second["again"]) == (False, True)
    np.testing.assert_array_equal(first["input"], x)
    np.testing.assert_array_equal(second["output"], net(x))


def test_parts_that_do_not_give_themselves_back_are_found():
    import torch

    def build():
        net = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Sequential(torch.nn.ReLU()))
        net[1].train = lambda mode=True: None
        return net

    net = Exercise("f", LocalTransport("f", build), DEFAULT_BUDGET)()
    assert net.not_themselves() == ["1"]
