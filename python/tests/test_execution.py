"""Kernels of every knob, run on the simulator: the reference's bits, no hazard.

A schedule never changes a bit of D (design.md), so all are compared with the
one reference evaluator, which shares no code with the simulator.
"""

import numpy as np
import pytest
import simulated_gemm as gemm

pytestmark = pytest.mark.skipif(
    not (gemm.tool("dgemm-opt") and gemm.tool("dgemm-sim")),
    reason="dgemm-opt and dgemm-sim are not built",
)

# Nothing divides anything: edges of M, N and K, and several K blocks.
SHAPES = [(129, 264, 208), (100, 136, 392), (1, 24, 128), (70, 121, 384)]

# One schedule for each knob and some that combine them.
SCHEDULES = [
    dict(tile=(64, 64), warpgroups=1, stages=4),
    dict(tile=(64, 128), warpgroups=1, stages=4, registers=[40, 232]),
    dict(tile=(128, 8), stages=4),
    dict(tile=(128, 72), stages=4),
    dict(tile=(128, 128), stages=5),
    dict(tile=(128, 136), stages=4),
    dict(tile=(128, 176), stages=4, chunk=88),
    dict(tile=(128, 192), stages=4),
    dict(tile=(128, 208), stages=4, chunk=16),
    dict(tile=(192, 96), warpgroups=3, stages=5, chunk=32, registers=[32, 160]),
    dict(tile=(192, 128), warpgroups=3, stages=4, registers=[32, 160]),
    dict(tile=(256, 64), stages=4),
    dict(tile=(256, 128), stages=3),
    dict(tile=(256, 128), stages=2),
    dict(tile=(256, 128), stages=4, buffers=1),
    dict(tile=(256, 128), stages=3, unroll=2),
    dict(tile=(256, 128), stages=3, unroll=4),
    dict(tile=(256, 128), stages=3, unroll=8, specialize="[n, k]"),
    dict(tile=(256, 128), stages=3, specialize="[m, n, k]"),
    dict(tile=(256, 128), stages=3, epilogue="overlapped"),
    dict(tile=(256, 128), stages=3, epilogue="overlapped", unroll=8,
         specialize="[n, k]"),
    dict(tile=(128, 128), stages=4, epilogue="overlapped"),
    dict(tile=(256, 128), stages=3, coordinates="consumer"),
    dict(tile=(256, 128), stages=3, rhs_scales="direct"),
    dict(tile=(256, 128), stages=3, lhs_scales="direct"),
    dict(tile=(256, 128), stages=3, persistent="false"),
    dict(tile=(256, 128), stages=3, store="direct"),
    dict(tile=(256, 128), stages=3, raster="m", raster_width=4),
    dict(tile=(128, 128), stages=4, cluster=2, multicast="lhs"),
    dict(tile=(256, 128), stages=3, cluster=2, multicast="rhs"),
    dict(tile=(128, 128), stages=4, cluster=2, multicast="rhs",
         epilogue="overlapped", unroll=2),
    dict(tile=(64, 32), warpgroups=1, stages=4, kblocks=4, in_flight=4),
    dict(tile=(64, 64), warpgroups=1, stages=3, kblocks=4, in_flight=4),
    dict(tile=(64, 64), warpgroups=1, stages=3, kblocks=4, in_flight=2),
    dict(tile=(128, 64), stages=4, kblocks=2, in_flight=2),
    dict(tile=(128, 64), stages=4, kblocks=2, in_flight=1),
    dict(tile=(64, 8), warpgroups=1, stages=4, swap="true"),
    dict(tile=(128, 32), stages=4, swap="true"),
    dict(tile=(128, 64), stages=3, swap="true", kblocks=2, in_flight=2),
    dict(tile=(256, 64), stages=3, swap="true", epilogue="overlapped"),
    dict(tile=(128, 16), stages=4, swap="true", store="direct"),
]


def name(schedule):
    return "-".join(
        f"{key}{value}".replace(" ", "").replace("(", "").replace(")", "")
        for key, value in schedule.items()
    )


def run(folder, schedule, shape, scaling="1d2d", out="bf16", with_c=False,
        seed=0, **more):
    m, n, k = shape
    knobs = {**schedule, **more}
    text = gemm.schedule_text(scaling=scaling, out=out, **knobs)
    static_m = m if "m" in knobs.get("specialize", "") else None
    gemm.compile_gemm(
        gemm.gemm_text(static_m, n, k, scaling, out, with_c, text), folder)
    operands = gemm.make_operands(m, n, k, scaling, out, with_c)
    got = gemm.simulate(folder, operands, m, n, k, out, seed=seed)
    want = gemm.expected(operands, scaling, out)
    wrong = np.argwhere(got != want)
    assert not len(wrong), (
        f"{len(wrong)} of {got.size} elements differ for\n{text}\nthe first at "
        f"{wrong[0]}: {got[tuple(wrong[0])]:#x}, not {want[tuple(wrong[0])]:#x}")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=name)
def test_schedule(tmp_path, schedule, shape):
    run(tmp_path, schedule, shape)
