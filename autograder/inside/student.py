"""Serves calls of a student's functions: decodes arguments, calls, watches, encodes what came back.

The judge sends one frame per request and gets one frame per reply; while the student's function runs, functions that it was
handed call back to the judge by frames of their own. Values are the only part of a reply that a cheat cannot use.
"""

from __future__ import annotations

import inspect
import linecache
import signal
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograder import wire

try:
    import resource
except ImportError:  # Windows
    resource = None

Serve = Callable[[bytes], bytes]
NOT_WRITTEN = "not written yet"


class OutOfTime(BaseException):
    """The CPU budget of a call is used up. A BaseException, so that `except Exception` does not swallow it."""


class Session:
    """One namespace of student's names, and the objects of theirs that the judge holds by number.

    Parameters
    ----------
    namespace : dict
        Where the notebook's cells left their functions.
    call_back : function from bytes to bytes
        Sends a frame to the judge and returns its answer.
    cap : int
        The largest array payload that a reply may carry, in bytes.
    """

    def __init__(self, namespace: dict[str, Any], call_back: Serve, cap: int = wire.FROM_STUDENT):
        self.namespace, self.call_back, self.cap = namespace, call_back, cap
        self.objects: list[Any] = []

    def handle(self, frame: bytes) -> bytes:
        """The reply to one request; never raises for what the student's code does."""
        request = wire.decode(frame, self._resolve)
        reply: dict[str, Any] = {}
        with watched(request["cpu"], request["memory"]) as seen:
            try:
                target = self._target(request["target"])
                args, kwargs = request["args"], request["kwargs"]
                before = [self._fingerprint(value) for value in (*args, *kwargs.values())]
                if request["action"] == "call":
                    value = target(*args, **kwargs)
                else:
                    from autograder.inside import drivers

                    value = getattr(drivers, request["action"])(target, *args, **kwargs)
                names = argument_names(target, len(args)) + list(kwargs)
                values = (*args, *kwargs.values())
                reply["changed"] = [n for n, b, v in zip(names, before, values) if self._fingerprint(v) != b]
                reply["value"] = value
                encoded = self._encode(reply | seen)
            except BaseException as error:  # SystemExit, KeyboardInterrupt and what a student invents
                encoded = self._encode({"error": describe(error, self._home(request["target"]))} | seen)
        return encoded

    def _home(self, target: str | int) -> dict[str, Any]:
        """The globals in which a target was written: the notebook, or a module of ours when a reference is bound."""
        written = self.namespace.get(target) if isinstance(target, str) else type(self.objects[target])
        module = sys.modules.get(getattr(written, "__module__", None) or "")
        return getattr(written, "__globals__", None) or (vars(module) if module else self.namespace)

    def _target(self, target: str | int) -> Any:
        if isinstance(target, int):
            return self.objects[target]
        if target not in self.namespace:
            raise NameError(f"{target} is not defined")
        value = self.namespace[target]
        if not callable(value):
            raise TypeError(f"{target} is not a function, it is of type {type(value).__name__}")
        return value

    def _encode(self, value: Any) -> bytes:
        return wire.encode(value, self._refer, self.cap)

    def _refer(self, value: Any) -> wire.Reference:
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.nn.Module):
            self.objects.append(value)
            return {"t": "ref", "kind": "module", "id": len(self.objects) - 1}
        if callable(value):
            raise wire.WireError("a function came back where a value is due: is a pair of brackets () missing?")
        return wire._refuse(value)

    def _resolve(self, reference: wire.Reference) -> Any:
        if reference["t"] == "torch":
            import torch

            return torch.from_numpy(reference["array"])
        kind, number = reference["kind"], reference["id"]
        if kind == "function":
            return self._stand_in(number)
        if kind == "rng":
            return np.random.default_rng(number)
        if kind == "torch generator":
            import torch

            return torch.Generator().manual_seed(number)
        return self.objects[number]

    def _stand_in(self, number: int) -> Callable[..., Any]:
        def stand_in(*args, **kwargs):
            request = {"callback": number, "args": list(args), "kwargs": kwargs}
            reply = wire.decode(self.call_back(self._encode(request)), self._resolve)
            if "error" in reply:
                raise RuntimeError(reply["error"])
            return reply["value"]

        return stand_in

    def _fingerprint(self, value: Any) -> Any:
        """What a value looks like on the wire, to notice changes; None for what may change (a generator of random numbers)."""
        try:
            return wire.encode(value, cap=wire.FROM_JUDGE)
        except wire.WireError:
            return None


def argument_names(function: Any, count: int) -> list[str]:
    """Names of the first `count` positional parameters, as far as they can be known."""
    try:
        names = list(inspect.signature(function).parameters)[:count]
    except (TypeError, ValueError):
        names = []
    return names + [f"argument {i + 1}" for i in range(len(names), count)]


@contextmanager
def watched(cpu: float, memory: float | None):
    """Record floating-point flags and warnings, and hold the CPU (seconds) and memory (MiB) budgets of one call."""
    seen: dict[str, list[str]] = {"flags": [], "warnings": []}

    def flag(kind: str, _code: int) -> None:
        if kind not in seen["flags"]:
            seen["flags"].append(kind)

    with warnings.catch_warnings(record=True) as caught, np.errstate(all="call", under="ignore", call=flag):
        warnings.simplefilter("always")
        with memory_limit(memory), cpu_limit(cpu):
            yield seen
        seen["warnings"] = [f"{w.category.__name__}: {w.message}"[:200] for w in caught[:5]]


@contextmanager
def cpu_limit(seconds: float):
    """Raise OutOfTime in the main thread after so much CPU time; where the wall stands, the judge enforces it as well."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number, _frame):
        raise OutOfTime(f"used more than {seconds:g} s of CPU time: is there a loop that never ends?")

    previous = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)


@contextmanager
def memory_limit(mebibytes: float | None):
    """Let the address space grow by so much at most (Linux; elsewhere a budget of memory is not held)."""
    if mebibytes is None or resource is None or not sys.platform.startswith("linux"):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = address_space() + int(mebibytes * (1 << 20))
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def address_space() -> int:
    """Bytes of address space that this process has mapped."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def describe(error: BaseException, namespace: dict[str, Any]) -> dict[str, Any]:
    """An exception as plain data: its kind, its message, and the student's own line that it came from."""
    try:
        message = str(error)
    except BaseException:
        message = ""
    line = ""
    try:
        for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
            if frame.f_globals is namespace or frame.f_code.co_filename.startswith("<cell"):
                source = linecache.getline(frame.f_code.co_filename, number).strip()
                line = f"line {number}: `{source[:120]}`" if source else f"line {number}"
                break
    except BaseException:
        line = ""
    kinds = [k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins" and issubclass(k, BaseException)]
    if isinstance(error, OutOfTime):
        kinds = ["OutOfTime"]
    elif isinstance(error, wire.WireError):
        kinds = ["WireError"]
    return {"type": type(error).__name__[:80], "types": kinds, "message": message[:500], "line": line}


def run_cell(source: str, number: int, namespace: dict[str, Any]) -> dict[str, Any] | None:
    """Run one notebook cell; the description of its error, or None."""
    name = f"<cell {number}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        exec(compile(transform(source), name, "exec", dont_inherit=True), namespace)
    except BaseException as error:
        return describe(error, namespace)
    return None


def transform(source: str) -> str:
    """IPython's syntax (magics, shell escapes, trailing question marks) as Python; plain Python stays as it is."""
    try:
        compile(source, "<cell>", "exec", dont_inherit=True)
        return source
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return TransformerManager().transform_cell(source)


class Magics:
    """What `get_ipython()` gives while grading: harmless magics do nothing, timing ones run their code, shells are closed."""

    SILENT = frozenset(
        {
            "matplotlib",
            "config",
            "load_ext",
            "autoreload",
            "precision",
            "pip",
            "conda",
            "who",
            "whos",
            "reset_selective",
        }
    )
    RUN = frozenset({"time", "timeit", "capture", "prun"})

    def __init__(self, namespace: dict[str, Any]):
        self.namespace = namespace

    def run_line_magic(self, name: str, line: str, *_args, **_kwargs) -> None:
        if name in self.RUN:
            exec(compile(line, f"<%{name}>", "exec", dont_inherit=True), self.namespace)
        elif name not in self.SILENT:
            raise RuntimeError(f"%{name} is not available while grading")

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name in self.RUN:
            exec(compile(transform(cell), f"<%%{name}>", "exec", dont_inherit=True), self.namespace)
        elif name not in ("bash", "sh", "html", "javascript", "js", "latex", "markdown", "svg", "writefile", "script"):
            raise RuntimeError(f"%%{name} is not available while grading")

    def system(self, _command: str) -> None:
        """Shell escapes do nothing: what they were to install is not there, and the cell goes on."""

    def getoutput(self, _command: str) -> list[str]:
        return []

    system_piped = system_raw = system


def fresh_namespace() -> dict[str, Any]:
    """An empty `__main__` as a notebook's cells expect it."""
    main = types.ModuleType("__main__")
    magics = Magics(main.__dict__)
    main.__dict__.update(get_ipython=lambda: magics, display=lambda *_args, **_kwargs: None)
    sys.modules["__main__"] = main
    return main.__dict__
