"""What a check means: marks, bindings, what the harness notices by itself, and what a student reads."""

import json
import textwrap

import numpy as np
import pytest

from autograder.judge.binding import Exercise, LocalTransport, coerce
from autograder.judge.checking import CheckError, read_checks, stream
from autograder.judge.run import run_exercise
from autograder.outcome import DEFAULT_BUDGET, StudentError

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

    def run(function, checks, **options):
        path = tmp_path / f"test_lab9_{next(number)}.py"
        path.write_text(HEAD + textwrap.dedent(checks))
        result, _ = run_exercise("f", read_checks(path), LocalTransport("f", function), **options)
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
        (lambda x, y: 2 * x, "f takes 2 arguments, the exercise calls it with 1"),
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
