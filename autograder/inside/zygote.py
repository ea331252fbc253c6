"""The fork server behind the wall: warm imports once, then one confined process per submission, one fork of it per exercise.

It holds no secret. It is started by `autograder.wall` with one inherited socket, over which the judge sends commands as frames;
a command that hands a socket over is followed by one byte that carries it.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from typing import Any

from autograder import wire
from autograder.inside import confine
from autograder.inside.student import Session, fresh_namespace, run_cell

TICKS = os.sysconf("SC_CLK_TCK")


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
    try:
        home: int | None = os.open("/proc/self/ns/pid", os.O_RDONLY)
    except OSError:
        home = None
    send_message(control, {"ready": True})
    while True:
        try:
            command = receive_message(control)
        except EOFError:
            os._exit(0)
        if command["do"] == "spawn":
            child = receive_socket(control)
            send_message(control, {"pid": spawn(control, child, home, setup)})
            child.close()
        elif command["do"] == "look":
            send_message(control, {"processes": descendants(command["pid"]), "threads": threads(command["pid"])})
        elif command["do"] == "stop children":
            for pid, _, _ in descendants(command["pid"])[1:]:
                kill(pid)
            send_message(control, {})
        elif command["do"] == "stop":
            for pid, _, _ in descendants(command["pid"]):
                kill(pid)
            kill(command["pid"])
            _, _, usage = os.wait4(command["pid"], 0)
            send_message(control, {"cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss})


def warm_up(source: str) -> None:
    """Run the lab's set-up cell once, so that its imports and data are shared by all forks."""
    import numpy.linalg
    import numpy.random  # noqa: F401

    run_cell(source, 0, fresh_namespace())
    if "torch" in sys.modules:
        import torch

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


def close_streams() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)


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
    namespace = fresh_namespace()
    fork, leave, ignore = os.fork, os._exit, signal.SIG_IGN
    receive, hand_over, send, run, serve = receive_message, receive_socket, send_message, run_cell, serve_exercise
    signal.signal(signal.SIGCHLD, ignore)
    while True:
        try:
            command = receive(connection)
        except EOFError:
            leave(0)
        if command["do"] == "cell":
            error = run(command["source"], command["number"], namespace)
            send(connection, {"error": error})
            continue
        exercise = hand_over(connection)
        if command["do"] == "serve":  # no fork: it would not survive the threads that the cells started
            serve(exercise, namespace)
        elif fork() == 0:
            connection.close()
            serve(exercise, namespace)
        exercise.close()


def serve_exercise(connection: socket.socket, namespace: dict[str, Any]) -> None:
    """Answer the judge's calls until it closes the socket; call-backs are frames that begin with C, replies with R."""

    def call_back(frame: bytes) -> bytes:
        connection.sendall(b"C" + frame)
        return wire.receive(connection, wire.FROM_JUDGE)

    session = Session(namespace, call_back)
    while True:
        try:
            request = wire.receive(connection, wire.FROM_JUDGE)
        except EOFError:
            os._exit(0)
        connection.sendall(b"R" + session.handle(request))


def descendants(root: int) -> list[list[Any]]:
    """[pid, state, CPU seconds] of every process below `root`, and of `root` itself first; [] where /proc is not to be had."""
    parents: dict[int, list[int]] = {}
    known: dict[int, list[Any]] = {}
    try:
        entries = os.listdir("/proc")
    except OSError:
        return []
    for entry in entries:
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            pid = int(entry)
            parents.setdefault(int(fields[1]), []).append(pid)
            known[pid] = [pid, fields[0], (int(fields[11]) + int(fields[12])) / TICKS]
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        if pid in known:
            found.append(known[pid])
        todo += parents.get(pid, [])
    return found


def threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return threading.active_count()


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]))
