"""The benchmark works, says what is wrong in words, and leaves nothing behind. No figure is judged."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import report  # noqa: E402

RUN = pathlib.Path(__file__).resolve().parent / "run"


def bench(*arguments):
    return subprocess.run([RUN, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--events", "0"], "must be at least 1, not 0"),
        (["--clients", "-3"], "must be at least 1, not -3"),
        (["--events", "many"], "--events"),
        (["--peer-modes", "fast"], "no mode fast"),
        (["--build", "/nonexistent"], "/nonexistent is not there"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_what_is_wrong_is_said_before_anything_starts(arguments, words):
    done = bench(*arguments)
    assert done.returncode != 0
    assert words in done.stderr


def test_too_little_disk_is_said_before_anything_starts(build_dir):
    done = bench("--build", build_dir, "--events", 10**12)
    assert done.returncode == 1
    assert "GiB free" in done.stderr


def test_a_quick_run_gives_every_figure_and_leaves_nothing(build_dir, tmp_path):
    lines = tmp_path / "lines"
    done = bench("--quick", "--build", build_dir, "--work", tmp_path, "--json", lines)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    measured = [json.loads(line) for line in lines.read_text().splitlines()]
    assert {"load", "catch_up", "latency", "get", "append"} <= {line["what"] for line in measured}
    folded = [line["folded"] for line in measured if line["what"] == "catch_up"]
    assert len(folded) == 4
    assert set(folded) == {20_000}
    for words in ("kafka streams tuned", "publish to visible, embedded", "publish to visible, kafka", "GetClient"):
        assert words in done.stdout
    assert sorted(os.listdir(tmp_path)) == ["lines"]


def test_told_to_stop_it_leaves_nothing(build_dir, tmp_path):
    with subprocess.Popen([RUN, "--quick", "--no-peer", "--build", str(build_dir), "--work", str(tmp_path)], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        for line in running.stdout:
            if "Loading" in line:
                break
        running.terminate()
        rest = running.stdout.read()
    assert running.returncode == 130, rest
    assert os.listdir(tmp_path) == []
    everything = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in everything


def test_the_table_shows_ratios_against_the_peer():
    line = {"what": "catch_up", "log": "kafka", "cpu_seconds": 2.0, "peak_rss_mib": 512, "folded": 1, "clients": 1}
    text = report.table(
        [
            line | {"by": "kefu", "views": 4, "events": 300_000, "seconds": 1.0},
            line | {"by": "kafka_streams_tuned", "views": 1, "events": 100_000, "seconds": 1.0},
        ]
    )
    assert "kefu, kafka, 4 views | 0.300 M events/s | 3.00 ×" in text
