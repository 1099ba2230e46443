"""What the project wants to reach, beside what this run reached."""

from report import clocks_exact, disk, markdown, matching, median, per_cpu, per_second, tree_share

NOT_MEASURED = "not measured"


def _goal(what, wanted, measured, reached):
    """`reached` is only asked for when there is something measured."""
    if measured is None:
        return [what, wanted, NOT_MEASURED, ""]
    return [what, wanted, measured, "yes" if reached else "**no**"]


def _at_least(what, bound, value):
    return _goal(what, f"≥ {bound:g} ×", value and f"{value:.2f} ×", value and value >= bound)


def _at_most(what, bound, value, unit="×"):
    return _goal(what, f"≤ {bound:g} {unit}", None if value is None else f"{value:.2f} {unit}",
                 value is not None and value <= bound)


def _over(a, b, of=lambda line: line):
    return of(a) / of(b) if a and b and of(b) else None


def _catch_ups(lines):
    peer = median(lines, "catch_up", by="kafka_streams_tuned")
    parse = median(lines, "ceiling", mode="parse")
    plain = median(lines, "catch_up", by="kefu_client_no_admission", log="kafka")
    judged = median(lines, "catch_up", by="kefu_client", log="kafka")
    everything = median(lines, "catch_up", by="kefu", log="kafka")
    yield _at_least("client view alone, events/s, against tuned Kafka Streams", 4, _over(plain, peer, per_second))
    yield _at_least("the same, events per CPU-second", 8, _over(plain, peer, per_cpu))
    yield _at_least("the same, against consume + parse", 0.6, _over(plain, parse, per_second))
    yield _at_least("client view with admission, events/s, against tuned Kafka Streams", 3, _over(judged, peer, per_second))
    yield _at_least("the same, events per CPU-second", 5, _over(judged, peer, per_cpu))
    yield _at_least("all views, events/s, against tuned Kafka Streams with one", 0.7, _over(everything, peer, per_second))
    yield _at_least("rebuild of one view, against consume + parse", 0.7, _over(median(lines, "rebuild"), parse, per_second))
    yield _at_most("peak memory, one view, against tuned Kafka Streams", 0.3,
                   _over(plain, peer, lambda line: line["peak_rss_mib"]))
    log = median(lines, "log_bytes", log="kafka")
    yield _at_most("bytes on disk of all views, against the log's own", 1.5,
                   disk(everything) / log["bytes"] if everything and log else None)


def _growth(lines):
    for by in ("kefu_client_no_admission", "kefu_client"):
        sizes = matching(lines, "growth", by=by)
        value = _over(sizes[-1], sizes[0], per_second) if len(sizes) > 1 else None
        yield _at_least(f"throughput at the most clients against the fewest, {by.replace('_', ' ')}", 0.5, value)


def _starts(lines):
    restart = median(lines, "restart", by="kefu")
    yield _at_most("restart with state to the first right answer", 1, restart and restart["seconds"], "s")
    killed = median(lines, "killed", by="kefu")
    measured = killed and f"{killed['seconds']:.2f} s, totals {'exact' if killed['exact'] else 'WRONG'}"
    yield _goal("kill -9 after catch-up: exact totals and current", "≤ 1 s, exact", measured,
                killed and killed["seconds"] <= 1 and killed["exact"])


def _calls(lines):
    for calls in (1, 8, 64):
        ours, empty, java = (median(lines, "load", method="get", by=by, in_flight=calls)
                             for by in ("kefu", "empty", "grpc_java"))
        rate, p99 = (lambda line: line["calls_per_second"]), (lambda line: line["p99_ms"])
        yield _at_least(f"GetClient, {calls} in flight, calls/s, against an empty handler", 0.9, _over(ours, empty, rate))
        yield _at_most("the same, p99", 1.3, _over(ours, empty, p99))
        yield _at_least(f"GetClient, {calls} in flight, calls/s, against grpc-java", 1.2, _over(ours, java, rate))
        yield _at_most("the same, p99", 1, _over(ours, java, p99))


def _latency(lines):
    for log, bound in (("embedded", 5), ("kafka", 20)):
        for share, words in ((0, "1,000 events/s"), (50, "half of capacity")):
            line = median(lines, "latency", by=log, share=share)
            yield _at_most(f"publish to visible, p99, {log}, {words}", bound, line and line["visible_p99_ms"], "ms")


def _queries(lines):
    asked = matching(lines, "query")
    for reports, what, bound in ((False, "every query, p99 of the slowest", 10), (True, "every report over a year, p99", 300)):
        found = [line for line in asked if line["method"].startswith("report_") == reports]
        slowest = max(found, key=lambda line: line["p99_ms"], default=None)
        words = f"{what} ({slowest['method'].replace('_', ' ')})" if slowest else what
        yield _at_most(words, bound, slowest and slowest["p99_ms"], "ms")


def _clocks(lines):
    line = median(lines, "clocks", by="kefu")
    measured = line and (f"{line['late_max_ms']:.0f} ms, after restarts {line['after_restart_max_ms']:.0f} ms, "
                         f"{'each once' if clocks_exact(line) else 'NOT each once'}")
    yield _goal("clocks that ran out, told once each, and how late at most", "≤ 1000 ms", measured,
                line and clocks_exact(line) and max(line["late_max_ms"], line["after_restart_max_ms"]) <= 1000)


def _handovers(lines):
    line = median(lines, "handover", by="kefu")
    measured = line and f"{line['visible_ms']:.0f} ms, {'each once' if line['exact'] else 'NOT each once'}"
    yield _goal("a broker's clients handed over, visible in every view", "≤ 1000 ms", measured,
                line and line["exact"] and line["visible_ms"] <= 1000)


def _matches(lines):
    line = median(lines, "match", by="kefu")
    measured = line and f"{line['p99_ms']:.1f} ms, {'exact' if line['exact'] else 'NOT exact'}"
    yield _goal("products matched with one client over the whole catalogue, p99", "≤ 10 ms", measured,
                line and line["exact"] and line["p99_ms"] <= 10)


def _as_of(lines):
    asked = [line for line in matching(lines, "as_of") if line["events"] == 1_000]
    slowest = max(asked, key=lambda line: line["p99_ms"], default=None)
    exact = all(line["exact"] for line in asked)
    measured = slowest and f"{slowest['p99_ms']:.1f} ms, {'exact' if exact else 'NOT exact'}"
    yield _goal("as of, one client with 1,000 events, p99", "≤ 5 ms", measured, slowest and exact and slowest["p99_ms"] <= 5)


def _recheck(lines):
    asked = matching(lines, "recheck")
    slowest = max(asked, key=lambda line: line["seconds"] / line["recommendations"], default=None)
    per_million = slowest and slowest["seconds"] * 1e6 / slowest["recommendations"]
    exact = all(line["exact"] for line in asked)
    measured = slowest and f"{per_million:.1f} s, {'exactly' if exact else 'NOT'} the wrong ones"
    yield _goal("1 M recommendations decided again", "≤ 120 s", measured,
                slowest and per_million <= 120 and exact)


def _replays(lines):
    for log in ("kafka", "embedded"):
        stream, raw = (median(lines, "replay", by=by, log=log) for by in ("replay", "consume"))
        of = f" of {stream['events']:,} records" if stream else ""
        yield _at_least(f"replay as a stream{of}, events/s, against one reader of the log, {log}", 0.5,
                        _over(stream, raw, per_second))


def _tree(lines):
    full = median(lines, "tree_upkeep", by="with")
    of = f" of {full['events']:,} records" if full else ""
    yield _at_most(f"what the tree costs a catch-up of all views{of}, in events/s", 10, tree_share(lines, per_second), "%")
    largest = max(matching(lines, "inclusion_proof"), key=lambda line: line["leaves"], default=None)
    words = f"over {largest['leaves']:,} leaves, " if largest else ""
    yield _at_most(f"an inclusion proof, {words}p99", 1, largest and largest["p99_us"] / 1000, "ms")


def _verified(lines):
    line = median(lines, "verify", by="kefu")
    times = line and line["seconds"] / max(line["engine_seconds"], 1e-3)
    measured = line and f"{times:.2f} ×, digests {'equal' if not line['differing'] else 'NOT equal'}"
    of = f" of {line['events']:,} records" if line else ""
    yield _goal(f"all views{of} by the auditor's own loop, against the engine's time", "≤ 5 ×", measured,
                line and times <= 5 and not line["differing"])


def goals_table(lines):
    rows = [["goal", "wanted", "measured", "reached"], ["---"] * 4]
    for part in (_catch_ups, _growth, _starts, _calls, _latency, _queries, _clocks, _handovers, _matches, _as_of, _recheck, _replays, _tree,
                 _verified):
        rows += part(lines)
    return markdown(rows)
