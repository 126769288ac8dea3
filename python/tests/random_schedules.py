"""Random combinations of knobs, problems and ways to run them, by seed."""

import random

SHAPES = [
    (129, 264, 208),
    (70, 121, 384),
    (1, 24, 256),
    (260, 264, 392),
    (33, 400, 1100),
    (200, 72, 640),
]
PROBLEMS = [
    ("1d2d", "bf16", False),
    ("1d1d", "bf16", True),
    ("1d2d", "f32", True),
    ("1d1d", "f32", False),
]
COLUMNS = [8, 16, 24, 32, 48, 64, 72, 96, 128, 136, 160, 176, 192, 208, 256]


def sample(seed):
    """(schedule, shape, problem, sms, seed of the interleaving). The verifier
    may refuse the schedule."""
    rng = random.Random(seed)

    def some(chance):
        return rng.random() < chance

    groups = rng.choice([1, 2, 2, 3])
    slices = rng.choice([1, 2]) if groups == 2 else 1
    columns = rng.choice([c for c in COLUMNS if c * slices <= 256])
    rows = rng.choice([64, 64, 64, 56, 32, 24]) if slices == 1 else 64
    blocks = rng.choice([1, 1, 2, 4])
    schedule = {
        "tile": (rows * groups * slices, columns),
        "warpgroups": groups,
        "stages": rng.choice([2, 3, 4]),
        "kblocks": blocks,
        "in_flight": rng.choice([i for i in (1, 2, 4) if i <= blocks]),
        "unroll": rng.choice([1, 1, 2, 3]),
    }
    if groups == 3:
        schedule["registers"] = [32, 160]
    if some(0.35):
        schedule["swap"] = "true"
    if some(0.3):
        schedule["cluster"] = 2
        schedule["multicast"] = rng.choice(["lhs", "rhs"])
    if some(0.3):
        schedule["raster"] = "m"
        schedule["raster_width"] = rng.choice([1, 2, 5])
    if blocks == 1 and some(0.4):
        schedule["epilogue"] = "overlapped"
    store = rng.choice(["tma", "tma", "lines", "direct"])
    if store != "tma":
        schedule["store"] = store
    if store != "direct":
        schedule["buffers"] = rng.choice([1, 1, 2, 4])
    if some(0.25):
        schedule["coordinates"] = "consumer"
    for side in ("lhs_scales", "rhs_scales"):
        if some(0.2):
            schedule[side] = "direct"
    if some(0.2):
        schedule["persistent"] = "false"
    if blocks > 1 and some(0.4):
        schedule["tma_view"] = "stage"
    if some(0.25):
        schedule["pdl"] = rng.choice(["inputs", "activations"])
    if some(0.2):
        schedule.update(
            split_k=rng.choice([2, 3]), reduce="cluster", persistent="false"
        )
    if some(0.3):
        schedule["static_splits"] = "true"
    if some(0.3):
        schedule["tile_slots"] = rng.choice([3, 4])
    if some(0.2):
        schedule["producer_warps"] = 2
    if some(0.3):
        sizes = ["[n, k]", "[m, n, k]", "[k]", "[n]", "[m]"]
        schedule["specialize"] = rng.choice(sizes)
    problem = rng.choice(PROBLEMS)
    if problem[2] and store == "tma" and some(0.6):
        schedule["accumulate"] = "prefetch"
        schedule["c_slots"] = rng.choice([2, 3, 5])
    if (problem[0] == "1d1d" or "swap" in schedule) and some(0.4):
        schedule["products"] = "early"
    return (
        schedule,
        rng.choice(SHAPES),
        problem,
        rng.choice([2, 4, 132]),
        rng.choice([0, 1, 2]),
    )
