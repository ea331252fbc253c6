"""How others went wrong: the bank of an exercise as a piece of a page."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import Any

from autograder.judge.bank import load_bank


def others(path: Path) -> str:
    """The known mistakes of an exercise with their descriptions, then other solutions that are right, folded."""
    bank = load_bank(path)
    parts = [f"<details class='others'><summary>How others went wrong: {len(bank.mistakes)} known mistakes</summary>\n"]
    for known in bank.mistakes:
        parts.append(f"**A function that {_sentence(known.description)}.**\n\n{_code(known.function)}\n")
    parts.append("</details>\n")
    if bank.alternatives:
        parts.append("<details class='others'><summary>Other ways that are right</summary>\n")
        parts += [f"{_code(function)}\n" for function in bank.alternatives]
        parts.append("</details>\n")
    return "\n".join(parts)


def _sentence(description: str) -> str:
    return description.rstrip(".").replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;").replace("$", "\\$")


def _code(function: Any) -> str:
    source = textwrap.dedent(inspect.getsource(function)).splitlines()
    start = next(i for i, line in enumerate(source) if line.startswith(("def ", "class ", "async def ")))
    return "```python\n" + "\n".join(source[start:]) + "\n```"
