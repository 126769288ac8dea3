#!/usr/bin/env python3
"""Compiles the kernels and manifests that `dgemm-run` executes on a GPU.

    benchmarks/gpu_suite.py OUT [--only PART]... [--peers DIR]

OUT gets one folder of PTX, cubins and launch records and, by default, the
manifests bits.jsonl (every shape, scaling, output and C, chosen schedules),
schedules.jsonl (schedules that span the knobs), speed.jsonl (the seven DeepSeek
shapes) and chain.jsonl (32 decode GEMMs in a graph). Asked for by name:
wgrad.jsonl (the weight gradients of the seven shapes, accumulated in f32),
small.jsonl (the schedules on shapes that the simulator runs in a moment, to
compare the hashes of D) and untuned.jsonl (the 200 shapes of
scripts/lib/shapes.py, none left out: the largest needs under 3 GB).

--peers holds launch records of other kernels and uses.jsonl, a line for each
problem: {"scaling", "M", "N", "K", "record", "cubin"}. OUT names them by
relative paths.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
from gemms import (  # noqa: E402
    SCHEDULES, for_f32, gemm_text, schedule_text, static_rows)
from shapes import DEEPSEEK, WGRAD, untuned  # noqa: E402

SHAPES = [(24, 128)] + DEEPSEEK + [(264, 208), (264, 200), (121, 384),
                                   (128, 8320)]
SPEED_MS = [4096, 128, 64, 1, 2, 4, 8, 16, 32, 256, 512, 1024, 2048, 8192]
SMALL = [(129, 264, 208), (65, 136, 648)]
CHAIN = [(1, 7168, 2048), (1, 2112, 7168)]
# The M that the schedules of the bits cases are chosen for.
CHOSEN_FOR = [1, 64, 128, 4096]
MS = [0, 1, 7, 64, 100, 128, 129, 4096, 4097]

class Suite:
    def __init__(self, args):
        self.out = pathlib.Path(args.out)
        self.opt = args.opt
        # What an older compiler made is made again.
        self.built = pathlib.Path(args.opt).stat().st_mtime
        (self.out / "kernels").mkdir(parents=True, exist_ok=True)
        self.sources = {}
        self.cases = {}

    def kernel(self, text, m=None, pdl=None):
        """Registers a kernel; returns its name."""
        options = (f" m={m}" if m else "") + (f" pdl={pdl}" if pdl else "")
        name = "k" + hashlib.sha1(f"{options} {text}".encode()).hexdigest()[:10]
        self.sources[name] = (text.replace("@gemm", "@" + name, 1), options)
        return name

    def case(self, manifest, kernel, **keys):
        self.cases.setdefault(manifest, []).append(
            {"record": f"kernels/{kernel}.json",
             "cubin": f"kernels/{kernel}.cubin", **keys})

    def compile(self, name):
        text, options = self.sources[name]
        source = self.out / "kernels" / f"{name}.mlir"
        source.write_text(text)
        cubin = self.out / "kernels" / f"{name}.cubin"
        if cubin.exists() and cubin.stat().st_mtime > self.built:
            return name, None
        cubin.unlink(missing_ok=True)
        options = f"output-dir={self.out / 'kernels'}{options}"
        run = subprocess.run(
            [self.opt, str(source), f"--dgemm-pipeline={options}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return name, run.stderr if run.returncode else None

    def compile_all(self):
        """What the compiler said, of each kernel that does not compile."""
        failed = {}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, error in pool.map(self.compile, self.sources):
                if error:
                    failed[name] = error
        return failed

    def finish(self):
        failed = self.compile_all()
        for name, error in failed.items():
            text = self.sources[name][0]
            print(f"{name} does not compile:\n{text}{error[:600]}",
                  file=sys.stderr)
        for manifest, cases in self.cases.items():
            kept = [c for c in cases
                    if pathlib.Path(c["record"]).stem not in failed]
            with open(self.out / f"{manifest}.jsonl", "w") as f:
                for case in kept:
                    f.write(json.dumps(case) + "\n")
        print(f"{len(self.sources) - len(failed)} kernels, "
              f"{len(failed)} failed")
        return 1 if failed else 0


def add_bits(suite):
    for n, k in SHAPES:
        for scaling in ("1d2d", "1d1d"):
            for out in ("bf16", "f32"):
                for with_c in (False, True):
                    text = gemm_text(None, n, k, scaling, out, with_c,
                                     pad_d=False)
                    for m in MS:
                        chosen_for = max(c for c in CHOSEN_FOR if c <= max(m, 1))
                        suite.case("bits", suite.kernel(text, chosen_for),
                                   M=m, N=n, K=k)


def add_schedules(suite, manifest="schedules",
                  shapes=((129, 264, 208), (4097, 2112, 7168),
                          (100, 7168, 2048))):
    for schedule in SCHEDULES:
        for m, n, k in shapes:
            # 256x128 with every size a constant leaves no registers for C.
            full = schedule["tile"] == (256, 128) and "specialize" in schedule
            for out, with_c in (("bf16", full), ("f32", not full)):
                knobs = for_f32(schedule) if out == "f32" else schedule
                name = suite.kernel(gemm_text(
                    static_rows(schedule, m), n, k, "1d2d", out, with_c,
                    schedule_text(out=out, **knobs)))
                suite.case(manifest, name, M=m, N=n, K=k)


def peers_of(folder, out):
    """(scaling, M, N, K) -> a peer of a manifest in `out`."""
    peers = {}
    if folder:
        where = pathlib.Path(os.path.relpath(folder, out))
        for line in open(pathlib.Path(folder) / "uses.jsonl"):
            use = json.loads(line)
            peers[use["scaling"], use["M"], use["N"], use["K"]] = {
                "record": str(where / use["record"]),
                "cubin": str(where / use["cubin"]), "name": "deepgemm"}
    return peers


def flush_of(m):
    """The state of L2 that a figure is for."""
    return "clean" if m <= 128 else "dirty"


def add_timed(suite, manifest, shapes, peers, rivals=(), pdl=None,
              problem=("1d2d", "bf16", False), **keys):
    for m, n, k in shapes:
        name = suite.kernel(gemm_text(None, n, k, *problem, pad_d=False), m, pdl)
        peer = peers.get((problem[0], m, n, k))
        suite.case(manifest, name, M=m, N=n, K=k, pairs=30, repeats=3,
                   peers=([peer] if peer else []) + list(rivals), **keys)


def add_speed(suite, peers):
    for m in SPEED_MS:
        add_timed(suite, "speed", [(m, n, k) for n, k in DEEPSEEK], peers,
                  rivals=[{"cublaslt": "tensorwise"}, {"cublaslt": "blockwise"}],
                  time=True, flush=flush_of(m))


def add_untuned(suite, peers):
    add_timed(suite, "untuned", untuned(), peers, time=True, flush="clean",
              warm_up=200)


def add_wgrad(suite, peers):
    # D accumulates in place, as a weight gradient does.
    add_timed(suite, "wgrad", WGRAD, peers, problem=("1d1d", "f32", True),
              c="in_place", time=True, flush="dirty")


def add_chain(suite, peers):
    # Weights do not change while a chain runs.
    add_timed(suite, "chain", CHAIN, peers, chain=32, pdl="activations")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--opt", default="build/bin/dgemm-opt")
    parser.add_argument("--only", action="append",
                        choices=["bits", "schedules", "small", "speed",
                                 "chain", "wgrad", "untuned"])
    parser.add_argument("--peers")
    args = parser.parse_args()
    suite = Suite(args)
    only = args.only or ["bits", "schedules", "speed", "chain"]
    peers = peers_of(args.peers, args.out)
    if "bits" in only:
        add_bits(suite)
    if "schedules" in only:
        add_schedules(suite)
    if "small" in only:
        add_schedules(suite, "small", SMALL)
    if "speed" in only:
        add_speed(suite, peers)
    if "chain" in only:
        add_chain(suite, peers)
    if "wgrad" in only:
        add_wgrad(suite, peers)
    if "untuned" in only:
        add_untuned(suite, peers)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
