"""The bits of a row do not depend on the rows around it.

One compilation of (N, K) for M = 1..300 in the batch-invariant mode, with a
kernel for each of five ranges of M, is run on the simulator for every one of
these M; and what the model chooses for some of them.
Each row must have the bits that it has among 300 rows, and those are the
reference's.
"""

import concurrent.futures
import json
import os

import numpy as np
import pytest
import simulated_gemm as gemm

pytestmark = pytest.mark.skipif(
    not (gemm.tool("dgemm-opt") and gemm.tool("dgemm-sim")),
    reason="dgemm-opt and dgemm-sim are not built",
)

# Sixteen K blocks: enough for the model to split K where it may.
ROWS, N, K = 300, 72, 2048

# The chosen kernels of so small a problem are much alike, so the ranges here
# are cut by a table: swapped and not, several K blocks in flight, two and
# three warpgroups.
TABLE = """
M=1     N=72 K=2048 out=bf16 scaling=1d2d = #dgemm.schedule<tile = [64, 8], \
warpgroups = 1, kblocks = 2, in_flight = 2, swap = true, lhs_scales = tile, \
rhs_scales = staged, chunk = 8, specialize = [n, k]>
M=2..63 N=72 K=2048 out=bf16 scaling=1d2d = #dgemm.schedule<tile = [64, 64], \
warpgroups = 1, swap = true, lhs_scales = tile, rhs_scales = staged, \
specialize = [n, k]>
M=64    N=72 K=2048 out=bf16 scaling=1d2d = #dgemm.schedule<tile = [64, 24], \
warpgroups = 1, kblocks = 4, in_flight = 4, chunk = 24, specialize = [n, k]>
M=65..192 N=72 K=2048 out=bf16 scaling=1d2d = #dgemm.schedule<tile = [192, 72], \
warpgroups = 3, chunk = 72, registers = [32, 160], specialize = [n, k]>
"""


@pytest.mark.parametrize(
    "table, step", [(None, 13), (TABLE, 1)], ids=["model", "table"]
)
def test_rows_keep_their_bits(tmp_path, table, step):
    source = gemm.gemm_text(None, N, K)
    free = gemm.stop_after("select-schedule", source, options=f"m=1..{ROWS}")
    assert "split_k" in free, "the mode would change nothing here"
    options = f"m=1..{ROWS} batch-invariant"
    if table:
        (tmp_path / "table.txt").write_text(table)
        options += f" table={tmp_path / 'table.txt'}"
    gemm.compile_gemm(source, tmp_path, options=options)
    if table:
        record = json.loads((tmp_path / "gemm.json").read_text())
        assert len(record["kernels"]) >= 5

    operands = gemm.make_operands(ROWS, N, K, "1d2d", "bf16", False)
    want = gemm.expected(operands, "1d2d", "bf16")

    def run(m):
        folder = tmp_path / str(m)
        folder.mkdir()
        for suffix in (".ptx", ".json"):
            (folder / f"gemm{suffix}").symlink_to(tmp_path / f"gemm{suffix}")
        some = {**operands, "A": operands["A"][:m], "SFA": operands["SFA"][:m]}
        return m, gemm.simulate(folder, some, m, N, K, "bf16")

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for m, got in pool.map(run, range(1, ROWS + 1, step)):
            wrong = np.argwhere(got != want[:m])
            assert not len(wrong), f"M = {m}: {len(wrong)} bits differ"


def test_a_split_has_other_bits(tmp_path):
    """What the mode is for: f32 shows the order of additions."""
    knobs = {"tile": (64, 24), "warpgroups": 1, "kblocks": 2, "chunk": 24}
    split = {**knobs, "split_k": 2, "reduce": "cluster", "persistent": "false"}
    operands = gemm.make_operands(8, N, K, "1d2d", "f32", False)
    results = []
    for name, schedule in (("whole", knobs), ("split", split)):
        folder = tmp_path / name
        folder.mkdir()
        text = gemm.schedule_text(out="f32", **schedule)
        source = gemm.gemm_text(None, N, K, out="f32", schedule=text)
        gemm.compile_gemm(source, folder)
        results.append(gemm.simulate(folder, operands, 8, N, K, "f32"))
    assert (results[0] == gemm.expected(operands, "1d2d", "f32")).all()
    assert (results[0] != results[1]).any()
