"""What the rules forbid is refused by its name, on both logs, and leaves nothing behind but the attempt itself."""

import time

import bad_input
import doors
import grpc
import pytest
from google.protobuf import json_format
from servers import Kefud

NAMED = {bad[0]: bad for bad in bad_input.BAD}


class Judge:
    """A server of its own with the good beginnings in it."""

    def __init__(self, api, kind, server):
        self.api, self.kind = api, kind
        channel = grpc.insecure_channel(server.address)
        self.ingest = api.ingest_grpc.IngestServiceStub(channel)
        self.views = api.admin_grpc.ViewServiceStub(channel)
        self.references = api.query_reference_grpc.ReferenceServiceStub(channel)
        self.number = 0

    def publish(self, body):
        """("applied", position), or the rule or reason that refused it and ""."""
        self.number += 1
        event = json_format.ParseDict(
            {"eventId": f"bad-{self.number}", "occurredAt": "2026-03-03T00:00:00Z", "source": "crm", "branchId": "0001"}
            | body, self.api.event.Event())
        request = self.api.ingest.PublishEventRequest(event=event, wait="WAIT_APPLIED")
        try:
            response = self.ingest.PublishEvent(request, timeout=30)
        except grpc.RpcError as error:
            return doors.error_info(self.api, error).reason, ""
        return response.verdict.rule or "applied", response.position

    def await_everywhere(self):
        """Until every partition has what was broadcast."""
        deadline = time.monotonic() + 30
        while True:
            listed = self.references.ListReferences(self.api.query_reference.ListReferencesRequest(page_size=1000),
                                                    timeout=10).references
            missing = {reference.name: list(reference.missing_partitions) for reference in listed
                       if reference.missing_partitions}
            if not missing:
                return
            assert time.monotonic() < deadline, f"copies are missing: {missing}"
            time.sleep(0.02)

    def digests(self):
        """Of all that views hold, but the timelines and the tree of records, which show attempts too."""
        views = self.views.ListViews(self.api.admin.ListViewsRequest(), timeout=10).views
        return {view.name: self.views.DigestView(self.api.admin.DigestViewRequest(name=view.name), timeout=30).digest
                for view in views if view.name not in ("views/journal", "views/tree")}

    def ends(self):
        """Of each partition of the log."""
        view = self.views.GetView(self.api.admin.GetViewRequest(name="views/client"), timeout=10)
        return {partition.partition: partition.end_offset for partition in view.partitions}


@pytest.fixture(scope="module", params=["embedded", "kafka"])
def judge(request, api, broker, build_dir, tmp_path_factory):
    kind = request.param
    settings = [f"--log.kind={kind}", "--log.partitions=4"]
    if kind == "kafka":
        settings += [f"--log.kafka.bootstrap-servers={broker.bootstrap}", "--log.kafka.events-topic=bad.events",
                     "--log.kafka.rejected-topic=bad.rejected", "--log.kafka.replication=1"]
    with Kefud(build_dir, tmp_path_factory.mktemp(f"bad-{kind}"), *settings) as server:
        judge = Judge(api, kind, server)
        # What is judged by the reference data comes when every partition has it.
        for body in bad_input.GOOD:
            if "clientId" in body:
                judge.await_everywhere()
            assert judge.publish(body)[0] == "applied", body
        # From here on no copy is under way any more, and digests move only by what a test does.
        judge.await_everywhere()
        yield judge
        assert server.stop() == 0, server.tail()


@pytest.mark.parametrize("what", NAMED)
def test_it_is_refused_by_its_name_and_nothing_is_half_done(judge, what):
    _, body, rule = NAMED[what]
    before = judge.digests()
    assert judge.publish(body)[0] == rule
    assert judge.digests() == before
    # Sent again, it is the same attempt: no door, and no second delivery, lets it in.
    assert judge.publish(body)[0] == rule


def test_what_was_refused_in_partition_0_reaches_no_other(judge):
    judge.await_everywhere()
    before = judge.ends()
    refused = [body for _, body, rule in bad_input.BAD if rule.islower() and "clientId" not in body]
    assert len(refused) >= 18
    for body in refused:
        assert judge.publish(body)[0] not in ("applied", "")
    # The control: one that is taken arrives in each.
    assert judge.publish(bad_input.unit("bad-last"))[0] == "applied"
    judge.await_everywhere()
    after = judge.ends()
    assert {partition: end - before[partition] for partition, end in after.items()} == {
        0: len(refused) + 1, **{partition: 1 for partition in after if partition != 0}}
