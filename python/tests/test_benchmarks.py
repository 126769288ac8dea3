"""The scripts that summarise and draw results, and the shapes that they know."""

import hashlib
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import sweep  # noqa: E402
import timings  # noqa: E402
from shapes import DEEPSEEK, untuned  # noqa: E402

HEADER = {
    "kind": "header", "date": "2026-01-02T03:04:05Z", "device": "A GPU",
    "sms": 132, "max_clock_mhz": 1980,
    "driver": "NVRM version: NVIDIA UNIX 580.1.2 Release Build",
}


def subject(name, us, kernel_us=None, ratio=None, kernel_ratio=None):
    entry = {"name": name, "us": {"median": us}, "tflops": 1.0, "gbs": 100.0,
             "mhz": 1500.0}
    if kernel_us:
        entry["kernel_us"] = {"median": kernel_us}
    if ratio:
        entry["time_over_first"] = {"median": ratio}
    if kernel_ratio:
        entry["kernel_time_over_first"] = {"median": kernel_ratio}
    return entry


def case(m, n, k, ratio, kernel_ratio=None, ok=True):
    timing = {
        "l2": "clean",
        "subjects": [subject("ours", 10, 7 if kernel_ratio else None),
                     subject("deepgemm", 12, 9 if kernel_ratio else None,
                             ratio, kernel_ratio)],
    }
    if kernel_ratio:
        timing["clock"] = "kernel"
    return {"kind": "case", "ok": ok, "M": m, "N": n, "K": k,
            "scaling": "1d2d", "out": "bf16", "schedule": "s",
            "peers": [{"name": "deepgemm", "differing_words": 0}],
            "timing": timing}


@pytest.fixture
def results(tmp_path):
    def write(*cases):
        path = tmp_path / "results.jsonl"
        path.write_text("".join(json.dumps(c) + "\n"
                                for c in (HEADER, *cases)))
        return path

    return write


def summarise(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "summarise.py", *arguments],
        capture_output=True, text=True)


def test_untuned_shapes_never_change():
    shapes = untuned()
    assert len(set(shapes)) == 200
    assert all(1 <= m <= 8192 and n % 8 == 0 and 8 <= n <= 32768
               and k % 16 == 0 and 128 <= k <= 16384 for m, n, k in shapes)
    digest = hashlib.sha256(json.dumps(shapes).encode()).hexdigest()
    assert digest == (
        "4132e31a624daeca7201b95fd3f7194e3a5a3620cee20e18a3fd875ad5932837")


def test_kernel_times_come_before_events(results):
    rows, _, wrong = timings.read(
        [results(case(1, 2112, 7168, 1.2, 2.0), case(1, 576, 7168, 1.2))])
    assert [(r.clock, r.ours.us, r.peers["deepgemm"].ratio) for r in rows] == [
        ("kernel", 7, 2.0), ("events", 10, 1.2)]
    assert rows[0].ours.intensity == 10
    assert not wrong


def test_summary_of_deepseek_shapes(results):
    run = summarise(results(case(1, 2112, 7168, 1.2, 2.0),
                            case(1, 576, 7168, 1.2, 0.5),
                            case(64, 576, 7168, 1.2, 1.5)))
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0] == ("2026-01-02; A GPU, 132 SMs, up to 1980 MHz; driver "
                        "580.1.2; kernel times (CUPTI)")
    assert lines[2].split() == "1d2d 1 clean 2 1.000 0.500 at 576 x 7168".split()
    assert lines[3].split()[:5] == ["1d2d", "64", "clean", "1", "1.500"]
    assert lines[-1] == "3 timed, 0 wrong, D differs from deepgemm's in 0"


def test_summary_of_untuned_shapes(results):
    ratios = [2.0] * 3 + [0.5]
    run = summarise(results(*(case(*shape, ratio)
                              for shape, ratio in zip(untuned(), ratios))))
    assert ("untuned: 4 shapes, 4 with deepgemm; geometric mean 1.414, 1 "
            "(25.0 %) under 0.95, lowest 0.500") in run.stdout


def test_a_wrong_case_fails_the_summary(results):
    run = summarise(results(case(1, 2112, 7168, 1.2, ok=False)))
    assert run.returncode == 1
    assert "WRONG: 1 x 2112 x 7168" in run.stdout


def test_a_sweep_has_twenty_candidates_everywhere():
    for n, k in DEEPSEEK:
        for m in sweep.SPEED_MS:
            found = list(sweep.candidates(sweep.Problem(m, n, k),
                                          sweep.FAMILIES))
            assert len(found) >= 20, (m, n, k)
            assert len({schedule for _, schedule in found}) == len(found)


def test_report_of_a_sweep(tmp_path):
    def swept(m, n, k, chosen, **families):
        peers = [{"name": name, "schedule": f"#dgemm.schedule<{name}>",
                  "kernel_us": {"median": us}} for name, us in families.items()]
        rival = {"name": "rival", "schedule": "theirs",
                 "kernel_us": {"median": 1.0}}
        return {"kind": "case", "ok": True, "M": m, "N": n, "K": k,
                "schedule": "#dgemm.schedule<chosen>",
                "peers": [{"name": "absent", "did_not_run": "why"}]
                + [{"name": p["name"], "differing_words": 0}
                   for p in [*peers, rival]],
                "timing": {"clock": "kernel", "subjects": [
                    {"name": "k", "kernel_us": {"median": chosen}}, *peers,
                    rival]}}

    path, table = tmp_path / "sweep.jsonl", tmp_path / "sweep.csv"
    path.write_text("\n".join(map(json.dumps, [
        HEADER, swept(1, 8, 128, 8.0, thin=4.0, wide=9.0),
        swept(1, 16, 128, 3.0, thin=6.0, wide=5.0)])))
    run = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "sweep.py", "report", path,
         "--csv", table], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert ("the choice over the best: geometric mean 1.414, worst 2.000, 2 "
            "cases, at least 2 candidates each") in run.stdout
    assert "  2.000 at 1 x 8 x 128: 8.00 us" in run.stdout
    assert "best of a case: thin 1, chosen 1" in run.stdout
    lines = table.read_text().splitlines()
    assert lines[0] == "M,N,K,family,us,schedule"
    assert lines[2] == "1,8,128,thin,4.0,#dgemm.schedule<thin>"


def test_pictures(results, tmp_path):
    pytest.importorskip("matplotlib")
    path = results(case(1, 2112, 7168, 1.2), case(64, 2112, 7168, 1.3),
                   case(*untuned()[0], 1.1), case(*untuned()[1], 0.9))
    texts = []
    for folder in ("a", "b"):
        subprocess.run(
            [sys.executable, ROOT / "benchmarks" / "plot.py", path, "--to",
             tmp_path / folder], check=True, capture_output=True)
        texts.append({p.name: p.read_text()
                      for p in (tmp_path / folder).iterdir()})
    assert sorted(texts[0]) == ["roofline.svg", "speedup.svg", "untuned.svg"]
    assert texts[0] == texts[1], "the same input, the same file"
    for text in texts[0].values():
        assert "2026-01-02; A GPU, 132 SMs" in text
