"""The leaderboard of a class: a page, and a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from autograder.files import clean, defuse, write_atomically
from autograder.reports.pages import page
from autograder.scoring.measures import WITHIN, Score, columns, numbers
from autograder.scoring.reading import Refused
from posekit.data import Truth
from posekit.skeleton import NAMES


def write_board(
    out: Path, scores: Sequence[Score], baselines: Sequence[Score], refused: Sequence[Refused], truth: Truth
) -> None:
    """`leaderboard.html` and `scores.csv` in a folder that is made where it is missing: the best first, the baselines among them."""
    rows = sorted(
        [(score, False) for score in scores] + [(score, True) for score in baselines],
        key=lambda row: (row[0].raw, row[0].name),
    )
    out.mkdir(parents=True, exist_ok=True)
    context = {
        "rows": rows,
        "largest": max(score.raw for score, _ in rows),
        "within": WITHIN,
        "keypoints": NAMES,
        "states": [(name, int((truth.state == s).sum())) for s, name in enumerate(truth.state_names)],
        "refused": refused,
        "students": len(scores),
    }
    write_atomically(out / "leaderboard.html", page("leaderboard.html", **context))
    write_atomically(out / "scores.csv", _table(rows, refused, truth))


def _table(rows: Sequence[tuple[Score, bool]], refused: Sequence[Refused], truth: Truth) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["who", "kind", *columns(truth), "not scored because"])
    for score, is_baseline in rows:
        values = ["" if value is None else round(value, 4) for value in numbers(score)]
        writer.writerow([defuse(clean(score.name)), "baseline" if is_baseline else "student", *values, ""])
    for one in refused:
        blank = [""] * len(columns(truth))
        writer.writerow([defuse(clean(one.student)), "student", *blank, defuse(clean(one.why))])
    return text.getvalue()
