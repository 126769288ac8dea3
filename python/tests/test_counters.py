"""Instructions per K block of compiled kernels: limits that must not grow.

Counts come from the simulator, so that they are the same on every machine. Two
kernels that differ in one K block of 128 are compared, so that what is outside
of the main loop cancels.
"""

import re
import subprocess

import pytest
import simulated_gemm as gemm

pytestmark = pytest.mark.skipif(
    not (gemm.tool("dgemm-opt") and gemm.tool("dgemm-sim")),
    reason="dgemm-opt and dgemm-sim are not built",
)

# Schedule; most instructions of a consumer warp and of the producer's warp per
# K block; wgmma and promoting fma instructions of a consumer warp, exactly.
CASES = [
    (dict(tile=(256, 128), stages=3), 216, 34, 8, 128),
    (dict(tile=(128, 128), stages=4), 125, 34, 4, 64),
    (dict(tile=(128, 192), stages=4), 206, 34, 4, 96),
    (dict(tile=(64, 64), warpgroups=1, stages=4), 93, 34, 4, 32),
    (dict(tile=(64, 8), warpgroups=1, stages=4, swap="true"), 68, 34, 4, 4),
]


def counters(folder, schedule, k):
    """Warp instructions of each warpgroup and of each opcode."""
    m, n = schedule["tile"]
    if schedule.get("swap"):
        m, n = n, m
    folder.mkdir()
    text = gemm.schedule_text(**schedule)
    gemm.compile_gemm(gemm.gemm_text(None, n, k, schedule=text), folder)
    command = [gemm.tool("dgemm-sim"), folder / "gemm.ptx", folder / "gemm.json"]
    command += ["--counters", "--no-check", "--sms=1", "--size"]
    command += [f"M={m}", f"N={n}", f"K={k}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return {
        name: int(count)
        for name, count in re.findall(r"^  (\S.*?) (\d+)$", run.stdout, re.M)
    }


@pytest.mark.parametrize("case", CASES, ids=lambda c: "x".join(map(str, c[0]["tile"])))
def test_per_k_block(tmp_path, case):
    schedule, most, most_producer, wgmma, fma = case
    eight = counters(tmp_path / "8", schedule, 1024)
    nine = counters(tmp_path / "9", schedule, 1152)
    consumers = schedule.get("warpgroups", 2)

    def more(prefix, warps):
        total = sum(v - eight.get(k, 0) for k, v in nine.items() if k.startswith(prefix))
        return total / warps

    assert more("wgmma.mma_async", 4 * consumers) == wgmma
    assert more("fma.rn.f32", 4 * consumers) == fma
    assert more("warpgroup 0", 4) <= most
    assert more(f"warpgroup {consumers}", 1) <= most_producer
