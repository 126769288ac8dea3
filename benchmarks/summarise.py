#!/usr/bin/env python3
"""Prints ratios to a peer from raw results of `dgemm-run`.

    benchmarks/summarise.py benchmarks/results/h200-speed-*.jsonl [--peer NAME]

A ratio is the peer's time over ours, the median over pairs. For the DeepSeek
shapes: the geometric mean and the lowest, per scaling and M. For their weight
gradients: each. For the 200 drawn shapes: the geometric mean and how many are
under 0.95. Chains as they are. The exit status is 1 if a case was wrong.
"""

import argparse
import sys

from timings import (
    geomean, of_deepseek, of_untuned, of_wgrad, provenance, read)


def per_m(rows, peer, verbose):
    print(f"{'':6}{'M':>6}  {'L2':6}{'shapes':>6}  {'mean':>6}  lowest")
    for scaling, out, m in sorted({(r.scaling, r.out, r.m) for r in rows}):
        group = [r for r in rows if (r.scaling, r.out, r.m) == (scaling, out, m)
                 and peer in r.peers]
        if not group:
            continue
        ratios = {r.shape: r.peers[peer].ratio for r in group}
        low = min(ratios, key=ratios.get)
        l2 = "/".join(sorted({r.l2 for r in group}))
        print(f"{scaling:6}{m:6}  {l2:6}{len(group):6}  "
              f"{geomean(ratios.values()):6.3f}  {ratios[low]:.3f} at "
              f"{low[0]} x {low[1]}")
        if verbose:
            for r in sorted(group, key=lambda r: r.peers[peer].ratio):
                print(f"{'':14}{r.n:6} x {r.k:<6} {r.ours.us:9.2f} us, {peer} "
                      f"{r.peers[peer].us:9.2f} us, {r.peers[peer].ratio:.3f}"
                      f"  {r.schedule}")


def over_wgrad(rows, peer):
    with_peer = [r for r in rows if peer in r.peers]
    ratios = [r.peers[peer].ratio for r in with_peer]
    print(f"weight gradients, f32 accumulated in place: {len(ratios)} shapes, "
          f"geometric mean {geomean(ratios):.3f}, lowest {min(ratios):.3f}")
    for r in with_peer:
        print(f"  {r.m} x {r.n} x {r.k}: {r.peers[peer].ratio:.3f}, "
              f"{r.ours.us:.2f} us, {peer} {r.peers[peer].us:.2f} us")


def over_untuned(rows, peer, verbose):
    with_peer = [r for r in rows if peer in r.peers]
    ratios = [r.peers[peer].ratio for r in with_peer]
    slow = sorted((r for r in with_peer if r.peers[peer].ratio < 0.95),
                  key=lambda r: r.peers[peer].ratio)
    print(f"untuned: {len(rows)} shapes, {len(ratios)} with {peer}; "
          f"geometric mean {geomean(ratios):.3f}, {len(slow)} "
          f"({100 * len(slow) / len(ratios):.1f} %) under 0.95, lowest "
          f"{min(ratios):.3f}, highest {max(ratios):.3f}")
    for low, high in [(1, 1), (2, 16), (17, 64), (65, 128), (129, 1024),
                      (1025, 8192)]:
        part = [r.peers[peer].ratio for r in with_peer if low <= r.m <= high]
        if part:
            print(f"  M {low:4}..{high:<4}  {len(part):3} shapes, mean "
                  f"{geomean(part):.3f}, lowest {min(part):.3f}")
    for r in slow if verbose else slow[:10]:
        print(f"  {r.m} x {r.n} x {r.k}: {r.peers[peer].ratio:.3f}, "
              f"{r.ours.us:.2f} us  {r.schedule}")


def print_chains(chains):
    for (m, n, k), chain in sorted(chains.items()):
        print(f"chain of {chain['launches']} at {m} x {n} x {k}, L2 "
              f"{chain['l2']}:")
        for s in chain["subjects"]:
            print(f"  {s['name']:28} {'PDL' if s['pdl'] else '   '} "
                  f"{s['us_per_kernel']['median']:8.2f} us per kernel, ratio "
                  f"{s['time_over_first']['median']:.3f}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--peer", default="deepgemm")
    parser.add_argument("-v", "--verbose", action="store_true",
                        help="every shape, the slowest first")
    args = parser.parse_args()
    rows, chains, wrong = read(args.files)
    if rows:
        print(provenance(rows))
    if deepseek := of_deepseek(rows):
        per_m(deepseek, args.peer, args.verbose)
    if gradients := of_wgrad(rows):
        over_wgrad(gradients, args.peer)
    if unseen := of_untuned(rows):
        over_untuned(unseen, args.peer, args.verbose)
    print_chains(chains)
    differ = [r for r in rows if r.differing.get(args.peer)]
    print(f"{len(rows)} timed, {len(wrong)} wrong, D differs from "
          f"{args.peer}'s in {len(differ)}")
    for case in wrong:
        print(f"  WRONG: {case['M']} x {case['N']} x {case['K']} "
              f"{case['schedule']} {case.get('error', '')}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
