"""A bounded, coverage-guided run of strangers' frames against the decoder: `python -m tests.fuzz_wire [SECONDS] [SEED]`.

Frames grow from valid ones by cutting, splicing and flipping; one that reaches a line, or a line in a new order, is kept and grown
further. Whatever comes, the decoder gives plain data that encodes again, or raises `WireError`.
"""

from __future__ import annotations

import json
import random
import sys
import time

import numpy as np

from autograder.wall import wire

SEEDS = [
    None, True, 1, -1.5, "x", 2j, [1, 2], (1, "a"), {"k": [1.0], 2: (3,)}, np.arange(3.0), np.ones((2, 2), bool), np.float32(1),
    np.zeros((0, 3), ">i2"), {"flags": [], "changed": [], "value": np.arange(4)},
]  # fmt: skip
WORDS = [
    b"{", b"}", b"[", b"]", b'"t":', b'"array"', b'"scalar"', b'"list"', b'"tuple"', b'"dict"', b'"complex"', b'"ref"', b'"torch"', b'"d":',
    b'"s":', b'"v":', b'"<f8"', b'"|b1"', b'">c16"', b'"|O"', b"NaN", b"-1", b"1e999", b"0", b"4611686018427387904", b"null", b"true",
    b"9" * 300, b'"\\ud800"',
]  # fmt: skip


def harmless(frame: bytes) -> bool:
    """Whether the decoder keeps its promise for one frame; True also says that it was accepted."""
    try:
        value = wire.decode(frame, lambda reference: None)
    except wire.WireError:
        return False
    wire.encode(value)
    return True


def mutate(frame: bytes, pool: list[bytes], rng: random.Random) -> bytes:
    """Change the header or the body of a frame; three times in four its lengths are put right again."""
    size = wire.PREFIX.size
    cut = size + int.from_bytes(frame[4:8], "little")
    header, body = bytearray(frame[size:cut]), bytearray(frame[cut:])
    for _ in range(rng.randint(1, 4)):
        part = header if rng.random() < 0.8 else body
        at = rng.randint(0, len(part))
        match rng.randrange(5):
            case 0:
                part[at:at] = rng.choice(WORDS)
            case 1:
                del part[at : at + rng.randint(1, 8)]
            case 2 if part:
                part[at % len(part)] ^= 1 << rng.randrange(8)
            case 3:
                other = rng.choice(pool)[size:]
                start = rng.randint(0, len(other))
                part[at:at] = other[start : start + rng.randint(1, 40)]
            case _:
                part[at:at] = part[max(0, at - rng.randint(1, 20)) : at]
    header, body = header[:4000], body[:4000]
    lengths = (len(header) + len(body), len(header))
    if rng.random() < 0.25:
        lengths = tuple(rng.choice([n, n + 1, max(0, n - 1), 0, 2**32 - 1]) for n in lengths)
    return wire.PREFIX.pack(*lengths) + header + body


def traced(frame: bytes) -> tuple[bool, frozenset[tuple[int, int]]]:
    """`harmless`, and the steps from line to line that it took in the decoder."""
    steps: set[tuple[int, int]] = set()
    last = 0

    def local(frame_, event, _arg):
        nonlocal last
        if event == "line":
            steps.add((last, frame_.f_lineno))
            last = frame_.f_lineno
        return local

    def call(frame_, _event, _arg):
        return local if frame_.f_code.co_filename == wire.__file__ else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        accepted = harmless(frame)
    finally:
        sys.settrace(before)
    return accepted, frozenset(steps)


def fuzz(frames: int, seed: int, seconds: float = float("inf")) -> dict[str, int]:
    """Run so many frames, or for so long; counts of what was seen. Raises whatever the decoder raises beside `WireError`."""
    rng = random.Random(seed)
    pool = [wire.encode(value) for value in SEEDS]
    seen: set[tuple[int, int]] = set()
    for frame in pool:
        seen |= traced(frame)[1]
    counts = {"frames": 0, "accepted": 0, "kept": 0}
    end = time.monotonic() + seconds
    while counts["frames"] < frames and time.monotonic() < end:
        frame = mutate(rng.choice(pool), pool, rng)
        try:
            accepted, steps = traced(frame)
        except Exception:
            print(f"the frame was {frame!r}", file=sys.stderr)
            raise
        counts["frames"] += 1
        counts["accepted"] += accepted
        if steps - seen:
            seen |= steps
            pool.append(frame)
            counts["kept"] += 1
    return counts | {"steps": len(seen)}


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    print(json.dumps(fuzz(10**12, int(sys.argv[2]) if len(sys.argv) > 2 else 0, seconds)))
