"""The `posekit` command: start a lab."""

from __future__ import annotations

import shlex
import sys
from importlib import metadata, util
from pathlib import Path
from typing import Annotated

import typer

from posekit.start import StartError, shipped, start

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="Work on the labs.")


def main() -> None:
    """Entry point: an error that we know is one line and exit status 1."""
    try:
        app()
    except StartError as error:
        print(f"posekit: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _version(asked: bool) -> None:
    if asked:
        print(f"posekit {metadata.version('posekit')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Say which version this is.")
    ] = False,
) -> None:
    pass


@app.command("start")
def start_lab(
    lab: Annotated[str, typer.Argument(help="The lab: lab1, lab2, … or all, for those that are not there yet.")],
    folder: Annotated[Path, typer.Argument(help="Where you want to work.")] = Path("work"),
) -> None:
    """Copy a lab's notebook into a folder of yours. What is there already stays as it is."""
    if lab != "all":
        copy = start(lab, folder)
        print(f"Wrote {copy}. {_how_to_open(copy)}")
        return
    there = [name for name, notebook in shipped().items() if (folder / notebook.name).exists()]
    new = [start(name, folder).name for name in shipped() if name not in there]
    if new:
        print(f"Wrote {', '.join(new)} to {folder}. {_how_to_open(folder)}")
    if there:
        print(f"Already in {folder}, and left as they are: {', '.join(there)}.")


def _how_to_open(path: Path) -> str:
    if util.find_spec("jupyterlab"):
        return f"Open it: jupyter lab {shlex.quote(str(path))}"
    return "Open it in Jupyter or VS Code (pip install jupyterlab)."


if __name__ == "__main__":
    main()
