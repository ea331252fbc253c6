"""What a notebook finds behind the wall in place of IPython's shell and of Google Colab.

Magics that run code run it, those that write a file write it into the scratch folder; programs are not started, and what a screen, a
browser or a drive would do is not done.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

CELL_MAGIC = re.compile(r"\s*%%(\w+|!)[ \t]*([^\n]*)\n?")
OPTIONS = re.compile(r"\s*(?:-[\w-]+(?:\s+\d+)?\s+)*")
# Cell magics whose body is no code of this notebook: another language, another process, or a measurement that defines nothing.
ELSEWHERE = frozenset(
    "! bash sh cmd script system sx perl ruby R sql bigquery html HTML javascript js latex markdown svg SVG "
    "python python2 python3 pypy timeit".split()
)
WRITES = frozenset({"writefile", "file"})
PYLAB = """
import numpy
import matplotlib
from matplotlib import pyplot, pylab, mlab
np, plt = numpy, pyplot
from pylab import *
from numpy import *
"""


class Inert:
    """Can be asked for anything and called with anything; nothing happens, and what comes of it is empty."""

    def __getattr__(self, name: str) -> Inert:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert()

    def __call__(self, *_args: Any, **_kwargs: Any) -> Inert:
        return Inert()

    def __getitem__(self, _key: Any) -> Inert:
        return Inert()

    def __enter__(self) -> Inert:
        return self

    def __exit__(self, *_exception: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        return ""


class ShellOutput(list[str]):
    """What `files = !ls` gives, for a program that was not started: no lines. The names are IPython's."""

    n = s = ""

    def __init__(self) -> None:
        super().__init__()
        self.l, self.p, self.list = [], [], []  # type: ignore[var-annotated]

    def grep(self, *_args: Any, **_kwargs: Any) -> ShellOutput:
        return ShellOutput()

    fields = grep


class Timing:
    """What `t = %timeit -o ...` gives, for a statement that was not timed: no time to speak of."""

    average = best = worst = 1e-9
    stdev, loops, repeat, compile_time = 0.0, 1, 1, 0.0

    def __init__(self) -> None:
        self.timings = self.all_runs = [self.average]


class Shell:
    """What `get_ipython()` gives.

    Parameters
    ----------
    namespace : dict
        Of the notebook.
    run : function of a str
        Runs a piece of code there, statement by statement, as a cell.
    """

    def __init__(self, namespace: dict[str, Any], run: Callable[[str], None]):
        self.user_ns, self._run = namespace, run

    def unwrap(self, name: str, line: str, body: str) -> str | None:
        """What a cell magic leaves to be run; the rest of it is done here. None where that is nothing."""
        if name in WRITES:
            self._write(line, body)
        if name in WRITES or name in ELSEWHERE:
            return None
        if name == "capture" and (target := OPTIONS.sub("", line, count=1).strip()).isidentifier():
            self.user_ns[target] = Inert()
        return body

    def _write(self, line: str, body: str) -> None:
        *options, path = line.split() or [""]
        path = os.path.expanduser(path.strip("\"'"))
        if folder := os.path.dirname(path):
            os.makedirs(folder, exist_ok=True)
        with open(path, "a" if {"-a", "--append"} & set(options) else "w", encoding="utf-8") as file:
            file.write(body if body.endswith("\n") else body + "\n")
        importlib.invalidate_caches()

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        code = self.unwrap(name, line, cell)
        if code is not None:
            self._run(code)

    def run_cell(self, source: str, *_args: Any, **_kwargs: Any) -> None:
        self._run(source)

    def run_line_magic(self, name: str, line: str = "", *_args: Any, **_kwargs: Any) -> Any:
        act = getattr(self, f"_magic_{name}", None)
        return act(line) if act is not None else None

    def magic(self, line: str) -> Any:
        name, _, rest = line.lstrip("%").partition(" ")
        return self.run_line_magic(name, rest)

    def _magic_time(self, line: str) -> Any:
        """Run a statement; the value of an expression."""
        code = OPTIONS.sub("", line, count=1).strip()
        try:
            return eval(compile(code, "<cell magic>", "eval", dont_inherit=True), self.user_ns)
        except SyntaxError:
            exec(compile(code, "<cell magic>", "exec", dont_inherit=True), self.user_ns)

    _magic_prun = _magic_memit = _magic_mprun = _magic_lprun = _magic_time

    def _magic_timeit(self, line: str) -> Timing | None:
        options = OPTIONS.match(line)
        return Timing() if options and any(word.endswith("o") for word in options[0].split()) else None

    def _magic_pylab(self, _line: str) -> None:
        exec(compile(PYLAB, "<cell magic>", "exec", dont_inherit=True), self.user_ns)

    def _magic_run(self, line: str) -> None:
        """Run a script that the notebook has written."""
        words = [word for word in line.split() if not word.startswith("-")]
        path = words[0].strip("\"'") if words else ""
        if not os.path.exists(path) and os.path.exists(path + ".py"):
            path += ".py"
        with open(path, encoding="utf-8") as file:
            source = file.read()
        namespace = self.user_ns if "-i" in line.split() else {"__name__": "__main__"}
        exec(compile(source, path, "exec", dont_inherit=True), namespace)
        if namespace is not self.user_ns:
            self.user_ns.update({name: value for name, value in namespace.items() if not name.startswith("__")})

    def _magic_cd(self, line: str) -> None:
        folder = os.path.expanduser(line.replace("-q", "").strip().strip("\"'"))
        if os.path.isdir(folder):
            os.chdir(folder)

    def _magic_pwd(self, _line: str) -> str:
        return os.getcwd()

    def _magic_env(self, line: str) -> str | dict[str, str] | None:
        name, given, value = line.strip().replace(" ", "=", 1).partition("=")
        if given:
            os.environ[name.strip()] = value.strip()
            return None
        return os.environ.get(name) if name else dict(os.environ)

    _magic_set_env = _magic_env

    def _magic_system(self, _line: str) -> ShellOutput:
        return ShellOutput()

    _magic_sx = _magic_system

    def system(self, _command: str) -> None:
        """Shell escapes do nothing: what they were to install is not there, and the cell goes on."""
        self.user_ns["_exit_code"] = 0

    def getoutput(self, _command: str, *_args: Any, **_kwargs: Any) -> ShellOutput:
        return ShellOutput()

    system_piped = system_raw = system

    def __getattr__(self, name: str) -> Inert:
        """Whatever else IPython's shell can do makes no difference to an answer."""
        if name.startswith("_"):
            raise AttributeError(name)
        return Inert()


def writes_a_file(source: str) -> bool:
    """Whether a cell is there to write a file, which others may need."""
    magic = CELL_MAGIC.match(source)
    return magic is not None and magic[1] in WRITES


def install(shell: Shell) -> None:
    """Let whoever asks IPython for its shell get this one; without an import of IPython, which few notebooks need."""
    names = {"get_ipython": lambda: shell}
    sys.modules["IPython.core.getipython"] = asked = types.ModuleType("IPython.core.getipython")
    vars(asked).update(names)
    if "IPython" in sys.modules:
        vars(sys.modules["IPython"]).update(names)
    shell.user_ns.update(names, display=lambda *_args, **_kwargs: None)


def is_of_colab(error: BaseException) -> bool:
    """Whether code failed because it is written for Google Colab, and does not look whether it is there."""
    return isinstance(error, ModuleNotFoundError) and str(error.name).split(".")[:2] in (
        ["google"],
        ["google", "colab"],
    )


class _Colab(MetaPathFinder, Loader):
    """Finds and makes inert modules `google.colab` and below, and `google` where there is none."""

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: Any = None) -> ModuleSpec | None:
        ours = name == "google" or name.split(".")[:2] == ["google", "colab"]
        return ModuleSpec(name, self, is_package=True) if ours else None

    def exec_module(self, module: types.ModuleType) -> None:
        vars(module)["__getattr__"] = Inert().__getattr__


@contextmanager
def colab() -> Iterator[None]:
    """Let `google.colab` be imported, for one statement: code that tries whether it is there goes the other way."""
    finder = _Colab()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == "google"]:
            if getattr(sys.modules[name], "__loader__", None) is finder:
                del sys.modules[name]
