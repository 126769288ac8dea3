"""scripts/lib/tally.py: what scripts/check reports must be true."""

import pathlib
import subprocess
import sys

TALLY = pathlib.Path(__file__).parents[2] / "scripts" / "lib" / "tally.py"

# As googletest, lit and pytest write them.
GTEST = """<testsuites><testsuite name="A">
<testcase name="One" status="run" result="completed" classname="A"/>
<testcase name="Two" status="notrun" result="suppressed" classname="A"/>
<testcase name="Three" status="run" result="completed" classname="A">
<failure message="no"/></testcase></testsuite></testsuites>"""
LIT = """<testsuites><testsuite name="DGEMM">
<testcase classname="DGEMM.Target" name="a.mlir" time="0.1"/>
<testcase classname="DGEMM.Target" name="b.mlir" time="0.1">
<skipped message="Missing required feature(s): ptxas"/></testcase>
</testsuite></testsuites>"""
PYTEST = """<testsuites><testsuite name="pytest">
<testcase classname="test_a" name="test_b"><error message="setup"/></testcase>
</testsuite></testsuites>"""


def tally(folder, **reports):
    for name, text in reports.items():
        (folder / f"{name}.xml").write_text(text)
    run = subprocess.run(
        [sys.executable, TALLY, folder], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout


def test_adds_up(tmp_path):
    status, out = tally(tmp_path, unit=GTEST, lit=LIT, pytest=PYTEST)
    assert out.endswith("\n2 passed, 2 failed, 2 skipped\n")
    assert "FAILED: A.Three\n" in out
    assert "FAILED: test_a.test_b\n" in out
    assert "skipped: 1 x Missing required feature(s): ptxas" in out
    assert status == 1


def test_success(tmp_path):
    status, out = tally(tmp_path, lit=LIT)
    assert (status, out.splitlines()[-1]) == (0, "1 passed, 0 failed, 1 skipped")


def test_nothing_ran(tmp_path):
    status, out = tally(tmp_path)
    assert "no test ran" in out
    assert status == 1


def test_cut_off_report(tmp_path):
    status, out = tally(tmp_path, lit=LIT, unit=GTEST[:80])
    assert "unit.xml is cut off" in out
    assert status == 1


def test_written_reports(tmp_path):
    for name, message, expected in (("good", "", 0), ("bad", "why", 1)):
        path = tmp_path / f"{name}.xml"
        run = subprocess.run(
            [sys.executable, TALLY, "--write", path, name, message], check=False
        )
        assert run.returncode == expected
    status, out = tally(tmp_path)
    assert (status, out.splitlines()[-1]) == (1, "1 passed, 1 failed, 0 skipped")
