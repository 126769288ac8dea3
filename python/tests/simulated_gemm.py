"""Compiles a dgemm.gemm with dgemm-opt and runs its PTX on the simulator."""

import os
import pathlib
import shutil
import subprocess
import textwrap

import numpy as np
import reference_library as reference

ROOT = pathlib.Path(__file__).parents[2]


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


def ceil_div(a, b):
    return -(-a // b)


def schedule_text(tile, scaling="1d2d", out="bf16", **knobs):
    """A schedule; what a problem or a tile decides is filled in.

    A side of vector scales has them staged and a side of block scales has
    them copied once for a tile. A chunk is the widest that divides the tile
    and makes rows of at most 128 bytes; f32 takes fewer buffers, to fit.
    """
    swap = knobs.get("swap") == "true"
    vector = {
        "lhs_scales": not swap or scaling == "1d1d",
        "rhs_scales": swap or scaling == "1d1d",
    }
    for side, staged in vector.items():
        knobs.setdefault(side, "staged" if staged else "tile")
    if knobs.get("store") != "direct":
        widest = 64 if out == "bf16" else 32
        knobs.setdefault(
            "chunk", next(c for c in range(widest, 0, -8) if tile[1] % c == 0)
        )
        if out == "f32":
            knobs.setdefault("buffers", 2)
    items = {"tile": list(tile), **knobs}
    return f"#dgemm.schedule<{', '.join(f'{k} = {v}' for k, v in items.items())}>"


def gemm_text(m, n, k, scaling="1d2d", out="bf16", with_c=False, schedule=None):
    """One gemm on memrefs; m may be None. Rows are padded to 16 bytes."""
    rows = "?" if m is None else m
    pitch = ceil_div(k, 16) * 16
    pad = "" if pitch == k else f", strided<[{pitch}, 1]>"
    blocks = ceil_div(k, 128)
    a = f"memref<{rows}x{k}xf8E4M3FN{pad}>"
    b = f"memref<{n}x{k}xf8E4M3FN{pad}>"
    sfa = f"memref<{rows}x{blocks}xf32, strided<[1, ?]>>"
    sfb = f"memref<{ceil_div(n, 128)}x{blocks}xf32>"
    attributes = []
    if scaling == "1d1d":
        sfb = f"memref<{n}x{blocks}xf32, strided<[1, ?]>>"
        attributes.append("b_block = [1, 128]")
    if schedule:
        attributes.append(f"schedule = {schedule}")
    # D and C have a pitch too: a row of them starts at a multiple of 16 bytes.
    unit = 16 // {"bf16": 2, "f32": 4}[out]
    pitch = ceil_div(n, unit) * unit
    pad = "" if pitch == n else f", strided<[{pitch}, 1]>"
    d = f"memref<{rows}x{n}x{out}{pad}>"
    attributes = textwrap.fill(
        ", ".join(attributes), 80, initial_indent=" " * 7, subsequent_indent=" " * 11
    )
    return f"""func.func @gemm(%a: {a},
                %sfa: {sfa},
                %b: {b},
                %sfb: {sfb},
                %c: {d},
                %d: {d}) {{
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : {a},
                   {sfa},
                   {b},
                   {sfb})
      {f"acc(%c : {d}) " if with_c else ""}outs(%d : {d})
      {{{attributes.lstrip()}}}
  return
}}
"""


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


def compile_gemm(text, folder, last="ptx"):
    """Leaves a module's PTX, launch record (and cubin) in a folder."""
    _pipeline(text, f"stop-after={last} output-dir={folder}")


def stop_after(rung, text):
    """The text of a rung."""
    return _pipeline(text, f"stop-after={rung}")


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


def expected(operands, scaling, out):
    """D, bit for bit, as unsigned integers."""
    d = reference.gemm(
        operands["A"],
        operands["SFA"],
        operands["B"],
        operands["SFB"],
        operands.get("C"),
        sfb_rows=1 if scaling == "1d1d" else 128,
        dtype=out,
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
