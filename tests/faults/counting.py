"""What the views say, to compare with a journal."""


def pages(call, request, field):
    while True:
        answer = call(request, timeout=60)
        yield from getattr(answer, field)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def contacts_by_client(api, stub):
    """Client id → contacts counted in the client view."""
    request = api.query_client.ListClientsRequest(page_size=1000)
    return {client.client_id: client.event_count for client in pages(stub.ListClients, request, "clients")}


def recorded_ids(api, stub, clients):
    """The ids of all events in all timelines, and how often each is there."""
    ids = {}
    for client in clients:
        request = api.query_client.ListTimelineRequest(parent=f"clients/{client}", page_size=1000)
        for entry in pages(stub.ListTimeline, request, "entries"):
            ids[entry.event.event_id] = ids.get(entry.event.event_id, 0) + 1
    return ids


def digests(api, stub):
    views = stub.ListViews(api.admin.ListViewsRequest(), timeout=60).views
    return {view.name: stub.DigestView(api.admin.DigestViewRequest(name=view.name), timeout=120).digest
            for view in views}
