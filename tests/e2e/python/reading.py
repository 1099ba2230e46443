"""Reads a client back through every query, in a form in which two clients with the same life are equal."""

import time

import grpc
from google.protobuf import json_format

# Where and when the log took an event differs from door to door; everything else must not.
ASIDE = {"position", "recordedAt", "knownSince", "lastOffset", "offset", "partition", "nextPageToken"}


def wait_until_seen(site, client_id, count, seconds=30):
    """Waits until the client view holds `count` events of the client."""
    deadline = time.monotonic() + seconds
    seen = None
    while time.monotonic() < deadline:
        try:
            seen = site.clients.GetClient(
                site.api.query_client.GetClientRequest(name=f"clients/{client_id}"), timeout=10).event_count
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.NOT_FOUND:
                raise
        if seen == count:
            return
        time.sleep(0.02)
    raise AssertionError(f"{client_id} shows {seen} of {count} events after {seconds} s")


def plain(value, who):
    """JSON without what may differ, and with the client's own mark taken out of its ids."""
    if isinstance(value, dict):
        return {key: plain(item, who) for key, item in value.items() if key not in ASIDE}
    if isinstance(value, list):
        return [plain(item, who) for item in value]
    return value.replace(who, "WHO") if isinstance(value, str) else value


def read_all(site, who):
    """Every query's answer about this client, by the name of the query."""
    client_id = f"C-{who}"
    queries, cases = site.api.query_client, site.api.query_case
    answers = {
        "GetClient": site.clients.GetClient(queries.GetClientRequest(name=f"clients/{client_id}"), timeout=10),
        "GetComplaint": site.cases.GetCase(cases.GetCaseRequest(name=f"clients/{client_id}/cases/K-{who}"), timeout=10),
        "GetRequest": site.cases.GetCase(cases.GetCaseRequest(name=f"clients/-/cases/R-{who}"), timeout=10),
        "ListCases": site.cases.ListCases(cases.ListCasesRequest(parent=f"clients/{client_id}"), timeout=10),
        "CountCases": site.cases.CountCases(
            cases.CountCasesRequest(parent=f"clients/{client_id}", filter="status = CASE_STATUS_CLOSED"), timeout=10),
        "ListTimeline": site.clients.ListTimeline(
            queries.ListTimelineRequest(parent=f"clients/{client_id}", page_size=100, order_by="offset"), timeout=10),
        "FindByAccount": site.clients.FindClients(queries.FindClientsRequest(account_number=f"acc-{who}"), timeout=10),
        "FindById": site.clients.FindClients(queries.FindClientsRequest(client_id=client_id), timeout=10),
    }
    watch = site.clients.WatchClient(queries.WatchClientRequest(name=f"clients/{client_id}"), timeout=10)
    answers["WatchClient"] = next(iter(watch)).client
    watch.cancel()
    return {name: plain(json_format.MessageToDict(answer), who) for name, answer in answers.items()}
