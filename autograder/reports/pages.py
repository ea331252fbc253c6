"""HTML from the templates beside this module; a teacher may restyle pages in `templates/style.css`, and notebooks in `check.css`.

Every value that a template puts in is escaped, and cleaned of what could steer a reader's eye. The pages stand alone: no network, one
style sheet and, where a marker fills in a form, one script, which the content security policy knows by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.files import clean
from autograder.outcome import Kind
from autograder.reports.failures import beside, told
from autograder.reports.words import SIGNS, TONES, WORDS, in_points, level_of, resting_on, unreadable
from autograder.result import TestResult

TEMPLATES = Path(__file__).with_name("templates")


def page(template: str, **context: Any) -> str:
    """A whole document, or what a notebook shows."""
    return _environment().get_template(template).render(context) + "\n"


@cache
def _file(name: str) -> Markup:
    """A style sheet or script beside the templates."""
    return Markup((TEMPLATES / name).read_text("utf-8"))


def _digest(name: str) -> str:
    """What a content security policy knows such a file by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(_file(name).encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cleaned,
    )
    environment.filters |= {
        "points": in_points,
        "resting_on": resting_on,
        "unreadable": unreadable,
        "index": _index,
        "anchor": _anchor,
        "code": _with_code,
        "beside": lambda test: test.failure and beside(test.failure),
        "own_line": _has_own_line,
        "without_line": _without_line,
    }
    environment.globals |= {
        "style": _file("style.css"),
        "check_style": _file("check.css"),
        "script": _file,
        "digest": _digest,
        "policy": f"default-src 'none'; style-src '{_digest('style.css')}'; base-uri 'none'; form-action 'none'",
        "signs": SIGNS,
        "words": WORDS,
        "tones": TONES,
        "level_of": level_of,
    }
    return environment


def _with_code(text: str) -> Markup:
    """A line in which names of code stand between backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(clean(text)))))


def _anchor(heading: str) -> str:
    """The address of a heading within a page of the site, as docutils makes it: "4 · A logarithm" is a-logarithm."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-").lstrip("0123456789-")


def _has_own_line(test: TestResult) -> bool:
    """Whether the line of the student's that failed is known, and not the answer's first."""
    failure = test.failure
    return bool(failure and failure.line and failure.source and failure.kind is not Kind.UNWRITTEN)


def _without_line(test: TestResult) -> str:
    """A message without the line, which is shown by itself."""
    return told(replace(test.failure, line=0), test.outcome) if test.failure and _has_own_line(test) else test.message


def _index(value: float) -> str:
    """A correlation, with a minus sign where there is one."""
    return f"{value:.2f}".replace("-", "−")


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
