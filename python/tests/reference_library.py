"""The C++ reference evaluator, called through ctypes on NumPy arrays."""

import ctypes
import os
import pathlib

import numpy as np

BLOCK = 128
ENGINES = {"best": 0, "scalar": 1, "avx2": 2}
MODES = {"hardware": 0, "exact": 1}


class _Problem(ctypes.Structure):
    """Mirrors CProblem in lib/Reference/CInterface.cpp."""

    _fields_ = (
        [(name, ctypes.c_int64) for name in ("m", "n", "k")]
        + [("a", ctypes.c_void_p), ("a_stride", ctypes.c_int64)]
        + [("b", ctypes.c_void_p), ("b_stride", ctypes.c_int64)]
        + [("sfa", ctypes.c_void_p), ("sfa_row", ctypes.c_int64)]
        + [("sfa_block", ctypes.c_int64), ("sfb", ctypes.c_void_p)]
        + [("sfb_row", ctypes.c_int64), ("sfb_block", ctypes.c_int64)]
        + [("sfb_rows", ctypes.c_int64)]
        + [("c", ctypes.c_void_p), ("c_stride", ctypes.c_int64)]
        + [("d", ctypes.c_void_p), ("d_stride", ctypes.c_int64)]
        + [("rows", ctypes.c_void_p), ("row_count", ctypes.c_int64)]
        + [("columns", ctypes.c_void_p), ("column_count", ctypes.c_int64)]
        + [(name, ctypes.c_int32) for name in ("type", "mode", "engine", "threads")]
        + [(name, ctypes.c_int64) for name in ("parts", "part_blocks")]
    )


def _load():
    named = os.environ.get("DGEMM_REFERENCE_LIBRARY")
    root = pathlib.Path(__file__).parents[2]
    built = sorted(
        root.glob("build*/lib/libdgemm_reference.so"),
        key=lambda path: path.stat().st_mtime,
    )
    if not named and not built:
        raise RuntimeError(
            "libdgemm_reference.so is not built; run `cmake --preset runtime && "
            "cmake --build --preset runtime`, or name it in DGEMM_REFERENCE_LIBRARY"
        )
    return ctypes.CDLL(named or str(built[-1]))


_library = _load()


def _strides(array):
    return [stride // array.itemsize for stride in array.strides]


def gemm(
    a,
    sfa,
    b,
    sfb,
    c=None,
    sfb_rows=128,
    dtype="bf16",
    mode="hardware",
    engine="best",
    rows=None,
    columns=None,
    threads=2,
    parts=(1, 0),
):
    """D as uint16 (bf16 bits) or float32. a, b: uint8 codes, rows contiguous.

    parts: how many partial sums there are, and the K blocks of each.
    """
    m, n, k = a.shape[0], b.shape[0], a.shape[1]
    word = np.uint16 if dtype == "bf16" else np.float32
    rows = None if rows is None else np.ascontiguousarray(rows, np.int64)
    columns = None if columns is None else np.ascontiguousarray(columns, np.int64)
    d = np.empty(
        (m if rows is None else len(rows), n if columns is None else len(columns)),
        word,
    )
    assert a.dtype == b.dtype == np.uint8 and b.shape[1] == k
    assert sfa.dtype == sfb.dtype == np.float32
    assert sfa.shape == (m, -(-k // BLOCK))
    assert sfb.shape == (-(-n // sfb_rows), -(-k // BLOCK))
    assert k == 0 or (_strides(a)[1] == 1 and _strides(b)[1] == 1)
    assert c is None or (c.dtype == word and c.shape == (m, n))

    p = _Problem(m=m, n=n, k=k)
    p.a, p.a_stride = a.ctypes.data, _strides(a)[0]
    p.b, p.b_stride = b.ctypes.data, _strides(b)[0]
    p.sfa, (p.sfa_row, p.sfa_block) = sfa.ctypes.data, _strides(sfa)
    p.sfb, (p.sfb_row, p.sfb_block) = sfb.ctypes.data, _strides(sfb)
    p.sfb_rows = sfb_rows
    if c is not None:
        p.c, p.c_stride = c.ctypes.data, _strides(c)[0]
    p.d, p.d_stride = d.ctypes.data, d.shape[1]
    if rows is not None:
        p.rows, p.row_count = rows.ctypes.data, len(rows)
    if columns is not None:
        p.columns, p.column_count = columns.ctypes.data, len(columns)
    p.type = 0 if dtype == "bf16" else 1
    p.parts, p.part_blocks = parts
    p.mode, p.engine, p.threads = MODES[mode], ENGINES[engine], threads

    message = ctypes.create_string_buffer(256)
    if _library.dgemm_reference_evaluate(
        ctypes.byref(p), message, ctypes.c_size_t(len(message))
    ):
        raise ValueError(message.value.decode())
    return d


def steps(a, b, c):
    """tensorCoreStep on rows of 32 codes."""
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    c = np.ascontiguousarray(c, np.float32)
    d = np.empty(len(c), np.float32)
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (a, b, c, d)]
    _library.dgemm_reference_steps(*pointers, ctypes.c_int64(len(c)))
    return d


def generate(seed, rows, columns, scale_rows):
    """(codes, scales) of generateQuantized."""
    codes = np.empty((rows, columns), np.uint8)
    scales = np.empty((-(-rows // scale_rows), -(-columns // BLOCK)), np.float32)
    _library.dgemm_reference_generate(
        ctypes.c_uint64(seed),
        *(ctypes.c_int64(x) for x in (rows, columns, scale_rows)),
        ctypes.c_void_p(codes.ctypes.data),
        ctypes.c_void_p(scales.ctypes.data),
    )
    return codes, scales
