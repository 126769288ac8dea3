"""examples/gemm.mlir as its user runs it: dgemm-opt, then dgemm-run.

Each problem runs on the simulator everywhere, and on a Hopper GPU where there
is one. dgemm-run compares every bit with the reference evaluator, guards the
buffers and checks the error bound.
"""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(os.environ.get("DGEMM_BIN_DIR", ROOT / "build" / "bin"))

pytestmark = pytest.mark.skipif(
    not (BIN / "dgemm-opt").exists() or not (BIN / "dgemm-run").exists(),
    reason=f"no dgemm-opt and dgemm-run in {BIN}",
)


def has_hopper_gpu():
    command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return "9.0" in run.stdout.split()


HAS_GPU = has_hopper_gpu()
needs_gpu = pytest.mark.skipif(not HAS_GPU, reason="no Hopper GPU")


def run(*command):
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """The folder that holds gemm.ptx and gemm.json, and gemm.cubin for a GPU."""
    folder = tmp_path_factory.mktemp("example")
    last = "cubin" if HAS_GPU else "ptx"
    options = f"stop-after={last} output-dir={folder}"
    source = ROOT / "examples" / "gemm.mlir"
    run(BIN / "dgemm-opt", source, "-o", os.devnull, f"--dgemm-pipeline={options}")
    return folder


@pytest.mark.parametrize("m", [0, 1, 100])
@pytest.mark.parametrize(
    "backend", ["simulator", pytest.param("gpu", marks=needs_gpu)]
)
def test_example(kernel, tmp_path, backend, m):
    code = kernel / ("gemm.cubin" if backend == "gpu" else "gemm.ptx")
    case = {"record": str(kernel / "gemm.json"), "cubin": str(code), "M": m}
    case["repeats"] = 20 if backend == "gpu" else 1
    manifest, results = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    manifest.write_text(json.dumps(case) + "\n")
    run(BIN / "dgemm-run", "--backend", backend, "-m", manifest, "-o", results)
    header, result = map(json.loads, results.read_text().splitlines())
    assert header["backend"] == backend
    assert result["check"]["kind"] == "full"
    assert result["check"]["elements"] == m * 7168
    assert result["check"]["mismatches"] == 0


@needs_gpu
def test_schedules_on_gpu(tmp_path):
    """A schedule for each knob, on ragged sizes, 20 times each."""
    suite = ROOT / "benchmarks" / "gpu_suite.py"
    opt = BIN / "dgemm-opt"
    run("python3", suite, tmp_path, "--only", "schedules", "--opt", opt)
    run(BIN / "dgemm-run", "-m", tmp_path / "schedules.jsonl")
