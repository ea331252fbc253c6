"""HTML pages from the templates beside this module; a teacher may restyle them in `templates/style.css`.

Every value that a template puts in is escaped, and cleaned of what could steer a reader's eye. The pages stand alone: no network, one
style sheet and, where a marker fills in a form, one script, which the content security policy knows by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.files import clean
from autograder.reports.words import SIGNS, TONES, WORDS, in_points, level_of, named_mistake, resting_on, unreadable

TEMPLATES = Path(__file__).with_name("templates")


def page(template: str, **context: Any) -> str:
    """A whole document."""
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
    environment.filters |= {"points": in_points, "resting_on": resting_on, "unreadable": unreadable}
    environment.globals |= {
        "style": _file("style.css"),
        "script": _file,
        "digest": _digest,
        "policy": f"default-src 'none'; style-src '{_digest('style.css')}'; base-uri 'none'; form-action 'none'",
        "signs": SIGNS,
        "words": WORDS,
        "tones": TONES,
        "level_of": level_of,
        "named_mistake": named_mistake,
    }
    return environment


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
