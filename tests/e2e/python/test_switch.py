"""A rebuilt view is compared with the one that serves before it may serve; the one before can serve again."""

import time

import grpc
import life
import pytest


def described(site, view):
    return site.views.GetView(site.api.admin.GetViewRequest(name=f"views/{view}"), timeout=10)


def test_a_rebuilt_view_is_compared_and_the_one_before_serves_again(site):
    admin = site.api.admin
    for event in life.events(site.api, f"{site.kind}-switch")[:4]:
        site.ingest.PublishEvent(site.api.ingest.PublishEventRequest(event=event, wait="WAIT_APPLIED"), timeout=10)
    client = event.client_id
    before = site.clients.GetClient(site.api.query_client.GetClientRequest(name=f"clients/{client}"), timeout=10)
    site.views.RebuildView(admin.RebuildViewRequest(name="views/client"), timeout=10)
    end = time.monotonic() + 60
    while not described(site, "client").previous_build:
        assert time.monotonic() < end
    compared = site.views.CompareBuilds(admin.CompareBuildsRequest(name="views/client"), timeout=30)
    assert (compared.unexpected_differences, compared.expected_differences) == (0, 0)
    assert compared.serving_digest == compared.other_digest
    with pytest.raises(grpc.RpcError) as caught:
        site.views.SwitchView(admin.SwitchViewRequest(name="views/client", back=True, actor_id="A-1"), timeout=10)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    switched = site.views.SwitchView(
        admin.SwitchViewRequest(name="views/client", back=True, actor_id="A-1", reason="to show it"), timeout=10)
    assert (switched.from_build, switched.to_build) == (compared.serving_build, compared.other_build)
    after = site.clients.GetClient(site.api.query_client.GetClientRequest(name=f"clients/{client}"), timeout=10)
    assert after.event_count == before.event_count
