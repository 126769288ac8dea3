"""Kernels of every knob, run on the simulator: the reference's bits, no hazard.

A schedule never changes a bit of D (docs/numerics.md), but one that splits K has
an order of its own, which the record states; all are compared with the one
reference evaluator, which shares no code with the simulator.
"""

import numpy as np
import pytest
import random_schedules
import simulated_gemm as gemm
from gemms import SCHEDULES, for_f32, schedule_name, static_rows

pytestmark = pytest.mark.skipif(
    not (gemm.tool("dgemm-opt") and gemm.tool("dgemm-sim")),
    reason="dgemm-opt and dgemm-sim are not built",
)

# Nothing divides anything: edges of M, N and K, and several K blocks.
SHAPES = [(129, 264, 208), (100, 136, 392), (1, 24, 128), (70, 120, 384)]
# A row of D that is no multiple of 16 bytes long is not for TMA.
ODD_SHAPE = (70, 121, 384)

# What differs in the problem: scaling, output type, C.
PROBLEMS = [("1d2d", "f32", True), ("1d1d", "bf16", True), ("1d1d", "f32", False)]


def run(folder, schedule, shape, problem=("1d2d", "bf16", False), **how):
    """Compiles and simulates one kernel and compares every bit of D."""
    m, n, k = shape
    scaling, out, with_c = problem
    text = gemm.schedule_text(scaling=scaling, out=out, **schedule)
    source = gemm.gemm_text(static_rows(schedule, m), n, k, *problem, text)
    gemm.compile_gemm(source, folder)
    operands = gemm.make_operands(m, n, k, *problem)
    compare(folder, operands, shape, problem, text, **how)


def compare(folder, operands, shape, problem, text, **how):
    scaling, out, _ = problem
    got = gemm.simulate(folder, operands, *shape, out, **how)
    parts = gemm.parts_of(folder / "gemm.json", **dict(zip("MNK", shape)))
    want = gemm.expected(operands, scaling, out, parts)
    wrong = np.argwhere(got != want)
    if len(wrong):
        at = tuple(wrong[0])
        pytest.fail(
            f"{len(wrong)} of {got.size} elements differ for\n{text}\n"
            f"the first at {at}: {got[at]:#x}, not {want[at]:#x}"
        )


def takes(schedule, shape):
    """Whether there is a K block to store under (constraint S30)."""
    return schedule.get("epilogue") != "overlapped" or shape[2] > 128


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)
def test_schedule(tmp_path, schedule, shape):
    if takes(schedule, shape):
        run(tmp_path, schedule, shape)
        return
    with pytest.raises(AssertionError, match="needs two K blocks"):
        run(tmp_path, schedule, shape)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)
def test_odd_rows(tmp_path, schedule):
    if schedule.get("store") == "direct":
        run(tmp_path, schedule, ODD_SHAPE)
        return
    with pytest.raises(AssertionError, match="so beyond its end"):
        run(tmp_path, schedule, ODD_SHAPE)


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)
def test_problem(tmp_path, schedule, problem):
    if problem[1] == "f32":
        schedule = for_f32(schedule)
    run(tmp_path, schedule, (129, 264, 208), problem)


@pytest.mark.skipif(not gemm.has_ptxas(), reason="there is no ptxas")
@pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)
def test_assembles(tmp_path, schedule):
    """A spill, local memory or a serialised wgmma would be an error."""
    text = gemm.schedule_text(**schedule)
    source = gemm.gemm_text(static_rows(schedule, 4097), 2112, 7168, schedule=text)
    gemm.compile_gemm(source, tmp_path, last="cubin")
    assert (tmp_path / "gemm.cubin").read_bytes().startswith(b"\x7fELF")


@pytest.mark.parametrize("sms", [1, 132])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "schedule",
    [
        s
        for s in SCHEDULES
        if {"cluster", "epilogue", "swap", "split_k"} & s.keys()
    ],
    ids=schedule_name,
)
def test_interleaving(tmp_path, schedule, seed, sms):
    """Random interleavings; all tiles in one block, or one in each."""
    if sms == 1 and "cluster" in schedule:
        sms = 2
    run(tmp_path, schedule, (260, 264, 392), seed=seed, sms=sms)


@pytest.mark.parametrize("seed", range(64))
def test_random_combination(tmp_path, seed):
    """The first combination of a seed that the verifier takes."""
    for attempt in range(50):
        schedule, shape, problem, sms, order = random_schedules.sample(
            1000 * attempt + seed
        )
        try:
            run(tmp_path, schedule, shape, problem, sms=sms, seed=order)
            return
        except AssertionError as error:
            # The verifier's word on a schedule; all else is a failure.
            refusal = str(error).partition("error: ")[2][:300]
            if not refusal or (
                "' op " in refusal and "cannot use its" not in refusal
            ):
                raise
    pytest.fail("the verifier refuses fifty combinations in a row")


WHOLE_STAGES = [
    {**s, "tma_view": "stage"}
    for s in SCHEDULES
    if s.get("kblocks", 1) > 1 and "multicast" not in s
]


@pytest.mark.parametrize("shape", [(70, 120, 640), (1, 264, 1152)], ids=str)
@pytest.mark.parametrize("schedule", WHOLE_STAGES, ids=schedule_name)
def test_whole_stages(tmp_path, schedule, shape):
    """Boxes of several K blocks; K is a multiple of 128, not of a stage."""
    run(tmp_path, schedule, shape)


# How C reaches the epilogue, and when the scales are multiplied.
WITH_C = [
    dict(tile=(256, 128), stages=3, buffers=1, c_slots=3, accumulate="prefetch"),
    dict(tile=(256, 96), stages=3, buffers=1, c_slots=2, accumulate="prefetch",
         unroll=2, persistent="false"),
    dict(tile=(128, 136), stages=3, chunk=8, buffers=2, c_slots=5,
         accumulate="prefetch"),
    dict(tile=(192, 96), warpgroups=3, registers=[24, 160], stages=3, buffers=1,
         c_slots=2, accumulate="prefetch", specialize="[n, k]"),
    dict(tile=(128, 128), stages=3, buffers=1, c_slots=2, accumulate="prefetch",
         cluster=2, multicast="lhs", unroll=4),
    dict(tile=(64, 64), warpgroups=1, stages=2, kblocks=2, in_flight=2, buffers=1,
         c_slots=2, accumulate="prefetch", pdl="inputs"),
]  # fmt: skip


@pytest.mark.parametrize("sms", [2, 132])
@pytest.mark.parametrize("problem", [("1d1d", "f32", True), ("1d2d", "bf16", True)])
@pytest.mark.parametrize("schedule", WITH_C, ids=schedule_name)
def test_prefetched_c(tmp_path, schedule, problem, sms):
    """Several tiles for a block, so that pieces wait for slots."""
    if problem[0] == "1d1d" and schedule.get("in_flight") != 2:
        # 256x128 has no registers for the products of early scales.
        early = schedule["tile"] != (256, 128)
        schedule = {**schedule, "products": "early" if early else "late"}
    run(tmp_path, schedule, (300, 264, 392), problem, sms=sms)


@pytest.mark.parametrize("schedule", WITH_C[:2], ids=schedule_name)
def test_prefetch_needs_c(tmp_path, schedule):
    with pytest.raises(AssertionError, match="the operation has no C"):
        run(tmp_path, schedule, (129, 264, 208))


def test_depth_by_hand(tmp_path):
    """The text of a rung with another depth is another correct kernel."""
    shape, problem = (129, 264, 392), ("1d2d", "bf16", False)
    text = gemm.schedule_text(tile=(128, 64), stages=4)
    source = gemm.gemm_text(None, *shape[1:], *problem, text)
    rung = gemm.stop_after("epilogue", source)
    assert rung.count("pipeline depth 4 ") == 1
    gemm.compile_gemm(
        rung.replace("pipeline depth 4 ", "pipeline depth 3 "), tmp_path
    )
    compare(tmp_path, gemm.make_operands(*shape, *problem), shape, problem, text)


@pytest.mark.parametrize("sms", [1, 2, 132])
@pytest.mark.parametrize("shape", [(100, 72), (64, 32), (1, 4), (333, 260)], ids=str)
def test_scale_ring(tmp_path, shape, sms):
    """examples/scale_ring.mlir, which is no gemm: D = F * X."""
    source = gemm.ROOT / "examples" / "scale_ring.mlir"
    gemm.compile_gemm(source.read_text(), tmp_path)
    rng = np.random.default_rng(sum(shape))
    x = rng.standard_normal(shape).astype(np.float32)
    f = np.array([1.7], np.float32)
    for seed in range(3):
        d = gemm.execute(
            tmp_path / "scale_ring",
            {"X": x, "F": f},
            dict(zip("MN", shape)),
            np.float32,
            seed=seed,
            sms=sms,
        )
        assert (d.reshape(shape) == x * f).all()
