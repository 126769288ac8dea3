#!/usr/bin/env python3
"""Simulates kernels of the set of schedules that spans every knob.

  scripts/simulate.py run     compiles each schedule, simulates it over odd
                              shapes and several interleavings, checks bits
  scripts/simulate.py mutate  runs every mutant of these kernels and of the
                              hand-written ones, explores those that no seed
                              shows, and writes docs/mutants.md

`--seeds 100` with `run` is the proof that the unmutated kernels are silent.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
import gemms  # noqa: E402

# M, N, K: nothing divides anything.
SHAPES = [(129, 136, 1100), (1, 136, 256), (300, 520, 640)]
# What the survivors among the mutants are explored on: one row of tiles.
SMALL_M = 8
# What a problem adds to a schedule: scaling, type of D, C.
PROBLEMS = {
    "f32": ((128, 128), ("1d2d", "f32", False)),
    "f32-accumulate": ((128, 128), ("1d2d", "f32", True)),
    "bf16-accumulate": ((256, 128), ("1d2d", "bf16", True)),
    "1d1d": ((256, 128), ("1d1d", "bf16", False)),
    "1d1d-accumulate": ((128, 128), ("1d1d", "f32", True)),
}
HAND_WRITTEN = {
    "gemm_fp8": ("M=256 N=384 K=640", "M=64 N=128 K=640"),
    "gemm_cluster": ("M=256 N=384 K=640", "M=64 N=256 K=640"),
    "stream_sum": ("R=9 C=2048", "R=1 C=2048"),
    "gemm_bf16": ("M=100 N=40 K=640", "M=64 N=40 K=640"),
}


class Subject:
    """A kernel: how it is made, and the sizes that it is run with."""

    def __init__(self, name, schedule, problem=("1d2d", "bf16", False)):
        self.name, self.schedule, self.problem = name, schedule, problem

    def sms(self):
        return 2 if self.schedule and "cluster" in self.schedule else 1

    def mutant_shape(self):
        """Three rows of two tiles with edges, and K blocks that leave a rest
        after two rounds of a loop: what is not reached or not used twice
        cannot go wrong."""
        schedule = self.schedule or dict(tile=(256, 128), stages=3)
        rows, columns = schedule["tile"]
        if schedule.get("swap") == "true":
            rows, columns = columns, rows
        blocks = 2 * max(schedule.get("unroll", 2), schedule.get("kblocks", 1)) + 1
        if schedule.get("persistent") == "false":
            blocks = (schedule["stages"] + 1) * schedule.get("kblocks", 1)
            blocks = blocks * schedule.get("split_k", 1) + 1
        if "static_splits" in schedule:  # every position of a tile's columns
            return rows - 3, 8 * columns, 128 * blocks - 120
        return 3 * rows - 3, 2 * columns - 8, 128 * blocks - 120

    def compile(self, args, folder, shape):
        """Returns the PTX and the record for one shape."""
        m, n, k = shape
        text, rows = None, None
        if self.schedule:
            scaling, out, _ = self.problem
            text = gemms.schedule_text(scaling=scaling, out=out, **self.schedule)
            rows = gemms.static_rows(self.schedule, m)
        source = gemms.gemm_text(rows, n, k, *self.problem, text)
        output = folder / f"{self.name}-{n}-{k}"
        output.mkdir()
        subprocess.run(
            [args.opt, f"--dgemm-pipeline=stop-after=ptx output-dir={output}"],
            input=source,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (ptx,) = output.glob("*.ptx")
        return ptx, ptx.with_suffix(".json")

    def sizes(self, shape):
        m, n, k = shape
        pitch = gemms.align(k, 16)
        return [f"M={m}", f"N={n}", f"K={k}", f"lda={pitch}", f"ldb={pitch}"]


def subjects():
    yield Subject("chosen", None)
    for schedule in gemms.SCHEDULES:
        yield Subject(gemms.schedule_name(schedule), schedule)
    for name, (tile, problem) in PROBLEMS.items():
        yield Subject(name, dict(tile=tile, stages=3), problem)


def simulate(args, ptx, record, *options):
    command = [args.sim, ptx, record, "--threads", "1", *options]
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True
    )


def run_one(args, subject, folder):
    for shape in SHAPES[: args.shapes]:
        ptx, record = subject.compile(args, folder, shape)
        how = ["--sms", "2", "--explore", args.seeds]
        result = simulate(args, ptx, record, "--size", *subject.sizes(shape), *how)
        if result.returncode:
            return f"{subject.name}, {shape}:\n{result.stdout}{result.stderr}"
    return ""


def run_hand_written(args, name):
    ptx = ROOT / "test/Simulator/ptx" / f"{name}.ptx"
    how = ["--sms", "2", "--explore", args.seeds, "--size"]
    sizes = HAND_WRITTEN[name][0].split()
    result = simulate(args, ptx, ptx.with_suffix(".json"), *how, *sizes)
    return f"{name}:\n{result.stdout}{result.stderr}" if result.returncode else ""


def run(args, folder):
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        work = {s.name: pool.submit(run_one, args, s, folder) for s in subjects()}
        for name in HAND_WRITTEN:
            work[name] = pool.submit(run_hand_written, args, name)
        for name, future in work.items():
            text = future.result()
            print(text or f"{name}: silent under {args.seeds} seeds", flush=True)
            failed += bool(text)
    print(f"{len(work) - failed} of {len(work)} kernels are silent")
    return failed


def mutate_one(args, name, ptx, record, sizes, small, sms):
    """The mutants' fates: counts by kind, who is not reported, and how many
    are by exploration only. Kept in --cache, for a run that is cut off."""
    kept = args.cache and args.cache / f"{name}.json"
    if kept and kept.exists():
        return json.loads(kept.read_text())
    result = simulate(
        args,
        ptx,
        record,
        "--size",
        *sizes,
        "--sms",
        sms,
        "--mutate",
        args.seeds,
        "--systematic",
        1,
        "--max-runs",
        args.interleavings,
        "--small",
        *small,
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
    only = int(re.search(r"^(\d+) are reported by", result.stdout, re.M)[1])
    fates = [counts, others, only]
    if kept:
        kept.write_text(json.dumps(fates))
    return fates


HEADER = """# Mutants

Made by `scripts/simulate.py mutate`. Each mutant is a correct kernel with one
synchronising instruction deleted, moved, weakened, or with another count, byte
number or parity. *Reported* means that the simulator names a hazard (a deadlock
is one); wrong bits without a report and step limits are counted apart. Each
kernel is run under {seeds} seeds, each mutant until it is reported. A mutant that
none of them shows is explored on a small problem: up to {runs} interleavings with
one preemption, half of them within 12 lines of the change (all of them where
there are fewer). `scripts/simulate.py run --seeds 100` shows that the kernels
themselves are silent.

The kernels are four that nvcc compiled from CUDA, and the compiler's: one for
each set of knobs in `scripts/lib/gemms.py`, and for the other problems.

"""
# Why a mutant that survives cannot go wrong: name, pattern of the kernel and of
# the mutant, argument.
REASONS = [
    (
        "fence-after",
        "",
        r"bar, move: moved above fence.proxy.async",
        "the fence then stands behind the barrier, in the thread that issues the "
        "store: either place orders the writes before the copy reads them",
    ),
    (
        "lanes-ordered",
        "",
        r"bar.warp, delete",
        "the lanes are ordered by something else as well: the CTA barrier of the "
        "epilogue, or the wait on an mbarrier that all lanes make; between loads of "
        "C there is nothing to order, the barrier only keeps the compiler from "
        "moving the loads together",
    ),
    (
        "converged",
        "",
        r"bar.warp, move",
        "the instruction that the barrier passes touches nothing that another lane "
        "touches",
    ),
    (
        "used-once",
        "persistentfalse",
        r"",
        "its one tile fills each buffer once, so that what frees a buffer for a "
        "second use waits and arrives in vain",
    ),
    (
        "second-slice",
        "",
        r"wgmma.fence",
        "the fence of the first slice comes after the last ordinary access to the "
        "second slice's registers as well",
    ),
    (
        "one-round",
        "",
        r"mbarrier.try_wait|mbarrier.arrive|mbarrier.init|wait_group",
        "what it guards is not used a second time on this problem: the buffer it "
        "frees is never filled again",
    ),
    (
        "fenced-elsewhere",
        "",
        r"fence.acq_rel|fence.proxy",
        "another fence or a wait for the tensor core stands between the read and "
        "the arrival as well",
    ),
    (
        "barrier-elsewhere",
        "",
        r"bar, ",
        "another barrier orders the same accesses",
    ),
]


def reason(name, what):
    for title, kernel, mutant, _ in REASONS:
        if re.search(kernel, name) and re.search(mutant, what):
            return title
    return "UNEXPLAINED"


def knobs(schedule):
    """What one schedule of a kind stands for all of: not the sizes."""
    sizes = ("tile", "stages", "chunk", "registers", "buffers", "warpgroups")
    return tuple(sorted((k, v) for k, v in schedule.items() if k not in sizes))


def mutated_subjects():
    seen = set()
    for subject in subjects():
        key = subject.schedule and (knobs(subject.schedule), subject.problem)
        if key not in seen:
            seen.add(key)
            yield subject


def all_mutants(args, folder):
    """Every kernel with its mutants' fates, in order."""
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        work = []
        for name, (sizes, small) in HAND_WRITTEN.items():
            ptx = ROOT / "test/Simulator/ptx" / f"{name}.ptx"
            sms = 1 if name == "gemm_fp8" else 2
            call = (ptx, ptx.with_suffix(".json"), sizes.split(), small.split(), sms)
            work.append((name, pool.submit(mutate_one, args, name, *call)))

        def compiled(subject):
            shape = subject.mutant_shape()
            # What bakes M in is explored on its one M.
            fixed = subject.schedule and "m" in subject.schedule.get("specialize", "")
            small = shape if fixed else (SMALL_M, *shape[1:])
            files = subject.compile(args, folder, shape)
            sizes = subject.sizes(shape), subject.sizes(small)
            return mutate_one(args, subject.name, *files, *sizes, subject.sms())

        for subject in mutated_subjects():
            work.append((subject.name, pool.submit(compiled, subject)))
        for name, future in work:
            yield name, *future.result()


def mutate(args, folder):
    total, by_kind, text, survivors, only = [0] * 5, {}, "", "", 0
    for name, counts, others, more in all_mutants(args, folder):
        numbers = counts.pop("all")
        row = " | ".join(map(str, numbers))
        text += f"| {name} | {row} |\n"
        print(name, row, flush=True)
        only += more
        total = [x + y for x, y in zip(total, numbers)]
        for kind, here in counts.items():
            kind = re.sub(r"\.(sync|aligned|shared|b64|cta|parity)\b.*", "", kind)
            old = by_kind.get(kind, [0] * 5)
            by_kind[kind] = [x + y for x, y in zip(old, here)]
        for fate, what in others:
            what = re.sub(r"\.(sync|shared|b64)\b\S*(?=, )", "", what)
            survivors += f"| {name} | {reason(name, what)} | {fate}, {what} |\n"
    columns = "| made | reported | wrong bits | step limit | survived |\n"
    lines = "|---|---|---|---|---|---|\n"
    share = 100.0 * total[1] / max(total[0], 1)
    page = HEADER.format(seeds=args.seeds, runs=args.interleavings)
    page += f"{total[1]} of {total[0]} are reported ({share:.1f} %), {only} of "
    page += "them only by exploration.\n\n"
    page += "| kernel " + columns + lines + text
    page += f"| **all** | {' | '.join(map(str, total))} |\n\n"
    page += "| change and instruction " + columns + lines
    for kind in sorted(by_kind):
        page += f"| {kind} | {' | '.join(map(str, by_kind[kind]))} |\n"
    page += "\n## Why the survivors cannot go wrong\n\n"
    page += "".join(f"* *{title}*: {text}.\n" for title, _, _, text in REASONS)
    page += "\n## Not reported\n\n| kernel | why | what, and how far explored |\n"
    page += "|---|---|---|\n" + survivors
    (ROOT / "docs/mutants.md").write_text(page)
    print(f"{total[1]} of {total[0]} reported ({share:.1f} %)")
    return 0 if share >= 90 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["run", "mutate"])
    parser.add_argument("--opt", default=ROOT / "build/bin/dgemm-opt")
    parser.add_argument("--sim", default=ROOT / "build/bin/dgemm-sim")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--shapes", type=int, default=3, help="of `run`: how many")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--interleavings", type=int, default=200)
    parser.add_argument("--cache", type=pathlib.Path, help="a folder for results")
    args = parser.parse_args()
    if args.cache:
        args.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        function = run if args.what == "run" else mutate
        sys.exit(function(args, pathlib.Path(folder)))


if __name__ == "__main__":
    main()
