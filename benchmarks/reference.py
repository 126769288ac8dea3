"""Times the reference evaluator: python benchmarks/reference.py [M N K]."""

import os
import pathlib
import platform
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "python" / "tests"))
import reference_library as reference


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def main():
    m, n, k = [int(x) for x in sys.argv[1:4]] or (4096, 4096, 512)
    cores = os.cpu_count()
    print(f"{cpu()}, {cores} CPUs; M={m} N={n} K={k}, amax-scaled e4m3, 1D2D, bf16")
    a, sfa = reference.generate(1, m, k, 1)
    b, sfb = reference.generate(2, n, k, 128)
    for name, options in [
        ("hardware, best engine", {}),
        ("hardware, scalar engine", {"engine": "scalar"}),
        ("exact", {"mode": "exact"}),
    ]:
        for threads in sorted({1, cores}):
            start = time.perf_counter()
            reference.gemm(a, sfa, b, sfb, threads=threads, **options)
            seconds = time.perf_counter() - start
            rate = m * n * k / seconds / 1e9
            print(f"{name}, {threads} threads: {seconds:.2f} s, {rate:.1f} Gproducts/s")


if __name__ == "__main__":
    main()
