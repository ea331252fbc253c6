"""Serves calls of a student's functions: decodes arguments, calls, watches, encodes what came back.

The judge sends one frame per request and gets one frame per reply; while the student's function runs, functions that it was
handed call back to the judge by frames of their own. Values are the only part of a reply that a cheat cannot use.
"""

from __future__ import annotations

import inspect
import linecache
import re
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograder.wall import wire

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

Serve = Callable[[bytes], bytes]
NOT_ABOUT_NUMBERS = (DeprecationWarning, PendingDeprecationWarning, ResourceWarning, ImportWarning, BytesWarning)
UNSAID = {"action": "call", "kwargs": {}, "first": False, "memory": None, "instead": {}}  # what most requests leave out
HARD_SLACK = 64 << 20  # for what a process keeps from one call to the next


class OutOfTime(BaseException):
    """The CPU budget of a call is used up. A BaseException, so that `except Exception` does not swallow it."""


class Absent(Exception):
    """The judge asks for a name that is not there ("missing"), or that is nothing to call ("not callable": `name` is its type)."""

    def __init__(self, kind: str, name: str):
        super().__init__(kind, name)
        self.kind, self.name = kind, name


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
    own_process : bool
        This process serves one budget of memory only, which may therefore be made one that student's code cannot raise.
    attended : bool
        Somebody sits before this process: an interrupt is theirs, and ends more than the call.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        call_back: Serve,
        cap: int = wire.FROM_STUDENT,
        own_process: bool = False,
        attended: bool = False,
    ):
        self.namespace, self.call_back, self.cap = namespace, call_back, cap
        self.own_process, self.attended = own_process, attended
        self.objects: list[Any] = []

    def handle(self, frame: bytes) -> bytes:
        """The reply to one request; never raises for what the student's code does."""
        try:
            request = UNSAID | wire.decode(frame, self._resolve)
        except Absent as error:  # another function or class that the check hands over
            return self._encode({"error": describe(error, self.namespace)})
        if request["first"]:  # of a case: no handle outlives the one in which it was given out
            self.objects.clear()
        args, kwargs = request["args"], request["kwargs"]
        given = (*args, *kwargs.values())
        before = [fingerprint(value) for value in given]
        with watched(request["cpu"]) as seen:
            try:
                target = self._target(request["target"])
                others = replaced(self._globals(request["target"]), request["instead"])
                with others, memory_limit(request["memory"], self.own_process):
                    if request["action"] == "call":
                        value = target(*args, **kwargs)
                    else:
                        from autograder.wall.inside import drivers

                        value = getattr(drivers, request["action"])(target, *args, **kwargs)
                changed = [
                    i for i, (value, seen_before) in enumerate(zip(given, before)) if fingerprint(value) != seen_before
                ]
                if changed:
                    names = argument_names(target, len(args)) + list(kwargs)
                    changed = [names[i] for i in changed]
                encoded = self._encode({"value": value} | _said(seen | {"changed": changed}))
            except BaseException as error:  # SystemExit, KeyboardInterrupt and what a student invents
                if self.attended and isinstance(error, KeyboardInterrupt):
                    raise
                said = describe(error, self._globals(request["target"]))
                if request["action"] in ("call", "forward", "backward") and isinstance(error, TypeError):
                    said |= signature(target if request["action"] == "call" else _forward(target), args, kwargs)
                encoded = self._encode({"error": said} | _said(seen))
        return encoded

    def _globals(self, target: str | int) -> dict[str, Any]:
        """Where a target was written: the notebook, or a module of ours when a reference is bound."""
        written = self.namespace.get(target) if isinstance(target, str) else type(self.objects[target])
        return home(written) or self.namespace

    def _target(self, target: str | int) -> Any:
        if isinstance(target, int):
            return self.objects[target]
        if target not in self.namespace:
            raise Absent("missing", target)
        value = self.namespace[target]
        if not callable(value):
            raise Absent("not callable", type(value).__name__)
        return value

    def _encode(self, value: Any) -> bytes:
        return wire.encode(value, self._refer, self.cap)

    def _refer(self, value: Any) -> wire.Reference:
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, (torch.nn.Module, torch.optim.Optimizer)):
            self.objects.append(value)
            return {"t": "ref", "kind": "module", "id": len(self.objects) - 1}
        if callable(value):
            raise wire.Uncarried("function")
        return wire.refuse(value)

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
        if kind == "named":
            return self._target(number)
        return self.objects[number]

    def _stand_in(self, number: int) -> Callable[..., Any]:
        def stand_in(*args, **kwargs):
            try:
                request = self._encode({"callback": number, "args": args, "kwargs": kwargs})
            except wire.Uncarried as error:
                raise TypeError(f"this function cannot be called with that ({error})") from None
            reply = wire.decode(self.call_back(request), self._resolve)
            if "error" in reply:
                raise RuntimeError(reply["error"])
            return reply["value"]

        return stand_in


def _said(lists: dict[str, list[str]]) -> dict[str, list[str]]:
    """Those that are not empty."""
    return {key: items for key, items in lists.items() if items}


def fingerprint(value: Any) -> Any:
    """What a value looks like on the wire, to notice changes; None for what cannot change or may (a generator of random numbers)."""
    if isinstance(value, (int, float, complex, str, type(None))):
        return None
    if type(value) is np.ndarray and value.dtype.kind in "biufc":
        return value.dtype.str, value.shape, value.tobytes()
    try:
        return wire.encode(value, cap=wire.FROM_JUDGE)
    except wire.WireError:
        return None


def home(function: Any) -> dict[str, Any]:
    """The globals among which a function or class was written, {} where they cannot be known."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    return getattr(function, "__globals__", None) or (vars(module) if module else {})


def argument_names(function: Any, count: int) -> list[str]:
    """Names of the first `count` positional parameters, as far as they can be known."""
    try:
        names = list(inspect.signature(function).parameters)[:count]
    except (TypeError, ValueError):
        names = []
    return names + [f"argument {i + 1}" for i in range(len(names), count)]


def _forward(target: Any) -> Any:
    """What a driver calls: a module's own forward, or a function."""
    return getattr(target, "forward", target)


@contextmanager
def replaced(names: dict[str, Any], others: dict[str, Any]):
    """Let functions of the check stand in for those of a notebook that have their names."""
    before = {name: names[name] for name in others if name in names}
    names.update(others)
    try:
        yield
    finally:
        for name in others:
            names.pop(name, None)
        names.update(before)


@contextmanager
def watched(cpu: float):
    """Record floating-point flags and warnings, and hold the CPU budget (seconds) of one call."""
    seen: dict[str, list[str]] = {"flags": [], "warnings": []}

    def flag(kind: str, _code: int) -> None:
        if kind not in seen["flags"]:
            seen["flags"].append(kind)

    def show(message: Any, category: type[Warning], *_where: Any) -> None:
        if len(seen["warnings"]) < 5 and not issubclass(category, NOT_ABOUT_NUMBERS):
            seen["warnings"].append(f"{category.__name__}: {_text(message)}"[:200])

    with warnings.catch_warnings(), np.errstate(all="call", under="ignore", call=flag):
        warnings.simplefilter("always")
        warnings.showwarning = show  # type: ignore[assignment]
        with cpu_limit(cpu):
            yield seen


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
def memory_limit(mebibytes: float | None, for_good: bool = False):
    """Let the address space grow by so much at most (Linux; elsewhere a budget of memory is not held).

    Code inside can raise the limit again, unless it is set `for_good`: then by no more than a few MiB.
    """
    if mebibytes is None or resource is None or not sys.platform.startswith("linux"):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = address_space() + int(mebibytes * (1 << 20))
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    if for_good:
        soft = hard = limit + HARD_SLACK if hard == resource.RLIM_INFINITY else min(hard, limit + HARD_SLACK)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def address_space() -> int:
    """Bytes of address space that this process has mapped."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def _text(thing: Any) -> str:
    """`str(thing)`, whatever its `__str__` does; without addresses, which differ from run to run."""
    try:
        return re.sub(r" at 0x[0-9a-f]+", "", str(thing)[:1000])
    except BaseException:
        return ""


def describe(error: BaseException, namespace: dict[str, Any]) -> dict[str, Any]:
    """An exception as plain data: its kind (of `outcome.Kind`), its class and message, and the student's own line that it came from.

    `name` is where a NotImplementedError comes from, as Python qualifies it, or what else the kind is about.
    """
    line, source, name, raised_there = 0, "", "", False
    try:
        frames = list(traceback.walk_tb(error.__traceback__))
        for frame, number in reversed(frames):
            if frame.f_globals is namespace or frame.f_code.co_filename.startswith("<cell"):
                line, raised_there = number, frame is frames[-1][0]
                source = linecache.getline(frame.f_code.co_filename, number).strip()[:120]
                name = frame.f_code.co_qualname[:200]
                break
    except BaseException:  # whatever a student has put in their place
        line, source, name = 0, "", ""
    kind = "exception"
    if isinstance(error, (Absent, wire.Uncarried)):
        kind, name = error.kind, error.name[:80]
    elif isinstance(error, OutOfTime):
        kind = "time"
    elif isinstance(error, MemoryError):
        kind = "memory"
    elif isinstance(error, NotImplementedError) and raised_there:
        kind = "unwritten"
    bases = [k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins" and issubclass(k, BaseException)]
    return {
        "kind": kind,
        "type": type(error).__name__[:80],
        "types": bases,
        "message": _text(error)[:500],
        "line": line,
        "source": source,
        "name": name,
    }


def signature(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a TypeError is where the function cannot be called like that: its parameters, how many arguments it needs and takes at most.

    `name` is an argument that it has not. Empty where the call fits, so that something inside the function failed.
    """
    try:
        form = inspect.signature(function)
        try:
            form.bind(*args, **kwargs)
            return {}
        except TypeError:
            parameters = list(form.parameters.values())
        places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        needed = sum(p.default is p.empty for p in places)
        most = 99 if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(places)
        unknown = [key for key in kwargs if key not in form.parameters]
        shown = [_parameter(p) for p in parameters[:20]]
        return {
            "kind": "signature",
            "takes": [needed, most],
            "parameters": shown,
            "name": unknown[0] if unknown else "",
        }
    except BaseException:  # a signature of the student's own making
        return {}


def _parameter(parameter: inspect.Parameter) -> str:
    """A parameter as it is written, but for its default."""
    kind = parameter.kind
    stars = "*" if kind is parameter.VAR_POSITIONAL else "**" if kind is parameter.VAR_KEYWORD else ""
    return stars + parameter.name[:80] + "=…" * (parameter.default is not parameter.empty)
