"""HTML pages from the templates beside this module; a teacher may restyle them in `templates/style.css`.

Every value that a template puts in is escaped, and cleaned of what could steer a reader's eye. The pages stand alone: no script, no
network, one style sheet that the content security policy knows by its hash.
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
def _environment() -> Environment:
    style = (TEMPLATES / "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
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
        "style": Markup(style),
        "policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        "signs": SIGNS,
        "words": WORDS,
        "tones": TONES,
        "level_of": level_of,
        "named_mistake": named_mistake,
    }
    return environment


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
