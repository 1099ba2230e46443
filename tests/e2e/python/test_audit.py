"""An auditor's own program replays history as it was recorded, from either log, and is itself recorded."""

import json
import subprocess

import doors
import grpc
import life
import pytest
import reading


def replay_request(site, reason="a foreign program looks", **conditions):
    access = site.api.audit.Access(actor_id="auditor-py", reason=reason)
    return site.api.audit.ReplayRequest(access=access, **conditions)


def replay(site, **conditions):
    messages = list(site.audit.Replay(replay_request(site, **conditions), timeout=30))
    assert [message.complete for message in messages] == [False] * (len(messages) - 1) + [True]
    return [event for message in messages for event in message.events]


def parsed(site, recorded):
    return site.api.event.Event.FromString(recorded.record)


@pytest.fixture(scope="module")
def told(site):
    """A client's life, the first events of it told twice, and one that is refused."""
    who = f"{site.kind}-audit"
    events = life.events(site.api, who)
    again = events[:3]
    wrong = site.api.event.Event()
    wrong.CopyFrom(next(event for event in events if event.HasField("case_started")))
    wrong.event_id = f"wrong-{who}"
    wrong.case_started.case_id = "K-nobodys"
    doors.grpc_batch(site, events, None)
    response = site.ingest.BatchPublishEvents(
        site.api.ingest.BatchPublishEventsRequest(events=[*again, wrong], wait="WAIT_APPLIED"), timeout=20)
    assert len(response.results) == len(again) + 1
    reading.wait_until_seen(site, f"C-{who}", len(events))
    return who, [*events, *again, wrong]


def test_of_one_client_everything_comes_in_order_with_its_verdict(site, told):
    who, events = told
    shown = replay(site, client_id=f"C-{who}")
    assert [parsed(site, each).event_id for each in shown] == [event.event_id for event in events]
    for each, event in zip(shown, events):
        said = parsed(site, each)
        assert said.HasField("recorded_at")
        said.ClearField("recorded_at")
        assert said == event
    places = [(each.partition, each.offset) for each in shown]
    assert places == sorted(set(places))
    outcomes = [each.verdict.outcome for each in shown]
    api = site.api.event
    assert outcomes == ([api.VERDICT_OUTCOME_APPLIED] * (len(events) - 4) + [api.VERDICT_OUTCOME_DUPLICATE] * 3
                        + [api.VERDICT_OUTCOME_REFUSED])
    assert shown[-1].verdict.rule == "case_unknown"


def test_the_whole_log_has_every_record_once_and_leaves_are_numbered_without_gaps(site, told):
    shown = replay(site)
    for partition in range(4):
        here = [each for each in shown if each.partition == partition]
        assert [each.leaf_index for each in here] == list(range(len(here)))
    of_client = [each for each in shown if parsed(site, each).client_id == f"C-{told[0]}"]
    assert [each.record for each in of_client] == [each.record for each in replay(site, client_id=f"C-{told[0]}")]


def test_a_replay_goes_on_where_it_broke_off(site, told):
    request = replay_request(site)
    whole = replay(site)
    stream = site.audit.Replay(request, timeout=30)
    first = next(iter(stream))
    stream.cancel()
    request.resume_token = first.resume_token
    rest = [event for message in site.audit.Replay(request, timeout=30) for event in message.events]
    # What was recorded between the two calls is in the second only: their own looks.
    seen = {(each.partition, each.offset) for each in [*first.events, *rest]}
    assert {(each.partition, each.offset) for each in whole} <= seen


@pytest.mark.parametrize("spoil, reason", [
    (lambda request: request.ClearField("access"), "REASON_MISSING"),
    (lambda request: request.access.ClearField("actor_id"), "ACTOR_INVALID"),
    (lambda request: request.kinds.append("case_clsoed"), "KIND_UNKNOWN"),
    (lambda request: setattr(request, "from_position", "somewhere"), "POSITION_INVALID"),
    (lambda request: setattr(request, "resume_token", "again"), "RESUME_TOKEN_INVALID"),
    (lambda request: setattr(request, "client_id", "C-nobody"), "CLIENT_NOT_FOUND"),
])
def test_what_cannot_be_asked_is_named(site, spoil, reason):
    request = replay_request(site)
    spoil(request)
    with pytest.raises(grpc.RpcError) as caught:
        list(site.audit.Replay(request, timeout=30))
    assert doors.error_info(site.api, caught.value).reason == reason


def test_who_looked_and_why_is_on_the_log(site, told):
    reason = f"查閱 {site.kind}"
    replay(site, reason=reason, client_id=f"C-{told[0]}")
    looks = [parsed(site, each) for each in replay(site, kinds=["audit_accessed"])]
    mine = [look for look in looks if look.audit_accessed.reason == reason]
    assert [look.actor.id for look in mine] == ["auditor-py"]
    assert mine[0].audit_accessed.call == "AuditService.Replay"
    assert json.loads(mine[0].audit_accessed.query) == {"clientId": f"C-{told[0]}"}


def test_the_tool_writes_the_same_lines(site, told, tmp_path):
    def kefu(*words):
        done = subprocess.run(
            [site.build / "bin" / "kefu", "audit", "replay", "--server", site.address, "--client", f"C-{told[0]}",
             "--reason", "a test", "--actor", "auditor-py", *words],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    lines = [json.loads(line) for line in kefu("--output", "json").splitlines()]
    shown = replay(site, client_id=f"C-{told[0]}")
    assert [(line["partition"], line["offset"], line["leaf_index"]) for line in lines] == [
        (each.partition, each.offset, each.leaf_index) for each in shown]
    assert [line["event"]["event_id"] for line in lines] == [event.event_id for event in told[1]]
    kefu("--out", tmp_path / "replay.ndjson")
    assert [json.loads(line) for line in (tmp_path / "replay.ndjson").read_text().splitlines()] == lines
    assert "refused: case_unknown" in kefu("--output", "table")
