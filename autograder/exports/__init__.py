"""Results on their way to other systems: Canvas's and Moodle's gradebooks, Gradescope's autograder, nbgrader's database."""

from __future__ import annotations

from collections import Counter

from autograder.result import Result


class ExportError(ValueError):
    """What the other system gave, or needs, does not fit; the message is one clear line."""


def require_one_class(results: list[Result], lab: str | None = None) -> None:
    """Refuse what is not one lab's results (of `lab`, where given), one for each student."""
    if not results:
        raise ExportError("there are no results to export")
    labs = sorted({result.lab for result in results})
    if len(labs) > 1:
        raise ExportError(f"results of {', '.join(labs)} are mixed: export one lab at a time")
    if lab is not None and labs != [lab]:
        raise ExportError(f"these are results of {labs[0]}, not of {lab}")
    student, count = Counter(result.student for result in results).most_common(1)[0]
    if count > 1:
        raise ExportError(f"{student!r} has {count} results: one for each student is needed")
