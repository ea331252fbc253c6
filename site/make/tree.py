"""The folder that Sphinx reads: written only where something changed, so that Sphinx reads again only what did."""

from __future__ import annotations

from pathlib import Path


class Tree:
    """Files below `root`; those that nobody has put there again are removed by `prune`."""

    def __init__(self, root: Path):
        self.root = root
        self._put: set[Path] = set()

    def put(self, name: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        path = self.root / name
        if not (path.exists() and path.read_bytes() == data):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self._put.add(path)

    def keep(self, name: str) -> bool:
        """Keep a file that is named after its content; whether it is there."""
        path = self.root / name
        self._put.add(path)
        return path.exists()

    def copy(self, folder: Path, below: str = "") -> None:
        """All files of a folder."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                self.put(f"{below}{path.relative_to(folder)}", path.read_bytes())

    def prune(self) -> None:
        for path in sorted(self.root.rglob("*"), reverse=True):
            if path.is_file() and path not in self._put:
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()
