"""The shapes that benchmarks measure: those of DeepSeek's layers and drawn ones,
which the schedules were tuned on, and 200 drawn ones (docs/benchmarks.md
says what has been tuned on them).
"""

import math
import random

# (N, K)
DEEPSEEK = [(2112, 7168), (576, 7168), (24576, 1536), (32768, 512),
            (7168, 16384), (4096, 7168), (7168, 2048)]
# (M, N, K) that DeepGEMM times for weight gradients.
WGRAD = [(n, 4096, k) for n, k in DEEPSEEK]

# Fixed before the first run of any of these shapes, and never to be changed.
UNTUNED_SEED = 20261124
UNTUNED_COUNT = 200


def untuned():
    """200 different (M, N, K): M log-uniform in 1..8192, N a multiple of 8 in
    8..32768, K a multiple of 16 in 128..16384, the same everywhere."""
    draw = random.Random(UNTUNED_SEED).random
    shapes = []
    while len(shapes) < UNTUNED_COUNT:
        m = min(8192, int(math.exp(draw() * math.log(8193))))
        n = 8 * (1 + int(draw() * 4096))
        k = 16 * (8 + int(draw() * 1017))
        if (m, n, k) not in shapes:
            shapes.append((m, n, k))
    return shapes


# Ranges of M and ways in which rows of K bytes lie to lines of 128 bytes: all
# start at a line, or at one of its halves, sectors, or halves of sectors.
TUNED_MS = [(1, 24), (25, 64), (65, 128), (129, 512), (513, 2048), (2049, 8192)]
TUNED_KS = [128, 64, 32, 16]
TUNED_WORK = 4e12


def tuned(count, seed):
    """(M, N, K) from the ranges of untuned(), none of them one of its shapes,
    in equal parts from each range of M and each way of lying: every fourth with
    a K below 1024, no more than TUNED_WORK operations."""
    draw = random.Random(seed).random
    held_out = untuned()
    shapes = []
    while len(shapes) < count:
        index = len(shapes)
        low, high = TUNED_MS[index % 6]
        step = TUNED_KS[(index // 6 + index) % 4]
        m = int(low * ((high + 1) / low) ** draw())
        n = 8 * (1 + int(draw() * 4096))
        # An odd multiple of the step, but any of 128.
        spacing = 128 if step == 128 else 2 * step
        longest = 1024 if (index + index // 24) % 4 == 0 else 16384
        k = spacing * int(draw() * longest / spacing) + step
        shape = m, n, k
        if (128 <= k <= 16384 and 2 * m * n * k <= TUNED_WORK
                and shape not in shapes + held_out):
            shapes.append(shape)
    return shapes
