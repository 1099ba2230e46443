"""The benchmark works, says what is wrong in words, and leaves nothing behind. No figure is judged."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import goals  # noqa: E402
import report  # noqa: E402
import sections  # noqa: E402
from broker import Broker  # noqa: E402

RUN = pathlib.Path(__file__).resolve().parent / "run"


def bench(*arguments):
    return subprocess.run([RUN, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def start(*arguments):
    return subprocess.Popen([RUN, *map(str, arguments)], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def wait_for(running, words):
    for line in running.stdout:
        if words in line:
            return
    pytest.fail(f'it ended without "{words}"')


def processes_with(words):
    lines = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if str(words) in line]


def nothing_is_left(folder):
    assert os.listdir(folder) == []
    assert processes_with(folder) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--events", "0"], "must be at least 1, not 0"),
        (["--clients", "-3"], "must be at least 1, not -3"),
        (["--events", "many"], "--events"),
        (["--skew", "0.5"], "must be between 1 (uniform) and 20, not 0.5"),
        (["--peer-modes", "fast"], "no fast; there are tuned, defaults, exactly_once"),
        (["--only", "everything"], "no everything; there are ceilings"),
        (["--growth-sizes", "5"], 'not "5"'),
        (["--clock-sizes", "5:1,6:1"], 'give CLOCKS:SECONDS'),
        (["--growth-sizes", "a:b"], 'not "a:b"'),
        (["--bootstrap", "somewhere"], 'takes HOST:PORT, not "somewhere"'),
        (["--build", "/nonexistent"], "/nonexistent is not there"),
        (["--show", "/nonexistent"], "/nonexistent"),
        (["--show", "/proc/version"], "--show: "),
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
    work, lines = tmp_path / "work", tmp_path / "lines"
    work.mkdir()
    done = bench("--quick", "--growth", "--growth-sizes", "1000:5000,2000:10000", "--build", build_dir, "--work", work,
                 "--json", lines)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    measured = [json.loads(line) for line in lines.read_text().splitlines()]
    assert {line["what"] for line in measured} == {
        "append", "as_of", "catch_up", "ceiling", "clocks", "clocks_published", "compare", "current", "growth", "handover",
        "inclusion_proof", "killed", "latency", "load", "loaded", "log_bytes", "match", "moment", "query", "rebuild", "recheck", "replay",
        "restart", "run", "tree_upkeep", "verify", "watch"}
    caught_up = [line for line in measured if line["what"] == "catch_up"]
    assert {(line["by"], line["log"], line["admission"]) for line in caught_up} == {
        ("kafka_streams_tuned", "kafka", False), ("kefu_client_no_admission", "kafka", False),
        ("kefu_client", "kafka", True), ("kefu", "kafka", True), ("kefu", "embedded", True)}
    for what in ("folded", "clients", "open_cases", "tallies"):
        assert len({line[what] for line in caught_up}) == 1, what
    assert caught_up[0]["folded"] == 20_000
    assert all(line["exact"] for line in measured if line["what"] == "killed" and line["by"] == "kefu")
    assert report.median(measured, "compare")["rows"] == 500
    asked = {(line["method"], line["by"], line["in_flight"]) for line in measured if line["what"] == "load"}
    assert asked == {("get", by, calls) for by in ("kefu", "grpc_java", "empty") for calls in (1, 8, 64)} | {
        ("list_timeline", "kefu", 8), ("list_cases", "kefu", 8)}
    assert {line["method"] for line in measured if line["what"] == "query"} == {*sections.QUERIES, *sections.REPORTS}
    clocks = report.median(measured, "clocks")
    assert report.clocks_exact(clocks), clocks
    assert clocks["breaches"] == 2_000
    handover = report.median(measured, "handover")
    assert handover["exact"], handover
    assert handover["moved"] == 240
    match = report.median(measured, "match")
    assert match["exact"], match
    assert match["products"] == 50
    as_of = [line for line in measured if line["what"] == "as_of"]
    assert sorted((line["method"], line["events"]) for line in as_of) == [
        (method, events) for method in ("get", "list_cases") for events in (10, 100, 1000)]
    assert all(line["exact"] for line in as_of), as_of
    moment = report.median(measured, "moment")
    assert moment["exact"], moment
    assert moment["kept_folded"] < moment["events"], moment
    rechecked = [line for line in measured if line["what"] == "recheck"]
    assert [(line["recommendations"], line["failed"], line["exact"]) for line in rechecked] == [(20_000, 137, True)] * 2
    replayed = [line for line in measured if line["what"] == "replay"]
    assert {(line["by"], line["log"]) for line in replayed} == {(by, log) for by in ("consume", "replay", "replay_parsed")
                                                                for log in ("kafka", "embedded")}
    assert len({(line["events"], line["bytes"]) for line in replayed}) == 1
    assert [line["leaves"] for line in measured if line["what"] == "inclusion_proof"] == [10_000, 20_000]
    upkeep = {line["by"]: line["views"] for line in measured if line["what"] == "tree_upkeep"}
    assert upkeep["with"] == upkeep["without"] + 1
    verified = report.median(measured, "verify")
    assert verified["differing"] == 0, verified
    assert verified["events"] > 20_000
    assert goals.NOT_MEASURED not in done.stdout
    shown = bench("--show", lines)
    assert shown.returncode == 0
    assert shown.stdout.strip() in done.stdout
    nothing_is_left(work)


def test_told_to_stop_it_leaves_nothing(build_dir, tmp_path):
    with start("--quick", "--no-peer", "--build", build_dir, "--work", tmp_path) as running:
        wait_for(running, "Loading")
        running.terminate()
        rest = running.stdout.read()
    assert running.returncode == 130, rest
    nothing_is_left(tmp_path)


def test_a_broker_that_dies_in_the_middle_is_said_and_nothing_left(build_dir, tmp_path):
    # Far more catch-ups than fit into the moment until it dies.
    with start("--quick", "--no-peer", "--only", "catch_up", "--runs", 1000, "--build", build_dir, "--work", tmp_path) as running:
        wait_for(running, '"what": "catch_up"')
        broker = [line for line in processes_with(tmp_path) if "kafka/broker --dir" in line]
        assert len(broker) == 1
        os.kill(int(broker[0].split()[0]), signal.SIGKILL)
        rest = running.stdout.read()
    assert running.returncode == 1
    assert "the Kafka broker ended in the middle of the run" in rest
    nothing_is_left(tmp_path)


def test_a_topic_that_is_not_the_one_wanted_is_said(build_dir, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    with Broker(tmp_path / "broker") as broker:
        common = ["--quick", "--no-peer", "--only", "ceilings", "--build", build_dir, "--work", work, "--bootstrap",
                  broker.bootstrap, "--events", 1000, "--clients", 50]
        assert bench(*common, "--partitions", 3).returncode == 0
        other_count = bench(*common)
        other_events = bench(*common, "--partitions", 3, "--events", 999)
    assert other_count.returncode == 1
    assert 'topic "kefu.events" has 3 partitions, not 8' in other_count.stderr
    assert other_events.returncode == 1
    assert "of 999 events" in other_events.stderr
    nothing_is_left(work)


def line_of(by, events, seconds, **more):
    return {"what": "catch_up", "log": "kafka", "views": 1, "cpu_seconds": 2.0, "peak_rss_mib": 512, "folded": 1,
            "clients": 1, "by": by, "events": events, "seconds": seconds} | more


def test_the_table_shows_medians_and_ratios_against_the_peer():
    text = report.table(
        [
            line_of("kefu", 300_000, 9.0, views=4),
            line_of("kefu", 300_000, 1.0, views=4),
            line_of("kefu", 300_000, 0.1, views=4),
            line_of("kafka_streams_tuned", 100_000, 1.0),
        ]
    )
    assert "kefu, kafka, 4 views | 0.300 M events/s | 3.00 ×" in text
    assert "3 runs, 0.033 to 3.000" in text


def test_goals_say_reached_or_not_or_not_measured():
    rows = goals.goals_table(
        [line_of("kefu_client_no_admission", 500_000, 1.0), line_of("kafka_streams_tuned", 100_000, 1.0)]).splitlines()
    assert "| client view alone, events/s, against tuned Kafka Streams | ≥ 4 × | 5.00 × | yes |" in rows
    assert "| the same, events per CPU-second | ≥ 8 × | 5.00 × | **no** |" in rows
    assert "| restart with state to the first right answer | ≤ 1 s | not measured |  |" in rows


def test_goals_name_the_slowest_query_and_clocks_that_were_told_twice():
    query = {"what": "query", "clients": 5, "events": 9, "in_flight": 4, "p50_ms": 1, "calls_per_second": 9, "bytes": 1}
    clock = {"what": "clocks", "by": "kefu", "clocks": 9, "span_seconds": 1, "restarts": 1, "missing": 0, "twice": 0,
             "wrong_due": 0, "late_p50_ms": 1, "late_p99_ms": 2, "late_max_ms": 900, "due_while_down": 2,
             "after_restart_max_ms": 12, "server_cpu_seconds": 1, "server_peak_rss_mib": 9}
    lines = [query | {"method": "get", "p99_ms": 2}, query | {"method": "list_clocks", "p99_ms": 11},
             query | {"method": "report_complaints", "p99_ms": 200}, clock]
    rows = goals.goals_table(lines).splitlines()
    assert "| every query, p99 of the slowest (list clocks) | ≤ 10 ms | 11.00 ms | **no** |" in rows
    assert "| every report over a year, p99 (report complaints) | ≤ 300 ms | 200.00 ms | yes |" in rows
    assert any("900 ms, after restarts 12 ms, each once | yes |" in row for row in rows)
    twice = goals.goals_table([clock | {"twice": 1}]).splitlines()
    assert any("NOT each once | **no** |" in row for row in twice)
    assert "each told once" in report.table(lines)


def test_goals_say_whether_exactly_the_wrong_recommendations_were_found():
    line = {"what": "recheck", "by": "kefu", "proposes": False, "recommendations": 500_000, "seconds": 3.5, "cpu_seconds": 4,
            "failed": 137, "would_fail": 0, "sent": 137, "exact": True, "peak_rss_mib": 9}
    assert any("7.0 s, exactly the wrong ones | yes |" in row for row in goals.goals_table([line]).splitlines())
    assert any("NOT the wrong ones | **no** |" in row for row in goals.goals_table([line | {"exact": False}]).splitlines())
    assert any("| **no** |" in row for row in goals.goals_table([line | {"seconds": 61}]).splitlines() if "decided again" in row)
    assert "exactly those that are" in report.table([line])


def test_what_the_tree_takes_is_the_middle_of_the_pairs():
    line = {"what": "tree_upkeep", "events": 1_000, "cpu_seconds": 1.0, "log": "embedded", "views": 2, "peak_rss_mib": 9}
    lines = [line | {"by": by, "seconds": seconds} for pair in ((1.0, 1.05), (10.0, 10.0), (2.0, 4.0))
             for by, seconds in zip(("without", "with"), pair)]
    assert any("of 1,000 records, in events/s | ≤ 10 % | 4.76 % | yes |" in row for row in goals.goals_table(lines).splitlines())
    assert "4.8 %" in report.table(lines)
    slower = [line | {"seconds": 1.2} if line["seconds"] == 1.05 else line for line in lines]
    assert any("16.67 % | **no** |" in row for row in goals.goals_table(slower).splitlines())


def test_goals_say_of_how_many_records_a_replay_was():
    lines = [{"what": "replay", "by": by, "log": "kafka", "events": 2_000_000, "bytes": 9, "seconds": seconds,
              "cpu_seconds": 1.0, "peak_rss_mib": 9} for by, seconds in (("consume", 1.0), ("replay", 1.6))]
    rows = goals.goals_table(lines).splitlines()
    assert ("| replay as a stream of 2,000,000 records, events/s, against one reader of the log, kafka | ≥ 0.5 × | 0.62 × | yes |"
            in rows)
    assert ("| replay as a stream, events/s, against one reader of the log, embedded | ≥ 0.5 × | not measured |  |" in rows)


def test_goals_say_how_long_the_auditors_loop_takes_and_whether_it_agrees():
    line = {"what": "verify", "by": "kefu", "events": 9, "views": 2, "engine_seconds": 2.0, "engine_cpu_seconds": 3.5,
            "seconds": 8.0, "cpu_seconds": 8, "differing": 0, "peak_rss_mib": 9}
    assert any("| 4.00 ×, digests equal | yes |" in row for row in goals.goals_table([line]).splitlines())
    assert any("| **no** |" in row for row in goals.goals_table([line | {"seconds": 11}]).splitlines() if "auditor" in row)
    assert any("NOT equal | **no** |" in row for row in goals.goals_table([line | {"differing": 1}]).splitlines())
    assert "4.00 × the engine's time" in report.table([line])


def test_runs_that_did_not_fold_the_same_are_no_comparison():
    from sections import check_same_work
    from servers import Problem

    same = {"open_cases": 5, "tallies": 7}
    check_same_work([line_of("kefu", 10, 1, **same), line_of("kafka_streams_tuned", 10, 1, **same)])
    with pytest.raises(Problem, match="did not fold the same"):
        check_same_work([line_of("kefu", 10, 1, **same), line_of("kafka_streams_tuned", 10, 1, open_cases=5, tallies=8)])
