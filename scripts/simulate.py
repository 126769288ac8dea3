#!/usr/bin/env python3
"""Simulates kernels of a set of schedules that spans every knob.

  scripts/simulate.py run     compiles each schedule, simulates it over odd
                              shapes and several interleavings, checks bits
  scripts/simulate.py mutate  runs every mutant of these kernels and of the
                              hand-written ones, and writes docs/mutants.md
"""

import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHAPES = ["M=300 N=520 K=640", "M=1 N=136 K=256", "M=129 N=256 K=1100"]
SWAP = "swap = true, lhs_scales = tile, rhs_scales = staged"


def schedule(text="", **problem):
    return {"schedule": text, **problem}


SCHEDULES = {
    "default": schedule(),
    "coop-256x128": schedule("tile = [256, 128]"),
    "128x128-4-stages": schedule("tile = [128, 128], stages = 4"),
    "wide-128x176": schedule("tile = [128, 176], chunk = 88, stages = 4"),
    "tri-192x96": schedule(
        "tile = [192, 96], warpgroups = 3, chunk = 32, registers = [32, 160]"
    ),
    "narrow-64x64": schedule(
        "tile = [64, 64], warpgroups = 1, kblocks = 4, in_flight = 4, stages = 2"
    ),
    "thin-swapped-64x8": schedule(
        "tile = [64, 8], warpgroups = 1, kblocks = 4, in_flight = 4, stages = 4, "
        f"chunk = 8, {SWAP}"
    ),
    "swapped-128x64": schedule(f"tile = [128, 64], {SWAP}"),
    "unrolled": schedule("tile = [256, 128], unroll = 2"),
    "cluster-lhs": schedule("tile = [128, 128], cluster = 2, multicast = lhs"),
    "cluster-rhs": schedule("tile = [128, 128], cluster = 2, multicast = rhs"),
    "overlapped": schedule("tile = [256, 128], epilogue = overlapped"),
    "direct-scales": schedule(
        "tile = [256, 128], lhs_scales = direct, rhs_scales = direct"
    ),
    "direct-store": schedule("tile = [128, 128], store = direct"),
    "raster-m": schedule("tile = [128, 128], raster = m, raster_width = 4"),
    "consumer-coordinates": schedule("tile = [128, 128], coordinates = consumer"),
    "one-tile": schedule("tile = [128, 128], persistent = false"),
    "f32": schedule("tile = [128, 128]", d="f32"),
    "f32-accumulate": schedule("tile = [128, 128]", d="f32", acc=True),
    "bf16-accumulate": schedule("tile = [256, 128]", acc=True),
    "1d1d": schedule("tile = [256, 128], rhs_scales = staged", b_block=1),
    "1d1d-f32-accumulate": schedule(
        "tile = [128, 128], rhs_scales = staged", b_block=1, d="f32", acc=True
    ),
    "static": schedule("tile = [256, 128], specialize = [n, k]", n=640, k=1024),
}
HAND_WRITTEN = {
    "gemm_fp8": "M=256 N=384 K=640",
    "gemm_cluster": "M=256 N=384 K=640",
    "stream_sum": "R=9 C=512",
    "gemm_bf16": "M=100 N=40 K=640",
}


def module(schedule="", n="?", k="?", d="bf16", acc=False, b_block=128):
    kb = "?" if k == "?" else -(-k // 128)
    nb = "?" if n == "?" else -(-n // b_block)
    a = f"memref<?x{k}xf8E4M3FN, strided<[?, 1]>>"
    b = f"memref<{n}x{k}xf8E4M3FN, strided<[?, 1]>>"
    sfa = f"memref<?x{kb}xf32, strided<[1, ?]>>"
    order = "[1, ?]" if b_block == 1 else "[?, 1]"
    sfb = f"memref<{nb}x{kb}xf32, strided<{order}>>"
    out = f"memref<?x{n}x{d}, strided<[?, 1]>>"
    c = f" acc(%c : {out})" if acc else ""
    attribute = f", schedule = #dgemm.schedule<{schedule}>" if schedule else ""
    return f"""func.func @gemm(%a: {a}, %sfa: {sfa}, %b: {b}, %sfb: {sfb},
    %c: {out}, %d: {out}) {{
  dgemm.gemm ins(%a, %sfa, %b, %sfb : {a}, {sfa}, {b}, {sfb}){c}
    outs(%d : {out}) {{a_block = [1, 128], b_block = [{b_block}, 128]{attribute}}}
  return
}}
"""


def compile_kernel(args, name, folder):
    """Returns the PTX and the record of one schedule."""
    source = folder / f"{name}.mlir"
    source.write_text(module(**SCHEDULES[name]))
    output = folder / name
    output.mkdir()
    subprocess.run(
        [
            args.opt,
            source,
            f"--dgemm-pipeline=stop-after=ptx output-dir={output}",
            "-o",
            "/dev/null",
        ],
        check=True,
    )
    (ptx,) = output.glob("*.ptx")
    return ptx, ptx.with_suffix(".json")


def simulate(args, ptx, record, *options):
    command = [args.sim, ptx, record, "--threads", "1", *options]
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True
    )


def sizes(name, shape):
    """The sizes that the schedule's problem leaves open."""
    static = SCHEDULES[name]
    return [s for s in shape.split() if s[0].lower() not in static]


def run_one(args, name, folder):
    ptx, record = compile_kernel(args, name, folder)
    for shape in SHAPES:
        result = simulate(
            args,
            ptx,
            record,
            "--size",
            *sizes(name, shape),
            "--sms",
            "2",
            "--explore",
            args.seeds,
        )
        if result.returncode:
            return f"{name}, {shape}:\n{result.stdout}{result.stderr}"
    return ""


def run(args, folder):
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        names = list(SCHEDULES)
        for name, text in zip(
            names, pool.map(lambda n: run_one(args, n, folder), names)
        ):
            print(text or f"{name}: ok", flush=True)
            failed += bool(text)
    return failed


def mutate_one(args, name, ptx, record, shape, sms):
    result = simulate(
        args, ptx, record, "--size", *shape, "--sms", sms, "--mutate", args.seeds
    )
    if result.returncode:
        sys.exit(f"{name}: {result.stdout}{result.stderr}")
    rows = re.findall(r"^\| (.*?) \| (.*) \|$", result.stdout, re.M)
    counts = {
        kind: [int(x) for x in numbers.split(" | ")]
        for kind, numbers in rows
        if kind not in ("mutants", "---") and not kind.startswith("-")
    }
    others = re.findall(
        r"^(survived|wrong-bits|step-limit): (.*)$", result.stdout, re.M
    )
    return counts, others


HEADER = """# Mutants

Made by `scripts/simulate.py mutate`. Each mutant is a correct kernel with one
synchronising instruction deleted, moved, weakened, or with another count, byte
number or parity. *Reported* means that the simulator names a hazard (a deadlock
is one); wrong bits without a report and step limits are counted apart. Before
its mutants are run, each kernel has been silent under the same seeds.

"""
WHY = """
## Why the survivors cannot go wrong

* `bar.sync` above `fence.proxy.async`: the fence then stands behind the
  barrier, in the thread that issues the store; either place orders the writes
  before the copy reads them.
* `wgmma.fence` of a second slice: the fence of the first slice comes after
  the last ordinary access to the second slice's registers as well.
* `bar.warp.sync` before a release at the end of a tile: the CTA barrier of the
  epilogue has already ordered the lanes.
* `bar.warp.sync` between loads of C: it orders nothing, it keeps the compiler
  from moving the loads together.
* `one-tile`: its one tile fills each buffer once, so that what frees a buffer
  for a second use waits and arrives in vain.
"""


def mutate(args, folder):
    subjects = []
    for name, shape in HAND_WRITTEN.items():
        ptx = ROOT / "test/Simulator/ptx" / f"{name}.ptx"
        sms = 1 if name == "gemm_fp8" else 2
        subjects.append((name, ptx, ptx.with_suffix(".json"), shape.split(), sms))
    for name in SCHEDULES:
        ptx, record = compile_kernel(args, name, folder)
        sms = 2 if "cluster" in name else 1
        shape = sizes(name, "M=200 N=264 K=640")
        subjects.append((name, ptx, record, shape, sms))
    total, by_kind, text, survivors = [0] * 5, {}, "", ""
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = pool.map(lambda s: mutate_one(args, *s), subjects)
        for subject, (counts, others) in zip(subjects, results):
            numbers = counts.pop("all")
            row = " | ".join(map(str, numbers))
            text += f"| {subject[0]} | {row} |\n"
            print(subject[0], row, flush=True)
            total = [x + y for x, y in zip(total, numbers)]
            for kind, more in counts.items():
                kind = re.sub(r"\.(sync|aligned|shared|b64|cta|parity)\b.*", "", kind)
                old = by_kind.get(kind, [0] * 5)
                by_kind[kind] = [x + y for x, y in zip(old, more)]
            for fate, what in others:
                survivors += f"* {subject[0]}: {fate}, {what}\n"
    columns = "| made | reported | wrong bits | step limit | survived |\n"
    lines = "|---|---|---|---|---|---|\n"
    share = 100.0 * total[1] / max(total[0], 1)
    page = HEADER + f"{total[1]} of {total[0]} are reported ({share:.1f} %).\n\n"
    page += "| kernel " + columns + lines + text
    page += f"| **all** | {' | '.join(map(str, total))} |\n\n"
    page += "| change and instruction " + columns + lines
    for kind in sorted(by_kind):
        page += f"| {kind} | {' | '.join(map(str, by_kind[kind]))} |\n"
    page += "\n## Not reported\n\n" + (survivors or "None.\n") + WHY
    (ROOT / "docs/mutants.md").write_text(page)
    print(f"{total[1]} of {total[0]} reported ({share:.1f} %)")
    return 0 if share >= 90 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "mutate"])
    parser.add_argument("--opt", default=ROOT / "build/bin/dgemm-opt")
    parser.add_argument("--sim", default=ROOT / "build/bin/dgemm-sim")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        function = run if args.what == "run" else mutate
        sys.exit(function(args, pathlib.Path(folder)))


if __name__ == "__main__":
    main()
