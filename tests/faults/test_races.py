"""Many writers at one revision: exactly one wins, the losers are told the present one."""

import concurrent.futures

import grpc

from servers import Kefud

WRITERS = 16
ROUNDS = 30


def make(api, event_id, revision=None):
    event = api.event.Event(event_id=event_id, client_id="C-1", source="faults")
    event.occurred_at.FromSeconds(1_780_000_000)
    if revision is not None:
        event.precondition.revision = revision
    return event


def publish(api, stub, event):
    request = api.ingest.PublishEventRequest(event=event, wait=api.ingest.WAIT_APPLIED)
    return stub.PublishEvent(request, timeout=20).verdict


def test_one_of_many_at_one_revision_wins(api, build_dir, tmp_path):
    with Kefud(build_dir, tmp_path, "--log.partitions=2") as server:
        stub = api.ingest_grpc.IngestServiceStub(grpc.insecure_channel(server.address))
        opened = make(api, "open")
        opened.service_request_opened.case_id = "K-1"
        opened.service_request_opened.opening.channel = api.common.CHANNEL_PHONE
        assert publish(api, stub, opened).outcome == api.event.VERDICT_OUTCOME_APPLIED

        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            for revision in range(1, ROUNDS + 1):
                notes = []
                for writer in range(WRITERS):
                    note = make(api, f"note-{revision}-{writer}", revision)
                    note.case_note_added.case_id = "K-1"
                    notes.append(note)
                verdicts = list(pool.map(lambda note: publish(api, stub, note), notes))
                applied = [v for v in verdicts if v.outcome == api.event.VERDICT_OUTCOME_APPLIED]
                refused = [v for v in verdicts if v.outcome == api.event.VERDICT_OUTCOME_REFUSED]
                assert len(applied) == 1 and len(refused) == WRITERS - 1
                assert applied[0].revision == revision + 1
                assert {(v.rule, v.revision) for v in refused} == {("revision_moved", revision + 1)}
        assert server.stop() == 0


def test_without_the_precondition_all_win(api, build_dir, tmp_path):
    """The control: the same race without asking for a revision has no loser."""
    with Kefud(build_dir, tmp_path, "--log.partitions=2") as server:
        stub = api.ingest_grpc.IngestServiceStub(grpc.insecure_channel(server.address))
        opened = make(api, "open")
        opened.service_request_opened.case_id = "K-1"
        opened.service_request_opened.opening.channel = api.common.CHANNEL_PHONE
        publish(api, stub, opened)
        notes = []
        for writer in range(WRITERS):
            note = make(api, f"note-{writer}")
            note.case_note_added.case_id = "K-1"
            notes.append(note)
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            verdicts = list(pool.map(lambda note: publish(api, stub, note), notes))
        assert all(v.outcome == api.event.VERDICT_OUTCOME_APPLIED for v in verdicts)
        assert sorted(v.revision for v in verdicts) == list(range(2, WRITERS + 2))
