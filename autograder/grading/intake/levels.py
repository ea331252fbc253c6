"""A tree of files, folder by folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from autograder.grading.intake.sources import File, Tree

_DISGUISED = re.compile(r".*\.ipynb(?:\.(?:txt|json|download|bak|orig))+", re.IGNORECASE | re.DOTALL)


def is_notebook(name: str) -> bool:
    """Whether a name is a notebook's, be it with an ending that a program has put behind."""
    return name.lower().endswith(".ipynb") or bool(_DISGUISED.fullmatch(name))


def is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def stem_of(name: str) -> str:
    """A file's name without its endings: `jdoe` of jdoe.ipynb.txt."""
    if found := re.fullmatch(r"(.*)\.ipynb(?:\.\w+)*", name, re.IGNORECASE | re.DOTALL):
        return found[1]
    stem, _, ending = name.rpartition(".")
    return stem if stem and re.fullmatch(r"\w{1,8}", ending) else name


class Level:
    """One folder, with what lies directly in it."""

    def __init__(self, path: tuple[str, ...], name: str):
        self.path, self.name = path, name
        self.files: list[File] = []
        self.folders: dict[str, Level] = {}

    @classmethod
    def of(cls, tree: Tree, name: str) -> Level:
        top = cls((), name)
        for folder in tree.folders:
            top._below(folder)
        for file in tree.files:
            top._below(file.parts[:-1]).files.append(file)
        return top

    def _below(self, parts: tuple[str, ...]) -> Level:
        level = self
        for part in parts:
            level = level.folders.setdefault(part, Level((*level.path, part), part))
        return level

    def everything(self) -> Iterator[File]:
        """All files in it, however deep."""
        yield from self.files
        for folder in self.folders.values():
            yield from folder.everything()

    @cached_property
    def notebooks(self) -> list[str]:
        """The names of the notebooks that lie directly in it."""
        return [file.name for file in self.files if is_notebook(file.name)]

    @cached_property
    def is_empty(self) -> bool:
        return not any(True for _ in self.everything())

    @cached_property
    def holds_work(self) -> bool:
        """Whether there is a notebook in it, or an archive that may hold one."""
        return any(is_notebook(file.name) or is_zip(file.name) for file in self.everything())

    @cached_property
    def is_run(self) -> bool:
        """Whether `autograder grade` wrote here."""
        return "results" in self.folders and any(file.name == "run.json" for file in self.files)
