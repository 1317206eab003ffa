"""
Events on the bus over which runs stream back to users. A subscriber gets what is published while it is connected: events may be
missed, but never for long.
"""

import contextlib
import time

from stream import Stream, Verdict

CHANNEL = "workload:events"

# A subscriber does not hear that its server is gone; after so many seconds without an event it subscribes anew, as the next run
# would. Dify's own limit for an answer of Redis.
SILENCE = 5


class Events(Stream):
    """Acknowledged when the server has taken it."""

    name = "events"
    interval = 0.2

    def __init__(self, client):
        self.client = client

    def step(self, number):
        self.client.publish(CHANNEL, number)
        return number


class Subscriptions(Stream):
    """One event delivered is one operation; for one worker."""

    name = "eventsDelivered"
    interval = 0
    follows = True

    def __init__(self, client):
        self.client = client
        self.subscription = None

    def step(self, number):
        try:
            return self.next_event()
        except Exception:
            self.unsubscribe()
            raise

    def next_event(self):
        if self.subscription is None:
            self.subscription = self.client.pubsub()
            self.subscription.subscribe(CHANNEL)
            self.heard = time.monotonic()
        event = self.subscription.get_message(ignore_subscribe_messages=True, timeout=0.5)
        if event is not None:
            self.heard = time.monotonic()
            return int(event["data"])
        if time.monotonic() - self.heard > SILENCE:
            raise TimeoutError(f"no event for {SILENCE} s")
        return None

    def unsubscribe(self):
        subscription, self.subscription = self.subscription, None
        if subscription is not None:
            # It says goodbye to a server that may be gone; what matters is the first error.
            with contextlib.suppress(Exception):
                subscription.close()

    def verify(self, acknowledged):
        delivered = acknowledged(self.name)
        since_subscribed = {event for event in acknowledged(Events.name) if event > min(delivered, default=0)}
        return Verdict(notes={"missed": len(since_subscribed - delivered)})
