"""The shapes that benchmarks measure: those of DeepSeek's layers, which the
schedules were tuned on, and 200 that nobody tuned for.
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
