#!/usr/bin/env python3
"""Measures many schedules for each DeepSeek shape and M, beside the one that
the cost model chooses.

    benchmarks/sweep.py make OUT [--m M]... [--shape NxK]... [--family NAME]...
                                 [--drawn COUNT --seed SEED] [--opt DGEMM_OPT]
    dgemm-run -m OUT/sweep.jsonl -o sweep-results.jsonl
    benchmarks/sweep.py report sweep-results.jsonl... [--csv FILE] [-v]

`make` compiles the candidates of FAMILIES and writes a manifest with a case for
each shape and M: the chosen kernel first, the others as its peers, a few rounds
by kernel times alone. With --drawn the shapes are those of `tuned` in
scripts/lib/shapes.py and the candidates those of DRAWN_FAMILIES. A candidate
that does not compile is left out and counted. `report` says how far the choice
is from the best of each case.
"""

import argparse
import collections
import csv
import dataclasses
import itertools
import json
import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
from gemms import align, ceil_div, gemm_text, schedule_text  # noqa: E402
from gpu_suite import SPEED_MS, Suite, flush_of  # noqa: E402
from shapes import DEEPSEEK, tuned  # noqa: E402
from timings import geomean  # noqa: E402

SMS = 132


@dataclasses.dataclass(frozen=True)
class Problem:
    m: int
    n: int
    k: int


class Family:
    """Schedules whose knobs take every combination of lists of values. A list
    may be a function of the problem, and None in it is the knob's default.

    Six names are not knobs: `rows` of one warpgroup and `columns` make the
    tile, `pipe` lists (kblocks, in_flight, stages), `walk` (raster,
    raster_width), `share` names the operand that two CTAs share, and `boxes`
    says whether a stage is one TMA box."""

    def __init__(self, name, when, **lists):
        self.name, self.when, self.lists = name, when, lists

    def schedules(self, p):
        if not self.when(p):
            return
        values = [v(p) if callable(v) else v for v in self.lists.values()]
        for combination in itertools.product(*values):
            knobs = {name: value
                     for name, value in zip(self.lists, combination)
                     if value is not None}
            warpgroups = knobs.pop("warpgroups", 1)
            tile = knobs.pop("rows") * warpgroups, knobs.pop("columns")
            kblocks, in_flight, stages = knobs.pop("pipe")
            if walk := knobs.pop("walk", None):
                knobs["raster"], knobs["raster_width"] = walk
            if share := knobs.pop("share", None):
                knobs.update(cluster=2, multicast=share)
            boxes = (knobs.pop("boxes", True) and p.k % 128 == 0 and not share)
            if kblocks > 1:
                knobs.update(kblocks=kblocks, in_flight=in_flight)
                if boxes:
                    knobs["tma_view"] = "stage"
                elif kblocks > 2:
                    knobs.setdefault("registers", [56, 224])
            yield dict(tile=tile, warpgroups=warpgroups, stages=stages, **knobs,
                       specialize="[n, k]")


def tokens(p):
    """Columns that hold all tokens after a swap."""
    return [min(256, align(p.m, 8))]


def waves(*counts, most=64, along=1):
    """Sizes that cut N x `along` tiles of M into so many full waves."""
    def sizes(p):
        tiles = ceil_div(p.m, along) if along > 1 else 1
        found = {align(ceil_div(p.n * tiles, SMS * c), 8) for c in counts}
        return sorted(s for s in found if s <= most) or [most]
    return sizes


def few_tiles(rows, columns):
    """Whether the tiles leave half of the SMs without one."""
    return lambda p: ceil_div(p.m, rows) * ceil_div(p.n, columns) <= SMS // 2


def fewest_columns(rows, low, high, step=8):
    """The widths with the least work in the CTA that has most tiles."""
    def columns(p):
        def longest(width):
            tiles = ceil_div(p.m, rows) * ceil_div(p.n, width)
            return ceil_div(tiles, SMS) * width, -width
        return [min(range(low, high + 1, step), key=longest)]
    return columns


def fewest_rows(warpgroups, low=32):
    """The same for the weights' rows of each warpgroup after a swap."""
    def rows(p):
        def longest(rows):
            return (ceil_div(ceil_div(p.n, rows * warpgroups), SMS) * rows,
                    -rows)
        return [min(range(low, 65, 8), key=longest)]
    return rows


def fitted_rows(warpgroups):
    """Rows of each warpgroup, under 64, with which as many tiles as of 64 hold
    all tokens, and few rows more."""
    def rows(p):
        tiles = ceil_div(p.m, 64 * warpgroups)
        found = align(ceil_div(p.m, tiles * warpgroups), 8)
        return [found] if found < 64 else []
    return rows


def variants(columns):
    """Positions that the edge of a scale block has in tiles of that width."""
    return 128 // math.gcd(columns, 128)


DEEP = [(4, 4, 3), (4, 4, 4), (2, 2, 4)]
LINES = dict(store=["lines"], buffers=[1])
SWAP = dict(swap=["true"], columns=tokens)
SPLIT = dict(reduce=["cluster"], persistent=["false"], coordinates=["consumer"])
# Neighbouring tiles of tokens share weights; None: 16 tiles along N.
WALKS = [None, ("m", 4)]
THREE = dict(warpgroups=[3], registers=[[32, 160]])
FAMILIES = [
    # Weights on the M side, tokens on n8 to n64; thin rows for full waves.
    Family("thin", lambda p: p.m <= 64, rows=waves(1, 2, 3, 4, 5, 6),
           pipe=DEEP + [(7, 7, 3)], **SWAP, **LINES),
    Family("thin-64", lambda p: p.m <= 64, rows=[32, 64], pipe=DEEP, **SWAP,
           **LINES),
    Family("thin-tma", lambda p: p.m <= 64, rows=[64], pipe=DEEP + [(1, 1, 8)],
           boxes=[False], **SWAP),
    Family("thin-wide", lambda p: p.m <= 64 and p.n > 4096, warpgroups=[2],
           rows=[56, 64], pipe=[(2, 2, 4), (4, 4, 3)], **SWAP, **LINES),
    Family("thin-three", lambda p: p.m <= 64 and p.n > 16384, rows=[56, 64],
           pipe=[(2, 2, 4), (2, 2, 3), (1, 1, 7)], **THREE, **SWAP, **LINES),
    Family("thin-slots", lambda p: p.m <= 64, rows=[64], tile_slots=[4],
           pipe=DEEP[:2], **SWAP, **LINES),
    Family("narrow64-slots", lambda p: 16 <= p.m <= 256, rows=[64],
           columns=[32, 64], pipe=DEEP[:1], tile_slots=[2, 4], **LINES),
    Family("thin-two-slices", lambda p: p.m <= 16 and p.n > 16384, rows=[128],
           pipe=[(4, 4, 3), (2, 2, 4)], **SWAP, **LINES),
    Family("thin-split", lambda p: p.m <= 64 and p.n <= 4096,
           rows=[40, 48, 56, 64], pipe=[(4, 4, 4)], split_k=[2, 3, 5, 7],
           **SWAP, **LINES, **SPLIT),
    # 64 tokens a warpgroup on the M side, weights on N.
    Family("narrow64", lambda p: 16 <= p.m <= 256, rows=[64], pipe=DEEP,
           columns=waves(1, 2, 3, 4, along=64), walk=[("m", 4)], **LINES),
    Family("narrow64-fixed", lambda p: 8 <= p.m <= 512, rows=[64],
           columns=[32, 64], pipe=[(4, 4, 3), (2, 2, 4)], **LINES),
    Family("narrow64-tma", lambda p: 64 <= p.m <= 1024, rows=[64],
           columns=[32, 64, 72], pipe=[(4, 4, 3)], boxes=[False]),
    Family("narrow64-128", lambda p: 16 <= p.m <= 1024, rows=[64],
           columns=[96, 128], pipe=[(2, 2, 4), (2, 2, 3)], walk=[("m", 4)],
           **LINES),
    Family("narrow64-split", lambda p: p.m >= 16 and few_tiles(64, 32)(p),
           rows=[64], columns=[16, 32, 64], pipe=[(4, 4, 3)],
           split_k=[2, 3, 4], walk=[("m", 4)], **LINES, **SPLIT),
    Family("narrow64-128-split", lambda p: p.m >= 16 and few_tiles(64, 128)(p),
           rows=[64], columns=[128], pipe=[(2, 2, 3)], split_k=[2],
           walk=[("m", 4)], **LINES, **SPLIT),
    # 128 tokens over two warpgroups.
    Family("pair128", lambda p: 65 <= p.m <= 2048, warpgroups=[2], rows=[64],
           columns=[32, 64, 96, 128], pipe=[(2, 2, 4), (2, 2, 3)],
           walk=[("m", 4)], **LINES),
    Family("pair128-large", lambda p: p.m > 2048, warpgroups=[2], rows=[64],
           columns=[128], pipe=[(2, 2, 3)], walk=WALKS, **LINES),
    Family("wide128", lambda p: p.m >= 65, warpgroups=[2], rows=[64],
           columns=[128, 160, 192], pipe=[(1, 1, 4), (1, 1, 5)], walk=WALKS,
           unroll=[4], static_splits=["true"]),
    *(Family(f"wide128-{columns}", lambda p: p.m >= 129, warpgroups=[2],
             rows=[64], columns=[columns], pipe=[(1, 1, stages)], chunk=[chunk],
             unroll=[2], static_splits=["true"], walk=[("m", 4)], buffers=[2])
      for columns, chunk, stages in [(72, 72, 8), (136, 136, 5), (144, 72, 5),
                                     (176, 88, 4)]),
    Family("tri", lambda p: p.m >= 129, rows=[64], columns=[96, 112, 128],
           pipe=[(1, 1, 4), (1, 1, 5)], unroll=[4], buffers=[2],
           static_splits=["true"], walk=WALKS, **THREE),
    Family("coop256", lambda p: p.m >= 129, warpgroups=[2], rows=[128],
           columns=[64, 96, 112, 128], pipe=[(1, 1, 3), (1, 1, 4)],
           unroll=[4], epilogue=["overlapped"]),
    Family("coop256-after", lambda p: p.m >= 129, warpgroups=[2], rows=[128],
           columns=[96, 128], pipe=[(1, 1, 3)], unroll=[4]),
    Family("coop256-lines", lambda p: p.m >= 129, warpgroups=[2], rows=[128],
           columns=[128], pipe=[(2, 1, 2)], walk=[("m", 4)], **LINES),
    Family("coop256-unroll", lambda p: p.m >= 1024, warpgroups=[2], rows=[128],
           columns=[128], pipe=[(1, 1, 3)], unroll=[2, 8], walk=WALKS,
           epilogue=["overlapped"]),
    Family("coop256-pair", lambda p: p.m >= 1024, warpgroups=[2], rows=[128],
           columns=[128], pipe=[(1, 1, 3)], unroll=[4], cluster=[2],
           multicast=["rhs", "lhs"], epilogue=["overlapped"]),
]

# One of each kind that may be the best of a shape that nobody looked at.
SHARED_TOKENS = dict(SWAP, columns=lambda p: [align(p.m, 16)], share=["rhs"])
PAIR = dict(warpgroups=[2], rows=[64])
STATIC = dict(static_splits=["true"], buffers=[2])


def drawn_pair(name, when, columns, **lists):
    """Two warpgroups side by side, a loop for each position of the edge."""
    class Pair(Family):
        def schedules(self, p):
            for knobs in super().schedules(p):
                width = knobs["tile"][1]
                if width % 128 and 128 % width:
                    knobs["static_splits"] = "true"
                if width <= 176:
                    knobs["unroll"] = 4 if variants(width) < 8 else 2
                chunks = [c for c in range(8, width + 1, 8) if width % c == 0]
                knobs["chunk"] = max(chunks, key=lambda c: (
                    c == 64, 80 <= 2 * c <= 192 and c % 16 == 8, c == 32, c))
                yield knobs
    return Pair(name, when, columns=columns, buffers=[2], **PAIR, **lists)


DRAWN_FAMILIES = [
    Family("thin", lambda p: p.m <= 48, rows=fewest_rows(1), pipe=DEEP[:2],
           **SWAP, **LINES),
    Family("thin-64", lambda p: p.m <= 48, rows=[64], pipe=[(4, 4, 4), (2, 2, 8)],
           **SWAP, **LINES),
    Family("thin-pair", lambda p: p.m <= 48, warpgroups=[2],
           rows=fewest_rows(2), pipe=[(2, 2, 4), (4, 4, 3)], **SWAP, **LINES),
    Family("thin-three", lambda p: p.m <= 48, rows=fewest_rows(3),
           pipe=[(2, 2, 3), (2, 2, 4)], **THREE, **SWAP, **LINES),
    Family("thin-shared", lambda p: p.m <= 48, rows=fewest_rows(1),
           pipe=[(4, 4, 3)], **SHARED_TOKENS, **LINES),
    Family("thin-pair-shared", lambda p: p.m <= 48, warpgroups=[2],
           rows=fewest_rows(2), pipe=[(2, 2, 4)], **SHARED_TOKENS, **LINES),
    Family("thin-three-shared", lambda p: p.m <= 48, rows=fewest_rows(3),
           pipe=[(2, 2, 3)], **THREE, **SHARED_TOKENS, **LINES),
    Family("narrow64", lambda p: 17 <= p.m <= 512, rows=[64],
           columns=fewest_columns(64, 32, 64), pipe=[(4, 4, 3)], **LINES,
           walk=[("m", 8)]),
    Family("narrow64-128", lambda p: 17 <= p.m <= 512, rows=[64],
           columns=[128], pipe=[(2, 2, 3), (2, 2, 4)], **LINES,
           walk=[("m", 8)]),
    Family("narrow64-wide", lambda p: 17 <= p.m <= 512, rows=[64],
           columns=fewest_columns(64, 72, 128), pipe=[(2, 2, 4)], **LINES,
           walk=[("m", 8)]),
    Family("narrow64-one", lambda p: 17 <= p.m <= 128, rows=[64],
           columns=fewest_columns(64, 96, 192), pipe=[(1, 1, 7)],
           walk=[("m", 8)]),
    Family("narrow64-shared", lambda p: 17 <= p.m <= 64, rows=[64],
           columns=[64, 128], pipe=[(2, 2, 4)], share=["lhs"], **LINES),
    Family("narrow64-shared", lambda p: 65 <= p.m <= 512, rows=[64],
           columns=[64, 128], pipe=[(2, 2, 4)], share=["rhs"], **LINES,
           walk=[("m", 8)]),
    Family("narrow64-wide-shared", lambda p: 65 <= p.m <= 256, rows=[64],
           columns=fewest_columns(64, 80, 128, 16), pipe=[(2, 2, 4)],
           share=["rhs"], walk=[("m", 8)], **LINES),
    Family("narrow64-shared-weights", lambda p: 65 <= p.m <= 256, rows=[64],
           columns=[64], pipe=[(4, 4, 3)], share=["rhs"], walk=[("m", 8)],
           **LINES),
    Family("narrow64-split", lambda p: 65 <= p.m and few_tiles(64, 128)(p),
           rows=[64], columns=[64, 128], pipe=[(2, 2, 3)], split_k=[2],
           walk=[("m", 8)], **LINES, **SPLIT),
    # No rows past the last token.
    Family("fitted", lambda p: 17 <= p.m <= 512, rows=fitted_rows(1),
           columns=[64, 128], pipe=[(2, 2, 4)], walk=[("m", 8)], **LINES),
    Family("fitted-four", lambda p: 17 <= p.m <= 512, rows=fitted_rows(1),
           columns=fewest_columns(64, 32, 64), pipe=[(4, 4, 3)],
           walk=[("m", 8)], **LINES),
    Family("fitted-pair", lambda p: 65 <= p.m <= 512, rows=fitted_rows(2),
           warpgroups=[2], columns=[64, 128], pipe=[(2, 2, 3)],
           walk=[("m", 8)], **LINES),
    Family("fitted-pair-one", lambda p: 65 <= p.m <= 512, rows=fitted_rows(2),
           warpgroups=[2], columns=fewest_columns(128, 96, 192),
           pipe=[(1, 1, 4)], static_splits=["true"], walk=[("m", 8)], **LINES),
    Family("fitted-three", lambda p: 65 <= p.m <= 512, rows=fitted_rows(3),
           columns=[128], pipe=[(1, 1, 4)], walk=[("m", 8)], **THREE, **LINES),
    Family("fitted-shared", lambda p: 65 <= p.m <= 256, rows=fitted_rows(1),
           columns=[64, 128], pipe=[(2, 2, 4)], share=["rhs"],
           walk=[("m", 8)], **LINES),
    Family("thin-many", lambda p: 49 <= p.m <= 128, warpgroups=[1, 2],
           rows=[64], pipe=[(2, 2, 3)], **SWAP, **LINES),
    Family("thin-many-three", lambda p: 49 <= p.m <= 128, rows=[64],
           pipe=[(1, 1, 5)], **THREE, **SWAP, **LINES),
    Family("thin-many-shared", lambda p: 49 <= p.m <= 128, warpgroups=[2],
           rows=[64], pipe=[(2, 2, 3)], **SHARED_TOKENS, **LINES),
    # 128 tokens over two warpgroups.
    Family("pair-64", lambda p: 65 <= p.m <= 512, columns=[64],
           pipe=[(2, 2, 4)], share=[None, "lhs"], **PAIR, **LINES,
           walk=[("m", 8)]),
    Family("pair-128", lambda p: 65 <= p.m <= 512, columns=[128],
           pipe=[(2, 2, 3)], share=[None, "lhs"], **PAIR, **LINES,
           walk=[("m", 8)]),
    Family("pair-even", lambda p: 65 <= p.m <= 512,
           columns=fewest_columns(128, 72, 120), pipe=[(2, 2, 3)],
           share=[None, "lhs"], **PAIR, **LINES, walk=[("m", 8)]),
    drawn_pair("pair-one", lambda p: 65 <= p.m <= 512,
               columns=fewest_columns(128, 96, 176), pipe=[(1, 1, 5)],
               share=[None, "lhs"], walk=[("m", 8)]),
    drawn_pair("pair-one-128", lambda p: p.m > 128, columns=[128],
               pipe=[(1, 1, 5)], share=[None, "lhs", "rhs"],
               walk=lambda p: [("m", 8) if p.m <= 512 else None]),
    drawn_pair("pair-one-192", lambda p: p.m > 128, columns=[192],
               pipe=[(1, 1, 4)], share=[None, "lhs", "rhs"],
               walk=lambda p: [("m", 8) if p.m <= 512 else None]),
    drawn_pair("pair-one-wide", lambda p: p.m > 512,
               columns=fewest_columns(128, 160, 208), pipe=[(1, 1, 4)],
               share=[None, "lhs"], walk=[None]),
    Family("tri", lambda p: p.m > 128, rows=[64], columns=[128],
           pipe=[(1, 1, 4)], unroll=[4], buffers=[2], share=[None, "lhs"],
           walk=lambda p: [("m", 8) if p.m <= 512 else None], **THREE),
    Family("coop256", lambda p: p.m > 128, warpgroups=[2], rows=[128],
           columns=[128], pipe=[(1, 1, 3)], unroll=[4], buffers=[4],
           share=[None, "lhs", "rhs"], epilogue=["overlapped"],
           walk=lambda p: [("m", 8) if p.m <= 512 else None]),
    Family("coop256-even", lambda p: p.m > 128, warpgroups=[2], rows=[128],
           columns=fewest_columns(256, 80, 120), pipe=[(1, 1, 4)], unroll=[4],
           share=[None, "lhs"], epilogue=["overlapped"],
           walk=lambda p: [("m", 8) if p.m <= 512 else None]),
    Family("coop256-walk", lambda p: p.m > 1024, warpgroups=[2], rows=[128],
           columns=[128], pipe=[(1, 1, 3)], unroll=[4], buffers=[4],
           share=["lhs"], epilogue=["overlapped"],
           walk=[("m", 8), ("n", 8)]),
]


def candidates(p, families):
    """(family, schedule) without repetition."""
    seen = set()
    for family in families:
        for knobs in family.schedules(p):
            text = schedule_text(**knobs)
            if text not in seen:
                seen.add(text)
                yield family.name, text


def make(args):
    suite = Suite(args)
    if args.drawn:
        problems, families = tuned(args.drawn, args.seed), DRAWN_FAMILIES
    else:
        shapes = [tuple(map(int, s.split("x"))) for s in args.shape] or DEEPSEEK
        problems = [(m, n, k) for n, k in shapes
                    for m in args.m or sorted(SPEED_MS)]
        families = FAMILIES
    if args.family:
        families = [f for f in families if f.name in args.family]
    cases = []
    for m, n, k in problems:
        chosen = suite.kernel(gemm_text(None, n, k, pad_d=False), m)
        others = [(family, suite.kernel(gemm_text(
            None, n, k, schedule=text, pad_d=False)))
            for family, text in candidates(Problem(m, n, k), families)]
        cases.append((m, n, k, chosen, others))
    if args.list:
        for m, n, k, _, others in cases:
            print(m, n, k, len(others))
        print(len(suite.sources), "kernels")
        return 0
    failed = suite.compile_all()
    # What travels to a GPU host is the code and the record.
    for kind in ("mlir", "ptx"):
        for path in (suite.out / "kernels").glob(f"*.{kind}"):
            path.unlink()
    with open(suite.out / "sweep.jsonl", "w") as f:
        for m, n, k, chosen, others in cases:
            def files(name):
                return {"record": f"kernels/{name}.json",
                        "cubin": f"kernels/{name}.cubin"}
            if chosen in failed:
                print(f"the choice for {m} x {n} x {k} does not compile: "
                      f"{failed[chosen][:300]}", file=sys.stderr)
                continue
            f.write(json.dumps({
                **files(chosen), "M": m, "N": n, "K": k, "check": "none",
                "repeats": 1, "time": True, "events": False,
                "pairs": 7, "warm_up": 60,
                "flush": "clean" if args.drawn else flush_of(m),
                "peers": [{**files(name), "name": family}
                          for family, name in others if name not in failed],
            }) + "\n")
    counts = [sum(name not in failed for _, name in case[4]) for case in cases]
    print(f"{len(suite.sources) - len(failed)} kernels, {len(failed)} did not "
          f"compile; {min(counts)} to {max(counts)} candidates a case")
    reasons = collections.Counter(
        re.sub(r"\d+", "#", error.split("error: ")[-1].split("\n")[0])[:120]
        for error in failed.values())
    for reason, count in reasons.most_common(20):
        print(f"  {count:4} {reason}")
    return 0


def measured(path):
    """(M, N, K, [(family, schedule, us, differing words)]) with the choice
    first; peers that are not ours are left out."""
    for line in pathlib.Path(path).read_text().splitlines():
        case = json.loads(line)
        if case["kind"] != "case" or "timing" not in case:
            continue
        timing = case["timing"]
        clock = "kernel_us" if timing["clock"] == "kernel" else "us"
        # Peers come in the order of the subjects after the first; those that
        # did not run are listed before.
        words = [p.get("differing_words") for p in case.get("peers", [])
                 if "did_not_run" not in p]
        first, *others = timing["subjects"]
        yield case["M"], case["N"], case["K"], [
            ("chosen", case["schedule"], first[clock]["median"], 0)] + [
            (s["name"], s["schedule"], s[clock]["median"], differing)
            for s, differing in zip(others, words)
            if s.get("schedule", "").startswith("#dgemm.schedule")]


def report(args):
    cases = [case for path in args.files for case in measured(path)]
    losses = collections.defaultdict(list)
    wins = collections.Counter()
    table = []
    for m, n, k, rows in cases:
        best = min(rows, key=lambda row: row[2])
        loss = rows[0][2] / best[2]
        losses[m].append(loss)
        wins[best[0]] += 1
        table.append((loss, m, n, k, rows[0], best, len(rows)))
        if args.verbose:
            print(f"{m} x {n} x {k}")
            for family, schedule, us, words in sorted(rows, key=lambda r: r[2]):
                print(f"  {us:9.2f} us  {family:15} {schedule}"
                      + (f"  {words} words differ" if words else ""))
    print(f"{'M':>6} shapes   mean  worst")
    for m, values in sorted(losses.items()):
        print(f"{m:6} {len(values):6}  {geomean(values):.3f}  {max(values):.3f}")
    every = [loss for values in losses.values() for loss in values]
    fewest = min(len(rows) - 1 for *_, rows in cases)
    print(f"the choice over the best: geometric mean {geomean(every):.3f}, worst "
          f"{max(every):.3f}, {len(every)} cases, at least {fewest} candidates "
          f"each")
    for loss, m, n, k, chosen, best, _ in sorted(table, reverse=True)[:args.top]:
        print(f"  {loss:.3f} at {m} x {n} x {k}: {chosen[2]:.2f} us {chosen[1]}\n"
              f"        {best[0]}: {best[2]:.2f} us {best[1]}")
    print("best of a case: " + ", ".join(
        f"{family} {count}" for family, count in wins.most_common()))
    if args.csv:
        with open(args.csv, "w", newline="") as f:
            writer = csv.writer(f)
            writer.writerow(["M", "N", "K", "family", "us", "schedule"])
            for m, n, k, rows in cases:
                for family, schedule, us, _ in rows:
                    writer.writerow([m, n, k, family, us, schedule])
    return 0 if math.isfinite(max(every)) else 1


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    p = commands.add_parser("make")
    p.add_argument("out")
    p.add_argument("--m", type=int, action="append")
    p.add_argument("--shape", action="append", default=[])
    p.add_argument("--family", action="append", default=[])
    p.add_argument("--drawn", type=int, default=0)
    p.add_argument("--seed", type=int, default=71)
    p.add_argument("--opt", default="build/bin/dgemm-opt")
    p.add_argument("--list", action="store_true",
                   help="only counts the candidates")
    p.set_defaults(run=make)
    p = commands.add_parser("report")
    p.add_argument("files", nargs="+")
    p.add_argument("--csv", help="writes every time here, to fit the model")
    p.add_argument("--top", type=int, default=12)
    p.add_argument("-v", "--verbose", action="store_true")
    p.set_defaults(run=report)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
