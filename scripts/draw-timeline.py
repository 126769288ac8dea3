#!/usr/bin/env python3
"""Draws a timeline of `dgemm-sim --trace` as SVG: draw-timeline.py IN OUT."""

import json
import sys

COLOURS = {
    "run": "#4878a8",
    "wait mbarrier": "#e8c468",
    "wait wgmma": "#d98c5f",
    "wait CTA barrier": "#b8b8b8",
    "wait store": "#c98bb9",
    "m64": "#5a9e6f",
    "cp.async": "#8a6fb0",
    "cp.reduce": "#8a6fb0",
}
LEFT, WIDTH, ROW = 190, 1000, 18


def colour(name):
    for prefix, value in COLOURS.items():
        if name.startswith(prefix):
            return value
    return "#dddddd"


def label(track):
    warp = track.split()
    if warp[0] == "warp":
        return f"{track} (warpgroup {int(warp[1]) // 4})"
    return track


def main():
    events = json.load(open(sys.argv[1]))["traceEvents"]
    names = {e["tid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
    spans = [e for e in events if e["ph"] == "X" and e["pid"] == 0]
    # One warp stands for its warpgroup.
    shown = [
        tid
        for tid, name in names.items()
        if not name.startswith("warp ") or int(name.split()[1]) % 4 == 0
    ]
    shown = [t for t in shown if any(e["tid"] == t for e in spans)]

    def order(tid):
        name = names[tid]
        kind = ["TMA load", "tensor", "warp", "TMA store"]
        return [name.startswith(k) for k in kind].index(True), name

    shown.sort(key=order)
    end = max(e["ts"] + e["dur"] for e in spans)
    height = ROW * len(shown) + 60
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" '
        f'height="{height}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for row, tid in enumerate(shown):
        y = 10 + row * ROW
        out.append(f'<text x="4" y="{y + 12}">{label(names[tid])}</text>')
        for e in spans:
            if e["tid"] != tid or e["dur"] <= 0:
                continue
            x = LEFT + e["ts"] / end * WIDTH
            width = max(e["dur"] / end * WIDTH, 0.4)
            opacity = 0.45 if names[tid].startswith("TMA") else 1
            out.append(
                f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 4}" '
                f'fill="{colour(e["name"])}" opacity="{opacity}">'
                f"<title>{e['name']}</title></rect>"
            )
    y = 10 + len(shown) * ROW
    for tick in range(0, 11):
        x = LEFT + tick * WIDTH / 10
        clocks = round(end * 1000 * tick / 10)
        out.append(f'<text x="{x}" y="{y + 12}" fill="#666">{clocks}</text>')
    x = LEFT
    for name, value in COLOURS.items():
        if name in ("cp.reduce",):
            continue
        text = {"m64": "wgmma", "cp.async": "TMA in flight"}.get(name, name)
        out.append(f'<rect x="{x}" y="{y + 22}" width="10" height="10" fill="{value}"/>')
        out.append(f'<text x="{x + 14}" y="{y + 31}">{text}</text>')
        x += 40 + 7 * len(text)
    out.append("</svg>")
    open(sys.argv[2], "w").write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
