"""The evaluator's arithmetic in exact Python integers and fractions.

Written from docs/numerics.md alone: numbers are integers in units of 2^-200,
where every cut is a floor division. Slow, and of one form throughout.
"""

import struct
from fractions import Fraction

UNIT = 200  # 1.0 is 1 << UNIT
NAN = 0x7FFFFFFF
BLOCK = 128
STEP = 32


def bits_of(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def float_of(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def _e4m3(code):
    """(signed value in units of 2^-200, exponent), or None for NaN."""
    sign = -1 if code >= 128 else 1
    high, low = divmod(code % 128, 8)
    if (high, low) == (15, 7):
        return None
    if high == 0:
        return sign * (low << (UNIT - 9)), -6
    return sign * ((8 + low) << (UNIT - 10 + high)), high - 7


E4M3 = [_e4m3(code) for code in range(256)]


def _is_nan(bits):
    return bits % (1 << 31) > 0x7F800000


def _is_infinite(bits):
    return bits % (1 << 31) == 0x7F800000


def _f32(bits):
    """(signed value in units of 2^-200, exponent) of a finite f32."""
    sign = -1 if bits >> 31 else 1
    high, low = divmod(bits % (1 << 31), 1 << 23)
    if high == 0:
        return sign * (low << (UNIT - 149)), -126
    return sign * ((low + (1 << 23)) << (UNIT - 150 + high)), high - 127


def _toward_zero(value, quantum):
    return value // quantum * quantum if value >= 0 else -(-value // quantum * quantum)


def step(a, b, c_bits):
    """One k32 step of the tensor core: codes a, b, the bits of C -> bits."""
    pairs = [(E4M3[x], E4M3[y]) for x, y in zip(a, b)]
    if _is_nan(c_bits) or any(x is None or y is None for x, y in pairs):
        return NAN
    if _is_infinite(c_bits):
        return c_bits
    terms = [(x[0] * y[0] >> UNIT, x[1] + y[1]) for x, y in pairs]
    terms.append(_f32(c_bits))
    terms = [term for term in terms if term[0] != 0]
    if not terms:
        return 0
    emax = max(exponent for _, exponent in terms)
    quantum = 1 << (UNIT + emax - 13)
    total = sum(_toward_zero(value, quantum) for value, _ in terms)
    if total == 0:
        return 0
    leading = abs(total).bit_length() - 1
    total = _toward_zero(total, 1 << max(leading - 13, 0))
    return round_f32(Fraction(total, 1 << UNIT))


def block(a, b):
    partial = 0
    for k in range(0, len(a), STEP):
        partial = step(a[k : k + STEP], b[k : k + STEP], partial)
    return partial


def exact_block(a, b):
    if any(E4M3[x] is None or E4M3[y] is None for x, y in zip(a, b)):
        return NAN
    total = sum(E4M3[x][0] * E4M3[y][0] for x, y in zip(a, b))
    return round_f32(Fraction(total, 1 << 2 * UNIT))


def _round(value, digits, smallest):
    """The multiple of the last place nearest to value > 0, ties to even."""
    quotient = value.numerator // value.denominator
    if quotient:
        exponent = quotient.bit_length() - 1
    else:
        exponent = -(value.denominator // value.numerator).bit_length()
    while Fraction(2) ** (exponent + 1) <= value:
        exponent += 1
    quantum = Fraction(2) ** max(exponent - digits + 1, smallest)
    return round(value / quantum) * quantum  # round() takes ties to even


def round_f32(value, zero_sign=0):
    """Bits of the nearest f32; a zero gets the sign asked for."""
    if value == 0:
        return zero_sign << 31
    sign = (1 << 31) if value < 0 else 0
    rounded = _round(abs(value), 24, -149)
    if rounded >= Fraction(2) ** 128:
        return sign | 0x7F800000
    return sign | bits_of(float(rounded))


def multiply(x, y):
    """rn(x * y) of f32 bits."""
    sign = x >> 31 ^ y >> 31
    if _is_nan(x) or _is_nan(y):
        return NAN
    if _is_infinite(x) or _is_infinite(y):
        zero = x % (1 << 31) == 0 or y % (1 << 31) == 0
        return NAN if zero else sign << 31 | 0x7F800000
    return round_f32(Fraction(float_of(x)) * Fraction(float_of(y)), sign)


def fma(x, y, z):
    """rn(x * y + z) of f32 bits."""
    product_sign = x >> 31 ^ y >> 31
    if _is_nan(z) or _is_nan(multiply(x, y)):
        return NAN
    if _is_infinite(x) or _is_infinite(y):
        infinity = product_sign << 31 | 0x7F800000
        return NAN if _is_infinite(z) and z != infinity else infinity
    if _is_infinite(z):
        return z
    product = Fraction(float_of(x)) * Fraction(float_of(y))
    addend = Fraction(float_of(z))
    both_negative = product_sign and z >> 31 and product == 0 and addend == 0
    return round_f32(product + addend, 1 if both_negative else 0)


def to_bf16(bits):
    if _is_nan(bits):
        return 0x7FFF
    if _is_infinite(bits):
        return bits >> 16
    value = Fraction(float_of(bits))
    if value == 0:
        return bits >> 16
    rounded = _round(abs(value), 8, -133)
    if rounded >= Fraction(2) ** 128:
        return bits >> 31 << 15 | 0x7F80
    return bits >> 31 << 15 | bits_of(float(rounded)) >> 16


def element(a, sfa, b, sfb, c=None, dtype="bf16", mode="hardware"):
    """Bits of one element of D. a, b: K codes; sfa, sfb, c: bits."""
    if len(a) == 0:
        return 0 if c is None else c
    acc = 0
    for kb in range(len(sfa)):
        part = slice(kb * BLOCK, kb * BLOCK + BLOCK)
        partial = (block if mode == "hardware" else exact_block)(a[part], b[part])
        acc = fma(multiply(sfa[kb], sfb[kb]), partial, acc)
    if c is not None:
        acc = fma(0x3F800000, c << 16 if dtype == "bf16" else c, acc)
    return to_bf16(acc) if dtype == "bf16" else acc
