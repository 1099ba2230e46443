"""Adds up the results of all test programs and prints "N passed, N failed[, N skipped]" as its last line.

Reads a folder with ctest-STAGE.xml and pytest-STAGE.xml (JUnit) and programs/*.xml (GoogleTest). A program that ctest
ran counts by its own tests. Where it left no results it counts as one test; where it failed though all its tests passed
(a crash, a time-out), or a whole stage did, that counts as one failed test. Exits 1 if anything failed or nothing ran.
"""

import argparse
import pathlib
import sys
import xml.etree.ElementTree as ET

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


def outcome(case):
    """What a <testcase> says; None where it was switched off."""
    skipped = case.find("skipped")
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
        return FAILED
    # ctest says "skipped" also of a program that is missing.
    if case.get("status") == "notrun" and skipped is not None and "SKIP_" not in skipped.get("message", ""):
        return FAILED
    if skipped is not None or case.get("result") == "skipped":
        return SKIPPED
    return None if case.get("status") in ("notrun", "disabled") else PASSED


def cases_of(path):
    """(name, outcome) of each test in a result file; one failure where the file cannot be read."""
    try:
        cases = list(ET.parse(path).iter("testcase"))
    except ET.ParseError:
        return [(f"{path.name} cannot be read", FAILED)]
    found = [(".".join(filter(None, (case.get("classname"), case.get("name")))), outcome(case)) for case in cases]
    return [(name, result) for name, result in found if result]


def has_failure(tests):
    return any(result == FAILED for _, result in tests)


def ctest_cases(path, programs):
    tests = []
    for case in ET.parse(path).iter("testcase"):
        name, result = case.get("name"), outcome(case)
        own = programs / f"{name}.xml"
        found = cases_of(own) if own.exists() else [(name, result)] if result else []
        if result == FAILED and not has_failure(found):
            found.append((f"{name}: the program itself", FAILED))
        tests += found
    return tests


def collect(folder, failed_stages=()):
    """(name, outcome) of every single test below `folder`."""
    told = set()
    stages = {path.stem.split("-", 1)[1]: cases_of(path) for path in sorted(folder.glob("pytest-*.xml"))}
    for path in sorted(folder.glob("ctest-*.xml")):
        stages[path.stem.split("-", 1)[1]] = ctest_cases(path, folder / "programs")
        told |= {case.get("name") for case in ET.parse(path).iter("testcase")}
    # Programs that had finished when their stage was stopped.
    for path in sorted((folder / "programs").glob("*.xml")):
        if path.stem not in told:
            stages.setdefault("stopped", []).extend(cases_of(path))
    for stage in failed_stages:
        if not has_failure(stages.get(stage, [])):
            stages.setdefault(stage, []).append((f"stage {stage}: ended with an error outside its tests", FAILED))
    return [test for tests in stages.values() for test in tests]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--failed-stage", action="append", default=[])
    args = parser.parse_args()
    tests = collect(args.folder, args.failed_stage)
    for wanted in (SKIPPED, FAILED):
        for name, result in tests:
            if result == wanted:
                print(f"{wanted}: {name}")
    count = {kind: sum(result == kind for _, result in tests) for kind in (PASSED, FAILED, SKIPPED)}
    line = f"{count[PASSED]} passed, {count[FAILED]} failed"
    print(line + (f", {count[SKIPPED]} skipped" if count[SKIPPED] else ""))
    return 0 if count[FAILED] == 0 and count[PASSED] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
