"""What Sphinx leaves in the site that should not be published."""

from __future__ import annotations

from pathlib import Path

OWN = ("_static", "genindex.html", "py-modindex.html", "search.html")  # what Sphinx writes from no source


def leave_out_what_no_page_asks_for(static: Path, source: Path) -> None:
    """Twenty megabytes of MathJax's other bundles, maps for those who debug the theme, and figures that are gone."""
    mathjax = static / "mathjax"
    needed = (mathjax / "output" / "chtml" / "fonts" / "woff-v2", mathjax / "input" / "tex" / "extensions")
    for path in static.rglob("*"):
        bundle = mathjax in path.parents and path.name != "tex-chtml.js" and not set(needed) & set(path.parents)
        gone = path.parent == static / "figures" and not (source / "figures" / path.name).exists()
        if path.is_file() and (bundle or gone or path.suffix == ".map"):
            path.unlink()


def leave_out_pages_that_are_gone(out: Path, source: Path) -> None:
    """Sphinx keeps what it once wrote; only its own, such as the search page, has no source."""
    for page in out.rglob("*.html"):
        name = page.relative_to(out)
        sources = [source / name.with_suffix(".md"), source / name.with_suffix(".ipynb"), source / "extra" / name]
        if name.parts[0] not in OWN and not any(path.exists() for path in sources):
            page.unlink()
