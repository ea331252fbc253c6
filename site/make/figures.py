"""Pictures out of the notebooks' outputs and into files: small ones, fetched when they come into sight, films when played."""

from __future__ import annotations

import base64
import hashlib
import io
import re

from PIL import Image
from tree import Tree

PICTURE = re.compile(r'src="data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=\s]+)"')
FRAME = re.compile(r'(frames\[(\d+)\] = )"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=\\\s]+)"')
START = re.compile(r"setTimeout\(function\(\) \{(.*?)\}, 0\);", re.DOTALL)
FOLDER = "_static/figures"
PHOTO = 40_000  # bytes without loss from which a picture is a photograph, that some loss does not hurt


def outside(html: str, tree: Tree, up: str) -> str:
    """The HTML of an output whose pictures are files of the tree; `up` leads from its page to the site's root."""
    html = FRAME.sub(lambda m: f'{m[1]}"{up}{_file(m[3], tree)[0]}"', html)

    def picture(match: re.Match[str]) -> str:
        name, (width, height) = _file(match[1], tree)
        return f'src="{up}{name}" width="{width}" height="{height}" loading="lazy" decoding="async"'

    html = PICTURE.sub(picture, html)
    # A film's frames are fetched when somebody reaches for its buttons, not with the page.
    return START.sub(_on_demand, html)


def _on_demand(match: re.Match[str]) -> str:
    return f"""const start = function() {{{match[1]}}};
    const film = document.getElementById(img_id).closest("figure");
    const once = function() {{ if (start.done) return; start.done = true; start(); }};
    for (const kind of ["pointerdown", "focusin", "keydown", "click"]) film.addEventListener(kind, once, true);"""


def _file(encoded: str, tree: Tree) -> tuple[str, tuple[int, int]]:
    data = base64.b64decode(encoded.replace("\\", ""))
    name = f"{FOLDER}/{hashlib.sha256(data).hexdigest()[:16]}.webp"
    with Image.open(io.BytesIO(data)) as image:
        if not tree.keep(name):
            tree.put(name, _webp(image.convert("RGB")))
        return name, image.size


def _webp(image: Image.Image) -> bytes:
    exact = _saved(image, lossless=True, method=4)
    return exact if len(exact) < PHOTO else min(exact, _saved(image, quality=88, method=4), key=len)


def _saved(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "webp", **options)
    return buffer.getvalue()
