"""
Events on the bus over which runs stream back to users. A subscriber gets what is published while it is connected: events may be
missed, but never for long.
"""

import threading

from stream import Stream, Verdict

CHANNEL = "workload:events"

# A subscriber does not hear that its server is gone; after this long without an event it subscribes anew, as the next run would.
# Dify's own limit for an answer of Redis.
SILENCE = 5


class Events(Stream):
    """Acknowledged when the server has taken it."""

    name = "events"
    interval = 0.1

    def __init__(self, client):
        self.client = client

    def step(self, number):
        self.client.publish(CHANNEL, number)
        return number


class Subscriptions(Stream):
    """One event delivered is one operation."""

    name = "eventsDelivered"
    interval = 0
    follows = True

    def __init__(self, client):
        self.client = client
        self.own = threading.local()

    def step(self, number):
        try:
            return self.next_event()
        except Exception:
            self.unsubscribe()
            raise

    def next_event(self):
        subscription = getattr(self.own, "subscription", None)
        if subscription is None:
            subscription = self.own.subscription = self.client.pubsub()
            subscription.subscribe(CHANNEL)
            subscription.get_message(timeout=SILENCE)  # that it is subscribed
        event = subscription.get_message(ignore_subscribe_messages=True, timeout=SILENCE)
        if event is None:
            raise TimeoutError(f"no event for {SILENCE} s")
        return int(event["data"])

    def unsubscribe(self):
        subscription = getattr(self.own, "subscription", None)
        self.own.subscription = None
        if subscription is not None:
            subscription.close()

    def verify(self, acknowledged):
        return Verdict(notes={"missed": len(acknowledged(Events.name) - acknowledged(self.name))})
