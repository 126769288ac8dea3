"""D of every schedule on the simulator against hashes of an H200's D.

The hashes were recorded by `dgemm-run` on the GPU (benchmarks/gpu_suite.py
--only small makes the kernels); here the same tool runs the same calls on the
simulator. A schedule never changes a bit, so that a schedule that is younger
than the recording is held to the hash of its problem. One that splits K has
bits of its own: it is held to what the H200 gave for just that schedule
(--only schedules).
"""

import json

import pytest
import simulated_gemm as gemm
from gemms import SCHEDULES, for_f32, schedule_name, static_rows

pytestmark = pytest.mark.skipif(
    not (gemm.tool("dgemm-opt") and gemm.tool("dgemm-run")),
    reason="dgemm-opt and dgemm-run are not built",
)

RECORDED = gemm.ROOT / "benchmarks/results/h200-hashes-2026-11-24.jsonl"
OF_SCHEDULES = gemm.ROOT / "benchmarks/results/h200-schedules-2026-11-24.jsonl"
KEYS = ("M", "N", "K", "scaling", "out", "with_c")


def recorded():
    """The H200's hash of each problem, and how many kernels gave it."""
    hashes = {}
    for line in RECORDED.read_text().splitlines():
        entry = json.loads(line)
        if "schedule" in entry:
            problem = tuple(entry[key] for key in KEYS)
            hashes.setdefault(problem, []).append(entry["hash"])
    return hashes


def recorded_splits():
    """The H200's hash of each problem with each schedule that splits K."""
    hashes = {}
    for line in OF_SCHEDULES.read_text().splitlines():
        entry = json.loads(line)
        if "split_k" in entry.get("schedule", "") and "hash" in entry["check"]:
            problem = tuple(entry[key] for key in KEYS)
            hashes[problem, entry["schedule"]] = entry["check"]["hash"]
    return hashes


HASHES = recorded()
SPLITS = recorded_splits()
# Sizes that nothing divides, with the output and C that have most kernels.
PROBLEMS = [p for p, kernels in HASHES.items() if len(kernels) > 30]
SPLIT_PROBLEMS = {problem for problem, _ in SPLITS}
CASES = [
    pytest.param(schedule, problem, id=f"{schedule_name(schedule)}-{problem}")
    for schedule in SCHEDULES
    for problem in PROBLEMS
    if "split_k" not in schedule or problem in SPLIT_PROBLEMS
]


def test_splits_are_recorded():
    assert len(SPLITS) >= 6


def test_one_hash_per_problem():
    assert sum(map(len, HASHES.values())) >= 164
    assert all(len(set(kernels)) == 1 for kernels in HASHES.values())


@pytest.mark.parametrize("schedule, problem", CASES)
def test_hash(tmp_path, schedule, problem):
    m, n, k, scaling, out, with_c = problem
    full = schedule["tile"] == (256, 128) and "specialize" in schedule
    if full and with_c:  # no registers left for C
        problem = (m, n, k, scaling, out, False)
    if out == "f32":
        schedule = for_f32(schedule)
    text = gemm.schedule_text(scaling=scaling, out=out, **schedule)
    rows = static_rows(schedule, m)
    source = gemm.gemm_text(rows, n, k, scaling, out, problem[-1], text)
    gemm.compile_gemm(source, tmp_path)
    result = gemm.run_case(tmp_path / "gemm.json", m, n, k)
    assert result["ok"], result
    expected = HASHES[problem][0]
    if "split_k" in schedule:
        expected = SPLITS[problem, result["schedule"]]
    assert result["check"]["hash"] == expected, text
