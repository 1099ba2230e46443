"""From the measured lines to a table of ratios."""


def _by(lines, what, **wanted):
    for line in lines:
        if line["what"] == what and all(line.get(key) == value for key, value in wanted.items()):
            return line
    return None


def _ratio(ours, theirs):
    return f"{ours / theirs:.2f} ×" if ours and theirs else ""


def _catch_up(lines):
    def per_second(line):
        return line["events"] / max(line["seconds"], 1e-3)

    def per_cpu(line):
        return line["events"] / max(line["cpu_seconds"], 1e-3)

    base = _by(lines, "catch_up", by="kafka_streams_tuned")
    for line in lines:
        if line["what"] != "catch_up":
            continue
        name = f"{line['by'].replace('_', ' ')}, {line['log']}, {line['views']} view{'s' if line['views'] > 1 else ''}"
        yield [
            f"catch-up: {name}",
            f"{per_second(line) / 1e6:.3f} M events/s",
            _ratio(per_second(line), base and per_second(base)),
            f"{per_cpu(line) / 1e6:.3f} M per CPU-second ({_ratio(per_cpu(line), base and per_cpu(base)) or '–'}), "
            f"peak {line['peak_rss_mib']:,} MiB",
        ]


def _latency(lines):
    for line in lines:
        if line["what"] == "latency":
            yield [
                f"publish to visible, {line['by']}, {line['rate']:,} events/s",
                f"p99 {line['visible_p99_ms']:.1f} ms",
                "",
                f"p50 {line['visible_p50_ms']:.1f} ms; applied: p50 {line['applied_p50_ms']:.1f}, "
                f"p99 {line['applied_p99_ms']:.1f} ms",
            ]


def _calls(lines):
    ours, empty = _by(lines, "get", by="kefu"), _by(lines, "get", by="empty")
    if ours and empty:
        yield [
            f"GetClient, {ours['bytes']:,} bytes, {ours['in_flight']} in flight",
            f"{ours['calls_per_second']:,.0f} calls/s",
            _ratio(ours["calls_per_second"], empty["calls_per_second"]),
            f"an empty handler: {empty['calls_per_second']:,.0f} calls/s",
        ]


def _appends(lines):
    for line in lines:
        if line["what"] == "append":
            yield [
                f"durable appends, embedded log, {line.get('batch', '?')} a batch",
                f"{line['records_per_second']:,.0f} records/s",
                _ratio(line["records_per_second"], line["rocksdb_records_per_second"]),
                f"RocksDB itself: {line['rocksdb_records_per_second']:,.0f} records/s",
            ]


def table(lines):
    """Markdown. The ratio is against tuned Kafka Streams, an empty handler, or RocksDB itself."""
    rows = [["what", "measured", "ratio", "besides"], ["---"] * 4]
    rows += [*_catch_up(lines), *_latency(lines), *_calls(lines), *_appends(lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
