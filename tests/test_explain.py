"""What feedback shows of a failure: words that fit it, and nothing that a student could make carry a secret input."""

import json
import math
import re
import textwrap

import numpy as np
import pytest
import torch

from autograder import Mismatch, agree
from autograder.judge import explain
from autograder.judge.binding import LocalTransport
from autograder.judge.checking import read_checks, stream
from autograder.judge.compare import worst
from autograder.judge.known import SENTENCES, recognise, stands_in
from autograder.judge.run import run_exercise
from autograder.outcome import Kind, Outcome
from autograder.wall.inside.student import Absent, OutOfTime
from autograder.wall.wire import Uncarried

HEAD = """\
import numpy as np
import numpy.testing as npt
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
import pytest
from autograder import agree, budget, hint, no_probe, points, quiet, raises
"""


@pytest.fixture
def judge(tmp_path):
    """judge(function, check, ...) -> the one test of exercise `f`, with the student's code where it is graded."""
    number = iter(range(1000))

    def run(function, check, code="", **options):
        path = tmp_path / f"test_lab9_{next(number)}.py"
        path.write_text(HEAD + textwrap.dedent(check))
        transport = LocalTransport("f", function)
        transport.code = code
        result, _ = run_exercise("f", read_checks(path), transport, **options)
        return result.tests[0]

    return run


def graded(judge, function, check, code="", seed=7):
    return judge(function, check, code, seed=seed, secret=True)


# --- agree ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "desired"),
    [
        (1.0, 1.0), ([1, 2], np.array([1.0, 2.0])), (np.nan, np.nan), ([np.inf, -np.inf], [np.inf, -np.inf]),
        (1 + 1e-12, 1.0), (np.zeros((0, 3)), np.zeros((0, 3))), (True, 1), (1j, 1j), (torch.ones(2), np.ones(2)),
    ],
)  # fmt: skip
def test_what_agrees(actual, desired):
    agree(actual, desired)


@pytest.mark.parametrize(
    ("actual", "desired"),
    [
        (1.0, 1.1), ([1.0], 1.0), (1.0, [1.0]), ([[1.0, 2.0]], [1.0, 2.0]), (np.nan, 1.0), (1.0, np.nan), (np.inf, -np.inf),
        (1 + 1e-8, 1.0), ("1", 1.0), (None, 1.0), ([[1], [1, 2]], [1.0, 2.0]), (np.zeros((0, 3)), np.zeros((3, 0))),
        (np.array([None]), [1.0]), ({}, 1.0),
    ],
)  # fmt: skip
def test_what_does_not_agree(actual, desired):
    with pytest.raises(Mismatch):
        agree(actual, desired)


@pytest.mark.parametrize("seed", range(5))
def test_agree_draws_the_line_where_numpy_does(seed):
    rng = np.random.default_rng(seed)
    desired = rng.normal(size=(50, 3)) * 10.0 ** rng.integers(-3, 3, size=(50, 3))
    for rtol, atol in ((1e-3, 0.0), (0.0, 1e-3), (1e-6, 1e-6)):
        for row in desired + rng.normal(size=desired.shape) * 1e-3:
            verdicts = []
            for compare in (agree, np.testing.assert_allclose):
                try:
                    compare(row, desired[0], rtol=rtol, atol=atol)
                    verdicts.append(True)
                except AssertionError:
                    verdicts.append(False)
            assert verdicts[0] == verdicts[1]


def test_a_mismatch_knows_its_sides_and_where_they_differ_most():
    with pytest.raises(Mismatch) as caught:
        agree([1.0, 2.5, 3.001], [1.0, 2.0, 3.0])
    assert caught.value.index == (1,) and list(caught.value.desired) == [1.0, 2.0, 3.0]
    assert worst(np.array([0.0, np.nan, 5.0]), np.array([1.0, 1.0, 5.0])) == (1,)


@pytest.mark.parametrize(
    "compare",
    [
        "agree(f(x), 2 * x)",
        "assert_allclose(f(x), 2 * x)",
        "npt.assert_array_equal(f(x), 2 * x)",
        "npt.assert_array_almost_equal(f(x), 2 * x)",
        "npt.assert_almost_equal(f(x), 2 * x)",
        "assert_equal(f(x), 2 * x)",
    ],
)
def test_every_way_to_compare_is_explained(judge, compare):
    check = f"""
    @points(1)
    @hint("Twice.")
    def test_doubles(f):
        x = np.arange(1.0, 9.0)
        {compare}
    """
    test = judge(lambda x: np.where(x == 5.0, 0.0, 2 * x), check)
    assert test.message == "f([…, 5.0, …]) gave 0.0, expected 10.0" and test.failure.kind is Kind.VALUE
    assert "expected shape (8,)" in judge(lambda x: x[:4], check).message


# --- hints that fit ---------------------------------------------------------------------------------------------------

DOUBLES = """
@points(1)
@hint("Twice means 2 * x.")
def test_doubles(f):
    x = np.array([1.0, 2.5])
    agree(f(x), 2 * x)
"""


def changes(x):
    x *= 2
    return x


def out_of_memory(x):
    raise MemoryError


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda x: x, Kind.VALUE),
        (lambda x: 2 * x[:1], Kind.SHAPE),
        (lambda x: None, Kind.NOT_NUMBERS),
        (lambda x: 1 / 0, Kind.EXCEPTION),
        (lambda x, y: x, Kind.SIGNATURE),
        (lambda: 1, Kind.SIGNATURE),
        (lambda x: not_there, Kind.NO_NAME),  # noqa: F821
        (lambda x: {1}, Kind.NOT_PLAIN),
        (lambda x: np.array([1, None]), Kind.DTYPE),
        (lambda x: print, Kind.FUNCTION),
        (lambda x: {x: 1}, Kind.UNHASHABLE),
        (lambda x: np.no_such_function(x), Kind.NO_ATTRIBUTE),
        (lambda x: torch.ones(1).cuda(), Kind.NO_GPU),
        (changes, Kind.CHANGED),
        (out_of_memory, Kind.MEMORY),
    ],
)
@pytest.mark.parametrize("secret", [False, True])
def test_a_hint_stands_where_the_value_is_wrong(judge, function, kind, secret):
    test = judge(function, DOUBLES, seed=3, secret=secret)
    assert test.failure.kind is kind and test.outcome is Outcome.FAILED
    assert (test.hint == "Twice means 2 * x.") == (kind is Kind.VALUE)


def test_a_check_can_be_about_another_way_to_fail(judge):
    about = DOUBLES.replace("2 * x.", '2 * x, and as many.", also=("shape",').replace('",),")', '",))')
    check = """
    @points(1)
    @hint("As many as came in.", also=("shape", "exception"))
    def test_doubles(f):
        x = np.array([1.0, 2.5])
        agree(f(x), 2 * x)
    """
    assert about and judge(lambda x: x[:1], check).hint == "As many as came in."
    assert judge(lambda x: x[7], check).hint == "As many as came in."
    assert judge(lambda x: not_there, check).hint != "As many as came in."  # noqa: F821


def test_a_check_of_cost_or_of_an_error_or_of_warnings_keeps_its_hint(judge):
    cost = """
    @points(1)
    @budget(cpu=0.1)
    @hint("One pass.")
    def test_is_fast(f):
        f(np.zeros(3))
    """
    error = """
    @points(1)
    @hint("Refuse it.")
    def test_refuses(f):
        with raises(ValueError):
            f(-1.0)
    """
    silent = DOUBLES.replace("@points", "@quiet\n@points")

    def endless(x):
        while True:
            pass

    def noisy(x):
        np.log(-np.abs(x))
        return 2 * x

    assert judge(endless, cost).hint == "One pass."
    assert judge(lambda x: x, error).hint == "Refuse it."
    assert judge(lambda x: x, error).message == "f(-1.0) raised nothing, where a ValueError is due"
    assert judge(lambda x: [][0], error).hint == "Refuse it."
    assert "IndexError" in judge(lambda x: [][0], error).message
    assert "where a ValueError is due" in judge(lambda x: [][0], error).message
    assert judge(noisy, silent).hint == "Twice means 2 * x."


# --- which exercise is to blame ---------------------------------------------------------------------------------------


def part(x):
    raise NotImplementedError


class Part:
    def __call__(self, x):
        raise NotImplementedError


def test_an_exercise_that_calls_one_that_is_not_written_says_so(judge):
    for function in (lambda x: part(x), lambda x: Part()(x)):
        test = judge(function, DOUBLES)
        name = "part" if "part" in function.__code__.co_names else "Part"
        assert (test.outcome, test.message, test.hint) == (
            Outcome.BLOCKED,
            f"uses {name}, which is not written yet",
            "",
        )


def test_a_stub_made_by_a_factory_is_its_own(judge):
    def make():
        def f(x):
            raise NotImplementedError

        return f

    assert judge(make(), DOUBLES).outcome is Outcome.NOT_WRITTEN


def test_a_library_that_lacks_something_is_no_stub(judge):
    """torch raises NotImplementedError itself where a module has no forward, or a device lacks an operation."""
    test = judge(lambda x: torch.nn.Module()(x), DOUBLES)
    assert test.outcome is Outcome.FAILED and 'missing the required "forward" function' in test.message


NAMED = """
@points(1)
@hint("Hand it on.")
def test_builds(f, rng):
    agree(f(f.named("Block"), rng.normal(size=30)), 1.0)
"""


@pytest.mark.parametrize("secret", [False, True])
def test_a_class_that_is_handed_over_but_not_defined_is_named(judge, secret):
    test = judge(lambda block, x: block(x), NAMED, secret=secret)
    assert (test.outcome, test.message) == (Outcome.BLOCKED, "uses Block, which is not defined")


def test_an_interrupt_stops_the_checks(judge):
    def f(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(f, DOUBLES)


def test_a_function_that_asks_without_end_is_stopped_once(judge, monkeypatch):
    monkeypatch.setattr("autograder.judge.binding.MAX_CALLBACKS", 10)
    check = """
    @points(1)
    @hint("Ask once.")
    def test_asks(f):
        assert f(lambda x: 1.0) == 1.0
    """

    def f(g):
        while g(0.0):
            pass

    test = judge(f, check)
    assert test.failure.kind is Kind.CALLBACKS and test.message.startswith(
        "f called the function that it was given more than 10"
    )


# --- numbers of a secret input ----------------------------------------------------------------------------------------

MEAN = """
@points(1)
@hint("The sum, not the mean.")
def test_sums(f, rng):
    x = rng.normal(size=200)
    agree(f(x), np.sum(np.exp(x)))
"""


def test_few_numbers_of_many_are_shown(judge):
    x = stream(7, "f", "sums").normal(size=200)
    test = graded(judge, lambda x: np.mean(np.exp(x)), MEAN)
    due = np.sum(np.exp(x))
    assert test.message == f"f on a random input gave {due / 200:.4g}, expected {due:.4g}"


@pytest.mark.parametrize(
    ("function", "due"),
    [
        (lambda x: x[0], "np.sum(np.exp(x))"),  # hands an input back
        (lambda x: np.sort(x)[-1] * (1 + 1e-4), "np.sum(np.exp(x))"),
        (lambda x: 3.0, "np.max(x)"),  # what is expected is one of the inputs
        (lambda x: 3, "len(x)"),  # a whole number is shown whole
        (lambda x: 3, "np.argmax(x)"),
        (lambda x: 0.25, "0.5"),
        (lambda x: np.exp(x[:5]), "np.exp(x[:5]) + 1"),  # too many
        (lambda x: x[:2], "np.exp(x)"),
        (lambda x: np.inf, "np.log(0 * x[0])"),
    ],
)
def test_numbers_that_tell_of_the_input_are_not_shown(judge, function, due):
    check = MEAN.replace("np.sum(np.exp(x))", due)
    test = graded(judge, function, check)
    assert "expected" not in test.message or "shape" in test.message
    assert not re.search(r"\d\.\d", test.message)


def test_a_number_that_would_pass_as_it_is_shown_is_not(judge):
    coarse = MEAN.replace("np.sum(np.exp(x)))", "np.sum(np.exp(x)), rtol=1e-3)")
    assert "wrong value" in graded(judge, lambda x: 0.0 * x[0] - 1.5, coarse).message


def test_few_inputs_are_not_shown(judge):
    few = MEAN.replace("200", "12")
    assert "wrong value" in graded(judge, lambda x: np.mean(np.exp(x)), few).message


# --- known messages ---------------------------------------------------------------------------------------------------

CODE = """
import numpy as np
def f(x):
    return np.trapz(x) + helper(x)[0] + x.foo
"""


def raised(action):
    try:
        action()
    except Exception as error:
        return type(error).__name__, str(error)
    raise AssertionError("nothing was raised")


def _unpack(values):
    a, b = values
    return a + b


A, T = np.ones((2, 3)), torch.ones(2, 3)
REAL = {  # what Python, NumPy and torch say here, and what of it may be shown
    "attribute": (lambda: np.trapz_, "module 'numpy' has no attribute 'trapz_'"),
    "array attribute": (lambda: A.foo, "'numpy.ndarray' object has no attribute 'foo'"),
    "name": (lambda: helper, "name 'helper' is not defined"),  # noqa: F821
    "unhashable": (lambda: {A: 1}, "unhashable type: 'numpy.ndarray'"),
    "callable": (lambda: A(0), "'numpy.ndarray' object is not callable"),
    "subscript": (lambda: len(A)[0], "'int' object is not subscriptable"),
    "unpack": (lambda: _unpack((1, 2, 3)), "too many values to unpack (expected …)"),
    "operand": (lambda: "a" + 1, 'can only concatenate str (not "int") to str'),
    "none": (lambda: None + 1, "unsupported operand type(s) for +: 'NoneType' and 'int'"),
    "power": (lambda: None**2, "unsupported operand type(s) for ** or pow(): 'NoneType' and 'int'"),
    "order": (lambda: None <= 2, "'<=' not supported between instances of 'NoneType' and 'int'"),
    "truth": (lambda: bool(A), "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"),
    "broadcast": (lambda: A + np.ones(2), "operands could not be broadcast together"),
    "matmul": (lambda: A @ np.ones(2), "matmul: Input operand … has a mismatch in its core dimension …"),
    "dot": (lambda: np.dot(A, np.ones(2)), "shapes … and … not aligned"),
    "reshape": (lambda: A.reshape(5), "cannot reshape array"),
    "index": (lambda: A[7], "index … is out of bounds for axis … with size …"),
    "indices": (lambda: A[0, 0, 0], "too many indices for array"),
    "floats": (lambda: A[0.5], "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays"
               " are valid indices"),
    "cast": (lambda: np.add(1, 0.5, out=np.zeros(1, int)), "Cannot cast ufunc 'add' output from dtype('float64') to"
             " dtype('int64') with casting rule 'same_kind'"),
    "singular": (lambda: np.linalg.solve(np.ones((2, 2)), np.ones(2)), "Singular matrix"),
    "cholesky": (lambda: np.linalg.cholesky(-np.eye(2)), "Matrix is not positive definite"),
    "nan": (lambda: int(math.nan), "cannot convert float NaN to integer"),
    "zero": (lambda: 1 / 0, "division by zero"),
    "list": (lambda: [][0], "list index out of range"),
    "empty": (lambda: np.zeros(0).max(), "zero-size array to reduction operation maximum which has no identity"),
    "cuda": (lambda: torch.ones(1).cuda(), "Torch not compiled with CUDA enabled"),
    "grad": (lambda: torch.ones(1, requires_grad=True).numpy(),
             "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."),
    "no grad": (lambda: T.sum().backward(), "element … of tensors does not require grad and does not have a grad_fn"),
    "mat": (lambda: T @ T, "mat1 and mat2 shapes cannot be multiplied"),
    "double": (lambda: T @ torch.ones(3, 2, dtype=torch.float64), "expected m1 and m2 to have the same dtype"),
    "sizes": (lambda: T + torch.ones(2), "The size of tensor a … must match the size of tensor b"),
    "state": (lambda: torch.nn.Linear(1, 1).load_state_dict({}), "Error(s) in loading state_dict for Linear"),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_real_messages_are_recognised_and_shown_without_their_numbers(name):
    action, shown = REAL[name]
    error, message = raised(action)
    code = CODE + "trapz_ add Linear"
    assert recognise(error, message, code)[1] == shown
    assert recognise(error, message, None)[1] == message


SECRETS = ["x0_5377", "05377", "5377", "_5377a", "é5377"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("sentence", [sentence for sentence, _ in SENTENCES])
def test_no_sentence_carries_what_is_not_in_the_code(sentence, secret):
    """Each part of each sentence in turn, and what follows, is what a student may have put there."""
    honest = {"name": "np", "type": "int", "word": "add", "dtype": "dtype('float64')", "operator": "+", "number": "3"}
    pieces = [honest[p] if i % 2 else p for i, p in enumerate(re.split(r"\{(\w+)\}", sentence))]
    forged = [pieces[:i] + [secret] + pieces[i + 1 :] for i in range(1, len(pieces), 2)]
    for message in [*forged, [*pieces, secret]]:
        assert "5377" not in recognise("ValueError", "".join(message), CODE)[1]


@pytest.mark.parametrize("shown", ["x" * 30, "f(x)", "", "1234.5", "name 'LEAK' is not defined", "x = 5377"])
def test_other_messages_are_not_shown(shown):
    assert recognise("ValueError", shown, CODE)[1] == ""


def test_a_missing_attribute_says_which_version_this_is(judge):
    code = "import numpy as np\ndef f(x):\n    return np.trapz_(x)"
    test = graded(judge, lambda x: np.trapz_(x), MEAN, code)
    assert f"module 'numpy' has no attribute 'trapz_' (this is numpy {np.__version__})" in test.message
    assert "version" in test.hint


def test_a_gpu_that_is_not_there_is_told(judge):
    assert "posekit.device()" in graded(judge, lambda x: torch.ones(1).cuda(), MEAN).hint
    assert "Torch not compiled with CUDA enabled" in graded(judge, lambda x: torch.ones(1, device="cuda"), MEAN).message


def test_a_breakpoint_that_was_left_is_told(judge):
    import bdb

    def f(x):
        raise bdb.BdbQuit

    assert "breakpoint()" in graded(judge, f, MEAN).hint


@pytest.mark.parametrize(
    "make",
    [
        lambda s: {s: 1}[type(s, (), {})],
        lambda s: getattr(np, s),
        lambda s: getattr(np.ones(1), s),
        lambda s: exec(f"import {s}"),
        lambda s: eval(s),
        lambda s: type(s, (), {})() + 1,
        lambda s: type(s, (), {"__array__": lambda self, dtype=None, copy=None: np.array([self])})(),
        lambda s: np.zeros(1, dtype=[(s, "f8")]),
        lambda s: np.array([s] * 2),
        lambda s: f_with_secret_name(s),
        lambda s: (_ for _ in ()).throw(type(s, (NotImplementedError,), {})()),
        lambda s: (_ for _ in ()).throw(NotImplementedError(s)),
        lambda s: (_ for _ in ()).throw(MemoryError(s)),
        lambda s: (_ for _ in ()).throw(OutOfTime(s)),
        lambda s: (_ for _ in ()).throw(Uncarried("not plain", s)),
        lambda s: (_ for _ in ()).throw(Absent("missing", s)),
    ],
)
def test_a_secret_leaks_through_no_name(judge, make):
    def f(x):
        return make("LEAK" + str(abs(x[0]))[:6].replace(".", ""))

    for seed in (1, 2):
        assert "LEAK" not in json.dumps(graded(judge, f, MEAN, "import numpy as np\n", seed=seed).to_json())


def test_a_name_of_many_parts_spells_nothing():
    code = "import numpy as np\nnumpy.linalg.norm"
    assert stands_in("numpy", code) and stands_in("numpy.linalg.norm", code)
    assert not stands_in("numpy.linalg.numpy.norm", code) and not stands_in("nump", code) and not stands_in("", code)
    assert recognise("AttributeError", "module 'numpy' has no attribute 'np.np.numpy.np.numpy'", code)[1] == ""


def f_with_secret_name(secret):
    scope = {}
    exec(f"def {secret}(): raise NotImplementedError\n", scope)
    scope[secret]()


def test_a_warning_shows_no_text_of_the_students(judge):
    import warnings

    def f(x):
        warnings.warn(f"LEAK {x[0]}", stacklevel=1)
        return np.sum(np.exp(x))

    check = MEAN.replace("@points", "@quiet\n@points")
    assert "LEAK" not in graded(judge, f, check).message and "LEAK" in judge(f, check).message


def test_a_call_back_shows_no_text_of_the_students(judge):
    check = """
    @points(1)
    @hint("Ask with numbers.")
    def test_asks(f, rng):
        agree(f(lambda x: float(x) + 1.0, rng.normal(size=3)), 1.0)
    """
    test = graded(judge, lambda g, x: g(f"LEAK {x[0]}"), check)
    assert test.failure.kind is Kind.CALLBACK and "LEAK" not in test.message


def test_values_are_told_apart():
    assert explain._told_apart(1.00000001, 1.0) == ("1.00000001", "1.0")
    assert explain._told_apart(np.array([1.0, 2.0]), np.array([2.0, 1.0])) == ("[1.0, 2.0]", "[2.0, 1.0]")


def elsewhere(x):
    return [][3]


@pytest.mark.parametrize("secret", [False, True])
def test_a_line_in_another_function_says_in_which(judge, secret):
    code = "def elsewhere(x):\n    return [][3]\n" + "\n" * 1000
    test = judge(lambda x: elsewhere(x), DOUBLES.replace("(f)", "(f, rng)"), code, secret=secret)
    assert re.search(
        r"raised IndexError: list index out of range \(in elsewhere, line \d+: `return \[\]\[3\]`\)$", test.message
    )
    unknown = judge(lambda x: elsewhere(x), DOUBLES.replace("(f)", "(f, rng)"), "x = 1", secret=True)
    assert unknown.message == "f raised IndexError: list index out of range"


def test_few_numbers_are_shown_whole_beside_those_expected(judge):
    check = """
    @points(1)
    @hint("Both.")
    def test_finds(f):
        x = np.arange(12.0).reshape(3, 4)
        agree(f(x), [2, 7])
    """
    assert judge(lambda x: (7, 2), check).message == "f(<array of shape (3, 4)>) gave [7, 2], expected [2, 7]"
    assert judge(lambda x: [np.int64(7), np.int64(2)], check).message.endswith("gave [7, 2], expected [2, 7]")


def test_a_call_with_much_in_it_is_one_short_line(judge):
    check = """
    @points(1)
    @hint("Nothing.")
    def test_of_batches(f):
        batches = [(np.ones((4, 2)), np.ones((4, 1))) for _ in range(3)]
        agree(f(print, batches, batches), 1.0)
    """
    test = judge(lambda g, first, second: 0.0, check)
    assert test.message == "f(<a function>, <list of 3>, <list of 3>) gave 0.0, expected 1.0"
