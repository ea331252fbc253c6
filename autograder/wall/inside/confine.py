"""Takes a freshly forked process's powers away, layer by layer, and says which layers stand.

Linux only in full; elsewhere each layer that cannot be had is reported as missing, never assumed.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from dataclasses import dataclass, field

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x00020000, 0x08000000, 0x20000000
MS_NOSUID_NODEV, MS_NOSUID_NODEV_NOEXEC, MS_PRIVATE_RECURSIVE = 0x6, 0xE, 0x44000
MS_REMOUNT_BIND_READ_ONLY = 0x1021
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 36, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER = 4, 2
LINUX_CAPABILITY_VERSION_3 = 0x20080522
FIRST_UID = 60_000

SCRATCH = "32m"
LIMITS = {  # beside RLIMIT_AS, which depends on the size of the process
    resource.RLIMIT_FSIZE: 32 << 20,
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_CPU: 300,  # of one process: more than the judge allows all cells of a notebook
}
PROCESSES = 64


@dataclass
class Layers:
    """The layers that stand, and why others do not."""

    active: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def attempt(self, name: str, function, *args) -> None:
        try:
            function(*args)
            self.active.append(name)
        except (OSError, ValueError, AttributeError) as error:
            self.missing[name] = str(error)[:120]


def own_pid_namespace() -> None:
    """Let the next child of this process be the first of its own pid namespace."""
    _call("unshare", CLONE_NEWPID)


def return_to_pid_namespace(descriptor: int) -> None:
    _call("setns", descriptor, CLONE_NEWPID)


def adopt_orphans() -> None:
    """Become the parent of every orphan below, so that none can leave; where there are no pid namespaces that matters."""
    if sys.platform.startswith("linux"):
        _call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the parent ends; a fork does not inherit this."""
    if sys.platform.startswith("linux"):
        _call("prctl", PR_SET_PDEATHSIG, 9, 0, 0, 0)


def confine(memory: int, slot: int, filter: bytes, scratch: list[str]) -> Layers:
    """Confine this process for good.

    Parameters
    ----------
    memory : int
        Bytes of address space beyond what is mapped now.
    slot : int
        Number of the worker, for a user id of its own.
    filter : bytes
        A compiled seccomp filter, or b"".
    scratch : list of str
        Folders that become empty and writable.
    """
    layers = Layers()
    os.setsid()
    if sys.platform.startswith("linux"):
        layers.attempt("own mounts and ipc", _own_mounts, scratch)
    else:
        layers.missing["own mounts and ipc"] = "not Linux"
    layers.attempt("limits", _limits, memory, "own mounts and ipc" in layers.active)
    if sys.platform.startswith("linux"):
        _drop_bounding_set()  # while that is still allowed
    layers.attempt("own user", _own_user, FIRST_UID + slot)
    if sys.platform.startswith("linux"):
        layers.attempt("no capabilities", _no_capabilities)
        layers.attempt("seccomp", _seccomp, filter)
    else:
        layers.missing["seccomp"] = "not Linux"
    return layers


def _call(name: str, *args) -> None:
    if getattr(LIBC, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _own_mounts(scratch: list[str]) -> None:
    _call("unshare", CLONE_NEWNS | CLONE_NEWIPC)
    _call("mount", b"none", b"/", None, MS_PRIVATE_RECURSIVE, None)
    options = f"size={SCRATCH},mode=1777,nr_inodes=10000".encode()
    for folder in scratch:
        _call("mount", b"tmpfs", folder.encode(), b"tmpfs", MS_NOSUID_NODEV, options)
    _call("mount", b"proc", b"/proc", b"proc", MS_NOSUID_NODEV_NOEXEC, None)
    os.chdir(scratch[0])


def _limits(memory: int, own_proc: bool) -> None:
    with open("/proc/self/statm") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    limits = LIMITS | {resource.RLIMIT_AS: mapped + memory, resource.RLIMIT_NPROC: PROCESSES}
    for kind, value in limits.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    with open("/proc/self/oom_score_adj", "w") as score:  # where memory runs out all the same, let it be this process
        score.write("1000")
    if own_proc:  # what was written there stays
        _call("mount", b"none", b"/proc", None, MS_REMOUNT_BIND_READ_ONLY | MS_NOSUID_NODEV_NOEXEC, None)


def _own_user(uid: int) -> None:
    if os.getuid() != 0:
        raise OSError("only root can give each worker one")
    if not _open_to_others([sys.prefix, sys.base_prefix, *sys.path]):
        raise OSError("Python or the course is not readable for others")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _open_to_others(folders: list[str]) -> bool:
    """Whether another user could import what these folders hold."""
    existing = [os.path.realpath(folder) for folder in folders if os.path.isdir(folder)]
    steps = {
        folder[:end] for folder in existing for end in range(1, len(folder) + 1) if folder[end : end + 1] in ("", "/")
    }
    return all(os.stat(step).st_mode & 0o1 for step in {"/", *steps}) and all(
        os.stat(f).st_mode & 0o4 for f in existing
    )


def _drop_bounding_set() -> None:
    for capability in range(64):
        try:
            _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
        except OSError:  # past the last capability of this kernel, or no right to drop any
            break


def _no_capabilities() -> None:
    """Drop every capability: an ordinary user's come from bubblewrap's user namespace and survive otherwise."""

    class Header(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]

    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    _call("capset", ctypes.byref(Header(LINUX_CAPABILITY_VERSION_3, 0)), (ctypes.c_uint32 * 6)())
    _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)  # siblings cannot read its memory
    die_with_parent()


def _seccomp(filter: bytes) -> None:
    if not filter:
        raise OSError("no filter: pyseccomp or the system's libseccomp is missing")

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    program = Program(len(filter) // 8, filter)
    _call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
