"""The judge's end of a student's process: cells to run, exercises to call, all under a budget."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from autograder.outcome import Budget, Failure, Kind, StartError, WallError
from autograder.wall import wire
from autograder.wall.limits import POLL, Meter

MAX_CELL = 1 << 20
MANY = 2000  # names that a report may hold
AHEAD = 1 << 16  # bytes: most messages arrive in one piece


class Zygote(Protocol):
    """What a process needs of the wall that it is behind: its fork server's ear, and the memory that it may hold."""

    memory: int

    def ask(self, message: dict[str, Any], connection: socket.socket | None = None) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Ran:
    """What became of a cell, as the student's side tells it: good for comments, and for what to try next.

    Attributes
    ----------
    errors : what is wrong with the statements that failed
    cut : what was wrong with those that were interrupted, and `places` where they begin
    bound, rebound, lost, left : see `inside.cells.Cells.run`
    threads, others : threads of the process that ran it, and processes beside it
    seconds : wall time
    """

    errors: tuple[Failure, ...] = ()
    cut: tuple[Failure, ...] = ()
    places: tuple[tuple[int, int], ...] = ()
    bound: frozenset[str] = frozenset()
    rebound: frozenset[str] = frozenset()
    lost: tuple[tuple[str, frozenset[str]], ...] = ()
    left: frozenset[str] = frozenset()
    threads: int = 1
    others: int = 0
    seconds: float = 0.0


class Process:
    """The confined process of one submission. A context manager; leaving it kills everything in it."""

    def __init__(self, wall: Zygote, pid: int, connection: socket.socket, meter: Meter):
        self._wall, self._pid, self._connection, self.meter = wall, pid, connection, meter
        self._waiter = Waiter(wall, pid, connection, meter)
        hello = self._waiter.frame(Budget(meter.limits.cell))
        self.active: list[str] = hello["layers"]
        self.missing: dict[str, str] = hello["missing"]

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_exception: Any) -> None:
        self._connection.close()
        if not self._wall.ask({"do": "stop"})["done"]:
            raise StartError("a process behind the wall cannot be killed")

    def announce_points(self, points: dict[str, float]) -> None:
        """What `check` gives back, which checks nothing over there."""
        self._waiter.send(wire.encode({"do": "points", "points": points}))

    def run_cell(
        self,
        source: str,
        number: int,
        part: str | Sequence[int] = "whole",
        skip: Iterable[tuple[int, int]] = (),
        lines: Sequence[int] = (),
        strict: bool = False,
    ) -> Ran:
        """Run one cell, or a part of it; see `inside.cells.Cells.run`. Statements that take too long are interrupted.

        Raises
        ------
        WallError
            Where the cell ended the process, or does not let itself be interrupted: this process is dead then.
        """
        if len(source) > MAX_CELL:
            return Ran(errors=(Failure(Kind.CELL_TOO_LONG, cell=number, limit=MAX_CELL >> 20),))
        part = part if isinstance(part, str) else list(part)
        asked: dict[str, Any] = {"source": source, "number": number}
        more = {"part": part, "skip": [list(place) for place in skip], "lines": list(lines), "strict": strict}
        asked |= {key: value for key, value in more.items() if value not in ("whole", [], False)}
        meter, began = self.meter, time.monotonic()
        cut: list[Failure] = []
        places: list[tuple[int, int]] = []
        message: dict[str, Any] = {"cut": None}
        while "cut" in message:
            patience = meter.patience()
            if patience is None:
                raise WallError(Failure(Kind.CELLS_TIME, cell=number, limit=meter.limits.cells))
            cpu, idle = meter.cpu, meter.idle
            try:
                self._waiter.begin(Budget(patience.cpu), patience.idle, knocks=True)
                if not cut:
                    self._waiter.send(wire.encode({"do": "cell", "cell": asked}))
                message = self._waiter.dictionary()
            finally:
                meter.cells_cpu += meter.cpu - cpu
                meter.cells_idle += meter.idle - idle
            if "cut" in message:
                place, source = _read_cut(message["cut"])
                waited = meter.idle - idle > patience.idle
                why = Failure(Kind.WAITS) if waited else Failure(Kind.TIME, limit=patience.cpu)
                cut.append(replace(why, cell=number, line=place[0], source=source))
                places.append(place)
                if len(cut) > MANY:
                    raise WallError(Failure(Kind.GARBLED))
        ran = _read_report(message, number)
        return replace(ran, cut=tuple(cut), places=tuple(places), seconds=time.monotonic() - began)

    def outline(self, source: str) -> tuple[list[tuple[frozenset[str], frozenset[str]]], frozenset[str]]:
        """Names that each definition of a cell binds and uses, and those that its other statements bind. Raises WallError as `run_cell`."""
        said = self._ask({"do": "outline", "source": source[:MAX_CELL]})
        with _whole():
            return [(_names(bound), _names(used)) for bound, used in _items(said["definitions"])], _names(said["left"])

    def uses(self, name: str) -> dict[str, frozenset[str]]:
        """What an exercise asks for when it is called; see `inside.cells.Cells.uses`. Raises WallError as `run_cell`."""
        said = self._ask({"do": "uses", "name": name})
        with _whole():
            return {key: _names(asked) for key, asked in said["uses"].items() if isinstance(key, str)}

    def is_well(self) -> bool:
        """Whether it still answers."""
        try:
            self._ask({"do": "cell", "cell": {"source": "", "number": 0}})
        except WallError:
            return False
        return True

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        self._waiter.begin(Budget(self.meter.limits.hurried), self.meter.limits.hurried)
        self._waiter.send(wire.encode(command))
        return self._waiter.dictionary()

    def resident(self) -> int:
        """Bytes of memory that its processes hold, what they share with the zygote included."""
        return sum(held for _, _, _, held in self._wall.ask({"do": "look", "pid": self._pid})["processes"])

    def exercise(self, fork: bool = True) -> Waiter:
        """The socket of a fork of this process, or of the process itself, which is used up by that."""
        ours, theirs = socket.socketpair()
        try:
            self._waiter.begin(Budget(self.meter.limits.cell))
            self._waiter.send(wire.encode({"do": "fork" if fork else "serve"}))
            self._waiter.hand_over(theirs)
        finally:
            theirs.close()
        return Waiter(self._wall, self._pid, ours, self.meter)

    def stop_exercises(self) -> bool:
        """Kill every process of this submission but its first; False where that cannot be done."""
        return self._wall.ask({"do": "stop children", "pid": self._pid})["done"]


@contextmanager
def _whole() -> Iterator[None]:
    """Where what comes from the student's side is read, which may be anything. Raises WallError where it is nothing of ours."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WallError(Failure(Kind.GARBLED)) from None


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > MANY:
        raise ValueError("not a list of ours")
    return value


def _names(value: Any) -> frozenset[str]:
    if any(type(name) is not str or len(name) > 100 for name in _items(value)):
        raise ValueError("not names of ours")
    return frozenset(value)


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1_000_000:
        raise ValueError("not a number of ours")
    return value


def _read_cut(said: Any) -> tuple[tuple[int, int], str]:
    """Where a statement begins that was interrupted, and its first line."""
    with _whole():
        source = said["source"]
        if type(source) is not str or len(source) > 200:
            raise ValueError("not a line of ours")
        return (_number(said["line"]), _number(said["column"])), source


def _read_cell_error(said: Any, number: int) -> Failure:
    failure = read_error(said)
    return replace(failure, cell=number, name=failure.name if failure.name.isidentifier() else "")


def _read_report(said: dict[str, Any], number: int) -> Ran:
    with _whole():
        return Ran(
            errors=tuple(_read_cell_error(error, number) for error in _items(said.get("errors", []))[:20]),
            bound=_names(said.get("bound", [])),
            rebound=_names(said.get("rebound", [])),
            lost=tuple((str(name)[:100], _names(names)) for name, names in _items(said.get("lost", []))),
            left=_names(said.get("left", [])),
            threads=_number(said["threads"]),
            others=_number(said["others"]),
        )


# What the student's side may say of an exception: anything else is for the judge to find.
REPORTED = frozenset(
    {
        Kind.EXCEPTION, Kind.TIME, Kind.MEMORY, Kind.UNWRITTEN, Kind.MISSING, Kind.NOT_CALLABLE, Kind.SIGNATURE,
        Kind.NOT_PLAIN, Kind.DTYPE, Kind.FUNCTION, Kind.DIMENSIONS, Kind.TOO_LARGE, Kind.NESTED, Kind.HUGE_INTEGER,
        Kind.TOO_MANY,
    }
)  # fmt: skip


def read_error(error: Any) -> Failure:
    """What the student's side says of an exception (`student.describe`), its form checked: it may be anything.

    Raises
    ------
    WallError
        Where it is nothing of ours.
    """
    try:
        kind, line = Kind(error["kind"]), error["line"]
        texts = {key: error[key] for key in ("type", "message", "source", "name")}
        takes = error["takes"] if kind is Kind.SIGNATURE else (0, 0)
        parameters = error["parameters"] if kind is Kind.SIGNATURE else []
        whole = len(takes) == 2 and all(type(number) is int and 0 <= number < 1_000_000 for number in (line, *takes))
        short = all(type(text) is str and len(text) <= 1000 for text in (*texts.values(), *parameters))
        if kind not in REPORTED or not whole or not short or len(parameters) > 20:
            raise ValueError("not an error of ours")
        raised = kind is Kind.EXCEPTION  # of all others the kind says enough, and a message may hold anything
        return Failure(
            kind,
            error=texts["type"] if raised else "",
            said=texts["message"] if raised else "",
            source=texts["source"],
            name=texts["name"],
            line=line,
            takes=tuple(takes) if kind is Kind.SIGNATURE else (),
            parameters=tuple(parameters),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WallError(Failure(Kind.GARBLED)) from None


class Waiter:
    """A student's socket, read and written under a budget: CPU by the clock of /proc, silence, and a backstop of wall time."""

    def __init__(self, wall: Zygote, pid: int, connection: socket.socket, meter: Meter):
        self._wall, self._pid, self.connection, self._meter = wall, pid, connection, meter
        connection.setblocking(False)
        self._poll, self._awaited = select.poll(), 0
        self._ahead = memoryview(b"")  # received, but not asked for yet
        self._frame_end: float | None = None
        self.begin(Budget(meter.limits.cell))

    def begin(self, budget: Budget, idle: float | None = None, knocks: bool = False) -> None:
        """Start the budget of one request, and how long it may wait; with `knocks`, code that is over it is interrupted first."""
        meter, limits = self._meter, self._meter.limits
        self._budget, self._cpu, self._idle, self._started = budget, meter.cpu, meter.idle, meter.started
        self._waits, self._knocks = limits.idle if idle is None else idle, knocks
        self._end = time.monotonic() + limits.backstop + limits.backstop_per_cpu * budget.cpu

    def send(self, frame: bytes) -> None:
        """Raises WallError where the process does not take the whole frame within the budget."""
        view = memoryview(frame)
        while view:
            try:
                view = view[self.connection.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)
            except OSError:
                raise self._ended() from None

    def hand_over(self, other: socket.socket) -> None:
        """Send a socket along. Raises WallError as `send`."""
        self._wait(select.POLLOUT)
        try:
            socket.send_fds(self.connection, [b"x"], [other.fileno()])
        except OSError:
            raise self._ended() from None

    def frame(self, budget: Budget) -> dict[str, Any]:
        """One frame that holds a dict, from the submission's own process, within a budget."""
        self.begin(budget)
        return self.dictionary()

    def dictionary(self) -> dict[str, Any]:
        """One frame that holds a dict, from the submission's own process."""
        try:
            value = wire.decode(self._receive())
        except wire.WireError as error:
            raise WallError(Failure(Kind.GARBLED, said=str(error))) from None
        if not isinstance(value, dict):
            raise WallError(Failure(Kind.GARBLED))
        return value

    def message(self) -> tuple[bytes, bytes]:
        """Kind (C or R) and frame of what an exercise sends."""
        kind = self.recv(1)
        if kind not in (b"C", b"R"):
            raise WallError(Failure(Kind.GARBLED))
        return kind, self._receive()

    def _receive(self) -> bytes | memoryview:
        try:
            frame, self._ahead = wire.split(self._ahead)
            return frame or wire.receive(self, wire.FROM_STUDENT)
        finally:
            self._frame_end = None

    def recv(self, size: int) -> memoryview:
        """As of a socket, but raises WallError where that would give nothing."""
        if not self._ahead:
            self._ahead = memoryview(self._read(max(size, AHEAD)))
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data

    def _read(self, size: int) -> bytes:
        while True:
            self._wait(select.POLLIN)
            try:
                data = self.connection.recv(size)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                raise self._ended()
            self._meter.received += len(data)
            if self._frame_end is None:
                self._frame_end = time.monotonic() + self._meter.limits.frame
            return data

    def _ended(self) -> WallError:
        """The process ended. Raises StartError where that is because the wall fell, for which no student is to blame."""
        self._wall.ask({"do": "look", "pid": self._pid})
        return WallError(Failure(Kind.ENDED))

    def _wait(self, event: int) -> None:
        """Until the socket is ready, looking after the budget on the way."""
        if event != self._awaited:
            self._poll.register(self.connection, event)
            self._awaited = event
        while True:
            now = time.monotonic()
            ready = self._poll.poll(max(0.0, self._meter.next_look - now) * 1000.0)
            if time.monotonic() >= self._meter.next_look:
                self._look(waiting=not ready)
            if ready:
                return

    def _look(self, waiting: bool) -> None:
        meter, limits, now = self._meter, self._meter.limits, time.monotonic()
        meter.next_look = now + POLL
        seen = self._wall.ask({"do": "look", "pid": self._pid})
        waiting = waiting and not self._poll.poll(0)  # it may have answered meanwhile, and wait for us
        meter.read(seen, waiting, self._wall.memory)
        spent, waited = meter.cpu - self._cpu, meter.idle - self._idle
        if self._knocks and (spent > self._budget.cpu or waited > self._waits):
            self._wall.ask({"do": "knock", "pid": self._pid})
        if spent > self._budget.cpu + limits.grace:  # the friendlier limit inside has had its chance
            raise WallError(Failure(Kind.TIME, limit=self._budget.cpu))
        if waited > self._waits + (limits.grace if self._knocks else 0.0):
            raise WallError(Failure(Kind.WAITS))
        if meter.started - self._started > limits.started:
            raise WallError(Failure(Kind.PROCESSES, limit=limits.started))
        if now > self._end:
            raise WallError(Failure(Kind.UNFINISHED))
        if self._frame_end is not None and now > self._frame_end:
            raise WallError(Failure(Kind.SLOW_ANSWER))


class WalledTransport:
    """Carries one exercise's requests to its process.

    Once that fails it stays dead and says why; only where a declared budget was exceeded does the next request open a new process.
    A budget of memory stays with the process that it was first used in, where the student's code cannot raise it: what comes after it
    and has another one gets a new process, too.

    Parameters
    ----------
    open : function without arguments
        Gives the socket of a new process; raises WallError where there can be none.
    """

    def __init__(self, open: Callable[[], Waiter], meter: Meter, code: str = ""):
        self._open, self._meter, self.code = open, meter, code
        self._waiter: Waiter | None = None
        self._memory: float | None = None
        self._cpu = self._idle = self._received = 0.0
        self.opened = False
        self.dead: Failure | None = None
        self.failed = False

    def request(self, frame: bytes, budget: Budget, serve: Callable[[bytes], bytes]) -> bytes:
        try:
            if self._memory not in (None, budget.memory):
                self.close()
            if self._waiter is None:
                self._waiter = self._open()
            self._memory = budget.memory
            if not self.opened:  # what the cells took is not the exercise's
                self.opened, self._received = True, self._meter.received
                self._cpu, self._idle = self._meter.cpu, self._meter.idle
            self._require_more()
            self._waiter.begin(budget)
            self._waiter.send(frame)
            while True:
                kind, answer = self._waiter.message()
                if kind == b"R":
                    return answer
                self._require_more()
                self._waiter.send(serve(answer))
        except (wire.WireError, WallError) as error:
            self.close()
            self.failed = True
            stopped = error if isinstance(error, WallError) else WallError(Failure(Kind.GARBLED, said=str(error)))
            if not budget.declared:
                self.dead = stopped.failure
            raise stopped from None

    @property
    def spent(self) -> float:
        """CPU seconds of its calls so far."""
        return self._meter.cpu - self._cpu if self.opened else 0.0

    def _require_more(self) -> None:
        limits = self._meter.limits
        self._meter.require_more()
        if self.spent > limits.exercise:
            raise WallError(Failure(Kind.EXERCISE_TIME, limit=limits.exercise))
        if self._meter.idle - self._idle > limits.exercise_idle:
            raise WallError(Failure(Kind.EXERCISE_IDLE, limit=limits.exercise_idle))
        if self._meter.received - self._received > limits.received:
            raise WallError(Failure(Kind.RECEIVED, limit=limits.received >> 20))

    def close(self) -> None:
        if self._waiter is not None:
            self._waiter.connection.close()
            self._waiter = None
