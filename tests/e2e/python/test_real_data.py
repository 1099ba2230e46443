"""Public data sets through both doors, on both logs: the totals their descriptions state, and the same rows everywhere."""

import collections
import hashlib
import os
import pathlib
import subprocess
import time

import pytest
from conftest import ROOT, Site
from servers import Kefud

DATA = pathlib.Path(os.environ.get("KEFU_TEST_DATA") or ROOT.parent / "shared" / "data")
SETS = {"uci_incident_event_log.csv.gz": "uci_incident.yaml", "bpi2012_loan_applications.csv.gz": "bpi2012.yaml"}
pytestmark = pytest.mark.skipif(
    not all((DATA / name).exists() for name in SETS),
    reason=f"the public data sets are not in {DATA}; KEFU_TEST_DATA names another folder",
)

# What the first run gave; all others are held against it.
first = {}


def start(api, build, broker, folder, kind, door):
    settings = ["--log.kind", kind]
    if kind == "kafka":
        settings += ["--log.kafka.bootstrap-servers", broker.bootstrap, "--log.kafka.replication", 1,
                     "--log.kafka.events-topic", f"real.{door}.events", "--log.kafka.rejected-topic", f"real.{door}.rejected"]
    inbox = f"real.{kind}.inbox"
    if door == "inbox":
        broker.make_topic(inbox, partitions=4)
        settings += ["--inbox.kafka.bootstrap-servers", broker.bootstrap, "--inbox.kafka.topic", inbox,
                     "--inbox.kafka.group", f"real-{kind}"]
    return Site(api, Kefud(build, folder, *settings), broker.bootstrap, inbox, build)


def load(site, folder, door, *flags):
    for name, mapping in SETS.items():
        door_flags = ["--inbox", f"kafka://{site.bootstrap}/{site.inbox}"] if door == "inbox" else []
        done = subprocess.run(
            [site.build / "bin" / "kefu", "--server", site.address, "--quiet", "import", DATA / name, "--mapping",
             ROOT / "deploy" / "mappings" / mapping, "--quarantine", folder / f"{name}.quarantine", "--checkpoint",
             folder / f"{name}.checkpoint", *door_flags, *flags],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=540, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def folded(site):
    """How many records the slowest view has been through."""
    views = site.views.ListViews(site.api.admin.ListViewsRequest(), timeout=30).views
    return min(sum(partition.next_offset for partition in view.partitions) for view in views)


def wait_until_folded(site, count, seconds=300):
    deadline = time.monotonic() + seconds
    while folded(site) < count:
        assert time.monotonic() < deadline, f"{folded(site)} of {count} after {seconds} s"
        time.sleep(0.1)


def pages(call, request, field):
    while True:
        page = call(request, timeout=60)
        yield from getattr(page, field)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def digest(rows, aside):
    """Of all rows in order, without what may differ."""
    sum_of_all = hashlib.sha256()
    for row in rows:
        for field in aside:
            row.ClearField(field)
        sum_of_all.update(row.SerializeToString(deterministic=True))
    return sum_of_all.hexdigest()


def read(site):
    cases = list(pages(site.cases.ListCases, site.api.query_case.ListCasesRequest(parent="clients/-", page_size=1000), "cases"))
    clients = list(pages(site.clients.ListClients, site.api.query_client.ListClientsRequest(page_size=1000), "clients"))
    return cases, clients


def check_totals(api, cases, clients):
    status, case_pb, common = api.case.CaseStatus, api.case, api.common
    desk = [case for case in cases if not case.case_id.startswith("bpi-")]
    loans = [case for case in cases if case.case_id.startswith("bpi-")]
    assert (len(desk), len(loans)) == (24_918, 13_087)
    assert {case.status for case in desk} == {case_pb.CASE_STATUS_CLOSED}
    assert collections.Counter(common.Channel.Name(case.channel) for case in desk) == {
        "CHANNEL_PHONE": 24_684, "CHANNEL_SELF_SERVICE": 161, "CHANNEL_EMAIL": 61, "CHANNEL_IVR": 9, "CHANNEL_COUNTER": 3}
    assert sum(case.reopen_count > 0 for case in desk) == 275
    assert collections.Counter(case.in_time for case in desk) == {True: 15_803, False: 9_115}
    assert collections.Counter(case_pb.CasePriority.Name(case.priority) for case in desk) == {
        "CASE_PRIORITY_MODERATE": 23_466, "CASE_PRIORITY_LOW": 774, "CASE_PRIORITY_HIGH": 408, "CASE_PRIORITY_CRITICAL": 270}
    assert sum(case.client_id == "uci-caller-1904" for case in desk) == 438
    outcomes = collections.Counter(case_pb.CaseOutcome.Name(case.outcome) for case in loans)
    assert (outcomes["CASE_OUTCOME_FULFILLED"], outcomes["CASE_OUTCOME_DECLINED"]) == (2_246, 7_635)
    states = collections.Counter(status.Name(case.status) for case in loans)
    assert states["CASE_STATUS_WITHDRAWN"] == 2_807
    assert len(loans) - states["CASE_STATUS_WITHDRAWN"] - states["CASE_STATUS_RESOLVED"] == 399
    tallies = collections.Counter()
    for client in clients:
        for tally in client.tallies:
            tallies[tally.key] += tally.count
    assert (tallies["topic.offer_call"], tallies["topic.paper_call"]) == (22_976, 11_407)
    assert (tallies["offer.sent"], tallies["offer.accepted"]) == (7_030, 2_243)
    assert sum(client.registered for client in clients) == 5_244 + 13_087


@pytest.mark.parametrize("door", ["grpc", "inbox"])
@pytest.mark.parametrize("kind", ["embedded", "kafka"])
def test_the_totals_are_those_stated_and_the_rows_are_the_same(api, broker, build_dir, tmp_path, kind, door):
    site = start(api, build_dir, broker, tmp_path / "server", kind, door)
    with site.server:
        load(site, tmp_path, door)
        wait_until_folded(site, first.get("records", 0))
        records = folded(site)
        cases, clients = read(site)
        check_totals(api, cases, clients)
        rows = (digest(cases, ["position", "recorded_at", "last_offset"]),
                digest(clients, ["position", "last_offset", "field_sources"]))
        assert rows == first.setdefault("rows", rows)
        assert records == first.setdefault("records", records)
        if (kind, door) == ("embedded", "grpc"):
            # Once more from the start: everything is a duplicate, and nothing moves.
            load(site, tmp_path, door, "--from-start")
            again = read(site)
            assert digest(again[0], ["position", "recorded_at", "last_offset"]) == rows[0]
            assert digest(again[1], ["position", "last_offset", "field_sources"]) == rows[1]
        site.channel.close()
