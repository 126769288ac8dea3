"""The gemms that tests and benchmarks compile: text of an op, text of a
schedule, and the set of schedules that spans every knob.
"""

import textwrap

# One schedule for each knob and some that combine them. What the problem
# decides (the path of the scales, the width of a chunk) is left to
# schedule_text().
SCHEDULES = [
    dict(tile=(64, 64), warpgroups=1, stages=4),
    dict(tile=(64, 128), warpgroups=1, stages=4, registers=[40, 232]),
    dict(tile=(128, 8), stages=4),
    dict(tile=(128, 72), stages=4),
    dict(tile=(128, 128), stages=5),
    dict(tile=(128, 136), stages=4),
    dict(tile=(128, 176), stages=4, chunk=88),
    dict(tile=(128, 192), stages=4),
    dict(tile=(128, 208), stages=4, chunk=16, static_splits="true"),
    dict(tile=(192, 96), warpgroups=3, stages=5, chunk=32, registers=[32, 160]),
    dict(tile=(192, 128), warpgroups=3, stages=4, registers=[32, 160]),
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
    dict(tile=(64, 64), warpgroups=1, stages=3, kblocks=4, in_flight=4,
         store="lines"),
    dict(tile=(128, 64), stages=2, kblocks=3, in_flight=3, store="lines"),
    dict(tile=(64, 8), warpgroups=1, stages=4, swap="true"),
    dict(tile=(56, 8), warpgroups=1, stages=3, kblocks=4, in_flight=4,
         swap="true", store="lines"),
    dict(tile=(32, 16), warpgroups=1, stages=3, kblocks=7, in_flight=7,
         swap="true", store="lines"),
    dict(tile=(168, 8), warpgroups=3, stages=3, kblocks=2, in_flight=2,
         registers=[32, 160], swap="true", store="lines"),
    dict(tile=(40, 64), warpgroups=1, stages=3, store="direct"),
    dict(tile=(56, 8), warpgroups=1, stages=3, kblocks=4, in_flight=4,
         swap="true", store="lines", split_k=3, reduce="cluster",
         persistent="false", coordinates="consumer"),
    dict(tile=(64, 32), warpgroups=1, stages=2, kblocks=2, in_flight=2,
         split_k=4, reduce="cluster", persistent="false"),
    dict(tile=(56, 8), warpgroups=1, stages=3, kblocks=2, in_flight=2,
         swap="true", store="lines", pdl="activations"),
    dict(tile=(128, 64), stages=4, pdl="inputs"),
    dict(tile=(64, 64), warpgroups=1, stages=3, kblocks=2, in_flight=2,
         store="lines", buffers=1, registers=[40, 216], ctas_per_sm=2),
    dict(tile=(56, 8), warpgroups=1, stages=3, kblocks=4, in_flight=4,
         swap="true", store="lines", producer_warps=2, tile_slots=4),
    dict(tile=(128, 128), stages=4, producer_warps=2, epilogue="overlapped",
         tile_slots=3),
    dict(tile=(256, 128), stages=3, epilogue="overlapped", pdl="activations"),
    dict(tile=(128, 64), stages=3, split_k=2, reduce="cluster",
         persistent="false", store="direct"),
    dict(tile=(128, 32), stages=4, swap="true"),
    dict(tile=(128, 64), stages=3, swap="true", kblocks=2, in_flight=2),
    dict(tile=(256, 64), stages=3, swap="true", epilogue="overlapped"),
    dict(tile=(128, 16), stages=4, swap="true", store="direct"),
]


def ceil_div(a, b):
    return -(-a // b)


def align(a, b):
    return ceil_div(a, b) * b


def schedule_name(schedule):
    return "-".join(
        f"{key}{value}".replace(" ", "").replace("(", "").replace(")", "")
        for key, value in schedule.items()
    )


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


def for_f32(schedule):
    """The schedule with the room that an f32 tile's staging needs: a stage
    less and one chunk buffer."""
    schedule = {**schedule, "stages": max(2, schedule["stages"] - 1)}
    if schedule.get("store") != "direct":
        schedule["buffers"] = 1
    return schedule


def static_rows(schedule, m):
    """M where the schedule bakes it into the kernel, else None."""
    return m if "m" in schedule.get("specialize", "") else None


def gemm_text(
    m,
    n,
    k,
    scaling="1d2d",
    out="bf16",
    with_c=False,
    schedule=None,
    name="gemm",
    pad_d=True,
):
    """One gemm on memrefs; m may be None. Rows of A and B are padded to 16
    bytes, and those of C and D too unless pad_d is false."""
    rows = "?" if m is None else m
    pitch = align(k, 16)
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
    pitch = align(n, 16 // {"bf16": 2, "f32": 4}[out]) if pad_d else n
    pad = "" if pitch == n else f", strided<[{pitch}, 1]>"
    d = f"memref<{rows}x{n}x{out}{pad}>"
    attributes = textwrap.fill(
        ", ".join(attributes), 80, initial_indent=" " * 7, subsequent_indent=" " * 11
    )
    return f"""func.func @{name}(%a: {a},
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
