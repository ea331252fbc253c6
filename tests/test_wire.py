"""The protocol: plain data crosses unchanged, and nothing that a stranger sends does more than raise `WireError`."""

from __future__ import annotations

import json
import math
import socket
import struct
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.wall import wire
from autograder.wall.wire import WireError, decode, encode, receive
from tests.fuzz_wire import fuzz, harmless

DTYPES = [np.dtype(name) for name in sorted(wire.DTYPES)]


def same(a, b) -> bool:
    """Bit for bit, types included; NaN is NaN."""
    if isinstance(a, (np.ndarray, np.generic)):
        if type(a) is not type(b) or a.dtype != b.dtype or a.dtype.byteorder != b.dtype.byteorder or a.shape != b.shape:
            return False
        return np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(x, y) and same(a[x], b[y]) for x, y in zip(a, b))
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    return a == b


def frame(header, body: bytes = b"") -> bytes:
    """A frame as a forger writes it: any JSON, or any bytes, for a header."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return wire.PREFIX.pack(len(head) + len(body), len(head)) + head + body


# --- what is sent arrives ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        math.nan, math.inf, -math.inf, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1,
        0, -1, 2**64, -(2**4000), True, False, None, "", "x\u00fc\U0001f40d\ud800\x00", 1j, complex(-0.0, math.nan),
        (), [], {}, ((),), [[]], (1, [2.0, ("a", None)], {"k": (True, {1: 2, (3, "x"): [4]})}), {None: 1, 2.5: 2, "a": 3},
        np.float32(0.1), np.float64(-0.0), np.float16(1.5), np.int8(-3), np.uint64(2**63), np.bool_(True), np.complex64(1 + 2j),
        np.array(3.5), np.array(True), np.empty((0,)), np.empty((3, 0, 2), np.int16), np.zeros((0, 1000)),
        np.array([math.nan, math.inf, -math.inf, -0.0, 5e-324]), np.array([True, False]), np.arange(6, dtype=">i4").reshape(2, 3),
        np.array(2.5, dtype=">f8"), np.array([1 + 2j, -0.0 - math.inf * 1j], dtype=">c16"), [np.ones(2), (np.zeros(()),)],
        {"a": np.arange(3), "b": {"c": np.float32(1)}},
    ],
    ids=repr,
)  # fmt: skip
def test_crosses_unchanged(value):
    assert same(value, decode(encode(value)))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1), np.arange(10)[::-2], np.asfortranarray(np.ones((3, 4))),
        np.broadcast_to(np.arange(3.0), (5, 3)), np.arange(20.0)[3:7], np.arange(12.0).reshape(3, 4)[:, ::3],
        np.zeros(4, dtype=[("a", "f8"), ("b", "i4")])["a"],
    ],
    ids=lambda a: f"{a.shape}-{a.strides}",
)  # fmt: skip
def test_any_layout_crosses_as_its_values(array):
    found = decode(encode(array))
    assert np.array_equal(found, array) and found.dtype == array.dtype
    assert found.flags.writeable and found.flags.owndata and found.flags.c_contiguous


def test_a_copy_crosses():
    array = np.zeros(3)
    there = decode(encode([array, array]))
    there[0][0] = 1.0
    assert array[0] == 0.0 and there[1][0] == 0.0


def test_a_signalling_nan_keeps_its_bits():
    bits = np.array([0x7FF0000000000001, 0xFFF8000000000123], dtype=np.uint64)
    assert np.array_equal(decode(encode(bits.view(np.float64))).view(np.uint64), bits)


def test_extended_precision_arrives_as_what_everybody_has():
    assert decode(encode(np.array([1.5], dtype=np.longdouble))).dtype == np.float64
    assert decode(encode(np.array([1.5], dtype=np.clongdouble))).dtype == np.complex128


def test_iterators_named_tuples_and_duck_arrays_arrive_as_plain_data():
    from collections import namedtuple
    from enum import IntEnum

    class Duck:
        def __array__(self, dtype=None, copy=None):
            return np.arange(3)

    assert decode(encode(iter([1, 2]))) == [1, 2] and decode(encode(range(3))) == [0, 1, 2]
    assert decode(encode(x * x for x in range(3))) == [0, 1, 4]
    assert decode(encode(namedtuple("P", "x y")(1, 2))) == (1, 2)
    assert decode(encode(IntEnum("E", "A").A)) == 1
    assert np.array_equal(decode(encode(Duck())), [0, 1, 2])
    assert type(decode(encode(np.ma.masked_array([1.0, 2.0], mask=[True, False])))) is np.ndarray


def test_tensors_cross_as_tensors_of_the_other_side():
    torch = pytest.importorskip("torch")

    def resolve(reference):
        assert reference["t"] == "torch"
        return torch.from_numpy(reference["array"])

    for tensor in (
        torch.arange(6.0).reshape(2, 3).T,
        torch.tensor(1.0, requires_grad=True),
        torch.tensor([True]),
        torch.ones(2, dtype=torch.cfloat).conj(),
    ):
        found = decode(encode(tensor), resolve)
        assert torch.equal(found, tensor.detach()) and found.dtype == tensor.dtype
    assert decode(encode(torch.ones(2, dtype=torch.bfloat16)), resolve).dtype == torch.float32


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**200), 2**200), st.floats(), st.complex_numbers(), st.text(max_size=20),
    st.sampled_from([d for d in DTYPES if d.itemsize > 1 or d.kind != "x"]).flatmap(lambda d: hnp.from_dtype(d.newbyteorder("="))),
)  # fmt: skip
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
keys = st.one_of(
    st.text(max_size=5), st.integers(), st.none(), st.booleans(), st.floats(allow_nan=False), st.tuples(st.integers())
)
values = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
@settings(deadline=None, max_examples=300)
def test_anything_plain_crosses_unchanged(value):
    sent = encode(value)
    assert same(value, decode(sent))
    assert encode(decode(sent)) == sent


# --- what cannot be sent ---------------------------------------------------------------------------------------------------


def endless():
    while True:
        yield 0


def deep(n):
    value = 0.0
    for _ in range(n):
        value = [value]
    return value


CYCLE: list = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.array([1, None], dtype=object), "dtype: object"),
        (np.array(["a"]), "dtype"),
        (np.array([b"a"]), "dtype"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "dtype"),
        (np.zeros(2, dtype=[("a", "f8")]), "dtype"),
        (object(), "not plain: object"),
        (b"bytes", "not plain: bytes"),
        ({1, 2}, "not plain: set"),
        (np.mean, "not plain"),
        (print, "not plain"),
        (int, "not plain"),
        (10**5000, "integer"),
        (CYCLE, "nested"),
        (deep(100), "nested"),
        (deep(10**5), "nested"),
        (endless(), "too many parts"),
        ([0.0] * 300_000, "many parts"),
        ("x" * (1 << 29), "too large"),
        (np.zeros((0, 2**40)), "too large"),
        ({k: 0 for k in range(20_000)}, "too many parts"),
        (np.datetime64("2020-01-01"), "dtype"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_what_is_no_plain_data_is_refused_and_says_why(value, says):
    with pytest.raises(WireError, match=says):
        encode(value)


def test_the_cap_counts_before_it_copies():
    array = np.broadcast_to(np.zeros(1), (1 << 34,))  # 128 GiB, were it copied
    tracemalloc.start()
    with pytest.raises(WireError, match="too large"):
        encode(array, cap=1 << 20)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


# --- forged frames ------------------------------------------------------------------------------------------------------------

F8 = {"t": "array", "d": "<f8", "s": [2]}


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "malformed"),
        (b"\0" * 7, "malformed"),
        (b"\0" * 8, "malformed"),
        (frame(1)[:-1], "contradict"),
        (frame(1) + b"x", "contradict"),
        (wire.PREFIX.pack(1, 2) + b"1", "contradict"),
        (wire.PREFIX.pack(2**32 - 1, 1) + b"1", "contradict"),
        (frame(1, b"left over"), "left over"),
        (frame(F8, bytes(15)), "larger than its frame"),
        (frame(F8, bytes(17)), "left over"),
        (frame(F8 | {"s": [-2]}, bytes(16)), "shape"),
        (frame(F8 | {"s": [2.0]}, bytes(16)), "shape"),
        (frame(F8 | {"s": [True, 2]}, bytes(16)), "shape"),
        (frame(F8 | {"s": "2"}, bytes(16)), "shape"),
        (frame(F8 | {"s": [1] * 65}, bytes(8)), "shape"),
        (frame(F8 | {"s": [2**31, 2**33]}), "larger"),
        (frame(F8 | {"s": [0, 2**62]}), "larger"),
        (frame(F8 | {"s": [2**62] * 16}), "larger"),
        (frame(F8 | {"s": [10**300, 0]}), "larger"),
        (frame(F8 | {"s": None}), "shape"),
        (frame(F8 | {"d": "|O"}, bytes(16)), "dtype"),
        (frame(F8 | {"d": "<U4"}, bytes(32)), "dtype"),
        (frame(F8 | {"d": "f8"}, bytes(16)), "dtype"),
        (frame(F8 | {"d": "<f16"}, bytes(32)), "dtype"),
        (frame(F8 | {"d": ["<f8"]}, bytes(16)), "dtype"),
        (frame(F8 | {"d": "|V8"}, bytes(16)), "dtype"),
        (frame({"t": "array", "d": "|b1", "s": [2]}, b"\1\2"), "truth"),
        (frame({"t": "scalar", "d": "<f8"}, bytes(4)), "larger"),
        (frame({"t": "nothing"}), "header"),
        (frame({"t": "nothing", "v": []}), "tag"),
        (frame({}), "header"),
        (frame([1]), "header"),
        (frame({"t": "list", "v": {"a": 1}}), "header"),
        (frame({"t": "complex", "v": [1]}), "tag"),
        (frame({"t": "complex", "v": ["1", 2]}), "tag"),
        (frame({"t": "complex", "v": [10**400, 1]}), "malformed"),
        (frame({"t": ["list"], "v": []}), "tag"),
        (frame({"t": "dict", "v": [[1]]}), "tag"),
        (frame({"t": "dict", "v": [[F8, 1]]}, bytes(16)), "key"),
        (frame({"t": "dict", "v": [[{"t": "tuple", "v": [{"t": "list", "v": []}]}, 1]]}), "malformed"),
        (frame({"t": "dict", "v": [[{"t": "list", "v": []}, 1]]}), "key"),
        (frame({"t": "dict", "v": [[k, 0] for k in range(20_000)]}), "tag"),
        (frame({"t": "ref", "kind": "module", "id": 0}), "reference"),
        (frame({"t": "torch", "d": "<f8", "s": []}, bytes(8)), "reference"),
        (frame(b"\xff\xfe"), "malformed"),
        (frame(b"{"), "malformed"),
        (frame(b"1 2"), "malformed"),
        (frame(b"9" * 5000), "malformed"),
        (frame(b"9" * 2000), "large"),
        (frame(b"[" * 10**6), "malformed"),
        (frame(b'{"t":' * 10**5), "malformed"),
        (frame({"t": "list", "v": [0] * 250_000}), "many parts"),
    ],
    ids=lambda v: repr(v[:50]) if isinstance(v, bytes) else v,
)
def test_forged_frames_raise_one_error(sent, why):
    with pytest.raises(WireError, match=why):
        decode(sent)


def test_deep_tags_are_refused():
    header = 1
    for _ in range(wire.MAX_DEPTH + 2):
        header = {"t": "tuple", "v": [header]}
    with pytest.raises(WireError, match="deeply"):
        decode(frame(header))


def test_sizes_are_checked_before_anything_is_allocated():
    tracemalloc.start()
    for shape in ([2**28], [2**62], [2**20, 2**20], [0, 2**40]):
        with pytest.raises(WireError):
            decode(frame(F8 | {"s": shape}))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_colliding_keys_are_few():
    keys = [(2**61 - 1) * k for k in range(wire.MAX_PAIRS)]  # all hash to 0
    assert {hash(k) for k in keys[:100]} == {0}
    assert len(decode(frame({"t": "dict", "v": [[k, 0] for k in keys[:2000]]}))) == 2000


# --- on a socket -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_frames_arrive_one_by_one_however_they_are_cut(pair):
    ours, theirs = pair
    sent = [encode(v) for v in (np.arange(1000.0), "x", None, [1, (2,)])]
    stream = b"".join(sent)

    def drip():
        for k in range(0, len(stream), 7):
            theirs.sendall(stream[k : k + 7])
        theirs.close()

    thread = threading.Thread(target=drip)
    thread.start()
    assert [receive(ours, wire.FROM_STUDENT) for _ in sent] == sent
    with pytest.raises(EOFError):
        receive(ours, wire.FROM_STUDENT)
    thread.join()


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 9, 30])
def test_a_frame_that_breaks_off(pair, cut):
    ours, theirs = pair
    theirs.sendall(encode(np.arange(10.0))[:cut])
    theirs.close()
    with pytest.raises(EOFError):
        receive(ours, wire.FROM_STUDENT)


def test_an_announced_size_is_refused_before_it_is_read(pair):
    ours, theirs = pair
    theirs.sendall(wire.PREFIX.pack(wire.FROM_STUDENT + wire.MAX_HEADER + 1, 10))
    with pytest.raises(WireError, match="too large"):
        receive(ours, wire.FROM_STUDENT)


def test_an_announced_size_is_not_allocated_before_it_arrives(pair):
    ours, theirs = pair
    theirs.sendall(wire.PREFIX.pack(wire.FROM_STUDENT, 10) + b"x" * 100)
    theirs.close()
    tracemalloc.start()
    with pytest.raises(EOFError):
        receive(ours, wire.FROM_STUDENT)
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


# --- fuzzed -----------------------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_bytes_give_plain_data_or_one_error(sent):
    harmless(sent)
    harmless(frame(sent))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
    | st.sampled_from(["array", "scalar", "list", "tuple", "dict", "complex", "ref", "torch", "<f8", "|b1", ">c16", "|O"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["t", "d", "s", "v", "kind", "id"]), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(json_values, st.binary(max_size=40))
@settings(deadline=None, max_examples=300)
def test_any_header_gives_plain_data_or_one_error(header, body):
    harmless(frame(header, body))


@pytest.mark.parametrize("seed", range(2))
def test_guided_by_coverage(seed):
    counts = fuzz(3000, seed)
    assert counts["accepted"] > 0 and counts["kept"] > 5, counts


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 14))
def test_guided_by_coverage_for_longer(seed):
    assert fuzz(60_000, seed)["frames"] == 60_000
