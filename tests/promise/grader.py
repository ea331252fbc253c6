"""Grades notebooks as root or as an ordinary user, with the budgets of driver.py."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.attacks.users import command_as, environment, give_to

ROOT = Path(__file__).parent.parent.parent
DRIVER = Path(__file__).with_name("driver.py")


def graded(notebooks: dict[str, str], lab: str, user: str) -> dict[str, dict]:
    """The result of each student's notebook, as its JSON has it."""
    command_as(user, ["true"])
    home = Path(tempfile.mkdtemp(prefix="promise-"))
    try:
        home.chmod(0o755)
        submissions, out = home / "submissions", home / "out"
        submissions.mkdir()
        for student, text in notebooks.items():
            (submissions / f"{student}.ipynb").write_text(text, "utf-8")
        give_to(user, home)
        words = ["grade", submissions, "--lab", lab, "--out", out, "--seed", "7", "--jobs", "2"]
        done = subprocess.run(
            command_as(user, [sys.executable, str(DRIVER), *map(str, words)]),
            cwd=ROOT, env=environment(home) | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=1800,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        documents = [json.loads(path.read_text("utf-8")) for path in (out / "results").glob("*.json")]
        return {document["extra_data"]["student"]: document["extra_data"] for document in documents}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def scores(result: dict) -> dict[str, int]:
    return {name: exercise["score"] for name, exercise in result["exercises"].items()}
