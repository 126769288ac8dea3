#!/usr/bin/env python3
"""Draws a timeline of `dgemm-sim --trace` as SVG.

  draw-timeline.py TRACE.json OUT.svg [CAPTION [FROM TO]]

FROM and TO, in clocks, pick a part. One warp stands for its warpgroup; the
gaps between the tensor core's operations are filled in red.
"""

import json
import sys

RUN, EPILOGUE, STAGE, WGMMA_WAIT = "#4878a8", "#8a5fa8", "#f0cf6b", "#d8dfe8"
BARRIER, STORE_WAIT, TENSOR, TENSOR2 = "#b4b4b4", "#d9a0c0", "#3f8f5c", "#86c39b"
LOAD, STORE, BUBBLE = "#9a86c4", "#c98bb9", "#f6d3cd"
LEGEND = [
    ("runs", RUN),
    ("epilogue", EPILOGUE),
    ("waits for a stage", STAGE),
    ("waits for the tensor core", WGMMA_WAIT),
    ("waits at a barrier", BARRIER),
    ("waits for a store", STORE_WAIT),
    ("wgmma", TENSOR),
    ("tensor core idle", BUBBLE),
    ("TMA load in flight", LOAD),
    ("TMA store", STORE),
]
LEFT, WIDTH, ROW, TOP = 176, 1080, 30, 44


def colour(name):
    if name.startswith(("wait stage", "wait mbarrier")):
        return STAGE
    if name == "wait wgmma":
        return WGMMA_WAIT
    if name == "wait store":
        return STORE_WAIT
    if name.startswith("wait"):
        return BARRIER
    return EPILOGUE if name == "epilogue" else RUN


def read(path):
    """The spans of the first block, by track: start, end, name."""
    events = json.load(open(path))["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M"}
    tracks = {}
    for e in events:
        if e["ph"] == "X" and e["pid"] == 0:
            start = e["ts"] * 1000
            span = (start, start + e["dur"] * 1000, e["name"])
            tracks.setdefault(names[e["pid"], e["tid"]], []).append(span)
    return tracks


def rows(tracks):
    """Label, spans and a function from a span to its colour, from top to
    bottom."""
    loads = sorted(t for t in tracks if t.startswith("TMA load"))
    for track in loads:
        yield track, tracks[track], lambda span: LOAD
    cores = sorted(t for t in tracks if t.startswith("tensor core"))
    spans = [(*s[:2], i) for i, t in enumerate(cores) for s in tracks[t]]
    yield "tensor core", sorted(spans), lambda s: TENSOR if s[2] % 2 == 0 else TENSOR2
    for role in ("(consumer", "(producer"):
        warps = [t for t in tracks if role in t]
        warps.sort(key=lambda t: int(t.split()[1]))
        for track in warps:
            warp = int(track.split()[1])
            if role == "(consumer" and warp % 4:
                continue
            yield track, tracks[track], lambda span: colour(span[2])
    if "TMA store" in tracks:
        yield "TMA store", tracks["TMA store"], lambda span: STORE


def busy(spans, low, high):
    """The clocks of [low, high) that some span covers."""
    total, reached = 0, low
    for start, end, _ in sorted(spans):
        start, end = max(start, reached), min(end, high)
        if end > start:
            total += end - start
            reached = end
    return total


def main():
    tracks = read(sys.argv[1])
    caption = sys.argv[3] if len(sys.argv) > 3 else ""
    last = max(span[1] for spans in tracks.values() for span in spans)
    low, high = map(float, sys.argv[4:6]) if len(sys.argv) > 5 else (0, last)
    scale = WIDTH / (high - low)
    shown = list(rows(tracks))
    height = TOP + ROW * len(shown) + 84
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 24}" '
        f'height="{height}" font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="8" y="24" font-size="16">{caption}</text>',
    ]

    def box(start, end, y, fill, title, least=0.5):
        start, end = max(start, low), min(end, high)
        if end <= start:
            return
        width = max((end - start) * scale, least)
        out.append(
            f'<rect x="{LEFT + (start - low) * scale:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{ROW - 8}" fill="{fill}"><title>{title}</title></rect>'
        )

    for i, (label, spans, paint) in enumerate(shown):
        y = TOP + i * ROW
        if label == "tensor core":
            work = [s for s in spans if s[1] > low and s[0] < high]
            first, end = min(s[0] for s in work), max(s[1] for s in work)
            box(first, end, y, BUBBLE, "idle")
            share = 100 * busy(spans, max(first, low), min(end, high))
            share /= min(end, high) - max(first, low)
            label += f", {share:.0f} % busy"
        out.append(f'<text x="8" y="{y + 16}">{label}</text>')
        for span in spans:
            box(*span[:2], y, paint(span), span[2])
    y = TOP + len(shown) * ROW
    step = next(
        s for s in (100, 200, 500, 1000, 2000, 5000, 10**9) if (high - low) / s < 13
    )
    tick = -(-low // step) * step
    while tick <= high:
        x = LEFT + (tick - low) * scale
        out.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{y}" stroke="#000" '
            'stroke-opacity="0.13"/>'
            f'<text x="{x:.1f}" y="{y + 14}" fill="#555" text-anchor="middle">'
            f"{tick:.0f}</text>"
        )
        tick += step
    out.append(f'<text x="8" y="{y + 14}" fill="#555">clocks</text>')
    for i, (text, fill) in enumerate(LEGEND):
        x, row = LEFT + i % 5 * 216, y + 32 + i // 5 * 22
        out.append(
            f'<rect x="{x}" y="{row}" width="13" height="13" fill="{fill}" '
            f'stroke="#888" stroke-width="0.5"/><text x="{x + 19}" y="{row + 12}">'
            f"{text}</text>"
        )
    out.append("</svg>")
    open(sys.argv[2], "w").write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
