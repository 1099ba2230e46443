"""What is measured, a function each. docs/PERFORMANCE.md and README.md say what the figures mean."""

import shutil
import time
import uuid

from harness import Peer, kill, say, usage
from servers import Problem, Process


def ceilings(run):
    say("Ceilings")
    for mode in ("consume", "parse"):
        for _ in range(run.args.runs):
            run.measure("kefu_bench_ceilings", "--mode", mode, *run.stream_flags())
    with run.scratch("ceiling") as folder:
        run.measure("kefu_bench_ceilings", "--mode", "rocksdb_writes", "--directory", folder, "--rows",
                    20_000 if run.args.quick else 1_000_000)


def _application(mode):
    return f"kefu-bench-{mode}-{uuid.uuid4().hex[:8]}"


def peer(run):
    for mode in run.args.peer_modes:
        say("Catch-up, Kafka Streams, one view,", mode.replace("_", " "))
        for _ in range(run.args.runs if mode == "tuned" else 1):
            with run.scratch("streams") as state, Peer(run, mode, _application(mode), state) as streams:
                line, wall = streams.wait_current()
                run.note(line | {"wall_seconds": round(wall, 3)})


def _catch_up(run, *settings, source=None, note=True):
    with run.scratch("views") as views:
        return run.measure("kefu_bench_catch_up", "--views", views, "--partitions", run.args.partitions,
                           *(source or run.stream_flags()), *settings, note=note)


def catch_up(run):
    for words, settings, source in (
        ("the client view alone, without admission", ["--only", "client", "--admission=false"], None),
        ("the client view alone", ["--only", "client"], None),
        ("all views", [], None),
        ("all views, embedded log", [], "embedded"),
    ):
        run.load()
        if source:
            source = ["--embedded", run.folder / "log", "--topic", run.args.topic]
        say("Catch-up, Kefu,", words)
        for number in range(run.args.runs):
            last = number == run.args.runs - 1 and not settings and not source
            _catch_up(run, *settings, *(["--row-bytes"] if last else []), source=source)


def rebuild(run):
    say("Rebuild of the client view")
    for line in _catch_up(run, "--only", "client", "--rebuild", "client", note=False):
        if line["what"] == "rebuild":
            run.note(line)


def check_same_work(lines):
    """A run that folded other events, or fewer, is no comparison."""
    keys = ("folded", "clients", "open_cases", "tallies")
    folded = {(line["by"], line["log"]): tuple(line[key] for key in keys) for line in lines if line["what"] == "catch_up"}
    if len(set(folded.values())) > 1:
        raise Problem(f"the runs did not fold the same ({', '.join(keys)}): {folded}")


def _calls(run, mode, *flags, **options):
    return run.measure("kefu_bench_calls", "--mode", mode, *flags, **options)


def _current(run, server, label, began, **options):
    return _calls(run, "wait_current", "--server", server.address, "--label", label, "--expect-events", run.records,
                  "--since-ms", round(began * 1000), "--seconds", 1800, **options)[0]


def _row(run, server, client):
    return _calls(run, "row", "--server", server.address, "--client", client, note=False)[0] | {"client": client}


def _restart(run, label, ready, row, start, position=""):
    """Starts a server that was stopped; until its first right answer."""
    ready.unlink(missing_ok=True)
    began = time.time()
    waiting = run.background(
        "kefu_bench_calls", "--mode", "wait_correct", "--ready-file", ready, "--label", label, "--since-ms",
        round(began * 1000), "--client", row["client"], "--expect-events", row["event_count"], "--expect-offset", row["last_offset"], "--seconds", 300,
        *(["--min-position", position] if position else []))
    try:
        server = start()
    except Problem:
        waiting.kill()
        waiting.communicate()
        raise
    run.finish(waiting)
    return server


def _killed(run, label, seconds, folded):
    run.note({"what": "killed", "by": label, "seconds": round(seconds, 3), "folded": folded, "events": run.args.events,
              "exact": folded == run.args.events})


def _load(run, server, label, method="get", in_flight=(1, 8, 64), warm_up=2):
    seconds = 1 if run.args.quick else 5
    for calls in in_flight:
        cpu, _ = usage(server)
        line = _calls(run, "load", "--server", server.address, "--label", label, "--method", method, "--in-flight", calls,
                      "--clients", run.args.clients, "--seconds", seconds, "--warm-up",
                      min(1, warm_up) if run.args.quick else warm_up, note=False)[0]
        after, peak = usage(server)
        run.note(line | {"server_cpu_seconds": round(after - cpu, 2), "server_peak_rss_mib": peak})


def serving(run):
    """kefud and the peer on the loaded topic: killed, restarted, asked."""
    run.load()
    say("A real server: killed two seconds after catch-up, restarted, asked")
    with run.scratch("kefud-topic") as folder:
        began = time.time()
        ours = run.kefud_on_topic(folder)
        try:
            _current(run, ours, "kefu_catch_up", began)
            time.sleep(2)
            kill(ours)
            began = time.time()
            ours = run.kefud_on_topic(folder)
            current = _current(run, ours, "kefu_after_kill", began, note=False)
            totals = _calls(run, "totals", "--server", ours.address, "--label", "kefu", note=False)[0]
            _killed(run, "kefu", current["seconds"], totals["folded"])
            ours.stop()
            ours = _restart(run, "kefu", folder / "ready", current, lambda: run.kefud_on_topic(folder), current["position"])
            _load(run, ours, "kefu")
            for method in ("list_timeline", "list_cases"):
                _load(run, ours, "kefu", method, in_flight=(8,))
            if "tuned" in run.args.peer_modes:
                _peer_serving(run, ours, current["client"])
        finally:
            ours.stop()
    _empty(run)
    if "exactly_once" in run.args.peer_modes:
        say("Kafka Streams, exactly once, killed two seconds after catch-up")
        with run.scratch("streams-eos") as state:
            application = _application("eos")
            with Peer(run, "exactly_once", application, state, serve=True) as streams:
                streams.wait_current()
                time.sleep(2)
                kill(streams)
            with Peer(run, "exactly_once", application, state) as streams:
                line, seconds = streams.wait_current()
                _killed(run, "kafka_streams_exactly_once", seconds, line["folded"])


def _peer_serving(run, ours, client):
    say("Kafka Streams, tuned: compared, killed two seconds after catch-up, restarted, asked")
    with run.scratch("streams-serving") as state:
        application = _application("serving")
        streams = Peer(run, "tuned", application, state, serve=True)
        try:
            streams.wait_current()
            _calls(run, "compare", "--server", ours.address, "--other", streams.address, "--label", "kefu_and_peer",
                   "--clients", run.args.clients)
            ours.stop()
            time.sleep(2)
            kill(streams)
            streams = Peer(run, "tuned", application, state, serve=True)
            line, seconds = streams.wait_current()
            _killed(run, "kafka_streams_tuned", seconds, line["folded"])
            row = _row(run, streams, client)
            streams.stop()
            streams = _restart(run, "kafka_streams_tuned", streams.ready, row,
                               lambda: Peer(run, "tuned", application, state, serve=True))
            # Its compiler needs calls before it is at its best.
            _load(run, streams, "grpc_java", warm_up=10)
        finally:
            streams.stop()


def _empty(run):
    """A handler that does nothing but return as many bytes."""
    size = next((line["bytes"] for line in run.lines if line["what"] == "load" and line.get("method") == "get"), 1900)
    ready = run.folder / "empty.ready"
    with Process([run.program("kefu_bench_calls"), "--mode", "serve_empty", "--bytes", size, "--ready-file", ready],
                 run.folder / "empty.log") as empty:
        empty.address = empty.wait_for_file(ready, 20)
        _load(run, empty, "empty")


def latency(run):
    quick = run.args.quick
    seconds, warm_up = (2, 1) if quick else (15, 5)
    for name in ("kafka", "embedded"):
        for share in (0, 50):
            say("Publish to visible,", name, f"at {share} % of capacity" if share else "at a steady rate")
            log = run.kafka_settings(f"latency.{share}.events") if name == "kafka" else []
            with run.scratch("kefud-latency") as folder, run.kefud(folder, *log) as server:
                line = _calls(run, "latency", "--server", server.address, "--label", name, "--rate", 200 if quick else 1000,
                              "--warm-up", warm_up, "--seconds", seconds, "--capacity-percent", share, note=False)[0]
                cpu, peak = usage(server)
                run.note(line | {"share": share, "server_cpu_seconds": round(cpu, 2), "server_peak_rss_mib": peak})


def watch(run):
    say("Watch under load")
    with run.scratch("kefud-watch") as folder, run.kefud(folder) as server:
        _calls(run, "watch", "--server", server.address, "--label", "kefu", "--watchers", 50 if run.args.quick else 500,
               "--rate", 200 if run.args.quick else 1000, "--seconds", 2 if run.args.quick else 10)


def appends(run):
    say("Durable appends")
    with run.scratch("appends") as folder:
        run.measure("kefu_bench_appends", "--directory", folder, *(["--quick"] if run.args.quick else []))


# What dashboards ask for, by the method's name in kefu_bench_calls.
QUERIES = ("get", "find_by_id", "find_by_account", "find_by_phone", "find_by_external_id", "find_by_identity",
           "find_by_name_prefix", "find_anything", "list_timeline", "list_cases", "list_clocks", "get_classification",
           "search_two_words", "search_without_hit", "check_contact")
REPORTS = ("report_complaints", "report_service_quality", "report_channel_mix", "report_open_cases")


def queries(run):
    """Every kind of question to one server that holds the whole stream: points four at a time, reports one at a time."""
    run.load()
    say("Queries over", f"{run.args.clients:,} clients and {run.args.events:,} events")
    with run.scratch("kefud-queries") as folder, run.kefud_on_topic(folder) as server:
        _current(run, server, "kefu_queries", time.time(), note=False)
        seconds = 1 if run.args.quick else 5
        for methods, in_flight in ((QUERIES, 4), (REPORTS, 1)):
            for method in methods:
                line = _calls(run, "load", "--server", server.address, "--label", "kefu", "--method", method, "--in-flight",
                              in_flight, "--clients", run.args.clients, "--seconds", seconds, "--warm-up", 1, note=False)[0]
                run.note(line | {"what": "query", "clients": run.args.clients, "events": run.args.events})


def clocks(run):
    """Clocks of one node that run out within a span, over restarts: each told once, and how late."""
    number, span = run.args.clock_sizes
    restarts = 1 if run.args.quick else 3
    say("Clocks:", f"{number:,} due within {span} s, {restarts} kill{'s' if restarts > 1 else ''}")
    with run.scratch("kefud-clocks") as folder:
        down = []
        server = run.kefud(folder, "--log.partitions", run.args.partitions)
        try:
            # Until then all of them are recorded and folded.
            begin = time.time() + 4 + number / 8_000
            sizes = ["--clocks", number, "--due-from-ms", round(begin * 1000), "--span-ms", span * 1000]
            run.measure("kefu_bench_clocks", "--mode", "publish", "--server", server.address, *sizes)
            for place in range(restarts):
                time.sleep(max(0, begin + span * (place + 1) / (restarts + 1) - time.time()))
                gone = time.time()
                kill(server)
                server = run.kefud(folder, "--log.partitions", run.args.partitions)
                down.append(f"{round(gone * 1000)}:{round(time.time() * 1000)}")
            time.sleep(max(0, begin + span - time.time()))
            deadline = time.monotonic() + 120
            # After a restart it counts what it wrote since; what waits says when all is told.
            time.sleep(2)
            while run.measure("kefu_bench_clocks", "--mode", "count", "--server", server.address, note=False)[0]["waiting"]:
                if time.monotonic() > deadline:
                    raise Problem("breaches are still to be told two minutes after the last clock ran out")
                time.sleep(0.2)
            cpu, peak = usage(server)
            server.stop()
            line = run.measure("kefu_bench_clocks", "--mode", "check", "--log", folder / "data" / "log", "--partitions",
                               run.args.partitions, *sizes, "--down", ",".join(down), note=False)[0]
            run.note(line | {"server_cpu_seconds": round(cpu, 2), "server_peak_rss_mib": peak})
        finally:
            server.stop()


def handover(run):
    """A broker leaves: its clients and their open work pass to the successor, visible in every view, and are certified."""
    clients = run.args.handover_clients
    say("Handover:", f"{clients:,} clients")
    with run.scratch("kefud-handover") as folder, run.kefud(folder, "--log.partitions", run.args.partitions) as server:
        line = run.measure("kefu_bench_handover", "--server", server.address, "--clients", clients, note=False)[0]
        cpu, peak = usage(server)
        run.note(line | {"server_cpu_seconds": round(cpu, 2), "server_peak_rss_mib": peak})


def match(run):
    """Which products fit one client, over a whole catalogue; the answers are checked."""
    products = run.args.match_products
    say("Match:", f"{products:,} products")
    with run.scratch("kefud-match") as folder, run.kefud(folder, "--log.partitions", run.args.partitions) as server:
        run.measure("kefu_bench_match", "--server", server.address, "--products", products,
                    "--calls", 200 if run.args.quick else 5_000)


def as_of(run):
    """What was known of one client, by how many events it has; then all views as they were. The answers are checked."""
    say("As of: clients with 10, 100 and 1,000 events; a moment of all views")
    moment_events = 10_000 if run.args.quick else 500_000
    with run.scratch("kefud-as-of") as folder, \
            run.kefud(folder, "--log.partitions", run.args.partitions,
                      "--views.keep-every-events", moment_events // 10) as server:
        run.measure("kefu_bench_as_of", "--server", server.address, "--clients", 5 if run.args.quick else 50,
                    "--calls", 50 if run.args.quick else 2_000, "--moment-events", moment_events)


def recheck(run):
    """Every recommendation decided again, by its own moment and by a stricter matrix."""
    number = 20_000 if run.args.quick else 1_000_000
    say("Recheck:", f"{number:,} recommendations")
    with run.scratch("recheck") as folder:
        run.measure("kefu_bench_recheck", "--directory", folder, "--partitions", run.args.partitions, "--recommendations",
                    number, "--clients", max(1, number // 10))


def replay(run):
    """The whole log as an auditor gets it, against one reader of the log itself."""
    run.load()
    for name, source in (("kafka", run.stream_flags()),
                         ("embedded", ["--embedded", run.folder / "log", "--topic", run.args.topic])):
        say("Replay,", name)
        with run.scratch("replay") as views:
            run.measure("kefu_bench_replay", "--views", views, "--partitions", run.args.partitions, "--runs", run.args.runs,
                        *source)


def tree(run):
    """All views with the Merkle tree and without it, in turn; then inclusion proofs over ever larger trees."""
    run.load()
    say("The tree's share of a catch-up, embedded log")
    source = ["--embedded", run.folder / "log", "--topic", run.args.topic]
    pair = [("without", ["--without", "tree"]), ("with", [])]
    for _ in range(run.args.runs):
        # The other one first each time: what slows down as the run goes on hits both.
        pair.reverse()
        for by, settings in pair:
            line = _catch_up(run, *settings, source=source, note=False)[0]
            run.note(line | {"what": "tree_upkeep", "by": by})
    say("Inclusion proofs, up to", f"{run.args.proof_leaves:,} leaves")
    with run.scratch("proofs") as folder:
        run.measure("kefu_bench_proofs", "--directory", folder, "--leaves", run.args.proof_leaves, "--proofs",
                    200 if run.args.quick else 2_000)


def verify(run):
    """The engine from nothing, then the auditor's own loop over the same records; their digests are compared."""
    run.load()
    say("The auditor's own loop over all views")
    with run.scratch("verify") as views:
        run.measure("kefu_bench_verify", "--embedded", run.folder / "log", "--topic", run.args.topic, "--partitions",
                    run.args.partitions, "--views", views)


def growth(run):
    """The client view over ever more clients and events."""
    for clients, events in run.args.growth_sizes:
        topic = f"growth.{clients}.{events}"
        say("Growth:", f"{events:,} events of {clients:,} clients")
        run.measure("kefu_bench_load", "--bootstrap", run.bootstrap, "--topic", topic, "--events", events, "--clients",
                    clients, "--seed", run.args.seed, "--partitions", run.args.partitions, "--skew-tenths",
                    round(10 * run.args.skew), note=False)
        for admission in ("false", "true"):
            lines = _catch_up(run, "--only", "client", f"--admission={admission}", "--reads", 100_000, "--clients", clients,
                              "--limit", "3h", source=["--bootstrap", run.bootstrap, "--topic", topic], note=False)
            reads = next(line for line in lines if line["what"] == "row_reads")
            line = next(line for line in lines if line["what"] == "catch_up")
            run.note(line | {"what": "growth", "asked_clients": clients, "read_p50_us": reads["p50_us"],
                             "read_p99_us": reads["p99_us"]})


SECTIONS = {
    "ceilings": ceilings,
    "peer": peer,
    "catch_up": catch_up,
    "rebuild": rebuild,
    "serving": serving,
    "queries": queries,
    "clocks": clocks,
    "handover": handover,
    "match": match,
    "as_of": as_of,
    "recheck": recheck,
    "replay": replay,
    "tree": tree,
    "verify": verify,
    "latency": latency,
    "watch": watch,
    "appends": appends,
    "growth": growth,
}


def measure(run):
    for name in run.args.only:
        SECTIONS[name](run)
        if name in ("peer", "catch_up"):
            check_same_work(run.lines)
        run.check()
    shutil.rmtree(run.folder / "log", ignore_errors=True)
