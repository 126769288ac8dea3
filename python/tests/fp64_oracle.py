"""Block-scaled GEMM in fp64 and the error bounds of docs/numerics.md.

Shares no code with the C++ evaluator.
"""

import numpy as np

BLOCK = 128
STEP = 32
# One rounding to nearest in f32 and bf16, relative.
U32 = 2.0**-24
U16 = 2.0**-8
# Losses of one tensor core step: 32 terms cut at 2^-13 of the largest power of
# two, and the final cut to 13 fraction bits.
CUT = 32 * 2.0**-13
TAIL = 2.0**-13


def _e4m3_values():
    values = []
    for code in range(256):
        exponent, fraction = code >> 3 & 15, code & 7
        if exponent == 15 and fraction == 7:
            value = np.nan
        elif exponent:
            value = (1 + fraction / 8) * 2.0 ** (exponent - 7)
        else:
            value = fraction / 8 * 2.0**-6
        values.append(-value if code & 128 else value)
    return np.array(values)


E4M3 = _e4m3_values()
# The power of two by which a code takes part in the alignment, or more; zero
# takes no part.
SIZE = np.where(E4M3 == 0, 0.0, np.maximum(np.abs(E4M3), 2.0**-6))


def bf16_to_f64(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def _blocks(k):
    return [
        (kb, kb * BLOCK, min(k, kb * BLOCK + BLOCK)) for kb in range(-(-k // BLOCK))
    ]


def _scale(sfa, sfb, sfb_rows, n, kb):
    """sfa * sfb of one K block, exact in fp64, as an M x N array."""
    columns = np.repeat(sfb[:, kb].astype(np.float64), sfb_rows)[:n]
    return np.outer(sfa[:, kb].astype(np.float64), columns)


def oracle(a, sfa, b, sfb, c=None, sfb_rows=128):
    """The sum as mathematics has it, up to fp64's own rounding."""
    x, y = E4M3[a], E4M3[b]
    result = np.zeros((len(a), len(b)))
    for kb, first, last in _blocks(a.shape[1]):
        partial = x[:, first:last] @ y[:, first:last].T
        result += _scale(sfa, sfb, sfb_rows, len(b), kb) * partial
    return result if c is None else result + c


def _gamma(n):
    return n * U32 / (1 - n * U32)


def _finish(error, exact, c, dtype):
    """Adds the roundings of `C + acc` and of the output to acc's error."""
    total = np.abs(exact)
    if c is not None:
        error = error + U32 * (total + error)
    if dtype == "bf16":
        error = error + U16 * (total + error) + 2.0**-134
    return error + 2.0**-50 * (total + error)  # the oracle's own roundings


def simple_bound(a, sfa, b, sfb, exact, c=None, sfb_rows=128, dtype="bf16"):
    """(alpha(L) + gamma(K / L + 1)) * W: data enter through W alone."""
    x, y = SIZE[a], SIZE[b]
    weight = np.zeros((len(a), len(b)))
    for kb, first, last in _blocks(a.shape[1]):
        size = x[:, first:last] @ y[:, first:last].T
        weight += np.abs(_scale(sfa, sfb, sfb_rows, len(b), kb)) * size
    blocks = -(-a.shape[1] // BLOCK)
    alpha = BLOCK // STEP * (CUT + TAIL)
    error = (alpha + _gamma(blocks + 1)) * weight + blocks * 2.0**-124
    return _finish(error, exact, c, dtype)


def _step_losses(x, y, sx, sy):
    """Bound on |partial - exact partial| of one block, step by step."""
    shape = (len(x), len(y))
    exact, error = np.zeros(shape), np.zeros(shape)
    for first in range(0, x.shape[1], STEP):
        steps = range(first, min(first + STEP, x.shape[1]))
        largest = np.abs(exact) + error
        for k in steps:
            largest = np.maximum(largest, np.outer(sx[:, k], sy[:, k]))
        exact = exact + x[:, steps] @ y[:, steps].T
        error = error + CUT * largest
        error = error + TAIL * (np.abs(exact) + error)
    return exact, error


def sharp_bound(
    a, sfa, b, sfb, exact, c=None, sfb_rows=128, dtype="bf16", mode="hardware"
):
    """Follows the largest terms and the running sums instead of W."""
    blocks = -(-a.shape[1] // BLOCK)
    error = np.zeros((len(a), len(b)))
    weight = np.zeros_like(error)
    for kb, first, last in _blocks(a.shape[1]):
        x, y = E4M3[a[:, first:last]], E4M3[b[:, first:last]]
        if mode == "exact":
            partial = x @ y.T
            loss = U32 * np.abs(partial)
        else:
            partial, loss = _step_losses(
                x, y, SIZE[a[:, first:last]], SIZE[b[:, first:last]]
            )
        scale = np.abs(_scale(sfa, sfb, sfb_rows, len(b), kb))
        error += scale * loss
        weight += scale * (np.abs(partial) + loss)
    error += _gamma(blocks + 1) * weight + blocks * 2.0**-124
    return _finish(error, exact, c, dtype)
