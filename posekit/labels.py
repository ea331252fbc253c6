"""Labelled frames of your own animal: read DeepLabCut's, lightning-pose's and SLEAP's tables, pictures and films.

Points are (x, y) px with pixel centres at integers, NaN where nothing was labelled. Pictures become floats in [0, 1].
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"}
HEADER = ("scorer", "individuals", "bodyparts", "coords")


class LabelError(ValueError):
    """A table or a frame that cannot be used, in one line: what, where, and what to do."""


@dataclass(frozen=True)
class LabelledFrames:
    """N frames of one size with K keypoints."""

    images: np.ndarray  #: (N, 1 or 3, H, W) float32 in [0, 1]
    keypoints: np.ndarray  #: (N, K, 2) float64 px (x, y), NaN where not labelled
    names: tuple  #: K keypoint names
    files: tuple  #: N names of the frames


@dataclass(frozen=True)
class Table:
    """What a table of points says, before a frame is looked at."""

    names: tuple  #: K keypoint names
    keypoints: np.ndarray  #: (N, K, 2) float64 px (x, y), NaN where empty
    frames: tuple  #: N paths (str), or numbers of frames of a film (int)


def read_table(path):
    """Read a table of points: DeepLabCut's or lightning-pose's CSV (a first line "scorer, ..."), or SLEAP's analysis CSV.

    Parameters
    ----------
    path : path of a CSV file, of one animal

    Returns
    -------
    Table : names (K,), keypoints (N, K, 2) px, frames (N,)

    Raises
    ------
    LabelError : for a table of another form, of several animals, without rows, or with a cell that is no number
    """
    path = Path(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [(n, row) for n, row in enumerate(csv.reader(file), 1) if any(cell.strip() for cell in row)]
    except OSError as error:
        raise LabelError(f"{path}: cannot be opened ({error.strerror}).") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"{path}: cannot be read as a table ({error}); save it as CSV in UTF-8.") from None
    head = [cell.strip() for cell in rows[0][1]] if rows else [""]
    if head[0].lower() == "scorer":
        table = _multi_header(path, rows)
    elif "frame_idx" in head:
        table = _sleap(path, rows)
    else:
        separator = next((s for s in (";", "\t") if s in head[0]), None) if len(head) == 1 else None
        if separator:
            raise LabelError(
                f"{path.name}: its columns are separated by {separator!r}; save it with commas between them."
            )
        raise LabelError(
            f"{path.name}: want DeepLabCut's or lightning-pose's CSV, whose first line begins with 'scorer', or SLEAP's "
            "analysis CSV, whose first line has 'frame_idx'."
        )
    if not table.frames:
        raise LabelError(f"{path.name}: there is a header, but no labelled frame below it.")
    twice = sorted({str(frame) for frame in table.frames if table.frames.count(frame) > 1})
    if twice:
        raise LabelError(f"{path.name}: frame {twice[0]} has two rows; keep one animal, and one row for each frame.")
    return table


def load_labels(path, frames=None, factor=1):
    """Read labelled frames: a table, and the pictures that it names.

    Parameters
    ----------
    path : path of a CSV file, see `read_table`
    frames : path, optional
        Where the pictures are: a folder, or a film where the table counts frames as SLEAP's does. By default pictures are
        looked for where a table of DeepLabCut or lightning-pose has them, beside it or below the project's folder.
    factor : int
        Pictures are made smaller by means of factor x factor pixels, and keypoints move along. The network knows animals
        that are 60 to 150 px long.

    Returns
    -------
    LabelledFrames : images (N, C, H, W), keypoints (N, K, 2) px of the smaller pictures, names, files

    Raises
    ------
    LabelError : for what `read_table` refuses, a frame that is missing or no picture, or frames of several sizes
    """
    path, table = Path(path), read_table(path)
    if all(isinstance(frame, str) for frame in table.frames):
        folder = path.parent if frames is None else Path(frames)
        found = [_find(path, folder, str(frame)) for frame in table.frames]
        images = _stack([(file.name, _shrink(read_picture(file), factor)) for file in found])
        files = tuple(file.name for file in found)
    else:
        if frames is None:
            raise LabelError(f"{path.name} counts frames: say in which folder of pictures or film, `frames=...`.")
        wanted = {int(frame): n for n, frame in enumerate(table.frames)}
        shown = [(n, picture) for n, picture in enumerate(_pictures(Path(frames), max(wanted) + 1)) if n in wanted]
        missing = sorted(set(wanted) - {n for n, _ in shown})
        if missing:
            raise LabelError(f"{path.name} has frame {missing[0]}, which {Path(frames).name} is too short for.")
        in_order = {n: _shrink(picture, factor) for n, picture in shown}
        images = _stack([(f"frame {n}", in_order[n]) for n in wanted])
        files = tuple(f"frame {n}" for n in wanted)
    keypoints = _shrink_points(table.keypoints, factor)
    height, width = images.shape[2:]
    outside = np.any((keypoints < -0.5) | (keypoints > (width - 0.5, height - 0.5)), axis=-1)
    if outside.any():
        n, k = np.argwhere(outside)[0]
        x, y = table.keypoints[n, k]
        raise LabelError(
            f"{path.name}: {table.names[k]} of {files[n]} is at ({x:g}, {y:g}), outside of the picture of "
            f"{factor * width} x {factor * height} px; are these the frames that were labelled?"
        )
    return LabelledFrames(images, keypoints, table.names, files)


def read_film(path, factor=1, start=0, stop=None):
    """Read consecutive frames: a folder of pictures, in the order of the numbers in their names, or a video file.

    Parameters
    ----------
    path : path
        Videos are read by imageio, which is optional: ``pip install 'posekit[video]'``.
    factor : int
        As in `load_labels`.
    start, stop : int
        The first frame, and the first that is left out; None reads to the end.

    Returns
    -------
    ndarray (T, 1 or 3, H, W) float32 in [0, 1]

    Raises
    ------
    LabelError : where there is nothing to read, imageio is missing, or frames have several sizes
    """
    path, shown = Path(path), []
    for n, picture in enumerate(_pictures(path, stop)):
        if n >= start:
            shown.append((f"frame {n}", _shrink(picture, factor)))
    if not shown:
        raise LabelError(f"{path.name} has no frame from number {start} on.")
    return _stack(shown)


def read_picture(path):
    """A picture as (1, H, W) grey or (3, H, W) colour, float32 in [0, 1]; LabelError where it is none."""
    try:
        with Image.open(path) as image:
            if image.mode == "F":
                raise LabelError(
                    f"{path}: its pixels are floats, which have no common scale; save it with 8 or 16 bits."
                )
            if image.mode.startswith("I"):  # sixteen bits, whole numbers
                return np.asarray(image, dtype=np.float32)[None] / np.float32(65535)
            grey = image.mode in ("1", "L", "LA")
            return _floats(np.asarray(image.convert("L" if grey else "RGB")))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise LabelError(f"{path}: no picture that can be read ({error}).") from None


def write_table(path, names, keypoints, frames, confidence=None, scorer="posekit"):
    """Write points as DeepLabCut and lightning-pose do: a CSV with the lines scorer, bodyparts and coords.

    Parameters
    ----------
    names : sequence of K str
    keypoints : ndarray (N, K, 2) px, NaN is left empty
    frames : sequence of N str or int
        Paths of the frames, or their numbers.
    confidence : ndarray (N, K), optional
        With it each keypoint has a third column, "likelihood".
    """
    columns = ("x", "y") if confidence is None else ("x", "y", "likelihood")
    values = np.asarray(keypoints) if confidence is None else np.dstack([keypoints, confidence])
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["scorer", *[scorer] * (len(columns) * len(names))])
        rows.writerow(["bodyparts", *[name for name in names for _ in columns]])
        rows.writerow(["coords", *columns * len(names)])
        for frame, row in zip(frames, values, strict=True):
            rows.writerow([frame, *("" if np.isnan(value) else f"{value:.4f}" for value in np.ravel(row))])


def _multi_header(path, rows):
    head = {}
    while rows and rows[0][1][0].strip().lower() in HEADER:
        n, row = rows[0]
        head[row[0].strip().lower()], rows = [cell.strip() for cell in row], rows[1:]
    for needed in ("bodyparts", "coords"):
        if needed not in head:
            raise LabelError(f"{path.name}: the lines above the numbers lack {needed!r}.")
    animals = sorted(set(head.get("individuals", [])[1:]) - {""})
    if len(animals) > 1:
        raise LabelError(
            f"{path.name}: labels of several animals ({', '.join(animals[:3])}); this tracker follows one. Keep the columns of one."
        )
    if len(head["bodyparts"]) != len(head["coords"]):
        raise LabelError(
            f"{path.name}: the line bodyparts has {len(head['bodyparts'])} cells, the line coords {len(head['coords'])}."
        )
    columns = _columns(path, zip(head["bodyparts"], head["coords"], strict=True))
    first = min(columns.values(), default=0)
    kept = []
    for n, row in rows:
        place = "/".join(cell.strip() for cell in row[:first] if cell.strip())
        if not place or (not place.isdecimal() and not Path(place).suffix and not any(row[first:])):
            continue  # pandas' name of the first column
        kept.append((n, row, int(place) if place.isdecimal() else place.replace("\\", "/")))
    return _numbers(path, kept, columns, len(head["coords"]))


def _sleap(path, rows):
    head = [cell.strip() for cell in rows[0][1]]
    columns = _columns(path, (name.rpartition(".")[::2] if "." in name else ("", "") for name in head))
    where, kept = head.index("frame_idx"), []
    for n, row in rows[1:]:
        number = row[where].strip() if where < len(row) else ""
        if not number.isdecimal():
            raise LabelError(f"{path.name}, line {n}: frame_idx is {number!r}, which is no number of a frame.")
        kept.append((n, row, int(number)))
    return _numbers(path, kept, columns, len(head))


def _columns(path, titles):
    """Where x and y of each keypoint are: {(name, "x" or "y"): column}."""
    columns = {}
    for column, (name, coordinate) in enumerate(titles):
        if coordinate in ("x", "y"):
            if not name:
                raise LabelError(f"{path.name}: column {column + 1} is the {coordinate} of a keypoint without a name.")
            if (name, coordinate) in columns:
                raise LabelError(f"{path.name}: there are two columns {coordinate} of {name!r}.")
            columns[name, coordinate] = column
    return columns


def _numbers(path, rows, columns, width):
    names = tuple(dict.fromkeys(name for name, _ in columns))
    for name in names:
        if not {(name, "x"), (name, "y")} <= columns.keys():
            raise LabelError(f"{path.name}: {name!r} has no pair of columns x and y.")
    if not names:
        raise LabelError(f"{path.name}: there is no column of a keypoint's x and y.")
    keypoints = np.full((len(rows), len(names), 2), np.nan)
    for r, (n, row, _) in enumerate(rows):
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            raise LabelError(f"{path.name}, line {n}: {len(row)} cells, where the lines at the top have {width}.")
        for k, name in enumerate(names):
            for axis, coordinate in enumerate("xy"):
                cell = row[columns[name, coordinate]].strip()
                try:
                    keypoints[r, k, axis] = float(cell) if cell else np.nan
                except ValueError:
                    raise LabelError(f"{path.name}, line {n}: {coordinate} of {name} is {cell!r}, no number.") from None
    keypoints[~np.isfinite(keypoints).all(axis=-1)] = np.nan
    return Table(names, keypoints, tuple(frame for _, _, frame in rows))


def _find(table, folder, place):
    """The picture that a table calls `place`: below the folder, below one of the folders around it, or in it by its own name."""
    parts = Path(place).parts
    around = [folder, *list(folder.resolve().parents)[:3]]
    tries = [base / Path(*parts) for base in around] + [folder / Path(*parts[-n:]) for n in range(1, len(parts))]
    for file in tries:
        if file.is_file():
            return file
    raise LabelError(f"{table.name} names {place}, which is not in {folder}; say where the pictures are, `frames=...`.")


def _pictures(path, stop) -> Iterator[np.ndarray]:
    """The frames of a folder or a film, one after the other, up to number `stop`."""
    if path.is_dir():
        files = sorted((f for f in path.iterdir() if f.suffix.lower() in PICTURES), key=_by_number)
        if not files:
            raise LabelError(f"{path}: a folder without pictures ({', '.join(sorted(PICTURES))}).")
        yield from map(read_picture, files[:stop])
    elif not path.is_file():
        raise LabelError(f"{path}: there is no such folder of pictures and no such film.")
    else:
        try:
            import imageio.v3 as imageio
        except ModuleNotFoundError:
            raise LabelError(
                f"{path.name}: to read a film, `pip install 'posekit[video]'`; or write its frames into a folder as PNGs."
            ) from None
        try:
            for n, frame in enumerate(imageio.imiter(path)):
                if stop is not None and n >= stop:
                    return
                yield _floats(frame)
        except (OSError, ImportError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise LabelError(
                f"{path.name}: imageio cannot read it ({reason}); `pip install 'posekit[video]'` reads most films."
            ) from None


def _by_number(file):
    """img2 before img10."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", file.name)]


def _floats(pixels):
    """Bytes (H, W) or (H, W, C) as floats (1, H, W) or (3, H, W) in [0, 1]."""
    pixels = np.asarray(pixels, dtype=np.float32) / np.float32(255)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., :3].transpose(2, 0, 1))


def _stack(pictures):
    """Named pictures (C, H, W) as one array (N, C, H, W), in colour if one of them is."""
    sizes: dict = {}
    for name, picture in pictures:
        sizes.setdefault(picture.shape[1:], []).append(name)
    if len(sizes) > 1:
        listed = "; ".join(f"{w} x {h} px: {len(names)}, such as {names[0]}" for (h, w), names in sizes.items())
        raise LabelError(f"the frames have {len(sizes)} sizes ({listed}); give them one, or use those of one size.")
    channels = max(picture.shape[0] for _, picture in pictures)
    return np.stack([np.broadcast_to(picture, (channels, *picture.shape[1:])) for _, picture in pictures])


def _shrink(picture, factor):
    whole = isinstance(factor, (int, np.integer)) and not isinstance(factor, bool)
    if not whole or factor < 1 or factor > min(picture.shape[1:]):
        raise LabelError(
            f"factor is {factor!r}: want a whole number from 1 to the smaller side, {min(picture.shape[1:])}."
        )
    height, width = picture.shape[1] // factor, picture.shape[2] // factor
    blocks = picture[:, : factor * height, : factor * width].reshape(-1, height, factor, width, factor)
    return blocks.mean(axis=(2, 4))


def _shrink_points(points, factor):
    return (points - (factor - 1) / 2) / factor  # the middle of the first block becomes 0
