"""A channel system that never gives up and keeps a journal of what was acknowledged, outside the server."""

import threading
import time

import grpc


class Publisher:
    """Publishes numbered events, each until it is acknowledged, and always under the same id.

    `retry_with_new_ids` is the mistake that a client may make: the control that must count something twice.
    """

    def __init__(self, api, clients, first=0, retry_with_new_ids=False):
        self.api, self.clients, self.next, self.mistaken = api, clients, first, retry_with_new_ids
        self.acknowledged = {}  # event id → position
        self.attempts = 0
        self.stub = None
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = []

    def event(self, number):
        contact = self.api.contact.ContactRecorded(contact_id=f"T-{number}",
            channel=self.api.common.CHANNEL_PHONE, direction=self.api.common.DIRECTION_INBOUND)
        event = self.api.event.Event(event_id=f"f-{number}", client_id=f"C-{number % self.clients}", source="faults",
                                     contact_recorded=contact)
        event.occurred_at.FromSeconds(1_780_000_000 + number)
        return event

    def connect(self, address):
        channel = grpc.insecure_channel(address)
        self.stub = self.api.ingest_grpc.IngestServiceStub(channel)

    def start(self, threads=4):
        """Once it runs, starting it again does nothing."""
        for _ in range(threads - len(self.threads)):
            thread = threading.Thread(target=self._run, daemon=True)
            thread.start()
            self.threads.append(thread)

    def stop(self):
        """Publishers in the middle of an event finish it: a server must be up, or the control have given up."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _run(self):
        while not self.stopping.is_set():
            with self.lock:
                number, self.next = self.next, self.next + 1
            event = self.event(number)
            tries = 0
            while not self._publish(event):
                tries += 1
                if self.mistaken and self.stopping.is_set():
                    return
                if self.mistaken:
                    event.event_id = f"f-{number}-again-{tries}"
                time.sleep(0.01)

    def _publish(self, event):
        try:
            with self.lock:
                self.attempts += 1
            answer = self.stub.PublishEvent(self.api.ingest.PublishEventRequest(event=event), timeout=5)
        except grpc.RpcError:
            return False
        with self.lock:
            self.acknowledged[event.event_id] = answer.position
        return True
