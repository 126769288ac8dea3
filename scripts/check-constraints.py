#!/usr/bin/env python3
"""Checks that labelled constraints are the same set in three places.

A constraint is stated in a .td (`* C5: ...`), checked in a .cpp under a
comment of labels alone (`// C5`), and tested by a negative test that is
headed by its label (`// C5: ...` in a lit test). Run from anywhere.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# (letter, specification, implementation, tests)
FAMILIES = [
    (
        "C",
        "include/dgemm/Dialect/DGEMM/DGEMMOps.td",
        "lib/Dialect/DGEMM/IR/DGEMMOps.cpp",
        ["test/Dialect/DGEMM/invalid.mlir"],
    ),
    (
        "R",
        "include/dgemm/Dialect/DGEMM/DGEMMContractOps.td",
        "lib/Dialect/DGEMM/IR/DispatchOp.cpp",
        ["test/Dialect/DGEMM/invalid-dispatch.mlir"],
    ),
    (
        "S",
        "include/dgemm/Dialect/DGEMM/DGEMMAttrs.td",
        "lib/Dialect/DGEMM/IR/ScheduleVerifier.cpp",
        [
            "test/Dialect/DGEMM/invalid-schedule.mlir",
            "test/Dialect/DGEMM/invalid-schedule-problem.mlir",
        ],
    ),
]


def labels(paths, line_pattern, letter):
    """The labels on the lines of `paths` that match `line_pattern`."""
    found = set()
    for path in paths:
        for line in (ROOT / path).read_text().splitlines():
            if re.match(line_pattern.replace("L", rf"{letter}\d+"), line):
                head = line.split(":")[0]
                found.update(re.findall(rf"\b{letter}\d+\b", head))
    return found


def main():
    ok = True
    for letter, td, cpp, tests in FAMILIES:
        stated = labels([td], r"\s*\* L: ", letter)
        checked = labels([cpp], r"\s*// L(, L)*$", letter)
        tested = labels(tests, r"// L(, L)*: ", letter)
        for path, found in ((cpp, checked), (" or ".join(tests), tested)):
            for missing in sorted(stated - found):
                print(f"{path}: {missing} of {td} is missing")
                ok = False
            for unknown in sorted(found - stated):
                print(f"{path}: {unknown} is not in {td}")
                ok = False
        expected = {f"{letter}{i}" for i in range(1, len(stated) + 1)}
        if stated != expected:
            print(f"{td}: labels are not {letter}1 to {letter}{len(stated)}")
            ok = False
        print(f"{letter}1..{letter}{len(stated)}: stated, checked, tested")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
