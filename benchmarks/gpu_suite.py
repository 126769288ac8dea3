#!/usr/bin/env python3
"""Compiles the kernels and manifests that `dgemm-run` executes on a GPU.

    benchmarks/gpu_suite.py OUT [--only bits|schedules|small|speed] [--peers DIR]

OUT gets one folder of PTX, cubins and launch records and the manifests
bits.jsonl (every shape, scaling, output and C, chosen schedules),
schedules.jsonl (schedules that span the knobs), small.jsonl (the same on shapes
that the simulator runs in a moment, to compare the hashes of D) and speed.jsonl
(the seven DeepSeek shapes against peers described by launch records in
--peers).
"""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import subprocess
import sys

DEEPSEEK = [(2112, 7168), (576, 7168), (24576, 1536), (32768, 512),
            (7168, 16384), (4096, 7168), (7168, 2048)]
SHAPES = [(24, 128)] + DEEPSEEK + [(264, 208), (264, 200), (121, 384),
                                   (128, 8320)]
SMALL = [(129, 264, 208), (65, 136, 648)]
MS = [0, 1, 7, 64, 100, 128, 129, 4096, 4097]

# One schedule for each knob and some combinations. `swap` and the scales'
# paths depend on the problem, so a schedule names what it needs.
SCHEDULES = [
    dict(tile=(64, 64), warpgroups=1, stages=4),
    dict(tile=(64, 128), warpgroups=1, stages=4, registers=(40, 232)),
    dict(tile=(128, 8), stages=4),
    dict(tile=(128, 72), stages=4),
    dict(tile=(128, 128), stages=5),
    dict(tile=(128, 136), stages=4),
    dict(tile=(128, 176), stages=4, chunk=88),
    dict(tile=(128, 192), stages=4),
    dict(tile=(128, 208), stages=4, chunk=16, static_splits="true"),
    dict(tile=(192, 96), warpgroups=3, stages=5, chunk=32,
         registers=(32, 160)),
    dict(tile=(192, 128), warpgroups=3, stages=4, registers=(32, 160)),
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


def ceil_div(a, b):
    return -(-a // b)


def schedule_text(s, scaling):
    s = dict(s)
    tile_m, tile_n = s.pop("tile")
    knobs = [f"tile = [{tile_m}, {tile_n}]"]
    swap = s.get("swap") == "true"
    vector = {"lhs": not swap or scaling == "1d1d",
              "rhs": swap or scaling == "1d1d"}
    for side in ("lhs", "rhs"):
        path = s.pop(f"{side}_scales", "staged" if vector[side] else "tile")
        knobs.append(f"{side}_scales = {path}")
    chunk = s.pop("chunk", None)
    if chunk is None and s.get("store") != "direct":
        chunk = next(c for c in (64, 48, 40, 32, 24, 16, 8)
                     if tile_n % c == 0)
    if chunk:
        knobs.append(f"chunk = {chunk}")
    for key, value in s.items():
        if isinstance(value, tuple):
            value = f"[{value[0]}, {value[1]}]"
        knobs.append(f"{key} = {value}")
    return "#dgemm.schedule<" + ", ".join(knobs) + ">"


def op_text(n, k, scaling, out, with_c, m=None, schedule=None, name="gemm"):
    rows = "?" if m is None else m
    ld = ceil_div(k, 16) * 16
    kb, nb = ceil_div(k, 128), ceil_div(n, 128)
    pad = "" if ld == k else f", strided<[{ld}, 1]>"
    a = f"memref<{rows}x{k}xf8E4M3FN{pad}>"
    b = f"memref<{n}x{k}xf8E4M3FN{pad}>"
    sfa = f"memref<{rows}x{kb}xf32, strided<[1, ?]>>"
    if scaling == "1d2d":
        sfb, attrs = f"memref<{nb}x{kb}xf32>", []
    else:
        sfb = f"memref<{n}x{kb}xf32, strided<[1, ?]>>"
        attrs = ["b_block = [1, 128]"]
    d = f"memref<{rows}x{n}x{out}>"
    if schedule:
        attrs.append(f"schedule = {schedule}")
    acc = f" acc(%c : {d})" if with_c else ""
    extra = f", %c: {d}" if with_c else ""
    attr = " {" + ", ".join(attrs) + "}" if attrs else ""
    return f"""func.func @{name}(%a: {a}, %sfa: {sfa}, %b: {b}, %sfb: {sfb}{extra}, %d: {d}) {{
  dgemm.gemm ins(%a, %sfa, %b, %sfb : {a}, {sfa}, {b}, {sfb}){acc} outs(%d : {d}){attr}
  return
}}
"""


class Suite:
    def __init__(self, args):
        self.out = pathlib.Path(args.out)
        self.opt = args.opt
        (self.out / "kernels").mkdir(parents=True, exist_ok=True)
        self.sources = {}
        self.cases = {}

    def kernel(self, text, m=None):
        """Registers a kernel; returns its name."""
        name = "k" + hashlib.sha1(f"{m} {text}".encode()).hexdigest()[:10]
        self.sources[name] = (text.replace("@gemm", "@" + name, 1), m)
        return name

    def case(self, manifest, kernel, **keys):
        self.cases.setdefault(manifest, []).append(
            {"record": f"kernels/{kernel}.json",
             "cubin": f"kernels/{kernel}.cubin", **keys})

    def compile(self, name):
        text, m = self.sources[name]
        source = self.out / "kernels" / f"{name}.mlir"
        source.write_text(text)
        if (self.out / "kernels" / f"{name}.cubin").exists():
            return name, None
        options = f"output-dir={self.out / 'kernels'}"
        if m:
            options += f" m={m}"
        run = subprocess.run(
            [self.opt, str(source), f"--dgemm-pipeline={options}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return name, run.stderr if run.returncode else None

    def finish(self):
        failed = {}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, error in pool.map(self.compile, self.sources):
                if error:
                    failed[name] = error
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
                    for representative in (4096, 64):
                        name = suite.kernel(
                            op_text(n, k, scaling, out, with_c),
                            representative)
                        for m in MS:
                            if (m > 128) == (representative > 128):
                                suite.case("bits", name, M=m, N=n, K=k)


def add_schedules(suite, manifest="schedules",
                  shapes=((129, 264, 208), (4097, 2112, 7168),
                          (100, 7168, 2048))):
    for s in SCHEDULES:
        scaling = s.get("scaling", "1d2d")
        for m, n, k in shapes:
            static_m = m if "m" in s.get("specialize", "") else None
            # 256x128 with every size a constant leaves no registers for C.
            full = s["tile"] == (256, 128) and "specialize" in s
            for out, with_c in (("bf16", full), ("f32", not full)):
                knobs = {key: s[key] for key in s if key != "scaling"}
                if out == "f32" and "chunk" not in knobs:
                    tile_n = knobs["tile"][1]
                    knobs["chunk"] = next(c for c in (32, 24, 16, 8)
                                          if tile_n % c == 0)
                    knobs.setdefault("buffers", 4)
                    # An f32 slab takes twice the room of a bf16 one.
                    if knobs["stages"] > 3:
                        knobs["stages"] -= 1
                if out == "f32" and knobs.get("chunk", 0) == 88:
                    knobs.update(stages=3, chunk=8, buffers=2)
                if out == "f32" and knobs["tile"] == (192, 96):
                    knobs.update(stages=4, buffers=1)
                    if knobs.get("store") == "direct":
                        del knobs["chunk"], knobs["buffers"]
                name = suite.kernel(op_text(
                    n, k, scaling, out, with_c, static_m,
                    schedule_text(knobs, scaling)))
                suite.case(manifest, name, M=m, N=n, K=k)


def add_speed(suite, peers):
    uses = {}
    if peers:
        for line in open(pathlib.Path(peers) / "uses.jsonl"):
            use = json.loads(line)
            uses[use["scaling"], use["M"], use["N"], use["K"]] = use
    for m in (4096, 128, 64, 1):
        for n, k in DEEPSEEK:
            name = suite.kernel(op_text(n, k, "1d2d", "bf16", False), m)
            use = uses.get(("1d2d", m, n, k))
            rivals = []
            if use:
                rivals.append({
                    "record": str(pathlib.Path(peers).resolve() /
                                  use["record"]),
                    "cubin": str(pathlib.Path(peers).resolve() /
                                 use["cubin"]), "name": "deepgemm"})
            rivals += [{"cublaslt": "tensorwise"}, {"cublaslt": "blockwise"}]
            suite.case("speed", name, M=m, N=n, K=k, time=True, pairs=30,
                       repeats=3, peers=rivals)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--opt", default="build/bin/dgemm-opt")
    parser.add_argument("--only", choices=["bits", "schedules", "small", "speed"],
                        action="append")
    parser.add_argument("--peers")
    args = parser.parse_args()
    suite = Suite(args)
    only = args.only or ["bits", "schedules", "speed"]
    if "bits" in only:
        add_bits(suite)
    if "schedules" in only:
        add_schedules(suite)
    if "small" in only:
        add_schedules(suite, "small", SMALL)
    if "speed" in only:
        add_speed(suite, args.peers)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
