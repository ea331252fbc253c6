"""Makes the README's pictures of the instructor's desk: the class page and a feedback page of the example class, by Chromium.

make picture
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# What is taken of which page: its file, where the picture goes, and width and height in px.
PICTURES = (
    ("class.html", "class.png", 1280, 1460),
    ("feedback/riemann.html", "feedback.png", 900, 1560),
)
COLOURS = 256  # of the palette: enough for text on tints, and a third of the bytes


def main() -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"no browser here to take the pictures with: install one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as folder:
        graded = Path(folder) / "graded"
        for words in (
            ("example", f"{folder}/class", "--lab", "lab1"),
            (
                "grade",
                f"{folder}/class",
                "--lab",
                "lab1",
                "--due",
                "2025-10-06 23:59",
                "--seed",
                "1",
                "--out",
                str(graded),
            ),
        ):
            subprocess.run([sys.executable, "-m", "autograder", *words], cwd=ROOT, check=True)
        for page, name, width, height in PICTURES:
            take(browser, graded / page, ROOT / "site" / name, width, height)


def take(browser: str, page: Path, picture: Path, width: int, height: int) -> None:
    """The top of a page, in light colours."""
    flags = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={width},{height}"]
    subprocess.run([browser, *flags, f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True)
    Image.open(picture).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    main()
