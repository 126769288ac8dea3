"""The C++ reference evaluator against two independent witnesses.

fp64_oracle says how far from the mathematical sum it may be; integer_model says
what every bit is.
"""

import fp64_oracle
import integer_model
import numpy as np
import pytest
import reference_library as reference
from hypothesis import given, settings
from hypothesis import strategies as st

NAN_CODES = (0x7F, 0xFF)


def problem(m, n, k, sfb_rows, dtype, with_c, seed=1):
    a, sfa = reference.generate(seed, m, k, 1)
    b, sfb = reference.generate(seed + 1, n, k, sfb_rows)
    c = None
    if with_c:
        c = np.random.default_rng(seed).standard_normal((m, n)).astype(np.float32)
        if dtype == "bf16":
            c = (c.view(np.uint32) >> 16).astype(np.uint16)
    return a, sfa, b, sfb, c


def as_f64(d, dtype):
    return fp64_oracle.bf16_to_f64(d) if dtype == "bf16" else d.astype(np.float64)


SHAPES = [
    (1, 1, 1),
    (1, 24, 128),
    (7, 24, 31),
    (100, 264, 208),
    (64, 121, 384),
    (129, 264, 200),
    (3, 300, 1000),
    (16, 128, 8320),
    (33, 65, 97),
    (5, 576, 7168),
    (128, 16, 16384),
]


@pytest.mark.parametrize("m,n,k", SHAPES)
@pytest.mark.parametrize("sfb_rows", [128, 1])
@pytest.mark.parametrize("dtype", ["bf16", "f32"])
@pytest.mark.parametrize("with_c", [False, True])
def test_error_is_within_the_bound(m, n, k, sfb_rows, dtype, with_c):
    a, sfa, b, sfb, c = problem(m, n, k, sfb_rows, dtype, with_c)
    c64 = None if c is None else as_f64(c, dtype)
    exact = fp64_oracle.oracle(a, sfa, b, sfb, c64, sfb_rows)
    arguments = (a, sfa, b, sfb, exact, c64, sfb_rows, dtype)
    sharp = fp64_oracle.sharp_bound(*arguments)
    assert (sharp <= fp64_oracle.simple_bound(*arguments)).all()

    d = reference.gemm(a, sfa, b, sfb, c, sfb_rows, dtype)
    assert (np.abs(as_f64(d, dtype) - exact) <= sharp).all()
    d = reference.gemm(a, sfa, b, sfb, c, sfb_rows, dtype, mode="exact")
    bound = fp64_oracle.sharp_bound(*arguments, mode="exact")
    assert (np.abs(as_f64(d, dtype) - exact) <= bound).all()


def test_bound_is_not_idle():
    """Losing one element of K shows, and hardware mode is not exact mode."""
    a, sfa, b, sfb, _ = problem(64, 64, 256, 1, "f32", False)
    exact = fp64_oracle.oracle(a, sfa, b, sfb, None, 1)
    bound = fp64_oracle.sharp_bound(a, sfa, b, sfb, exact, None, 1, "f32", "exact")
    hardware = reference.gemm(a, sfa, b, sfb, None, 1, "f32")
    assert (np.abs(hardware - exact) > bound).mean() > 0.9
    a[:, 77] = 0
    lossy = reference.gemm(a, sfa, b, sfb, None, 1, "f32", mode="exact")
    assert (np.abs(lossy - exact) > bound).mean() > 0.9
    bound = fp64_oracle.sharp_bound(a, sfa, b, sfb, exact, None, 1, "f32")
    assert (np.abs(lossy - exact) > bound).mean() > 0.1


def worst_case(k):
    """The first term of a block makes the unit 2^-5; the others are just less."""
    a, b = np.zeros((1, k), np.uint8), np.zeros((1, k), np.uint8)
    a[:], b[:] = 0x27, 0x20  # 1.875 * 2^-3 * 2^-3
    a[0, ::128], b[0, ::128] = 0x58, 0x58  # 16 * 16
    return a, b


def test_worst_case_is_within_the_bound():
    for k in (128, 1024):
        a, b = worst_case(k)
        ones = np.ones((1, k // 128), np.float32)
        exact = fp64_oracle.oracle(a, ones, b, ones, None, 1)
        d = reference.gemm(a, ones, b, ones, None, 1, "f32")
        error = np.abs(d - exact)
        sharp = fp64_oracle.sharp_bound(a, ones, b, ones, exact, None, 1, "f32")
        assert (error <= sharp).all()
        assert (error >= 0.8 * sharp).all()


# --- Bits --------------------------------------------------------------------


def random_codes(rng, kind, shape):
    codes = rng.integers(0, 256, shape, dtype=np.uint8)
    if kind == "gaussian":
        rows = int(np.prod(shape[:-1]))
        seed = int(rng.integers(1 << 32))
        return reference.generate(seed, rows, shape[-1], 1)[0].reshape(shape)
    if kind == "every":
        return codes
    codes[np.isin(codes, NAN_CODES)] = 0
    if kind == "subnormal":
        return codes & 0x87
    if kind == "sparse":
        codes[rng.random(shape) < 0.9] = 0x80
        codes[rng.random(shape) < 0.03] = 0x7E
    if kind == "tiny":
        codes &= 0x9F
    if kind == "cancelling":
        codes[..., 1::2] = codes[..., 0::2] ^ 0x80
    return codes


def random_c(rng, kind, count):
    c = rng.standard_normal(count).astype(np.float32)
    if kind == "zero":
        return c * 0
    if kind == "large":
        return (c * 2.0 ** rng.integers(10, 40, count)).astype(np.float32)
    if kind == "small":
        return (c * 2.0 ** rng.integers(-60, -5, count)).astype(np.float32)
    if kind == "every":
        return rng.integers(0, 1 << 32, count, dtype=np.uint32).view(np.float32)
    if kind == "denormal":
        return rng.integers(0, 1 << 23, count, dtype=np.uint32).view(np.float32)
    return c * 100


@pytest.mark.parametrize(
    "kind", ["gaussian", "every", "finite", "subnormal", "sparse", "tiny", "cancelling"]
)
@pytest.mark.parametrize(
    "c_kind", ["zero", "near", "large", "small", "every", "denormal"]
)
def test_step_has_the_bits_of_the_integer_model(kind, c_kind):
    rng = np.random.default_rng(abs(hash_of(kind + c_kind)))
    count = 400
    a, b = (random_codes(rng, kind, (count, 32)) for _ in range(2))
    if kind == "cancelling":
        b[:, 1::2] = b[:, 0::2]
    if kind == "every":  # mostly without NaN
        for codes in (a, b):
            codes[100:][np.isin(codes[100:], NAN_CODES)] = 0x7E
    c = random_c(rng, c_kind, count)
    got = reference.steps(a, b, c).view(np.uint32)
    for i in range(count):
        want = integer_model.step(
            a[i].tolist(), b[i].tolist(), int(c.view(np.uint32)[i])
        )
        assert got[i] == want, (a[i].tolist(), b[i].tolist(), c[i])


def hash_of(text):
    """hash() differs from run to run."""
    return sum(ord(letter) * 31**i for i, letter in enumerate(text)) % (1 << 32)


SPECIAL_SCALES = [0, 1, 0x3F800000, 0x7F800000, 0xFF800000, 0x7FC00001, 0x80000000]
SPECIAL_SCALES += [0x00000100, 0x807FFFFF, 0x7F000000, 0xBFC00000, 0x0D000000]

scales = st.one_of(
    st.sampled_from(SPECIAL_SCALES),
    st.integers(0, (1 << 32) - 1),
    st.floats(2.0**-10, 128, width=32).map(integer_model.bits_of),
)


@st.composite
def gemms(draw):
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 40))
    k = draw(st.sampled_from([0, 1, 31, 32, 33, 96, 127, 128, 129, 200, 256, 300]))
    sfb_rows = draw(st.sampled_from([1, 128]))
    dtype = draw(st.sampled_from(["bf16", "f32"]))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    kinds = ["gaussian", "every", "finite", "sparse", "tiny", "subnormal"]
    blocks = -(-k // 128)
    kind = draw(st.sampled_from(kinds if k else kinds[1:]))
    a, b = random_codes(rng, kind, (m, k)), random_codes(rng, kind, (n, k))
    sfa, sfb = (
        np.array(
            draw(st.lists(scales, min_size=x * blocks, max_size=x * blocks)), np.uint32
        )
        .view(np.float32)
        .reshape(x, blocks)
        for x in (m, -(-n // sfb_rows))
    )
    c = None
    if draw(st.booleans()):
        bits = rng.integers(0, 1 << 32, (m, n), dtype=np.uint32)
        c = (bits >> 16).astype(np.uint16) if dtype == "bf16" else bits.view(np.float32)
    return (
        a,
        sfa,
        b,
        sfb,
        c,
        sfb_rows,
        dtype,
        draw(st.sampled_from(["hardware", "exact"])),
    )


@settings(max_examples=500, deadline=None, derandomize=True)
@given(gemms())
def test_gemm_has_the_bits_of_the_integer_model(case):
    a, sfa, b, sfb, c, sfb_rows, dtype, mode = case
    word = np.uint16 if dtype == "bf16" else np.uint32
    d = reference.gemm(a, sfa, b, sfb, c, sfb_rows, dtype, mode).view(word)
    if mode == "hardware":
        scalar = reference.gemm(a, sfa, b, sfb, c, sfb_rows, dtype, engine="scalar")
        assert (scalar.view(word) == d).all()
    sfa, sfb = sfa.view(np.uint32).tolist(), sfb.view(np.uint32).tolist()
    for i in range(len(a)):
        for j in range(0, len(b), 3):
            want = integer_model.element(
                a[i].tolist(),
                sfa[i],
                b[j].tolist(),
                sfb[j // sfb_rows],
                None if c is None else int(c.view(word)[i, j]),
                dtype,
                mode,
            )
            assert d[i, j] == want, (i, j)


# --- Inputs ------------------------------------------------------------------


def random_bits(seed, index):
    """splitmix64 on uint64 arrays, which wrap around."""
    z = np.uint64(seed) + (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)


def nearest_code(values):
    """The code of the nearest finite e4m3, ties to the even code."""
    positive = fp64_oracle.E4M3[:127]
    middles = (positive[1:] + positive[:-1]) / 2
    magnitude = np.abs(values.astype(np.float64))
    low = np.searchsorted(middles, magnitude, side="left")
    tie = (low < 126) & (magnitude == middles[np.minimum(low, 125)])
    low = np.where(tie & (low % 2 == 1), low + 1, low)
    return (low + np.where(np.signbit(values), 128, 0)).astype(np.uint8)


@pytest.mark.parametrize("rows,columns,scale_rows", [(5, 300, 1), (300, 200, 128)])
def test_numpy_generates_the_same_inputs(rows, columns, scale_rows):
    index = np.arange(2 * rows * columns, dtype=np.uint64)
    words = random_bits(42, index).view(np.uint16).reshape(rows, columns, 8)
    values = (words.astype(np.int32).sum(-1) - 4 * 65535).astype(np.float32)
    values *= np.float32(2.0**-16)
    codes, scales = reference.generate(42, rows, columns, scale_rows)
    for i in range(0, rows, scale_rows):
        for k in range(0, columns, 128):
            tile = (slice(i, i + scale_rows), slice(k, k + 128))
            scale = np.abs(values[tile]).max() / np.float32(448)
            assert scales[i // scale_rows, k // 128] == scale
            assert (codes[tile] == nearest_code(values[tile] / scale)).all()


def test_chosen_rows_and_columns():
    a, sfa, b, sfb, c = problem(150, 300, 260, 128, "bf16", True)
    d = reference.gemm(a, sfa, b, sfb, c)
    rows, columns = [149, 0, 64], [299, 128, 127]
    chosen = reference.gemm(a, sfa, b, sfb, c, rows=rows, columns=columns)
    assert (chosen == d[np.ix_(rows, columns)]).all()


def test_errors_are_named():
    a, sfa, b, sfb, _ = problem(4, 4, 128, 128, "bf16", False)
    with pytest.raises(ValueError, match=r"row 4 is not in \[0, 4\)"):
        reference.gemm(a, sfa, b, sfb, rows=[4])
