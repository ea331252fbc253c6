"""Formulas in a text, as MathML that a browser sets by itself; of a student's text only what a list knows as harmless comes through."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from markupsafe import Markup, escape

from autograder.files import clean

LONGEST = 2000  # characters of a formula; a longer one is shown as it was typed
MOST = 200  # formulas of a text
_FORMULA = re.compile(r"\$\$(?P<block>[^$]+)\$\$|(?<![\\$\w])\$(?P<inline>[^$\n]+)\$(?![\w$])")
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_ELEMENTS = frozenset(
    "math mrow mi mn mo mtext mspace ms mfrac msqrt mroot mstyle merror mpadded mphantom msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts none mtable mtr mtd menclose mfenced".split()
)
_ATTRIBUTES = frozenset(
    "display accent accentunder stretchy fence separator form lspace rspace minsize maxsize movablelimits symmetric largeop "
    "linethickness mathvariant columnalign rowspacing columnspacing columnlines rowlines displaystyle scriptlevel width height "
    "depth notation open close separators".split()
)
_VALUE = re.compile(r"[\w .,%()\[\]{}|+-]{0,40}")


def with_formulas(text: str) -> Markup:
    """A text as it was typed, escaped, its formulas set."""
    parts, end = [], 0
    for number, found in enumerate(_FORMULA.finditer(text)):
        if number == MOST:
            break
        parts.append(escape(clean(text[end : found.start()])))
        block = found["block"]
        parts.append(Markup(mathml(block or found["inline"], block is not None, typed=found[0])))
        end = found.end()
    return Markup("").join([*parts, escape(clean(text[end:]))])


def mathml(tex: str, block: bool, typed: str | None = None) -> str:
    """A formula as MathML, or as it was typed where it cannot be set."""
    typed = typed if typed is not None else (f"$${tex}$$" if block else f"${tex}$")
    try:
        from latex2mathml.converter import convert

        if len(tex) > LONGEST:
            raise ValueError
        made = convert(clean(" ".join(tex.split())), display="block" if block else "inline")
        root = ElementTree.fromstring(made)
        _require_harmless(root)
    except Exception:  # whatever a parser of half a language meets, and where it is not installed
        return f"<code>{escape(clean(typed))}</code>"
    ElementTree.register_namespace("", _NAMESPACE.strip("{}"))
    return ElementTree.tostring(root, encoding="unicode")


def _require_harmless(root: ElementTree.Element) -> None:
    """Raise ValueError where there is an element or an attribute that a formula does not need."""
    for element in root.iter():
        name = element.tag.removeprefix(_NAMESPACE)
        attributes = all(key in _ATTRIBUTES and _VALUE.fullmatch(value) for key, value in element.attrib.items())
        if name not in _ELEMENTS or not attributes:
            raise ValueError(name)
