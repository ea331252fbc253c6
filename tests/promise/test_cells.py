"""How cells run behind the wall: what fails or takes too long costs its own statement, and a report says what became of the rest."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autograder.judge.binding import Exercise
from autograder.outcome import Budget, Kind, WallError
from autograder.wall.box import Wall, find_bubblewrap
from autograder.wall.limits import Limits, Meter
from autograder.wall.process import Ran, WalledTransport

pytestmark = pytest.mark.skipif(find_bubblewrap() is None, reason="needs bubblewrap")
SHORT = Limits(cell=0.6, cells=6.0, idle=0.6, cells_idle=6.0, hurried=0.4, grace=0.6)


@pytest.fixture(scope="module")
def wall(root):
    with Wall(root, "import numpy as np\nfrom autograder import check\n") as standing:
        yield standing


class Notebook:
    """A process in which cells are run one after the other."""

    def __init__(self, process):
        self.process, self.count = process, 0

    def run(self, source: str, **how) -> Ran:
        self.count += 1
        return self.process.run_cell(dedent(source).strip("\n"), self.count, **how)

    def call(self, name: str, *args):
        transport = WalledTransport(self.process.exercise, self.process.meter)
        try:
            return Exercise(name, transport, Budget(5.0))(*args)
        finally:
            transport.close()
            self.process.stop_exercises()

    def value(self, expression: str):
        self.run(f"def value_of_it():\n    return {expression}")
        return self.call("value_of_it")


@pytest.fixture
def notebook(wall):
    with wall.process(Meter(Limits())) as process:
        yield Notebook(process)


@pytest.fixture
def hasty(wall):
    with wall.process(Meter(SHORT)) as process:
        yield Notebook(process)


# --- one statement fails ---------------------------------------------------------------------------------------------------


def test_the_next_statement_runs(notebook):
    ran = notebook.run("""
        first = 1
        import a_library_that_nobody_has
        second = 2
        raise SystemExit(3)
        @np.vectorize
        def third(x):
            return x + 1
    """)
    assert [error.error for error in ran.errors] == ["ModuleNotFoundError", "SystemExit"]
    assert [error.line for error in ran.errors] == [2, 4]
    assert {"first", "second", "third"} <= ran.bound
    assert notebook.value("[first, second, int(third(2))]").tolist() == [1, 2, 3]


def test_strictly_the_cell_ends_there(notebook):
    ran = notebook.run("a = 1\n1 / 0\na = 2", strict=True)
    assert len(ran.errors) == 1 and notebook.value("a") == 1


def test_statements_on_one_line_are_told_apart(notebook):
    notebook.run("a = 1; b = 1 / 0; c = 3")
    assert notebook.value("[a, c]").tolist() == [1, 3]


def test_what_has_another_meaning_behind_a_failure_is_told(notebook):
    notebook.run("a = 1\nb = 1")
    ran = notebook.run("b = 2\n1 / 0\na = 2\nc = 3")
    assert ran.rebound == {"a"} and {"a", "b", "c"} <= ran.bound


def test_what_is_lost_for_want_of_a_name_is_told(notebook):
    ran = notebook.run("x = absent + 1\ny, z = 1 / 0\nprint(absent)")
    assert ran.lost == (("absent", frozenset({"x"})), ("", frozenset({"y", "z"})))


def test_deleted_names_count_as_changed(notebook):
    notebook.run("a = 1\nb = 2")
    assert notebook.run("del a").bound == {"a"}


def test_a_function_that_is_defined_twice_is_another_one(notebook):
    notebook.run("def f():\n    return 1")
    for _ in range(5):
        assert "f" in notebook.run("def f():\n    return 1\ndef f():\n    return 1").bound


def test_more_names_than_can_be_told(notebook):
    ran = notebook.run("for i in range(3000):\n    globals()[f'n{i}'] = i")
    assert ran.bound == {"*"}


# --- one statement takes too long ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("while True: pass", Kind.TIME),
        ("import time; time.sleep(60)", Kind.WAITS),
        ("import threading; threading.Event().wait()", Kind.WAITS),
        ("await __import__('asyncio').sleep(60)", Kind.WAITS),
    ],
)
def test_it_is_interrupted_and_the_next_one_runs(hasty, statement, kind):
    ran = hasty.run(f"a = 1\n{statement}\nb = 2")
    assert [cut.kind for cut in ran.cut] == [kind] and ran.cut[0].line == 2
    assert hasty.value("[a, b]").tolist() == [1, 2]


def test_several_of_one_cell(hasty):
    ran = hasty.run("a = 1\nwhile a: pass\nb = 2\nwhile b: pass\nc = 3")
    assert len(ran.cut) == 2 and hasty.value("c") == 3


def test_what_was_interrupted_is_left_out_the_next_time(wall):
    source = "a = 1\nwhile True: pass\nb = 2"
    with wall.process(Meter(SHORT)) as process:
        places = Notebook(process).run(source).places
    with wall.process(Meter(SHORT)) as process:
        again = Notebook(process)
        assert again.run(source, skip=places).cut == () and again.value("a + b") == 3


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\nwhile True: pass", Kind.TIME),
        ("sum(range(10**12))", Kind.TIME),
        ("import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\ntime.sleep(60)", Kind.WAITS),
        ("import os\nos._exit(0)", Kind.ENDED),
        ("import os\nos.closerange(0, 256)", Kind.ENDED),
    ],
)
def test_what_cannot_be_interrupted_ends_the_process(hasty, source, kind):
    with pytest.raises(WallError) as stopped:
        hasty.run(source)
    assert stopped.value.failure.kind is kind


def test_cells_and_exercises_have_budgets_of_their_own(wall):
    meter = Meter(Limits(cell=0.5, cells=1.0, hurried=0.3, exercises=1.0))
    with wall.process(meter) as process:
        notebook = Notebook(process)
        for _ in range(4):
            notebook.run("while True: pass")
        assert meter.cells_cpu > 1.0
        notebook.run("def f(x):\n    return x + 1")
        assert notebook.call("f", 2.0) == 3.0
        patience = meter.patience()
        assert patience is None or patience.cpu == 0.3


def test_time_runs_out_by_steps():
    limits = Limits()
    meter = Meter(limits)
    seen = []
    for spent in (0.0, 59.0, 61.0, 121.0, 181.0):
        meter.cells_cpu = spent
        patience = meter.patience()
        seen.append(patience and (patience.cpu, patience.definitions))
    assert seen == [(10.0, False), (10.0, False), (1.0, False), (1.0, True), None]


# --- parts of cells --------------------------------------------------------------------------------------------------------------


MIXED = "import textwrap\nw = sorted('cab')\nSIZE = (2, 3)\nfor i in range(3):\n    j = i\ndef f():\n    return SIZE"


def test_definitions_alone(notebook):
    ran = notebook.run(MIXED, part="definitions")
    assert ran.bound == {"textwrap", "SIZE", "f"} and ran.left == {"w", "i", "j"}


def test_some_definitions(notebook):
    definitions, left = notebook.process.outline(MIXED)
    assert [sorted(bound) for bound, _ in definitions] == [["textwrap"], ["SIZE"], ["f"]] and left == {"w", "i", "j"}
    assert definitions[2][1] == {"SIZE"}
    assert notebook.run(MIXED, part=[0, 2]).bound == {"textwrap", "f"}


def test_some_lines(notebook):
    assert notebook.run("a = 1\ndef f():\n    return 2\nb = 3", lines=(1, 3)).bound == {"a", "f"}
    assert notebook.run("a = 1\ndef f():\n    return 2\nb = 3", lines=(4, 9)).bound == {"b"}


def test_what_an_answer_asks_for(notebook):
    notebook.run("""
        from functools import partial, wraps
        def inner(x):
            return np.exp(x) + SCALE
        def outer(x):
            local = 3
            return [inner(v) for v in x] + absent
        half = partial(outer, 1)
        class Net:
            def forward(self, x):
                return half(x)
        def logged(f):
            @wraps(f)
            def call(*args):
                return f(*args)
            return call
        wrapped = logged(inner)
    """)
    uses = notebook.process.uses("Net")
    assert uses["Net"] == {"half"} and "absent" in uses["half"] and "SCALE" in uses["inner"]
    assert "SCALE" in frozenset().union(*notebook.process.uses("wrapped").values())
    assert notebook.process.uses("nothing") == {"nothing": frozenset()}


# --- what IPython and Colab do ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expression", "value"),
    [
        ("%%time\na = 5", "a", 5),
        ("%%capture out\nprint(1)\na = 6", "a + len(out.stdout)", 6),
        ("%%some_extension --option 3\na = 7", "a", 7),
        ("%%time\n%%prun -q\na = 8", "a", 8),
        ("%time a = 9", "a", 9),
        ("a = %time 3 + 7", "a", 10),
        ("t = %timeit -n 2 -o 1 + 1\na = t.average > 0", "a", True),
        ("%timeit 1 + 1\na = 11", "a", 11),
        ("files = !ls\na = len(files) + len(files.n) + len(files.s)", "a", 0),
        ("!pip install x\n%cd /nowhere\n%matplotlib inline\na = 12", "a", 12),
        ("from IPython import get_ipython\n%time a = 13", "a", 13),
        ("from IPython.core.getipython import get_ipython\nget_ipython().run_line_magic('time', 'a = 14')", "a", 14),
        ("get_ipython().run_cell_magic('time', '', 'a = 15')", "a", 15),
        ("get_ipython().kernel.do_shutdown(True)\na = 16", "a", 16),
        ("%env COLOUR=blue\nimport os\na = os.environ['COLOUR']", "a", "blue"),
        ("%pylab inline\na = float(cos(0.0))", "a", 1.0),
        ("sorted?\na = 17", "a", 17),
        ("from google.colab import drive\ndrive.mount('/content/drive')\na = 18", "a", 18),
        ("import google.colab.files\na = 19", "a", 19),
        ("from google.colab import files\na = len(files.upload())", "a", 0),
        ("try:\n    import google.colab\n    a = 1\nexcept ImportError:\n    a = 20", "a", 20),
        ("a = 21 if check('softplus') == 3.0 else 0", "a", 21),
        ("a = 22\ndisplay(a)", "a", 22),
    ],
)
def test_it_goes_on(notebook, source, expression, value):
    notebook.process.announce_points({"softplus": 3.0})
    ran = notebook.run(source)
    assert ran.errors == () and notebook.value(expression) == value


def test_a_body_in_another_language_is_passed_over(notebook):
    assert notebook.run("%%bash\nrm -rf /").errors == ()
    ran = notebook.run("%%cython_or_so\ncdef int f(int x):\n    return x")
    assert [error.error for error in ran.errors] == ["SyntaxError"]


def test_a_failure_below_a_magic_costs_its_own_statement(notebook):
    ran = notebook.run("%%time\na = 1\n1 / 0\nb = 2")
    assert ran.errors[0].line == 3 and notebook.value("a + b") == 3


@pytest.mark.parametrize("path", ["helper.py", "~/helper.py", '"helper.py"'])
def test_a_written_file_can_be_imported(notebook, path):
    notebook.run(f"%%writefile {path}\ndef f(x):\n    return 2 * x")
    notebook.run(f"%%writefile -a {path}\nLIMIT = 5")
    assert notebook.run("from helper import LIMIT, f").errors == () and notebook.call("f", 4.0) == 8.0


def test_a_written_package_and_script(notebook):
    notebook.run("%%writefile tools/__init__.py\nTWO = 2")
    notebook.run("%%writefile tools/script.py\nfrom tools import TWO\nFOUR = TWO * 2")
    assert notebook.run("%run tools/script.py").errors == () and notebook.value("FOUR") == 4


def test_a_progress_bar_leaves_no_thread(notebook):
    ran = notebook.run("from tqdm.auto import tqdm\nimport time\nfor i in tqdm(range(20)):\n    time.sleep(0.02)")
    assert ran.threads == 1 and ran.errors == ()


def test_threads_and_processes_are_counted(notebook):
    assert notebook.run("import threading, time").threads == 1
    assert notebook.run("threading.Thread(target=time.sleep, args=(9,), daemon=True).start()").threads == 2
    assert notebook.run("import os\nif os.fork() == 0:\n    time.sleep(9)").others == 1
