"""A process that grades one unit after the other for somebody who has threads: a unit needs a process, and a main thread, of its own.

Not of `multiprocessing`: the workers of a dask cluster are its daemons, which may have no children.
"""

from __future__ import annotations

import os
import pickle
import platform
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

from autograder.course import PACKAGE
from autograder.grading import UnitError
from autograder.grading.plan import Plan
from autograder.grading.workers import grade_unit, prepare_process, slot_of_process
from autograder.judge.checking import CheckError
from autograder.outcome import StartError

IDLE = 60.0  # seconds without a unit after which the process ends: whoever started the run may have been killed
PATIENCE = 10.0  # seconds in which it takes its wall down


class ChildEnded(Exception):
    """The process is there no more, whatever ended it."""


class Child:
    """The process, seen from outside. Both ends are ours and trusted, so what passes between them is pickled.

    Parameters
    ----------
    version : str
        What `plan.version()` is where the run was started.
    """

    def __init__(self, plan: Plan, version: str):
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.grading.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH")]))},
        )
        assert process.stdin and process.stdout
        self._process, self._requests, self._replies = process, process.stdin, process.stdout
        with suppress(ChildEnded):  # whoever has something to grade is told
            self._send((plan, version))

    def grade(self, payload: bytes) -> str:
        """One unit, as JSON without a student.

        Raises
        ------
        UnitError, CheckError, StartError
            As `grade_unit`.
        ChildEnded
            Where the process has ended meanwhile.
        """
        self._send(payload)
        try:
            reply = pickle.load(self._replies)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            raise ChildEnded from None
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _send(self, message: Any) -> None:
        try:
            pickle.dump(message, self._requests)
            self._requests.flush()
        except (OSError, ValueError):  # ValueError: closed, by another thread
            raise ChildEnded from None

    def lives(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End the process and what it has started."""
        with suppress(ChildEnded, subprocess.TimeoutExpired):
            self._send(None)
            self._process.wait(PATIENCE)
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self._replies):
            with suppress(OSError):  # for what was still to be sent
                pipe.close()


def main() -> None:
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a check prints is no reply
    plan, version = pickle.load(requests)
    prepare_process()
    todo: SimpleQueue[bytes | None] = SimpleQueue()

    def listen() -> None:
        try:
            while (payload := pickle.load(requests)) is not None:
                todo.put(payload)
        except EOFError:  # the other end was killed
            os._exit(1)
        todo.put(None)

    threading.Thread(target=listen, daemon=True).start()
    own = _at_home(plan, version)
    with suppress(Empty):
        while (payload := todo.get(timeout=IDLE)) is not None:
            pickle.dump(_answer(own, payload), replies)
            replies.flush()


def _at_home(plan: Plan, version: str) -> Plan | None:
    """The plan with the course where this machine has it, at the same place or installed; None where it has not the same one."""
    for root in (plan.lab.root, PACKAGE.parent):
        own = replace(plan, lab=replace(plan.lab, root=root))
        if own.lab.notebook.exists() and own.version() == version:
            return own
    return None


def _answer(plan: Plan | None, payload: bytes) -> str | Exception:
    try:
        if plan is None:
            different = "another course, or other versions of Python, numpy, scipy or torch"
            raise StartError(f"{platform.node()} has {different} than the machine that began the run")
        return grade_unit(plan, payload, slot_of_process())
    except (UnitError, CheckError, StartError) as error:
        return error


if __name__ == "__main__":
    main()
