"""Compiles a dgemm.gemm with dgemm-opt and runs its PTX on the simulator."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import reference_library as reference

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
from gemms import align, ceil_div, gemm_text, schedule_text  # noqa: E402, F401


def tool(name):
    """A built tool: the one that DGEMM_BIN_DIR, PATH or a build folder has."""
    folder = os.environ.get("DGEMM_BIN_DIR")
    found = shutil.which(name, path=folder) if folder else shutil.which(name)
    built = sorted(ROOT.glob(f"build*/bin/{name}"), key=lambda p: p.stat().st_mtime)
    return found or (str(built[-1]) if built else None)


def has_ptxas():
    """Whether dgemm-opt finds an assembler without being told."""
    return bool(
        os.environ.get("DGEMM_PTXAS")
        or shutil.which("ptxas")
        or os.access("/usr/local/cuda/bin/ptxas", os.X_OK)
    )


def _pipeline(text, options):
    run = subprocess.run(
        [tool("dgemm-opt"), f"--dgemm-pipeline={options}"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"does not compile:\n{text}{run.stderr[:2000]}"
    return run.stdout


def compile_gemm(text, folder, last="ptx", options=""):
    """Leaves a module's PTX, launch record (and cubin) in a folder."""
    _pipeline(text, f"stop-after={last} output-dir={folder} {options}")


def stop_after(rung, text, options=""):
    """The text of a rung."""
    return _pipeline(text, f"stop-after={rung} {options}")


def round_to_bf16(values):
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def make_operands(m, n, k, scaling, out, with_c, seed=1):
    """Random operands as the reference generates them."""
    a, sfa = reference.generate(seed, m, k, 1)
    b, sfb = reference.generate(seed + 1, n, k, 1 if scaling == "1d1d" else 128)
    operands = {"A": a, "SFA": sfa, "B": b, "SFB": sfb}
    if with_c:
        c = np.random.default_rng(seed).standard_normal((m, n)).astype(np.float32)
        operands["C"] = round_to_bf16(c) if out == "bf16" else c
    return operands


def parts_of(record, **sizes):
    """How the record's first kernel cuts the sums: count and K blocks."""
    parts = json.loads(record.read_text())["kernels"][0].get("parts")
    if not parts:
        return (1, 0)
    names = {"ceildiv": ceil_div, "align": align, **sizes}
    return parts["count"], eval(parts["kblocks"], {"__builtins__": {}}, names)


def expected(operands, scaling, out, parts=(1, 0)):
    """D, bit for bit, as unsigned integers."""
    d = reference.gemm(
        operands["A"],
        operands["SFA"],
        operands["B"],
        operands["SFB"],
        operands.get("C"),
        sfb_rows=1 if scaling == "1d1d" else 128,
        dtype=out,
        parts=parts,
    )
    return d if out == "bf16" else d.view(np.uint32)


def execute(kernel, operands, sizes, word, sms=2, seed=0):
    """Runs <kernel>.ptx on the simulator; returns D. Any hazard fails."""
    folder = kernel.parent
    command = [
        tool("dgemm-sim"),
        f"{kernel}.ptx",
        f"{kernel}.json",
        "--no-verify",
        f"--sms={sms}",
        f"--seed={seed}",
        f"--output=D={folder / 'D.bin'}",
        "--size",
        *(f"{name}={value}" for name, value in sizes.items()),
    ]
    for name, array in operands.items():
        array.tofile(folder / f"{name}.bin")
        command.append(f"--operand={name}={folder / f'{name}.bin'}")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout[:3000]}{run.stderr[:500]}"
    return np.fromfile(folder / "D.bin", word)


def simulate(folder, operands, m, n, k, out, **how):
    """D of a gemm as unsigned integers."""
    pitch = ceil_div(k, 16) * 16
    sizes = {"M": m, "N": n, "K": k, "lda": pitch, "ldb": pitch}
    word = np.uint16 if out == "bf16" else np.uint32
    return execute(folder / "gemm", operands, sizes, word, **how).reshape(m, n)


def run_case(record, m, n, k):
    """What dgemm-run says of one call on the simulator."""
    report = record.with_suffix(".report")
    run = subprocess.run(
        [
            tool("dgemm-run"),
            record,
            "--backend=simulator",
            "--repeats=1",
            f"--size={m}x{n}x{k}",
            f"--out={report}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = report.read_text().splitlines() if report.exists() else []
    assert len(lines) == 2, f"{run.stdout[:3000]}{run.stderr[:500]}"
    return json.loads(lines[1])
