#!/usr/bin/env python3
"""Draws raw results of `dgemm-run` as SVG.

    benchmarks/plot.py benchmarks/results/h200-speed-*.jsonl [--to docs]

speedup.svg: the peer's time over ours by M, a line for each DeepSeek shape.
roofline.svg: TFLOP/s against operations per byte, under the tensor cores' limit
and that of the memory. untuned.svg: the ratios over the shapes that nobody
tuned for. Needs matplotlib (python/requirements.txt).
"""

import argparse
import pathlib
import statistics

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from timings import (  # noqa: E402
    DEEPSEEK, geomean, of_deepseek, of_untuned, provenance, read, tensor_limit)

# The same input gives the same file, and text stays text.
matplotlib.rcParams.update({
    "svg.hashsalt": "dgemm", "svg.fonttype": "none", "font.size": 9,
    "axes.grid": True, "grid.alpha": 0.3, "axes.axisbelow": True})

# TB/s that kernels here read from an H200's memory at best, measured.
HBM_TBS = 4.08


def save(figure, rows, path, note):
    figure.text(0.01, 0.01, provenance(rows) + ".\n" + note, fontsize=6.5,
                color="#444444", va="bottom")
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    # matplotlib leaves blanks at the ends of lines.
    path.write_text("".join(line.rstrip() + "\n"
                            for line in path.read_text().splitlines()))
    print(path)


def named(peer):
    return {"deepgemm": "DeepGEMM"}.get(peer, peer)


def clocks_note(rows):
    mhz = [r.ours.mhz for r in rows if r.ours.mhz and r.ours.us > 30]
    return (f"SM clock during kernels above 30 us: {min(mhz):.0f} to "
            f"{max(mhz):.0f} MHz." if mhz else "")


def l2_note(rows):
    def ms(l2):
        return sorted({r.m for r in rows if r.l2 == l2})
    parts = [f"{l2} for M = " + (f"{min(ms(l2))} to {max(ms(l2))}"
                                 if len(ms(l2)) > 1 else str(ms(l2)[0]))
             for l2 in ("clean", "dirty", "warm") if ms(l2)]
    return "L2 before each launch: " + ", ".join(parts) + "."


def speedup(rows, peer, path):
    rows = [r for r in rows if peer in r.peers]
    ms = sorted({r.m for r in rows})
    figure, axes = plt.subplots(figsize=(7.5, 4.5))
    for (n, k), colour in zip(DEEPSEEK, plt.get_cmap("tab10").colors):
        line = sorted((r.m, r.peers[peer].ratio) for r in rows
                      if r.shape == (n, k))
        if line:
            axes.plot(*zip(*line), marker="o", markersize=3, linewidth=1,
                      color=colour, label=f"{n} x {k}")
    means = [geomean(r.peers[peer].ratio for r in rows if r.m == m) for m in ms]
    axes.plot(ms, means, color="black", linewidth=2, label="geometric mean")
    axes.axhline(1, color="black", linewidth=0.8, linestyle="--")
    axes.set_xscale("log", base=2)
    axes.set_xticks(ms, [str(m) for m in ms])
    axes.minorticks_off()
    axes.set_xlabel("M (tokens)")
    axes.set_ylabel(f"{named(peer)}'s time / ours")
    axes.set_title(f"Speed-up over {named(peer)} by N x K and M")
    axes.legend(fontsize=7, ncols=2)
    save(figure, rows, path, l2_note(rows) + " " + clocks_note(rows))


def roofline(rows, peer, path):
    header = rows[0].header
    figure, axes = plt.subplots(figsize=(7.5, 4.5))
    ms = sorted({r.m for r in rows})
    colours = dict(zip(ms, plt.get_cmap("viridis")(
        [i / max(1, len(ms) - 1) for i in range(len(ms))])))
    for r in rows:
        if peer in r.peers:
            p = r.peers[peer]
            axes.plot(p.intensity, p.tflops, "o", markersize=5,
                      markerfacecolor="none", markeredgewidth=0.6,
                      color=colours[r.m])
        axes.plot(r.ours.intensity, r.ours.tflops, "o", markersize=3,
                  color=colours[r.m])
    for m in ms:
        axes.plot([], [], "o", markersize=3, color=colours[m], label=f"M = {m}")
    axes.plot([], [], "o", markersize=5, markerfacecolor="none",
              color="grey", label=named(peer))
    low, high = 1, 2 * max(r.ours.intensity for r in rows)
    # Large kernels run into the power limit: the clock that they had counts.
    busy = [r.ours.mhz for r in rows if r.ours.intensity > 400 and r.ours.mhz]
    limits = [(header["max_clock_mhz"], "--", "highest clock", 1.05, "bottom")]
    if busy:
        limits.append((statistics.median(busy), "-", "median clock measured",
                       0.95, "top"))
    for mhz, style, what, shift, align in limits:
        top = tensor_limit(header["sms"], mhz)
        ridge = top / HBM_TBS
        axes.plot([low, ridge, high], [low * HBM_TBS, top, top], style,
                  color="black", linewidth=0.9)
        axes.text(low * 1.2, top * shift, f"tensor cores at {mhz:.0f} MHz, the "
                  f"{what}: {top:.0f} TFLOP/s", fontsize=7, va=align)
    axes.text(low * 1.6, low * 1.6 * HBM_TBS * 1.25, f"HBM, {HBM_TBS} TB/s "
              "measured", fontsize=7, rotation=34, rotation_mode="anchor")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_xlabel("operations per byte (each operand once)")
    axes.set_ylabel("TFLOP/s")
    axes.set_title("Roofline of the DeepSeek shapes")
    axes.legend(fontsize=6.5, ncols=2, loc="lower right")
    save(figure, rows, path, l2_note(rows) + " " + clocks_note(rows))


def untuned_picture(rows, peer, path):
    rows = [r for r in rows if peer in r.peers]
    ratios = [r.peers[peer].ratio for r in rows]
    figure, axes = plt.subplots(figsize=(7.5, 4))
    points = axes.scatter([r.m for r in rows], ratios, s=12, cmap="viridis",
                          c=[r.n * r.k / 1e6 for r in rows])
    figure.colorbar(points, label="N x K in millions")
    for level, style in ((1, "--"), (0.95, ":")):
        axes.axhline(level, color="black", linewidth=0.8, linestyle=style)
    slow = sum(r < 0.95 for r in ratios)
    axes.set_xscale("log", base=2)
    axes.set_xlabel("M (tokens)")
    axes.set_ylabel(f"{named(peer)}'s time / ours")
    axes.set_title(f"{len(rows)} untuned shapes: geometric mean "
                   f"{geomean(ratios):.3f}, {slow} under 0.95")
    save(figure, rows, path, l2_note(rows) + " " + clocks_note(rows))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--peer", default="deepgemm")
    parser.add_argument("--to", default="docs", type=pathlib.Path)
    args = parser.parse_args()
    rows, _, _ = read(args.files)
    args.to.mkdir(parents=True, exist_ok=True)
    bf16 = [r for r in rows if (r.scaling, r.out) == ("1d2d", "bf16")]
    if deepseek := of_deepseek(bf16):
        speedup(deepseek, args.peer, args.to / "speedup.svg")
        roofline(deepseek, args.peer, args.to / "roofline.svg")
    if unseen := of_untuned(bf16):
        untuned_picture(unseen, args.peer, args.to / "untuned.svg")


if __name__ == "__main__":
    main()
