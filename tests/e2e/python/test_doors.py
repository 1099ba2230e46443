"""One life through each door, read back through each query: the same rows, whatever the door and whatever the log."""

import doors
import life
import pytest
import reading

# The first rows read of each query: from the first log and the first door. All others are held against them.
first_rows = {}


@pytest.mark.parametrize("door", doors.DOORS.values(), ids=doors.DOORS.keys())
def test_every_door_and_both_logs_give_the_same_rows(site, door, tmp_path):
    # Of equal length for every door, so that no order by id depends on it.
    who = f"{site.kind[0]}{list(doors.DOORS.values()).index(door)}"
    events = life.events(site.api, who)
    door(site, events, tmp_path)
    reading.wait_until_seen(site, f"C-{who}", len(events))
    rows = reading.read_all(site, who)
    # What the story says, so that rows are not merely equally wrong.
    assert rows["CountCases"] == {"count": "1"}
    assert len(rows["ListTimeline"]["entries"]) == len(events)
    assert (rows["GetComplaint"]["reopenCount"], rows["GetRequest"]["status"]) == (1, "CASE_STATUS_CLOSED")
    assert [case["caseId"] for case in rows["GetClient"]["openCases"]] == ["K-WHO"]
    assert rows["FindByAccount"]["entries"][0]["displayName"] == "王小明"
    for name, row in rows.items():
        assert row == first_rows.setdefault(name, row), name


def test_the_same_event_through_three_doors_counts_once(site, tmp_path):
    who = f"{site.kind}-thrice"
    events = life.events(site.api, who)[:6]
    doors.grpc_batch(site, events, tmp_path)
    again = site.ingest.BatchPublishEvents(
        site.api.ingest.BatchPublishEventsRequest(events=events, wait="WAIT_APPLIED"), timeout=20)
    duplicate = site.api.event.VERDICT_OUTCOME_DUPLICATE
    assert [result.verdict.outcome for result in again.results] == [duplicate] * len(events)
    doors.inbox_protobuf(site, events, tmp_path)
    doors.inbox_ce_structured(site, events, tmp_path)
    # A fence behind the duplicates: when it is seen, so are they.
    fence = life.events(site.api, who)[6:7]
    doors.inbox_protobuf(site, fence, tmp_path)
    reading.wait_until_seen(site, f"C-{who}", len(events) + 1)


def test_of_two_who_resolve_at_once_one_wins_and_the_other_is_told_the_revision(site):
    who = f"{site.kind}-race"
    events = life.events(site.api, who)
    opened = [event for event in events if event.event_id.endswith(("-00", "-03"))]
    doors.grpc_batch(site, opened, None)
    resolutions = []
    for number in range(2):
        resolution = site.api.event.Event()
        resolution.CopyFrom(next(event for event in events if event.HasField("case_resolved")))
        resolution.event_id = f"resolution-{who}-{number}"
        resolution.precondition.revision = 1
        resolutions.append(resolution)
    calls = [
        site.ingest.PublishEvent.future(site.api.ingest.PublishEventRequest(event=event, wait="WAIT_APPLIED"), timeout=20)
        for event in resolutions
    ]
    verdicts = sorted((call.result().verdict for call in calls), key=lambda verdict: verdict.outcome)
    assert [verdict.outcome for verdict in verdicts] == [
        site.api.event.VERDICT_OUTCOME_APPLIED, site.api.event.VERDICT_OUTCOME_REFUSED]
    assert verdicts[1].rule
    assert verdicts[1].revision == 2
