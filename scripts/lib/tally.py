#!/usr/bin/env python3
"""Adds up JUnit reports, or writes the report of a test of one step.

    tally.py PATH                           print totals; fail on a failure
    tally.py --write FILE NAME [MESSAGE]    a pass, or a failure's message
"""

import argparse
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def write(path, name, message):
    suite = ElementTree.Element("testsuite", name=name)
    case = ElementTree.SubElement(suite, "testcase", classname=name, name=name)
    if message:
        ElementTree.SubElement(case, "failure", message=message)
    ElementTree.ElementTree(suite).write(path)


def outcome(case):
    """passed, failed or skipped: googletest, lit and pytest differ a little."""
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return "failed"
    if "skipped" in tags or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def tally(path):
    path = pathlib.Path(path)
    reports = sorted(path.glob("*.xml")) if path.is_dir() else [path]
    total = {"passed": 0, "failed": 0, "skipped": 0}
    failed, skipped = [], {}
    for path in reports:
        counts = dict.fromkeys(total, 0)
        try:
            cases = list(ElementTree.parse(path).iter("testcase"))
        except ElementTree.ParseError as error:
            counts["failed"] += 1
            failed.append(f"{path.name} is cut off: {error}")
            cases = []
        for case in cases:
            result = outcome(case)
            counts[result] += 1
            name = f"{case.get('classname')}.{case.get('name')}"
            if result == "failed":
                failed.append(name)
            elif result == "skipped":
                mark = case.find("skipped")
                why = (mark is not None and mark.get("message")) or "disabled"
                skipped.setdefault(why.strip().splitlines()[0], []).append(name)
        for key, count in counts.items():
            total[key] += count
        print(
            f"{path.stem:<28}"
            + ", ".join(f"{count} {key}" for key, count in counts.items())
        )
    for why, names in sorted(skipped.items()):
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        print(f"skipped: {len(names)} x {why} ({shown})")
    for name in failed:
        print(f"FAILED: {name}")
    if not total["passed"] + total["failed"]:
        print("no test ran")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**total))
    return 0 if total["passed"] and not total["failed"] else 1


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("path", help="a report or a folder of reports")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("message", nargs="?", default="")
    args = parser.parse_args()
    if not args.write:
        return tally(args.path)
    write(args.path, args.name, args.message)
    return 1 if args.message else 0


if __name__ == "__main__":
    sys.exit(main())
