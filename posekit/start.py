"""A student's own copy of a lab, which nothing here ever overwrites."""

from __future__ import annotations

import re
import sys
from pathlib import Path


class StartError(Exception):
    """One line: which lab cannot be started where, and what to do."""


def shipped() -> dict[str, Path]:
    """The student notebooks by lab ("lab1"), in order: ``labs/`` of a checkout, else the copies installed with posekit."""
    package = Path(__file__).parent
    for folder in (package.parent / "labs", package / "labs"):
        if found := {path.stem.partition("_")[0]: path for path in folder.glob("*_*.ipynb")}:
            return {lab: found[lab] for lab in sorted(found, key=_number)}
    return {}


def start(lab: str, folder: Path) -> Path:
    """Copy a lab's notebook into a folder, which is made where it is missing.

    Parameters
    ----------
    lab : str
        "lab1", "1" or "lab1_likelihood"; "capstone".
    folder : Path

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    StartError
        Where there is no such lab, where the copy or something else of its name is there already, or where nothing can be written.
    """
    notebooks = shipped()
    wanted = lab.lower().removesuffix(".ipynb").partition("_")[0]
    wanted = f"lab{wanted}" if wanted[:1].isdigit() else wanted
    if wanted not in notebooks:
        raise StartError(f"there is no lab {lab!r}; there are {', '.join(notebooks) or 'none'}")
    copy = folder / notebooks[wanted].name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(copy, "xb") as file:  # makes the file or fails: nobody's work is in reach
            try:
                file.write(notebooks[wanted].read_bytes())
            except BaseException:
                copy.unlink()
                raise
    except FileExistsError as error:
        if str(error.filename) != str(copy):
            raise StartError(f"{folder} is a file: name a folder") from None
        raise StartError(
            f"{copy} is there already and stays as it is. Go on in it, or name another folder for a new copy: "
            f"posekit start {wanted} {folder}-again"
        ) from None
    except OSError as error:
        raise StartError(f"{copy} cannot be written: {error.strerror}") from None
    return copy


def _number(lab: str) -> tuple[int, str]:
    number = re.match(r"lab(\d+)", lab)
    return (int(number[1]) if number else sys.maxsize, lab)  # the capstone is last
