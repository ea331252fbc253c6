"""Frames of plain data between the judge and the student's process; nothing is ever unpickled.

A frame is two little-endian uint32 (bytes that follow the first eight; bytes of the header), a JSON header, and the raw
bytes of the arrays in the order in which the header names them. A header is a value: null, true, numbers and strings stand for
themselves, everything else is an object with a tag `t`:

    {"t": "array", "d": "<f8", "s": [3, 2]}      raw bytes in the body; "torch" for a tensor
    {"t": "scalar", "d": "<f4"}                   a NumPy scalar, raw
    {"t": "list" | "tuple", "v": [...]}           {"t": "dict", "v": [[key, value], ...]}
    {"t": "complex", "v": [re, im]}
    {"t": "ref", "kind": "...", "id": n}          what stays on its own side: a function, a module, a generator of random numbers

Everything that arrives is checked against the size that was announced before anything is allocated.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

Buffer = bytes | bytearray | memoryview

PREFIX = struct.Struct("<II")
TO_JSON = json.JSONEncoder(separators=(",", ":")).encode  # bound here: student's code may replace what json holds
FROM_JSON = json.JSONDecoder().decode
FROM_STUDENT = 32 << 20  # a student's frame; the judge's own inputs may be larger
FROM_JUDGE = 256 << 20
MAX_HEADER = 8 << 20
MAX_DEPTH = 24
MAX_NODES = 200_000
MAX_DIMENSIONS = 16
MAX_PAIRS = 10_000  # of one dict: keys that collide on purpose cost their square
MAX_INTEGER_BITS = 4096
MAX_ITERATED = 100_000
DTYPES = frozenset(
    order + kind + str(size)
    for kind, sizes in (("b", (1,)), ("i", (1, 2, 4, 8)), ("u", (1, 2, 4, 8)), ("f", (2, 4, 8)), ("c", (8, 16)))
    for size in sizes
    for order in ("|" if size == 1 else "<>")
)


class WireError(Exception):
    """A value that cannot cross, or a frame that is not one of ours."""


class Uncarried(WireError):
    """A value that cannot cross: `kind` is one of `outcome.Kind`, `name` the type or dtype of the value where that is the reason."""

    def __init__(self, kind: str, name: str = ""):
        super().__init__(f"{kind}: {name}" if name else kind)
        self.kind, self.name = kind, name


Reference = dict[str, Any]


def refuse(value: Any) -> Reference:
    """What an encoder does with a value that is no plain data, and that nothing else can be made of: raise Uncarried."""
    raise Uncarried("not plain", type(value).__name__)


def _resolve_nothing(reference: Reference) -> Any:
    raise WireError("unexpected reference")


def _too_long(shape: list[int] | tuple[int, ...], itemsize: int) -> bool:
    """Whether an array without elements is as long as none with elements may be: a sum over its empty axis would be."""
    return 0 in shape and math.prod(n or 1 for n in shape) * itemsize > FROM_JUDGE


class _Encoder:
    def __init__(self, refer: Callable[[Any], Reference], cap: int):
        self.refer, self.cap = refer, cap
        self.buffers: list[Any] = []
        self.size = self.nodes = 0

    def array(self, tag: str, array: np.ndarray) -> Reference:
        if array.dtype.str not in DTYPES:
            if array.dtype.kind in "fc":  # extended precision is not portable
                array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
            else:
                raise Uncarried("dtype", array.dtype.type.__name__.rstrip("_"))
        if array.ndim > MAX_DIMENSIONS:
            raise Uncarried("dimensions")
        self.size += array.nbytes
        if self.size > self.cap or _too_long(array.shape, array.itemsize):
            raise Uncarried("too large")
        if array.nbytes:
            self.buffers.append(np.ascontiguousarray(array).data.cast("B"))
        return {"t": tag, "d": array.dtype.str, "s": list(array.shape)}

    def value(self, value: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise Uncarried("nested" if depth > MAX_DEPTH else "too many parts")
        kind = type(value)
        if kind is np.ndarray:
            return self.array("array", value)
        if value is None or kind is bool:
            return value
        if kind is str:
            self.size += len(value)
            if self.size > self.cap:
                raise Uncarried("too large")
            return value
        if kind is int:
            if value.bit_length() > MAX_INTEGER_BITS:
                raise Uncarried("huge integer")
            return value
        if kind is float:
            return value
        if kind is complex:
            return {"t": "complex", "v": [value.real, value.imag]}
        if kind is list or kind is tuple:
            return {"t": kind.__name__, "v": [self.value(item, depth + 1) for item in value]}
        if kind is dict:
            if len(value) > MAX_PAIRS:
                raise Uncarried("too many parts")
            pairs = [[self.value(key, depth + 1), self.value(item, depth + 1)] for key, item in value.items()]
            return {"t": "dict", "v": pairs}
        return self.other(value, depth)

    def other(self, value: Any, depth: int) -> Any:
        if isinstance(value, np.generic) and value.dtype.kind in "biufc":
            array = np.asarray(value)
            return {key: item for key, item in self.array("scalar", array).items() if key != "s"}
        if isinstance(value, np.ndarray):
            return self.array("array", np.asarray(value))
        torch = sys.modules.get("torch")  # a value can only be a tensor where torch is imported
        if torch is not None and isinstance(value, torch.Tensor):
            tensor = value.detach().cpu().resolve_conj().resolve_neg()
            return self.array("torch", (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy())
        for plain in (int, float, str):  # enums and other classes that derive from these
            if isinstance(value, plain):
                return self.value(plain(value), depth)
        if isinstance(value, (list, tuple)):  # named tuples
            return self.value(list(value) if isinstance(value, list) else tuple(value), depth)
        if isinstance(value, range) or (isinstance(value, Iterator) and not callable(value)):
            items = list(islice(value, MAX_ITERATED + 1))
            if len(items) > MAX_ITERATED:
                raise Uncarried("too many parts")
            return self.value(items, depth)
        if hasattr(value, "__array__") and not isinstance(value, type) and not callable(value):
            return self.array("array", np.asarray(value))
        return self.refer(value)


def encode(value: Any, refer: Callable[[Any], Reference] = refuse, cap: int = FROM_JUDGE) -> bytes:
    """The frame of a value; `refer` turns what cannot be copied (functions, modules) into a reference.

    Raises
    ------
    Uncarried
        Where the value is no plain data, or larger than `cap` bytes.
    """
    encoder = _Encoder(refer, cap)
    try:
        header = TO_JSON(encoder.value(value)).encode("ascii")
    except RecursionError:
        raise Uncarried("nested") from None
    if len(header) > MAX_HEADER:
        raise Uncarried("too many parts")
    size = len(header) + sum(len(buffer) for buffer in encoder.buffers)
    return b"".join([PREFIX.pack(size, len(header)), header, *encoder.buffers])


class _Decoder:
    def __init__(self, body: memoryview, resolve: Callable[[Reference], Any]):
        self.body, self.resolve = body, resolve
        self.position = self.nodes = 0

    def array(self, tag: Reference, shape: list[Any]) -> np.ndarray:
        name = tag.get("d")
        if not isinstance(name, str) or name not in DTYPES:
            raise WireError("dtype not on the list")
        if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
            raise WireError("bad shape")
        if any(type(n) is not int or n < 0 for n in shape):
            raise WireError("bad shape")
        dtype = np.dtype(name)
        size = math.prod(shape) * dtype.itemsize
        if size > len(self.body) - self.position or _too_long(shape, dtype.itemsize):
            raise WireError("array larger than its frame")
        raw = self.body[self.position : self.position + size]
        self.position += size
        if dtype.kind == "b" and size and np.frombuffer(raw, np.uint8).max() > 1:
            raise WireError("a truth value is 0 or 1")
        return np.frombuffer(raw, dtype).reshape(shape).copy()

    def value(self, header: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("nested too deeply, or too many parts")
        kind = type(header)
        if kind is str or kind is float or kind is bool or header is None:
            return header
        if kind is int:
            if header.bit_length() > MAX_INTEGER_BITS:
                raise WireError("an integer that large cannot be compared")
            return header
        if kind is not dict:
            raise WireError("bad header")
        tag = header.get("t")
        if tag == "array":
            return self.array(header, header.get("s"))
        if tag == "torch":
            array = self.array(header, header.get("s"))
            return self.resolve({"t": "torch", "array": array})
        if tag == "scalar":
            return self.array(header, [])[()]
        if tag == "ref":
            return self.resolve(header)
        items = header.get("v")
        if not isinstance(items, list):
            raise WireError("bad header")
        if tag == "list":
            return [self.value(item, depth + 1) for item in items]
        if tag == "tuple":
            return tuple(self.value(item, depth + 1) for item in items)
        if tag == "complex" and len(items) == 2 and all(isinstance(x, (int, float)) for x in items):
            return complex(*items)
        if tag == "dict" and len(items) <= MAX_PAIRS and all(isinstance(p, list) and len(p) == 2 for p in items):
            result = {}
            for key, item in items:
                key = self.value(key, depth + 1)
                if not isinstance(key, (str, int, float, bool, tuple, np.generic, type(None))):
                    raise WireError("bad key")
                result[key] = self.value(item, depth + 1)
            return result
        raise WireError("unknown tag")


def decode(frame: Buffer, resolve: Callable[[Reference], Any] = _resolve_nothing) -> Any:
    """The value of a whole frame.

    Raises
    ------
    WireError
        For anything that `encode` does not write.
    """
    view = memoryview(frame)
    try:
        size, header_size = PREFIX.unpack_from(view)
        if size != len(view) - PREFIX.size or header_size > min(size, MAX_HEADER):
            raise WireError("lengths that contradict each other")
        start = PREFIX.size + header_size
        decoder = _Decoder(view[start:], resolve)
        value = decoder.value(FROM_JSON(str(view[PREFIX.size : start], "utf-8")))
        if decoder.position != len(decoder.body):
            raise WireError("bytes left over")
        return value
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, MemoryError, struct.error) as error:
        raise WireError(f"malformed frame ({type(error).__name__})") from None


def send(socket: Any, frame: bytes) -> None:
    socket.sendall(frame)


def split(received: memoryview) -> tuple[memoryview, memoryview]:
    """The first frame among bytes received, empty where it is not there as a whole, and what is left of them."""
    if len(received) < PREFIX.size:
        return received[:0], received
    size, _ = PREFIX.unpack_from(received)
    end = PREFIX.size + size if PREFIX.size + size <= len(received) else 0
    return received[:end], received[end:]


def receive(socket: Any, cap: int) -> bytearray:
    """One whole frame from a stream socket.

    Raises
    ------
    EOFError
        Where the other side closed the socket, also in the middle of a frame.
    WireError
        Where the frame announces more than `cap` bytes of arrays, before any of it is read.
    """
    frame = bytearray()
    _extend(frame, socket, PREFIX.size)
    size, _ = PREFIX.unpack(frame)
    if size > cap + MAX_HEADER:
        raise WireError(f"a frame of {size >> 20} MiB is too large")
    _extend(frame, socket, size)
    return frame


def _extend(frame: bytearray, socket: Any, size: int) -> None:
    end = len(frame) + size
    while len(frame) < end:
        chunk = socket.recv(min(1 << 20, end - len(frame)))
        if not chunk:
            raise EOFError("the other side closed")
        frame += chunk
