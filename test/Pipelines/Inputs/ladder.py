"""Climbs down a module's ladder rung by rung, each step a fresh process.

    ladder.py <module> <last rung>

The text of each rung must stay as it is when its own rung is taken again, and
must lead to the same text at the last rung as the module does in one go.
"""

import re
import subprocess
import sys


def run(text, rung, check=True):
    result = subprocess.run(
        ["dgemm-opt", f"--dgemm-pipeline=stop-after={rung}"],
        input=text,
        capture_output=True,
        check=False,
    )
    if check and result.returncode != 0:
        sys.exit(f"down to {rung}:\n{result.stderr.decode()}")
    return result


def main():
    path, last = sys.argv[1:]
    with open(path, "rb") as file:
        module = file.read()
    answer = run(b"", "?", check=False).stderr.decode()
    rungs = re.search(r"the rungs are (.*)", answer).group(1).split(", ")
    expected = run(module, last).stdout
    for rung in rungs[: rungs.index(last) + 1]:
        here = run(module, rung).stdout
        if run(here, rung).stdout != here:
            sys.exit(f"{rung} changes a module that stands on it")
        if run(here, last).stdout != expected:
            sys.exit(f"going on from {rung} does not give the same {last}")
        print(rung, "ok")


main()
