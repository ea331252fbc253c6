"""HTML by construction: a string becomes markup only through `tag`, which escapes whatever is not markup already.

So nothing that a student wrote can turn into an element or an attribute, and no page needs to remember to escape. The
pages stand alone: no script, no network, one style sheet that the content security policy knows by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable

from autograder.files import clean

# Okabe-Ito's blue, orange and vermilion, darkened or lightened where they colour text.
STYLE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1c2126; --soft: #59626b; --line: #d5dae0; --panel: #f5f7f9;
  --full: #0072b2; --part: #e69f00; --none: #d55e00; --good: #00608f; --fair: #8a5a00; --bad: #b04300;
  --warn: #fff4dc; --track: #e6eaee; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181c; --ink: #e6e9ec; --soft: #a3adb7; --line: #39424b; --panel: #1d2329; --full: #3d9bd4;
    --part: #e69f00; --none: #e8702a; --good: #6dbcf0; --fair: #f0b440; --bad: #ff9a5c; --warn: #3a2d10;
    --track: #2c343c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p { margin: .4rem 0; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: .9em; }
a { color: var(--good); }
.soft { color: var(--soft); }
.lead { font-size: 1.15rem; }
.note { background: var(--panel); border-left: .25rem solid var(--line); padding: .6rem .8rem; margin: .75rem 0; }
.warn { background: var(--warn); border-left-color: var(--part); }
.note ul { margin: .3rem 0; padding-left: 1.2rem; }
.cards { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.cards li { flex: 1 1 7rem; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem .8rem; }
.cards b { display: block; font-size: 1.5rem; line-height: 1.2; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
thead th { font-size: .85rem; color: var(--soft); }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.n, th.n { width: 1%; }
.wide { min-width: 9rem; }
/* In a table that may scroll, a column is as wide as its longest word; only what students name or say may break. */
.scroll table { overflow-wrap: break-word; }
.free { min-width: 9rem; overflow-wrap: anywhere; }
.good { color: var(--good); } .fair { color: var(--fair); } .bad { color: var(--bad); }
.sign { font-weight: 700; }
.checks { list-style: none; margin: .5rem 0; padding: 0; }
.checks > li { padding: .5rem .8rem; margin: .4rem 0; background: var(--panel); border-radius: .4rem; }
.checks p { margin: .3rem 0 0; padding-left: 1.4rem; }
.items { list-style: none; margin: .5rem 0; padding: 0; }
.items > li { padding: .5rem 0; border-bottom: 1px solid var(--line); }
.message, .answer { white-space: pre-wrap; }
.answer { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem;
  margin: .5rem 0; }
svg { display: block; width: 100%; height: .9rem; border-radius: .2rem; margin: .25rem 0; }
.track { fill: var(--track); } .full { fill: var(--full); } .part { fill: var(--part); } .none { fill: var(--none); }
.stripe { stroke: var(--page); stroke-width: .5; }
.off { position: absolute; width: 0; height: 0; }
.key span { white-space: nowrap; margin-right: 1rem; }
.key svg { display: inline-block; width: 1.6rem; vertical-align: -.1rem; margin: 0 .3rem 0 0; }
footer { margin-top: 3rem; padding-top: .75rem; border-top: 1px solid var(--line); font-size: .85rem;
  color: var(--soft); }
@media (max-width: 30rem) { th, td { padding: .35rem .35rem; } }
@media print { .scroll { overflow: visible; } h2, .checks > li { break-inside: avoid; } }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
_VOID = frozenset({"meta", "br"})


class Markup(str):
    """Finished HTML; any other string is escaped where it is put into an element."""

    __slots__ = ()


def tag(element: str, *children: str | Iterable[str], **attributes: str | int | float) -> Markup:
    """One element. Children are markup, text to be escaped, or iterables of these.

    An attribute's name ends in `_` where Python keeps the word (`class_`), and `_` inside stands for `-`.
    """
    opening = element
    for name, value in attributes.items():
        opening += f' {name.rstrip("_").replace("_", "-")}="{_escape(str(value))}"'
    if element in _VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{join(children)}</{element}>")


def join(children: Iterable[str | Iterable[str]]) -> Markup:
    """Children, one after the other, as markup."""
    parts = []
    for child in children:
        if isinstance(child, Markup):
            parts.append(child)
        elif isinstance(child, str):
            parts.append(_escape(child))
        else:
            parts.append(join(child))
    return Markup("".join(parts))


def _escape(text: str) -> str:
    return html.escape(clean(text), quote=True)


def page(title: str, *body: str | Iterable[str]) -> str:
    """A whole document around its body."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        # No data of the page may load or run anything, whatever slipped into it.
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    return Markup("<!doctype html>\n") + tag("html", head, "\n", tag("body", *body), lang="en") + "\n"
