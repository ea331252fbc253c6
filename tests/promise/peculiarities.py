"""What students do to notebooks, one thing at a time, after public reports and real files.

Each takes a draft and one of its exercises. Grading gives full marks all the same, also where a kernel gives less, unless the draft
says that nothing is promised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.promise.drafts import Draft

LOOP = "import time\nbegun = time.process_time()\nwhile time.process_time() - begun < 2.6:\n    pass"  # driver.py allows 2 s
SLEEP = "import time\ntime.sleep(1.4)"  # and 1 s


@dataclass(frozen=True)
class Peculiarity:
    name: str
    do: Callable[[Draft, str], None]
    function: bool  # only for answers that are functions
    costly: bool


PECULIARITIES: dict[str, Peculiarity] = {}


def peculiarity(name: str, function: bool = False, costly: bool = False) -> Callable:
    def register(do: Callable[[Draft, str], None]) -> Callable:
        PECULIARITIES[name] = Peculiarity(name, do, function, costly)
        return do

    return register


# --- names from cells that are not run ------------------------------------------------------------------------------------


@peculiarity("a module that an explore cell imports", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "import textwrap\nprint(textwrap.dedent('  x'))", "explore")
    draft.needs(name, "textwrap.dedent")


@peculiarity("a helper in an explore cell", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "OFFSET = 2\n\n\ndef shifted(x):\n    return x + OFFSET\n\n\nprint(shifted(1))", "explore")
    draft.needs(name, "shifted(3)")


@peculiarity("a constant of an explore cell", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "import numpy as np\n\nLEVELS = np.array([1.0, 2.0, 3.0])\nprint(LEVELS)", "explore")
    draft.needs(name, "LEVELS[0]")


@peculiarity("what an explore cell computes", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "table = sorted(range(50), key=str)\nprint(table)", "explore")
    draft.needs(name, "table[0]")


@peculiarity("what follows from what an explore cell computes", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "names = sorted('pose tracking')", "explore")
    place = next(i for i, cell in enumerate(draft.cells) if "explore" in cell[1])
    draft.insert(place + 1, "how_many = len(names) + 1")
    draft.needs(name, "how_many + 1")


@peculiarity("a name that NumPy once had, in an explore cell", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "import numpy as np\nnp.old_name = np.sin\nprint(np.old_name(0.0))", "explore")
    draft.needs(name, "import numpy; numpy.old_name(1.0)")


@peculiarity("a setting in an explore cell", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "import sys\nsys.path.append('my_tools')\nprint(len(sys.path))", "explore")
    draft.needs(name, "import sys; sys.path.index('my_tools')")


@peculiarity("a file that an explore cell writes", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "%%writefile noted.py\nNOTED = 3", "explore")
    draft.needs(name, "import noted; noted.NOTED")


@peculiarity("an explore cell that takes a helper's name", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "def scaled(x):\n    return 2 * x")
    place = next(i for i, cell in enumerate(draft.cells) if cell[0].startswith("def scaled"))
    draft.insert(place + 1, "import contextlib\nwith contextlib.suppress(NameError):\n    not_there\n\n"
                     "    def scaled(x, y):\n        return x * y", "explore")  # fmt: skip
    draft.needs(name, "scaled(1)")


@peculiarity("an import in the cell for Colab", function=True)
def _(draft: Draft, name: str) -> None:
    first = next((i for i, cell in enumerate(draft.cells) if "find_spec" in cell[0]), None)
    if first is None:
        draft.insert(0, "import sys\nfrom importlib.util import find_spec", "explore")
        first = 0
    draft.cells[first][0] += "\nimport colorsys"
    draft.needs(name, "colorsys.rgb_to_hls(0.1, 0.2, 0.3)")


# --- names with another meaning later ----------------------------------------------------------------------------------------


@peculiarity("a helper's name used again", function=True)
def _(draft: Draft, name: str) -> None:
    draft.above(name, "def prepared(x):\n    return x\n\n")
    draft.needs(name, "prepared(1)")
    draft.after(name, "def prepared(x, y):\n    return x + y")
    if name != draft.names[-1]:
        draft.promised = False  # a kernel fails in others that use it, too


@peculiarity("a function's name for its value")
def _(draft: Draft, name: str) -> None:
    draft.after(draft.names[-1], f"{name} = 3.0\nprint({name})")


@peculiarity("deleted at the end")
def _(draft: Draft, name: str) -> None:
    draft.after(draft.names[-1], f"del {name}")


@peculiarity("built-in names for values")
def _(draft: Draft, name: str) -> None:
    draft.after(draft.names[-1], "sum = 4\nmax = 3\nfloat = 2\nlen = 1")


@peculiarity("everything cleared at the end")
def _(draft: Draft, name: str) -> None:
    draft.insert(
        len(draft.cells), "for key in list(globals()):\n    if not key.startswith('_'):\n        del globals()[key]"
    )


@peculiarity("a naive version tried at the end")
def _(draft: Draft, name: str) -> None:
    draft.after(draft.names[-1], f"def {name}(*args, **kwargs):\n    return None")


@peculiarity("another value behind the check in its cell")
def _(draft: Draft, name: str) -> None:
    draft.cells[draft.check(name)][0] += f"\n{name} = 'done'"
    if name != draft.names[-1]:
        draft.promised = False  # others may use it


@peculiarity("a setting changed at the end")
def _(draft: Draft, name: str) -> None:
    draft.insert(len(draft.cells), "import numpy as np\nnp.seterr(all='raise')\nnp.float64 = None")


# --- time, sleep, threads, processes -----------------------------------------------------------------------------------------


@peculiarity("a demo under the answer", costly=True)
def _(draft: Draft, name: str) -> None:
    draft.below(name, LOOP)


@peculiarity("a sleep under the answer", costly=True)
def _(draft: Draft, name: str) -> None:
    draft.below(name, SLEEP)


@peculiarity("a sleep above the answer", costly=True)
def _(draft: Draft, name: str) -> None:
    draft.above(name, SLEEP)


@peculiarity("experiments in front", function=True, costly=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, LOOP + "\nbest = 7")
    draft.needs(name, "best + 1")


@peculiarity("a progress bar", costly=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "from tqdm import tqdm\nimport time\nfor step in tqdm(range(12)):\n    time.sleep(0.02)")


@peculiarity("a thread that stays", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(
        name,
        "import threading, time\n\n\ndef waited():\n    return 1\n\n\n"
        "watcher = threading.Thread(target=time.sleep, args=(60,), daemon=True)\nwatcher.start()",
    )
    draft.needs(name, "waited()")


@peculiarity("what only a cell with a thread has", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(
        name,
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nseen = sorted('abc')",
    )
    draft.needs(name, "seen[0]")


@peculiarity("a process that stays")
def _(draft: Draft, name: str) -> None:
    draft.before(name, "import os, time\nif os.fork() == 0:\n    time.sleep(3)\n    os._exit(0)")


@peculiarity("a pool of processes", function=True, costly=True)
def _(draft: Draft, name: str) -> None:
    draft.before(
        name,
        "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n    squares = pool.map(abs, range(5))",
    )
    draft.needs(name, "squares[0]")


@peculiarity("much printed")
def _(draft: Draft, name: str) -> None:
    draft.below(name, "for line in range(200):\n    print('x' * 5000)")


# --- one statement that fails ------------------------------------------------------------------------------------------------


def _fails_above(kind: str, source: str) -> None:
    @peculiarity(f"{kind}, above the answer")
    def _(draft: Draft, name: str) -> None:
        draft.above(name, source)


def _fails_in_front(kind: str, source: str) -> None:
    @peculiarity(f"{kind}, above an import", function=True)
    def _(draft: Draft, name: str) -> None:
        draft.before(name, source + "\nimport colorsys\nfrom textwrap import dedent")
        draft.needs(name, "colorsys, dedent")


for _register in (_fails_above, _fails_in_front):
    _register("Google Drive", 'from google.colab import drive\ndrive.mount("/content/drive")')
    _register("a library that is missing", "import a_library_that_nobody_has as library\nlibrary.start()")
    _register("a file that is missing", "import numpy as np\nmine = np.load('my_own_data.npy')")
    _register("a folder of Colab", "import os\nos.chdir('/content/drive/MyDrive/lab')")
    _register("a question", "who = input('Your name? ')\nprint('Hello', who)")
    _register("a backend with windows", "import matplotlib\nmatplotlib.use('TkAgg')")
    _register("a failing assertion", "assert 1 + 1 == 3, 'count again'")
    _register("an exit", "import sys\nsys.exit(0)")
    _register(
        "an upload", "from google.colab import files\nuploaded = files.upload()\nfor key in uploaded:\n    print(key)"
    )


@peculiarity("a stop, and old code below")
def _(draft: Draft, name: str) -> None:
    draft.below(name, f"raise RuntimeError('stop here')\n\n\ndef {name}():\n    pass")


@peculiarity("an error in a cell of its own")
def _(draft: Draft, name: str) -> None:
    draft.before(name, "print(not_there)\nx = 1 / 0")


@peculiarity("a cell that does not parse")
def _(draft: Draft, name: str) -> None:
    draft.before(name, "for i in range(3)\n    print(i)")


# --- IPython -----------------------------------------------------------------------------------------------------------------


def _whole_cell(magic: str) -> None:
    @peculiarity(f"{magic} on the answer")
    def _(draft: Draft, name: str) -> None:
        draft.above(name, magic)


for _magic in ("%%time", "%%capture", "%%capture said", "%%prun -q", "%%a_magic_from_an_extension"):
    _whole_cell(_magic)


def _line(source: str, expression: str = "") -> None:
    @peculiarity(f"{source.splitlines()[-1]} above a helper", function=True)
    def _(draft: Draft, name: str) -> None:
        draft.before(name, f"{source}\n\n\ndef handy():\n    return 1")
        draft.needs(name, expression or "handy()")


for _source, _expression in (
    ("%matplotlib inline", ""),
    ("%load_ext autoreload\n%autoreload 2", ""),
    ("!pip install numpy --quiet --dry-run --no-index", ""),
    ("lines = !echo hello\nprint(lines.n, lines.s)", ""),
    ("clock = %timeit -n1 -r1 -o sorted('abc')\nprint(clock.average)", ""),
    ("%time total = sorted('abc')", "total[0]"),
    ("value = %time sorted('abc')", "value[0]"),
    ("from IPython import get_ipython\nget_ipython().run_line_magic('matplotlib', 'inline')", ""),
    ("from IPython import get_ipython\n%time start = 1", "start + 1"),
    ("from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))", ""),
    ("folder = %pwd\n%env POSEKIT_TEST=1", "folder[0]"),
    ("%pylab inline", "linspace(0, 1, 3)"),
):
    _line(_source, _expression)


@peculiarity("a written file, imported", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "%%writefile my_helper.py\ndef doubled(x):\n    return 2 * x")
    draft.above(name, "from my_helper import doubled\n")
    draft.needs(name, "doubled(2)")


@peculiarity("a file written by hand, imported in the function", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "with open('other_helper.py', 'w') as file:\n    file.write('LIMIT = 5')")
    draft.needs(name, "import other_helper; other_helper.LIMIT")


@peculiarity("a script that is run", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "%run my_script.py")
    place = next(i for i, cell in enumerate(draft.cells) if cell[0].startswith("%run"))
    draft.insert(place, "%%writefile my_script.py\nFROM_SCRIPT = 4")
    draft.needs(name, "FROM_SCRIPT + 1")


@peculiarity("an assertion on the check")
def _(draft: Draft, name: str) -> None:
    cell = draft.cells[draft.check(name)]
    cell[0] = f'assert check("{name}") > 0\nafterwards = 1'


@peculiarity("points added up", function=True)
def _(draft: Draft, name: str) -> None:
    draft.cells[draft.check(name)][0] = f'total = 0\ntotal += check("{name}")\nprint(f"{{total:.1f}} so far")'


@peculiarity("checks in a loop at the end")
def _(draft: Draft, name: str) -> None:
    draft.insert(len(draft.cells), f"for each in {draft.names!r}:\n    check(each)")


@peculiarity("await at the top level", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(name, "import asyncio\n\n\nasync def later():\n    return 5\n\n\nfive = await later()")
    draft.needs(name, "five + 1")


# --- where cells are -----------------------------------------------------------------------------------------------------------


@peculiarity("answer and check in one cell")
def _(draft: Draft, name: str) -> None:
    source = draft.cells.pop(draft.answer(name))[0]
    draft.cells[draft.check(name)][0] = f'{source}\n\n\ncheck("{name}")\n{name}_is = "right"'
    draft.names.remove(name)


@peculiarity("check cells deleted")
def _(draft: Draft, name: str) -> None:
    del draft.cells[draft.check(name)]
    draft.names.remove(name)


@peculiarity("metadata stripped")
def _(draft: Draft, name: str) -> None:
    for cell in draft.cells:
        cell[2] = ""
    draft.names.clear()


@peculiarity("answers in a new cell on top")
def _(draft: Draft, name: str) -> None:
    place = draft.answer(draft.names[0])
    answers = [draft.cells.pop(draft.answer(each))[0] for each in draft.names]
    draft.insert(place, "\n\n\n".join(answers))
    draft.names.clear()


@peculiarity("an answer under if and try")
def _(draft: Draft, name: str) -> None:
    cell = draft.cells[draft.answer(name)]
    inner = "\n".join("    " + line if line else line for line in cell[0].splitlines())
    if "'''" not in inner and not any(line.endswith("\\") for line in inner.splitlines()):
        cell[0] = (
            f"try:\n    import a_library_that_nobody_has\nexcept ImportError:\n    pass\nif __name__ == '__main__':\n{inner}"
        )


@peculiarity("a check before the answer")
def _(draft: Draft, name: str) -> None:
    draft.insert(draft.answer(name), f'check("{name}")')


@peculiarity("the answer below its check")
def _(draft: Draft, name: str) -> None:
    cell = draft.cells.pop(draft.answer(name))
    draft.cells.insert(draft.check(name) + 1, cell)
    if name != draft.names[-1]:
        draft.promised = False  # others may use it


@peculiarity("every cell twice")
def _(draft: Draft, name: str) -> None:
    draft.cells[:] = [list(cell) for cell in draft.cells for _ in range(2)]
    draft.names.clear()


# --- what answers are -----------------------------------------------------------------------------------------------------------


@peculiarity("a partial function", function=True)
def _(draft: Draft, name: str) -> None:
    draft.below(name, f"from functools import partial\n{name} = partial({name})")


@peculiarity("an object that can be called", function=True)
def _(draft: Draft, name: str) -> None:
    draft.below(
        name,
        f"class Answer:\n    def __init__(self, inner):\n        self.inner = inner\n\n"
        f"    def __call__(self, *args, **kwargs):\n        return self.inner(*args, **kwargs)\n\n\n{name} = Answer({name})",
    )


@peculiarity("a counter of its calls", function=True)
def _(draft: Draft, name: str) -> None:
    draft.above(name, "calls = 0\n\n")
    draft.needs(name, "global calls\n    calls += 1")


@peculiarity("annotations that are not imported")
def _(draft: Draft, name: str) -> None:
    draft.insert(1, "from __future__ import annotations")
    draft.below(name, "def unused(x: Vector) -> Vector:\n    return x")


@peculiarity("a library that only Colab has", function=True)
def _(draft: Draft, name: str) -> None:
    draft.before(
        name,
        "try:\n    import google.colab\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False\n"
        "if IN_COLAB:\n    import os\n    os.chdir('/content/drive')\nelse:\n    def local():\n        return 1",
    )
    draft.needs(name, "local()")


@peculiarity("printing while it is called", function=True)
def _(draft: Draft, name: str) -> None:
    draft.needs(name, "print('called')")


@peculiarity("only its own prints patched")
def _(draft: Draft, name: str) -> None:
    draft.before(
        name, "import builtins, sys\nsys.stdout.flush()\nshow = print\nprint = lambda *words, **more: show(*words)"
    )
