"""What a check's exercise argument is bound to: a proxy that sends every call over the wire and records what came back."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from autograder.outcome import Budget, Failure, Kind, StudentError, WallError
from autograder.wall import wire
from autograder.wall.inside.student import UNSAID, Session, home
from autograder.wall.process import read_error


class Transport(Protocol):
    """Carries one request frame to where the student's function is, serving call-backs on the way.

    `dead` says why the other side answers no more, or is None; `code` is what the student has written, as far as it is known.
    """

    dead: Failure | None
    code: str

    def request(self, frame: bytes, budget: Budget, serve: Callable[[bytes], bytes]) -> bytes: ...


class LocalTransport:
    """A function in this process, reached through the same encoding as one behind the wall.

    What `Exercise.named` asks for is looked up where the function was written.
    """

    def __init__(self, name: str, function: Any):
        self.dead: Failure | None = None
        self.code = ""
        self._serve: Callable[[bytes], bytes]
        self._session = Session(
            {**home(function), name: function},
            lambda frame: self._serve(frame),
            cap=wire.FROM_JUDGE,
            attended=True,
        )

    def request(self, frame: bytes, budget: Budget, serve: Callable[[bytes], bytes]) -> bytes:
        self._serve = serve
        return self._session.handle(frame)


@dataclass
class Call:
    """One call of the exercise: what went in (until the next call), what came out, and what was seen on the way.

    Attributes
    ----------
    what : str
        Its name in feedback: "ConvDetector", "ConvDetector(…).forward".
    frame : bytes
        The request as it was sent, whatever the check has done to its arguments since.
    talk : list of (bytes, bytes)
        What the functions among the arguments were asked, and what they answered, frame by frame.
    others : list of str
        Names of the notebook among the arguments.
    plain : bool
        Its arguments are data, or functions of the check.
    tensors : int
        How many torch tensors came back.
    said : str
        The message of the exception that `error` is about.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    plain: bool
    what: str = ""
    frame: bytes = b""
    talk: list[tuple[bytes, bytes]] = field(default_factory=list)
    value: Any = None
    error: tuple[str, ...] | None = None
    changed: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    samples: bool = False
    others: list[str] = field(default_factory=list)
    tensors: int = 0
    said: str = ""

    @property
    def outcome(self) -> tuple[Any, ...]:
        """What another function must do here as well, beside its questions, to be taken for the same one."""
        return (self.value, self.error, tuple(self.changed), tuple(sorted(self.flags)))

    @property
    def made_tensors(self) -> bool:
        """Whether tensors came back although none went in."""
        return self.tensors > 0 and self.plain and not _holds_tensor((self.args, self.kwargs))

    @cached_property
    def digest(self) -> bytes:
        """Of the request: calls with the same one were given the same arguments, functions aside."""
        return hashlib.blake2b(self.frame, digest_size=16).digest()


MAX_CALLBACKS = 100_000
# Failures that come with the name of the function that they are in.
LOCATED = frozenset({Kind.EXCEPTION, Kind.TIME, Kind.MEMORY, Kind.UNWRITTEN})


class Exercise:
    """The proxy. Call it like the exercise; what is left of a call is kept in `calls`.

    A class of modules gives a `Module`, a handle of what stays on the student's side; so does `torch`. A handle may be an argument again.
    """

    def __init__(self, name: str, transport: Transport, budget: Budget):
        self._name, self._transport, self._budget = name, transport, budget
        self.calls: list[Call] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._send(self._name, "call", args, kwargs)

    @property
    def tensors(self) -> int:
        """How many torch tensors the last call gave back: on this side they are arrays, and lists of them one array."""
        return self.calls[-1].tensors

    def beside(self, **others: Callable[..., Any]) -> Callable[..., Any]:
        """The exercise as it is while functions of the check stand in for the notebook's of these names.

        So what another exercise costs is not counted here: `patch_logits.beside(cross_correlate=correlate)(image, w, b, size)`.
        """
        return lambda *args, **kwargs: self._send(self._name, "call", args, kwargs, others)

    def value_and_gradients(self, *inputs: Any) -> dict[str, Any]:
        """The sum of what a function of torch tensors gives, and its gradients; see `drivers.backward`."""
        return self._send(self._name, "backward", inputs, {})

    def with_iterator(self, position: int, *args: Any) -> Any:
        """Call the exercise with an iterator instead of the list at that position; see `drivers.call_with_iterator`."""
        return self._send(self._name, "call_with_iterator", (position, *args), {})

    def torch(self, kind: str, *args: Any, **kwargs: Any) -> Module:
        """A module or optimizer of torch's own, on the student's side: `torch("nn.Conv2d", 1, 4, 3)`; see `drivers.make`."""
        return self._send(self._name, "make", (kind, *args), kwargs)

    def named(self, name: str) -> Named:
        """Another function or class of the student's notebook, to be handed to this one: `ResNet(ResNet.named("BasicBlock"), …)`."""
        return Named(name)

    def again(self, call: Call, serve: Callable[[bytes], bytes]) -> Call:
        """What a recorded call does here, on another function; `serve` stands in for the check's functions."""
        made = Call((), {}, call.plain, call.what, call.frame)
        self._exchange(made, serve)
        return made

    def _send(
        self,
        target: str | int,
        action: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        instead: dict[str, Callable[..., Any]] | None = None,
    ) -> Any:
        if self._transport.dead:
            raise WallError(self._transport.dead)
        of_module = not isinstance(target, str)
        what = self._name + "(…)" * of_module + f".{action}" * (action != "call")
        if action == "backward":
            what = f"the gradient of {what.removesuffix('.backward')}"
        call = Call(args, kwargs, plain=action == "call" and not instead, what=what)
        functions: list[Callable[..., Any]] = []
        failures: list[StudentError | AssertionError] = []

        def refer(value: Any) -> wire.Reference:
            if callable(value) and not isinstance(value, Module):
                functions.append(value)
                return {"t": "ref", "kind": "function", "id": len(functions) - 1}
            call.plain = False
            torch = sys.modules.get("torch")
            if isinstance(value, np.random.Generator):
                call.samples = True
                return {"t": "ref", "kind": "rng", "id": int(value.integers(2**62))}
            if torch is not None and isinstance(value, torch.Generator):
                call.samples = True
                number = int(torch.randint(2**62, (), generator=value))
                return {"t": "ref", "kind": "torch generator", "id": number}
            if isinstance(value, Module):
                return {"t": "ref", "kind": "module", "id": value._number}
            if isinstance(value, Named):
                call.others.append(value.name)
                return {"t": "ref", "kind": "named", "id": value.name}
            return wire.refuse(value)

        def serve(frame: bytes) -> bytes:
            if len(call.talk) == MAX_CALLBACKS:
                stopped = WallError(Failure(Kind.CALLBACKS, call=self._name, limit=MAX_CALLBACKS))
                self._transport.dead = stopped.failure
                failures.append(stopped)
                raise stopped
            request = wire.decode(frame, self._resolve)
            try:
                function = functions[request["callback"]]
                with np.errstate(all="ignore"):  # what overflows in a function of the check is not the student's
                    answer = wire.encode({"value": function(*request["args"], **request["kwargs"])}, refer)
            except wire.WireError:
                raise
            except Exception as error:  # a spy of the check that found something, or arguments that make no sense
                said = f"{type(error).__name__}: {error}"[:500]
                misused = StudentError(
                    Failure(Kind.CALLBACK, call=self._name, error=type(error).__name__, said=str(error)[:500])
                )
                failures.append(error if isinstance(error, AssertionError) else misused)
                answer = wire.encode({"error": said})
            call.talk.append((bytes(frame), answer))
            return answer

        request: dict[str, Any] = {"target": target, "args": args, "cpu": self._budget.cpu}
        others: dict[str, Any] = {
            "action": action,
            "kwargs": kwargs,
            "first": not self.calls,
            "memory": self._budget.memory,
            "instead": instead or {},
        }
        request |= {key: value for key, value in others.items() if value != UNSAID[key]}
        self.calls.append(call)
        call.frame = wire.encode(request, refer)
        error = self._exchange(call, serve)
        for failure in failures[:1]:
            raise failure
        if error is not None:
            raise self._translate(error, call)
        return call.value

    def _exchange(self, call: Call, serve: Callable[[bytes], bytes]) -> StudentError | None:
        """Send a call, and note what comes of it; its error as the student's side tells it."""
        reply = self._read(self._transport.request(call.frame, self._budget, serve), call)
        call.flags, call.warnings = reply["flags"], reply["warnings"]
        error = reply.get("error")
        if error is not None:
            call.error, call.said = (error.failure.kind.value, error.failure.error, *error.types), error.failure.said
        else:
            call.changed, call.value = reply["changed"], coerce(reply["value"])
        return error

    def _read(self, frame: bytes, call: Call) -> dict[str, Any]:
        """The reply with its form checked: it comes from the student's side, and may be anything."""

        def resolve(reference: wire.Reference) -> Any:
            call.tensors += reference["t"] == "torch"
            return self._resolve(reference)

        try:
            reply = wire.decode(frame, resolve)
            if not isinstance(reply, dict):
                raise wire.WireError("not a reply")
            for key in ("flags", "warnings", "changed"):
                strings = reply.setdefault(key, [])
                if (
                    not isinstance(strings, list)
                    or len(strings) > 50
                    or any(type(s) is not str or len(s) > 500 for s in strings)
                ):
                    raise wire.WireError("not a reply")
            if "error" in reply:
                types = tuple(reply["error"]["types"])
                if len(types) > 30 or any(type(name) is not str or len(name) > 100 for name in types):
                    raise wire.WireError("not a reply")
                reply["error"] = StudentError(read_error(reply["error"]), types)
            elif "value" not in reply:
                raise wire.WireError("not a reply")
        except (wire.WireError, WallError, TypeError, KeyError) as error:
            detail = str(error) if isinstance(error, wire.WireError) else ""
            self._transport.dead = Failure(Kind.GARBLED, said=detail)
            raise WallError(self._transport.dead) from None
        return reply

    def _translate(self, error: StudentError, call: Call) -> StudentError:
        """An error as the student's side tells it, with what only this side knows."""
        failure = replace(error.failure, call=self._name)
        if failure.kind in LOCATED:
            failure = replace(failure, name=self._place(failure.name))
        if failure.kind is Kind.TIME:
            failure = replace(failure, limit=self._budget.cpu)
            if not self._budget.declared:
                self._transport.dead = failure
        elif failure.kind is Kind.MEMORY:
            failure = replace(failure, limit=self._budget.memory)
        elif failure.kind is Kind.SIGNATURE:
            given = len(call.args) + len(call.kwargs)
            known = failure.name if failure.name in call.kwargs else ""
            failure = replace(failure, call=call.what, takes=(*failure.takes, given), name=known)
        elif failure.kind is Kind.MISSING and failure.name not in (self._name, *call.others):
            failure = replace(failure, kind=Kind.EXCEPTION, error="NameError")
        return StudentError(failure, error.types)

    def _place(self, qualified: str) -> str:
        """The function or class that a line is in, by its qualified name; "" where it is the exercise itself, or has no name."""
        name = qualified.rpartition("<locals>.")[2].partition(".")[0]
        return name if name.isidentifier() and self._name not in qualified.split(".") else ""

    def _resolve(self, reference: wire.Reference) -> Any:
        if reference["t"] == "torch":
            return reference["array"]
        if reference.get("kind") == "module" and type(reference.get("id")) is int and 0 <= reference["id"] < 10_000:
            return Module(self, reference["id"])
        raise wire.WireError("unexpected reference")


@dataclass(frozen=True)
class Named:
    """A name of the student's notebook, as an argument."""

    name: str


class Module:
    """A student's `nn.Module` or an optimizer, which stays on the student's side; a check drives it from here by arrays."""

    def __init__(self, exercise: Exercise, number: int):
        self._exercise, self._number = exercise, number

    def _drive(self, action: str, *args: Any) -> Any:
        return self._exercise._send(self._number, action, args, {})

    def __call__(self, *inputs: Any) -> Any:
        """The forward pass without gradients."""
        return self._drive("forward", *inputs)

    def in_double(self, *inputs: Any) -> Any:
        """The forward pass of a copy in double precision."""
        return self._drive("forward_in_double", *inputs)

    def watch(self, *inputs: Any) -> dict[str, Any]:
        """What a forward pass calls: names of torch's `functions`, and its `convolutions`; see `drivers.watch`."""
        return self._drive("watch", *inputs)

    def state(self) -> dict[str, np.ndarray]:
        """Parameters and buffers by name."""
        return self._drive("state")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        return self._drive("shapes")

    def hooks(self) -> int:
        """How many hooks the module and its parts carry."""
        return self._drive("hooks")

    def shared(self) -> dict[str, str]:
        """Second names of parameters that are held twice, with their first ones."""
        return self._drive("shared")

    def load(self, values: dict[str, Any]) -> None:
        """Strict loading of arrays as parameters and buffers. Raises StudentError where the module has others."""
        found = self._drive("load", values)
        try:
            missing, spare = (", ".join(found[key][:3]) for key in ("missing", "spare"))
            other = next(((name, tuple(shape)) for name, shape in found["other"].items() if name in values), None)
        except (TypeError, KeyError, AttributeError):  # not what the driver gives
            raise StudentError(Failure(Kind.INDESCRIBABLE, call=self._exercise._name)) from None
        parts = Failure(Kind.PARTS, call=self._exercise._name)
        if missing or spare:
            missing = ", ".join(name for name in values if name in found["missing"][:3])
            raise StudentError(replace(parts, due=missing, name=spare))
        if other is not None:
            name, shape = other
            raise StudentError(replace(parts, due=name, said=str(tuple(np.shape(values[name]))), got=str(shape)))

    def backward(self, *inputs: Any) -> dict[str, Any]:
        """Sum of what the module gives (`value`), gradients by parameter name (`parameters`) and by input (`inputs`)."""
        return self._drive("backward", *inputs)

    def train(self, mode: bool = True) -> None:
        """Set training mode, or with False evaluation mode."""
        self._drive("set_training", mode)

    def not_themselves(self) -> list[str]:
        """Names of the parts whose `train()` or `eval()` does not give them back."""
        return list(self._drive("not_themselves"))

    def attribute(self, path: str) -> Any:
        """A plain attribute by its dotted name."""
        return self._drive("attribute", path)


def _holds_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return any(map(_holds_tensor, value))
    return torch is not None and isinstance(value, torch.Tensor)


def coerce(value: Any) -> Any:
    """Honest lists as arrays, so that a check can do arithmetic on them; anything ragged or not numeric stays."""
    if isinstance(value, list):
        items = [coerce(item) for item in value]
        if not all(isinstance(item, (bool, int, float, complex, np.ndarray, np.generic)) for item in items):
            return items
        try:
            array = np.array(items)
        except (ValueError, OverflowError):
            return items
        return array if array.dtype.kind in "biufc" else items
    if isinstance(value, tuple):
        return tuple(coerce(item) for item in value)
    if isinstance(value, dict):
        return {key: coerce(item) for key, item in value.items()}
    return value
