"""Writes features_widths.cu: wgmma of every N."""

import pathlib

HEADER = """// wgmma of every N, made by make_widths.py: each thread's accumulators are
// folded into one word.
#include "wgmma.h"

KERNEL(wgmma_all_n) {
  extern __shared__ __align__(1024) uint32_t words[];
  uint32_t b = fill(words, in, 8192, 0xbfbfbfbfu), a = b + 8192;
"""


def main():
    text = HEADER
    for n in range(8, 264, 8):
        count = n // 2
        registers = ", ".join(f"%{i}" for i in range(count))
        outputs = ", ".join(f'"+f"(d[{i}])' for i in range(count))
        text += f"""  {{
    float d[{count}] = {{}};
    FENCE;
    asm volatile("{{.reg .pred p; setp.ne.b32 p, %{count + 2}, 0;\\n"
                 "wgmma.mma_async.sync.aligned.m64n{n}k32.f32.e4m3.e4m3 "
                 "{{{registers}}}, %{count}, %{count + 1}, p, 1, 1;}}"
                 : {outputs}
                 : "l"(descriptor(a, 16, 1024, 1)),
                   "l"(descriptor(b, 16, 1024, 1)), "r"(0));
    WAIT;
    out[{n // 8 - 1} * 128 + threadIdx.x] = fold(d);
  }}
"""
    path = pathlib.Path(__file__).parent / "features_widths.cu"
    path.write_text(text + "}\n")


if __name__ == "__main__":
    main()
