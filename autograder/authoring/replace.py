"""What the builder may write over: its own output and what git has, and nothing that somebody has worked in."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from autograder.authoring import BuildError
from autograder.files import write_atomically

SEAL = "built"  # in the notebook's metadata: a digest of all the rest, by which the builder knows its own output


def seal(document: dict[str, Any], kind: str) -> str:
    """The digest of a notebook of that kind (student, walkthrough, nbgrader), its own seal left out."""
    metadata = {key: value for key, value in document["metadata"].items() if key != "posekit"}
    text = json.dumps({**document, "metadata": metadata}, sort_keys=True)
    return hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()[:16]


def write_notebook(path: Path, text: str, kind: str) -> bool:
    """Write a built notebook; whether that changed anything.

    Raises
    ------
    BuildError
        Where another file stands there that is neither what the builder wrote, as this kind of notebook, nor what git has.
    """
    if path.exists():
        if path.read_bytes() == text.encode():
            return False
        if not (_is_sealed(path, kind) or _in_git(path)):
            raise BuildError(
                f"{path} was changed by hand, and is left as it is: move it elsewhere if there is work in it, or delete it; "
                "then build again (`posekit start` makes copies to work in)"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text)
    return True


def refuse_labs(folder: Path, labs: Path) -> None:
    """Refuse a folder for notebooks with solutions that is, or lies in, the one that students get.

    Raises
    ------
    BuildError
    """
    if folder.resolve().is_relative_to(labs.resolve()):
        raise BuildError(f"{folder} is what students get: notebooks with solutions are not written there")


def _is_sealed(path: Path, kind: str) -> bool:
    try:
        document = json.loads(path.read_bytes())
        return document["metadata"]["posekit"][SEAL] == seal(document, kind)
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def _in_git(path: Path) -> bool:
    """Whether git tracks the file, and has it (committed or staged) as it is now."""
    status = ["git", "status", "--porcelain", "--ignored", "--", path.name]
    tracked = ["git", "ls-files", "--error-unmatch", "--", path.name]
    try:
        first, second = (subprocess.run(words, cwd=path.parent, capture_output=True) for words in (status, tracked))
    except OSError:
        return False
    return first.returncode == second.returncode == 0 and first.stdout[1:2] in (b"", b" ")
