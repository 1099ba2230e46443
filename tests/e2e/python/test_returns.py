"""A return is filed on the log, and made again from the log as it was: the same bytes, through any client."""

import hashlib
import json

import grpc
import life
import pytest


def access(audit):
    return audit.Access(actor_id="A-1", reason="quarter's end")


def test_a_filed_return_gives_the_same_bytes_after_more_has_happened(site):
    audit = site.api.audit
    stub = site.api.audit_grpc.AuditServiceStub(site.channel)
    for event in life.events(site.api, f"{site.kind}-return"):
        site.ingest.PublishEvent(site.api.ingest.PublishEventRequest(event=event, wait="WAIT_APPLIED"), timeout=10)
    day = event.occurred_at.ToDatetime().strftime("%Y-%m-%d")
    question = {"name": "reports/channel_mix", "from_day": day, "to_day": day, "as_of": "2026-06-01T00:00:00Z"}
    request = audit.FileReturnRequest(
        access=access(audit), return_id=f"R-{site.kind}", request=json.dumps(question), addressee="證監局")
    filed = stub.FileReturn(request, timeout=60)
    assert hashlib.sha256(filed.csv).digest() == filed.filed.filed.sha256
    with pytest.raises(grpc.RpcError) as caught:
        stub.FileReturn(request, timeout=60)
    assert caught.value.code() == grpc.StatusCode.ALREADY_EXISTS

    for event in life.events(site.api, f"{site.kind}-return-later"):
        site.ingest.PublishEvent(site.api.ingest.PublishEventRequest(event=event, wait="WAIT_APPLIED"), timeout=10)
    again = stub.GetFiledReturn(
        audit.GetFiledReturnRequest(access=access(audit), return_id=f"R-{site.kind}", restated=True), timeout=120)
    assert again.same_bytes
    assert again.differences
    assert any(difference.added for difference in again.differences)
    listed = stub.ListFiledReturns(audit.ListFiledReturnsRequest(access=access(audit)), timeout=10)
    assert [each.filed.return_id for each in listed.returns] == [f"R-{site.kind}"]
