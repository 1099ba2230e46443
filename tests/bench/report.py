"""From the measured lines to a table. The ratio of a catch-up is against tuned Kafka Streams, of calls against an empty
handler, of appends against RocksDB itself."""

import statistics


def matching(lines, what, **wanted):
    return [line for line in lines if line["what"] == what and all(line.get(key) == value for key, value in wanted.items())]


def median(lines, what, **wanted):
    """The line of the middle run, by time taken; None of none."""
    found = sorted(matching(lines, what, **wanted), key=lambda line: line.get("seconds", 0))
    return found[(len(found) - 1) // 2] if found else None


def per_second(line):
    return line["events"] / max(line["seconds"], 1e-3)


def per_cpu(line):
    return line["events"] / max(line["cpu_seconds"], 1e-3)


def tree_share(lines, rate):
    """How much of the rate the tree takes, in percent; None if it was not measured. The middle one of all pairs: the two of
    a pair ran one behind the other, so that what the machine did besides is in both."""
    pairs = zip(matching(lines, "tree_upkeep", by="without"), matching(lines, "tree_upkeep", by="with"))
    shares = [100 * (1 - rate(full) / rate(plain)) for plain, full in pairs]
    return statistics.median(shares) if shares else None


def ratio(ours, theirs):
    return f"{ours / theirs:.2f} ×" if ours and theirs else ""


def disk(line):
    return line["disk_sst"] + line["disk_log"] + line["disk_other"]


def _spread(lines, line, **wanted):
    """How far apart the runs were, if there were several."""
    rates = [per_second(run) for run in matching(lines, line["what"], **wanted)]
    return f"; {len(rates)} runs, {min(rates) / 1e6:.3f} to {max(rates) / 1e6:.3f}" if len(rates) > 1 else ""


def _cost(line, base=None):
    against = f" ({ratio(per_cpu(line), per_cpu(base))})" if base else ""
    return (f"{line['seconds']:.2f} s wall, {line['cpu_seconds']:.2f} CPU-seconds, "
            f"{per_cpu(line) / 1e6:.3f} M per CPU-second{against}, peak {line['peak_rss_mib']:,} MiB")


def _kinds(lines, what, *keys):
    """Each combination of these keys once, in the order measured."""
    return dict.fromkeys(tuple(line.get(key) for key in keys) for line in lines if line["what"] == what)


def _ceilings(lines):
    for (mode,) in _kinds(lines, "ceiling", "mode"):
        line = median(lines, "ceiling", mode=mode)
        unit = "rows" if mode == "rocksdb_writes" else "events"
        yield [f"ceiling: {mode.replace('_', ' ')}", f"{per_second(line) / 1e6:.3f} M {unit}/s", "",
               _cost(line) + _spread(lines, line, mode=mode)]


def _catch_ups(lines):
    base = median(lines, "catch_up", by="kafka_streams_tuned")
    for by, log in _kinds(lines, "catch_up", "by", "log"):
        line = median(lines, "catch_up", by=by, log=log)
        views = f"{line['views']} view{'s' if line['views'] > 1 else ''}"
        size = f", {disk(line) / line['events']:.0f} bytes an event on disk" if "disk_sst" in line else ""
        yield [f"catch-up: {by.replace('_', ' ')}, {log}, {views}", f"{per_second(line) / 1e6:.3f} M events/s",
               ratio(per_second(line), base and per_second(base)),
               _cost(line, base) + size + _spread(lines, line, by=by, log=log)]
    line = median(lines, "rebuild")
    if line:
        yield [f"rebuild: {line['view']}", f"{per_second(line) / 1e6:.3f} M events/s",
               ratio(per_second(line), base and per_second(base)), _cost(line, base)]


def _disk(lines):
    for line in matching(lines, "log_bytes"):
        yield [f"disk: the {line['log']} log", f"{line['bytes'] / line['events']:.0f} bytes an event", "", ""]
    for line in matching(lines, "catch_up"):
        if line.get("row_bytes"):
            shares = sorted(line["row_bytes"].items(), key=lambda item: -item[1])
            text = ", ".join(f"{name} {size / line['events']:.0f}" for name, size in shares if size)
            yield ["disk: all views", f"{disk(line) / line['events']:.0f} bytes an event", "",
                   f"tables {line['disk_sst'] / line['events']:.0f}, RocksDB's log {line['disk_log'] / line['events']:.0f}, "
                   f"other {line['disk_other'] / line['events']:.0f}; before compression: {text}"]


def _starts(lines):
    for line in matching(lines, "restart"):
        yield [f"restart with state: {line['by'].replace('_', ' ')}", f"{line['seconds']:.2f} s", "", "to the first right answer"]
    for line in matching(lines, "killed"):
        totals = "totals exact" if line["exact"] else f"counted {line['folded']:,} of {line['events']:,}"
        yield [f"kill -9 after catch-up: {line['by'].replace('_', ' ')}", f"{line['seconds']:.2f} s", "",
               f"until current again; {totals}"]


def _latency(lines):
    for line in matching(lines, "latency"):
        rate = f"{line['rate']:,} events/s" + (f" (half of {line['capacity']:,.0f})" if line["share"] else "")
        yield [f"publish to visible, {line['by']}, {rate}", f"p99 {line['visible_p99_ms']:.1f} ms", "",
               f"p50 {line['visible_p50_ms']:.1f}, p99.9 {line['visible_p999_ms']:.1f} ms; applied: p50 "
               f"{line['applied_p50_ms']:.1f}, p99 {line['applied_p99_ms']:.1f} ms; {line['batch']} a call; server "
               f"{line['server_cpu_seconds']:.1f} CPU-seconds, peak {line['server_peak_rss_mib']:,} MiB"]
    for line in matching(lines, "watch"):
        yield [f"watch, {line['watchers']} watchers, {line['rate']:,} events/s", f"p99 {line['p99_ms']:.1f} ms", "",
               f"p50 {line['p50_ms']:.1f}, p99.9 {line['p999_ms']:.1f} ms from due to delivered"]


def _calls(lines):
    for line in matching(lines, "load"):
        empty = median(lines, "load", by="empty", in_flight=line["in_flight"]) if line["method"] == "get" else None
        yield [f"{line['method']}, {line['by'].replace('_', '-')}, {line['in_flight']} in flight",
               f"{line['calls_per_second']:,.0f} calls/s",
               ratio(line["calls_per_second"], empty and empty is not line and empty["calls_per_second"]),
               f"p50 {line['p50_ms']:.2f}, p99 {line['p99_ms']:.2f} ms; {line['bytes']:,} bytes; server "
               f"{line['server_cpu_seconds']:.1f} CPU-seconds, peak {line['server_peak_rss_mib']:,} MiB"]


def _queries(lines):
    for line in matching(lines, "query"):
        yield [f"query: {line['method'].replace('_', ' ')}, {line['clients']:,} clients, {line['in_flight']} in flight",
               f"p99 {line['p99_ms']:.2f} ms", "",
               f"p50 {line['p50_ms']:.2f} ms; {line['calls_per_second']:,.0f} calls/s; {line['bytes']:,} bytes"]


def _clocks(lines):
    for line in matching(lines, "clocks"):
        told = "each told once" if clocks_exact(line) else (
            f"{line['missing']:,} not told, {line['twice']:,} told twice, {line['wrong_due']:,} with a wrong due time")
        yield [f"clocks: {line['clocks']:,} due within {line['span_seconds']:,} s, {line['restarts']} restarts",
               f"{line['late_max_ms']:.0f} ms late at most", "",
               f"{told}; p50 {line['late_p50_ms']:.0f}, p99 {line['late_p99_ms']:.0f} ms late; {line['due_while_down']:,} were "
               f"due while it was down, told {line['after_restart_max_ms']:.0f} ms after it was back at most; server "
               f"{line['server_cpu_seconds']:.1f} CPU-seconds, peak {line['server_peak_rss_mib']:,} MiB"]


def clocks_exact(line):
    return not (line["missing"] or line["twice"] or line["wrong_due"])


def _handovers(lines):
    for line in matching(lines, "handover"):
        yield [f"handover: {line['clients']:,} clients, {line['work']:,} open cases",
               f"{line['visible_ms']:.0f} ms until every view shows it", "",
               f"{'each moved once' if line['exact'] else 'NOT each moved once'}; certificate {line['certified_ms']:.0f} ms "
               f"after the last client was told; server {line['server_cpu_seconds']:.1f} CPU-seconds, peak "
               f"{line['server_peak_rss_mib']:,} MiB"]


def _verified(lines):
    for line in matching(lines, "verify"):
        yield [f"the auditor's own loop, {line['views']} views", f"{per_second(line) / 1e6:.3f} M events/s",
               f"{line['seconds'] / max(line['engine_seconds'], 1e-3):.2f} × the engine's time",
               f"{_cost(line)}; engine {line['engine_seconds']:.2f} s, {line['engine_cpu_seconds']:.2f} CPU-seconds; "
               f"{'all digests equal' if not line['differing'] else str(line['differing']) + ' digests NOT equal'}"]


def _matches(lines):
    for line in matching(lines, "match"):
        yield [f"match: one client, {line['products']:,} products", f"p99 {line['p99_ms']:.2f} ms", "",
               f"p50 {line['p50_ms']:.2f} ms, most {line['max_ms']:.2f} ms, {line['calls']:,} calls; "
               f"{'each exact' if line['exact'] else 'NOT exact'}"]


def _as_of(lines):
    for line in matching(lines, "as_of"):
        yield [f"as of: {line['method'].replace('_', ' ')}, client of {line['events']:,} events",
               f"p99 {line['p99_ms']:.2f} ms", "",
               f"p50 {line['p50_ms']:.2f} ms, most {line['max_ms']:.2f} ms, {line['calls']:,} calls; "
               f"{'each exact' if line['exact'] else 'NOT exact'}"]


def _moments(lines):
    for line in matching(lines, "moment"):
        yield [f"a moment at the end of {line['events']:,} events, from kept views", f"{line['kept_seconds']:.2f} s",
               ratio(line["beginning_seconds"], line["kept_seconds"]),
               f"{line['beginning_seconds']:.2f} s from the beginning; {line['kept_folded']:,} events folded; "
               f"{'the same answers' if line['exact'] else 'OTHER answers'}"]


def _recheck(lines):
    for line in matching(lines, "recheck"):
        yield [f"recheck: {line['recommendations']:,} recommendations{', and by a stricter matrix' if line['proposes'] else ''}",
               f"{line['seconds']:.2f} s", "",
               f"{line['failed']:,} wrong, {'exactly those' if line['exact'] else 'NOT those'} that are; "
               f"{line['would_fail']:,} would be; {line['cpu_seconds']:.1f} CPU-seconds, peak {line['peak_rss_mib']:,} MiB"]


def _replays(lines):
    for by, log in _kinds(lines, "replay", "by", "log"):
        line, base = median(lines, "replay", by=by, log=log), median(lines, "replay", by="consume", log=log)
        what = {"consume": "one reader of the log", "replay": "replay as a stream",
                "replay_parsed": "replay as a stream, and its messages parsed"}[by]
        yield [f"{what}, {log}",
               f"{per_second(line) / 1e6:.3f} M events/s", ratio(per_second(line), base and per_second(base)),
               _cost(line) + _spread(lines, line, by=by, log=log)]


def _tree(lines):
    for by in ("without", "with"):
        line = median(lines, "tree_upkeep", by=by)
        if line:
            base = median(lines, "tree_upkeep", by="without")
            yield [f"catch-up {by} the tree, {line['log']}, {line['views']} views", f"{per_second(line) / 1e6:.3f} M events/s",
                   ratio(per_second(line), per_second(base)), _cost(line, base) + _spread(lines, line, by=by)]
    if matching(lines, "tree_upkeep", by="with"):
        yield ["what the tree takes, middle of the pairs", f"{tree_share(lines, per_second):.1f} %", "",
               f"{tree_share(lines, per_cpu):.1f} % of events per CPU-second"]
    for line in matching(lines, "inclusion_proof"):
        yield [f"inclusion proof: {line['leaves']:,} leaves", f"p99 {line['p99_us']:.0f} µs", "",
               f"p50 {line['p50_us']:.0f} µs; p99 of processor time {line['cpu_p99_us']:.0f} µs; "
               f"{line['mean_reads']:.1f} rows read, {line['most_reads']} at most; "
               f"{line['path_hashes']} hashes; {line['disk_bytes'] / line['leaves']:.0f} bytes a leaf on disk"]


def _appends(lines):
    for line in matching(lines, "append"):
        yield [f"durable appends, embedded log, {line.get('batch', '?')} a batch",
               f"{line['records_per_second']:,.0f} records/s",
               ratio(line["records_per_second"], line["rocksdb_records_per_second"]),
               f"RocksDB itself: {line['rocksdb_records_per_second']:,.0f} records/s"]


def _growth(lines):
    for line in matching(lines, "growth"):
        first = matching(lines, "growth", by=line["by"])[0]
        yield [f"growth: {line['asked_clients']:,} clients, {line['events']:,} events, {line['by'].replace('_', ' ')}",
               f"{per_second(line) / 1e6:.3f} M events/s", ratio(per_second(line), per_second(first)),
               f"{_cost(line)}, {disk(line) / line['events']:.0f} bytes an event on disk; reading a row: p50 "
               f"{line['read_p50_us']:.0f}, p99 {line['read_p99_us']:.0f} µs"]


def markdown(rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def table(lines):
    rows = [["what", "measured", "ratio", "besides"], ["---"] * 4]
    for part in (_ceilings, _catch_ups, _disk, _starts, _latency, _calls, _queries, _clocks, _handovers, _matches, _as_of, _moments, _recheck, _replays,
                 _tree, _verified, _appends, _growth):
        rows += part(lines)
    return markdown(rows)
