"""The fork server behind the wall: warm imports once, then one confined process per submission, one fork of it per exercise.

It holds no secret. It is started by `autograder.wall.box` with one inherited socket, over which the judge sends commands as frames;
a command that hands a socket over is followed by one byte that carries it.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import autograder
from autograder.wall import wire
from autograder.wall.inside import confine
from autograder.wall.inside.cells import Cells
from autograder.wall.inside.student import Session

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
KNOCK = signal.SIGUSR1  # the statement that runs has had its time
PATIENCE = 10.0  # seconds in which everything must be caught
FEW = 4


def receive_message(connection: socket.socket) -> dict[str, Any]:
    return wire.decode(wire.receive(connection, wire.FROM_JUDGE))


def send_message(connection: socket.socket, message: dict[str, Any]) -> None:
    connection.sendall(wire.encode(message))


def receive_socket(connection: socket.socket) -> socket.socket:
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
    return socket.socket(fileno=descriptors[0])


def main(descriptor: int) -> None:
    """Serve the judge until it closes the socket."""
    control = socket.socket(fileno=descriptor)
    setup = receive_message(control)
    warm_up(setup["warm"])
    gc.collect()
    gc.freeze()  # shared pages stay shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine.adopt_orphans()
    try:
        home: int | None = os.open("/proc/self/ns/pid", os.O_RDONLY)
    except OSError:
        home = None
    send_message(control, {"ready": True})
    dying: set[int] = set()  # killed, but perhaps not gone yet: what they hold is nobody's any more
    while True:
        try:
            command = receive_message(control)
        except EOFError:
            kill_all(set(), dying)
            os._exit(0)
        reap()
        if command["do"] == "spawn":
            child = receive_socket(control)
            send_message(control, {"pid": spawn(control, child, home, setup)})
            child.close()
        elif command["do"] == "look":
            send_message(control, look(command["pid"], dying))
        elif command["do"] == "knock":
            send_message(control, {"done": knock(command["pid"])})
        elif command["do"] == "stop children":
            send_message(control, {"done": kill_all({command["pid"]}, dying)})
        elif command["do"] == "stop":
            send_message(control, {"done": kill_all(set(), dying)})


def warm_up(source: str) -> None:
    """Run the lab's set-up cell once, so that its imports and data are shared by all forks.

    What few notebooks need (IPython, for magics) is left to them: every fork pays for what is loaded here.
    """
    import numpy.linalg
    import numpy.random  # noqa: F401
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # or a progress bar leaves a thread behind, and what has threads cannot be forked
    Cells().run(source, 0)
    if "torch" in sys.modules:
        import torch

        from autograder.wall.inside import drivers  # noqa: F401

        torch.set_num_threads(1)
        layer = torch.nn.Conv2d(1, 1, 3)  # loads what torch puts off until the first backward pass
        layer(torch.zeros(1, 1, 4, 4)).sum().backward()
        torch.optim.SGD(layer.parameters(), 0.1)


def spawn(control: socket.socket, child: socket.socket, home: int | None, setup: dict[str, Any]) -> int:
    """Fork the process of one submission, the first of its own pid namespace where that can be had."""
    missing = ""
    try:
        confine.own_pid_namespace()
    except (OSError, AttributeError) as error:
        missing = str(error)
    pid = os.fork()
    if pid == 0:
        try:
            control.close()
            if home is not None:
                os.close(home)
            close_streams()
            serve_submission(child, setup, missing)
        finally:
            os._exit(1)
    if not missing and home is not None:
        confine.return_to_pid_namespace(home)
    return pid


def knock(pid: int) -> bool:
    try:
        os.kill(pid, KNOCK)
    except OSError:  # it has just ended
        return False
    return True


def close_streams() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    if nowhere > 2:
        os.close(nowhere)


def serve_submission(connection: socket.socket, setup: dict[str, Any], no_pid_namespace: str) -> None:
    """Confine, then run cells and fork exercises as the judge asks.

    What is used after a student's cell has run is bound to local names before: the cell may have replaced anything.
    """
    layers = confine.confine(setup["memory"], setup["slot"], setup["filter"].tobytes(), setup["scratch"])
    if no_pid_namespace:
        layers.missing["own processes"] = no_pid_namespace
    else:
        layers.active.append("own processes")
    send_message(connection, {"layers": layers.active, "missing": layers.missing})
    sys.path.insert(0, "")  # as in a kernel: what a cell writes beside the notebook can be imported
    fork, leave, child_ends, default = os.fork, os._exit, signal.SIGCHLD, signal.SIG_DFL
    receive, hand_over, send, serve = receive_message, receive_socket, send_message, serve_exercise
    close, stay_attached, handle, count = connection.close, confine.die_with_parent, signal.signal, company
    cells = Cells(lambda message: send(connection, message))
    namespace = cells.namespace
    cells.run(setup["warm"], 0)  # the lab's imports are there, whatever has become of the cell that has them
    handle(child_ends, lambda *_: reap())  # not SIG_IGN: that would forget the CPU time of what ended
    handle(KNOCK, cells.knocked)
    while True:
        try:
            command = receive(connection)
        except EOFError:
            leave(0)
        if command["do"] == "cell":
            send(connection, cells.run(**command["cell"]) | count())
        elif command["do"] == "outline":
            send(connection, cells.outline(command["source"]))
        elif command["do"] == "uses":
            send(connection, {"uses": cells.uses(command["name"])})
        elif command["do"] == "points":
            vars(autograder)["POINTS"].update(command["points"])
        else:
            exercise = hand_over(connection)
            if command["do"] == "serve":  # no fork: it would not survive the threads that the cells started
                serve(exercise, namespace)
            elif fork() == 0:
                close()
                if no_pid_namespace:  # all others end with the first process of one
                    stay_attached()
                handle(child_ends, default)
                serve(exercise, namespace)
            exercise.close()


def company() -> dict[str, int]:
    """How many threads this process has, and how many processes there are beside it, as far as it can see."""
    try:
        alone = {"threads": len(os.listdir("/proc/self/task"))}
        return alone | {"others": sum(entry.isdigit() for entry in os.listdir("/proc")) - 1}
    except OSError:
        return {"threads": threading.active_count(), "others": 1}


def serve_exercise(connection: socket.socket, namespace: dict[str, Any]) -> None:
    """Answer the judge's calls until it closes the socket; call-backs are frames that begin with C, replies with R."""

    def call_back(frame: bytes) -> bytes:
        connection.sendall(b"C" + frame)
        return wire.receive(connection, wire.FROM_JUDGE)

    session = Session(namespace, call_back, own_process=True)
    while True:
        try:
            request = wire.receive(connection, wire.FROM_JUDGE)
        except EOFError:
            os._exit(0)
        connection.sendall(b"R" + session.handle(request))


def look(submission: int, dying: set[int]) -> dict[str, Any]:
    """What runs below this process: [pid, state, CPU seconds, bytes of memory] each, and how many were ever started."""
    return {
        "processes": living(dying),
        "threads": threads(submission),
        "shared": resident(),
        "started": last_pid(),
    }


def living(dying: set[int]) -> list[list[Any]]:
    """The processes below this one that run; forgets of the dying those that are gone."""
    found = processes_below(os.getpid())
    dying.intersection_update(line[0] for line in found)
    return [line for line in found if line[0] not in dying and line[1] not in "ZX"]


def processes_below(root: int) -> list[list[Any]]:
    """[pid, state, CPU seconds, bytes of memory] of every process below `root`; [] where /proc is not to be had."""
    parents: dict[int, list[int]] = {}
    known: dict[int, list[Any]] = {}
    try:
        entries = os.listdir("/proc")
    except OSError:
        return []
    for entry in entries:
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as stat:
                    fields = stat.read().rsplit(b")", 1)[1].split()
            except (OSError, IndexError):
                continue
            pid = int(entry)
            parents.setdefault(int(fields[1]), []).append(pid)
            cpu = (int(fields[11]) + int(fields[12])) / TICKS
            known[pid] = [pid, fields[0].decode(), cpu, int(fields[21]) * PAGE]
    found, todo = [], [root]
    while todo:
        below = parents.get(todo.pop(), [])
        found += [known[pid] for pid in below]
        todo += below
    return found


def kill_all(keep: set[int], dying: set[int]) -> bool:
    """Kill every process below this one but those to keep; False where new ones come faster than they can be killed.

    What has been sent the signal runs no more code and forks no more, but may take a while to be gone. Nobody waits for a few of them;
    of many, the next ones would miss the room under the limit of processes.
    """
    end = time.monotonic() + PATIENCE
    while left := [line[0] for line in living(dying) if line[0] not in keep]:
        if time.monotonic() > end:
            return False
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        dying.update(left)
    while len(dying) > FEW and time.monotonic() < end:
        time.sleep(0.002)
        reap()
        living(dying)
    return True


def reap(wait: Callable[[int, int], tuple[int, int]] = os.waitpid, now: int = os.WNOHANG) -> None:
    """Take leave of the children that have ended by now."""
    while True:
        try:
            pid, _ = wait(-1, now)
        except ChildProcessError:
            return
        if pid == 0:
            return


def resident() -> int:
    """Bytes of memory that this process holds, which its forks share."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * PAGE
    except OSError:
        return 0


def last_pid() -> int:
    """The process id that was given out last, here or in a namespace below; 0 where it is not known."""
    try:
        with open("/proc/loadavg") as loadavg:
            return int(loadavg.read().split()[-1])
    except OSError:
        return 0


def threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return threading.active_count()


if __name__ == "__main__":
    main(int(sys.argv[1]))
