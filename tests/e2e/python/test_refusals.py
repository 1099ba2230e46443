"""What is wrong is refused with a reason: to the caller, or to the list of rejections with the original bytes."""

import time

import doors
import grpc
import life
import pytest


def without_id(event):
    event.ClearField("event_id")


def far_future(event):
    event.occurred_at.seconds = 4_102_444_800


def huge_text(event):
    event.contact_recorded.summary = "x" * (1 << 20)


@pytest.mark.parametrize("spoil", [without_id, far_future, huge_text])
def test_a_bad_event_is_refused_with_reason_and_field(site, spoil):
    event = life.events(site.api, f"{site.kind}-bad-{spoil.__name__}")[2]
    spoil(event)
    with pytest.raises(grpc.RpcError) as caught:
        site.ingest.PublishEvent(site.api.ingest.PublishEventRequest(event=event), timeout=10)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    info = doors.error_info(site.api, caught.value)
    assert info.reason.isupper()


def test_one_bad_event_of_a_batch_does_not_keep_the_others_out(site):
    events = life.events(site.api, f"{site.kind}-mixed")[:3]
    events[1].ClearField("event_id")
    response = site.ingest.BatchPublishEvents(
        site.api.ingest.BatchPublishEventsRequest(events=events, wait="WAIT_APPLIED"), timeout=20)
    assert [result.status.code == 0 for result in response.results] == [True, False, True]


def rejections(site):
    found, token = [], ""
    while True:
        page = site.ingest.ListRejections(
            site.api.ingest.ListRejectionsRequest(page_size=100, page_token=token), timeout=10)
        found += page.rejections
        token = page.next_page_token
        if not token:
            return found


def test_what_the_inbox_refuses_is_kept_with_reason_bytes_and_headers(site, tmp_path):
    good = life.events(site.api, f"{site.kind}-after")
    no_id = life.events(site.api, f"{site.kind}-noid")[2]
    no_id.ClearField("event_id")
    marks = [("trace", f"{site.kind}-{number}".encode()) for number in range(4)]
    bad = [
        (b"k1", b"\xff\xfe no protobuf", [marks[0]]),
        (b"k2", no_id.SerializeToString(), [marks[1]]),
        (b"k3", b"{", [marks[2], ("content-type", b"application/cloudevents+json")]),
        (b"k4", b"x", [marks[3], ("ce_specversion", b"1.0"), ("ce_type", b"kefu.events.v1.NoSuchThing"),
                       ("ce_id", b"1"), ("ce_source", b"test")]),
    ]
    doors.produce(site, bad)
    doors.inbox_protobuf(site, good[:1], tmp_path)
    deadline = time.monotonic() + 30
    kept = {}
    while len(kept) < len(bad) and time.monotonic() < deadline:
        kept = {header.value: rejection for rejection in rejections(site) for header in rejection.headers
                if header.key == "trace"}
        time.sleep(0.05)
    assert set(kept) == {mark[1] for mark in marks}
    for (key, value, _), mark in zip(bad, marks):
        rejection = kept[mark[1]]
        assert (rejection.original_key, rejection.original_value) == (key, value)
        assert rejection.reason.isupper(), rejection
        assert site.inbox in rejection.origin
        assert rejection.HasField("rejected_at")
    # The next events went on.
    site.clients.GetClient(site.api.query_client.GetClientRequest(name=f"clients/{good[0].client_id}"), timeout=10)


@pytest.mark.parametrize("page_size", [-1, 10**9])
def test_page_sizes_are_checked_or_capped(site, page_size):
    call = site.cases.ListCases
    request = site.api.query_case.ListCasesRequest(parent="clients/-", page_size=page_size)
    if page_size < 0:
        with pytest.raises(grpc.RpcError) as caught:
            call(request, timeout=10)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    else:
        assert len(call(request, timeout=10).cases) <= 1000


def test_a_page_token_of_another_query_is_refused(site):
    doors.grpc_batch(site, life.events(site.api, f"{site.kind}-pages"), None)
    queries = site.api.query_case
    page = site.cases.ListCases(queries.ListCasesRequest(parent="clients/-", page_size=1), timeout=10)
    assert page.next_page_token
    with pytest.raises(grpc.RpcError) as caught:
        site.cases.ListCases(
            queries.ListCasesRequest(parent="clients/-", page_size=1, page_token=page.next_page_token,
                                     filter="status = CASE_STATUS_OPEN"), timeout=10)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
