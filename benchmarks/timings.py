"""Reads what `dgemm-run -o` wrote, for the scripts that summarise and draw it."""

import dataclasses
import json
import math
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
from shapes import DEEPSEEK, WGRAD, untuned  # noqa: E402

# FP8 operations per clock and SM of Hopper's tensor cores.
FLOPS_PER_CLOCK = 8192


@dataclasses.dataclass
class Subject:
    """A kernel in one case: ours, or a peer with its time over ours."""

    name: str
    us: float
    tflops: float
    gbs: float
    mhz: float
    ratio: float = 1.0

    @property
    def intensity(self):
        """Operations per byte, each operand counted once."""
        return self.tflops * 1e3 / self.gbs


@dataclasses.dataclass
class Row:
    """A timed case."""

    header: dict
    ok: bool
    m: int
    n: int
    k: int
    scaling: str
    out: str
    schedule: str
    clock: str  # "kernel" (profiler) or "events"
    l2: str
    ours: Subject
    peers: dict
    differing: dict  # words of D that differ from ours, by peer

    @property
    def key(self):
        return self.scaling, self.out, self.m, self.n, self.k

    @property
    def shape(self):
        return self.n, self.k


def _subject(entry, clock):
    us = entry["kernel_us" if clock == "kernel" else "us"]["median"]
    ratio = entry.get(
        "kernel_time_over_first" if clock == "kernel" else "time_over_first",
        {"median": 1.0})["median"]
    return Subject(entry["name"], us, entry["tflops"], entry["gbs"],
                   entry["mhz"], ratio)


def _row(header, case):
    timing = case["timing"]
    clock = timing.get("clock", "events")
    ours, *peers = [_subject(e, clock) for e in timing["subjects"]]
    return Row(header, case["ok"], case["M"], case["N"], case["K"],
               case["scaling"], case["out"], case["schedule"], clock,
               timing["l2"], ours, {p.name: p for p in peers},
               {p["name"]: p.get("differing_words")
                for p in case.get("peers", [])})


def read(paths):
    """(rows, chains, wrong): timed cases (the last file's where several have
    one), chains and cases that failed, as the files have them."""
    rows, chains, wrong = {}, {}, []
    for path in paths:
        header = {}
        for line in pathlib.Path(path).read_text().splitlines():
            case = json.loads(line)
            if case["kind"] == "header":
                header = case
                continue
            if case["kind"] != "case":
                continue
            if not case["ok"]:
                wrong.append(case)
            if "timing" in case:
                row = _row(header, case)
                rows[row.key] = row
            if "chain" in case:
                chains[case["M"], case["N"], case["K"]] = case["chain"]
    return list(rows.values()), chains, wrong


def geomean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values))


def of_deepseek(rows):
    gradients = of_wgrad(rows)
    return [r for r in rows if r.shape in DEEPSEEK and r not in gradients]


def of_wgrad(rows):
    return [r for r in rows if (r.m, r.n, r.k) in WGRAD
            and (r.scaling, r.out) == ("1d1d", "f32")]


def of_untuned(rows):
    shapes = set(untuned())
    return [r for r in rows if (r.m, r.n, r.k) in shapes]


def provenance(rows):
    """Date, machine and clock of all rows, in one line."""
    def join(values):
        return ", ".join(sorted(set(values)))

    def driver(header):
        words = header.get("driver", "").split()
        return next((w for w in words if w[:1].isdigit() and "." in w), "?")

    headers = [r.header for r in rows]
    clocks = {"kernel": "kernel times (CUPTI)", "events": "times between events"}
    return "; ".join([
        join(h["date"][:10] for h in headers),
        join(f"{h['device']}, {h['sms']} SMs, up to {h['max_clock_mhz']} MHz"
             for h in headers),
        "driver " + join(driver(h) for h in headers),
        join(clocks[r.clock] for r in rows)])


def tensor_limit(sms, mhz):
    """TFLOP/s that the tensor cores can do at a clock."""
    return FLOPS_PER_CLOCK * sms * mhz * 1e-6
