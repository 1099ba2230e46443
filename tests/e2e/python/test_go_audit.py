"""Our proofs, checked by Go's transparency-dev/merkle."""

import json
import pathlib
import random
import shutil
import subprocess

import pytest

CHECKER = pathlib.Path(__file__).resolve().parent.parent / "go-audit"
SEED = random.randrange(1, 1 << 30)


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Runs the checker over lines."""
    go = shutil.which("go", path=None) or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("there is no Go here")
    program = tmp_path_factory.mktemp("go-audit") / "audit"
    built = subprocess.run([go, "build", "-o", program, "."], cwd=CHECKER, capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, timeout=240, check=False)
    if built.returncode != 0 and ("dial tcp" in built.stderr or "lookup" in built.stderr):
        pytest.skip("Go's module proxy cannot be reached")
    assert built.returncode == 0, built.stderr
    return lambda lines: subprocess.run([program], input=lines, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def lines(build_dir):
    made = subprocess.run([build_dir / "test-bin" / "tree_proofs", str(SEED), "1500", "400"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    return made.stdout.splitlines(keepends=True)


def test_every_proof_holds_and_every_changed_one_is_refused(check, lines):
    done = check("".join(lines))
    assert done.returncode == 0, f"seed {SEED}: {done.stderr}"
    records = sum('"what":"record"' in line for line in lines)
    assert done.stdout.split() == ["records", str(records), "inclusion", "400", "consistency", "400", "refused", "800"]


def test_a_log_with_one_record_changed_is_not_the_one_that_is_proven(check, lines):
    """A control: the checker compares with the records themselves."""
    record = json.loads(lines[3])
    assert record["what"] == "record"
    record["record"] = "Zm9yZ2Vk"
    done = check("".join([*lines[:3], json.dumps(record) + "\n", *lines[4:]]))
    assert done.returncode == 1
    assert "have the root" in done.stderr, f"seed {SEED}: {done.stderr}"
