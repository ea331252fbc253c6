"""Commands as an ordinary user, from a test that may itself be run by root."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UID = 12345
USERS = ("root", "ordinary user")


def _closed_to_others(path: Path) -> Path | None:
    """The uppermost folder on the way to a path that others may not pass."""
    return next((p for p in [*reversed(path.parents)][1:] if not p.stat().st_mode & 0o1), None)


def command_as(user: str, command: list[str]) -> list[str]:
    """The command line that runs a command as root or as an ordinary user; skips the test where that cannot be had.

    Where Python itself lies in a folder that only root may enter, the ordinary user gets a view of the file system in which that
    folder is open and holds Python alone; nothing changes outside.
    """
    if user == "root":
        if os.getuid() != 0:
            pytest.skip("not run as root")
        return command
    if os.getuid() != 0:
        return command
    if not all(map(shutil.which, ("setpriv", "unshare", "mount"))):
        pytest.skip("setpriv, unshare and mount (util-linux) are needed to run as another user")
    drop = f"--reuid={UID} --regid={UID} --clear-groups --inh-caps=-all --bounding-set=-all"
    steps = []
    prefix = Path(sys.base_prefix).resolve()
    if closed := _closed_to_others(prefix):
        aside, q = "/mnt", shlex.quote
        steps = [
            f"mount --bind {q(str(prefix))} {aside}",
            f"mount -t tmpfs -o mode=755 none {q(str(closed))}",
            f"mkdir -p {q(str(prefix))}",
            f"mount --move {aside} {q(str(prefix))}",
        ]
    script = " && ".join(["umask 022", *steps, f'exec setpriv {drop} "$@"'])
    whole = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command]
    probe = subprocess.run(
        [*whole[: -len(command)], sys.executable, "-c", "import numpy"], capture_output=True, text=True
    )
    if probe.returncode != 0:
        pytest.skip(f"an ordinary user cannot run this Python here: {probe.stderr.strip()[-200:]}")
    return whole


def environment(home: Path) -> dict[str, str]:
    """For a command as any user: a home and a place for temporary files of its own."""
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    return os.environ | {
        "HOME": str(home), "TMPDIR": str(home / "tmp"), "MPLCONFIGDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1", "COLUMNS": "200",
    }  # fmt: skip


def give_to(user: str, folder: Path) -> None:
    """Let a user own a folder and all that is in it."""
    if user != "root" and os.getuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, UID, UID, follow_symlinks=False)
