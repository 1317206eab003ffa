"""Messages through Celery's queue on Redis: tasks that the API gives to workers."""

import base64
import contextlib
import json
import threading
from queue import Empty

from stream import Stream, Verdict

QUEUE = "workload"

# Celery's task_publish_retry_policy.
PUBLISH_RETRIES = {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 1}


class Client(Stream):
    """Keeps one connection a worker, and gives it up after an error as Celery does."""

    def __init__(self, connect):
        self.connect = connect
        self.own = threading.local()

    def queue(self):
        if getattr(self.own, "queue", None) is None:
            self.own.connection = self.connect()
            # Celery's broker_connection_max_retries, with kombu's pauses between them: 2 s, 4 s and so on.
            self.own.connection.ensure_connection(max_retries=100)
            self.own.queue = self.own.connection.SimpleQueue(QUEUE)
            self.own.queue.consumer.qos(prefetch_count=1)
        return self.own.queue

    def step(self, number):
        try:
            return self.use(self.queue(), number)
        except Exception:
            self.own.queue = None
            # It says goodbye to a server that may be gone; what matters is the first error.
            with contextlib.suppress(Exception):
                self.own.connection.release()
            raise

    def use(self, queue, number):
        raise NotImplementedError


class Messages(Client):
    """Acknowledged when the push has returned."""

    name = "messages"
    workers = 2

    def prepare(self):
        self.clean()

    def use(self, queue, number):
        queue.put(number, retry=True, retry_policy=PUBLISH_RETRIES)
        return number

    def verify(self, acknowledged):
        """
        A message is lost when it was neither consumed, nor waits, nor is in the hands of a consumer. One that was on its way to a consumer
        whose connection broke is "dropped": kombu takes it off the list before the consumer can note there that it holds it.
        """
        with self.connect() as connection:
            redis = connection.default_channel.client
            waiting = [json.loads(message) for message in redis.lrange(QUEUE, 0, -1)]
            held = [json.loads(entry)[0] for entry in redis.hvals("unacked")]
        left = {json.loads(base64.b64decode(m["body"])) for m in waiting + held if is_ours(m)}
        missing = sorted(acknowledged(self.name) - acknowledged(Consumers.name) - left)
        dropped, lost = (len(missing), []) if len(missing) <= Consumers.broken else (0, missing)
        return Verdict(lost, {"left": len(left), "dropped": dropped})

    def clean(self):
        with self.connect() as connection:
            connection.default_channel.client.delete(QUEUE, f"_kombu.binding.{QUEUE}")


def is_ours(message):
    return message["properties"]["delivery_info"]["routing_key"] == QUEUE


class Consumers(Client):
    """One message delivered is one operation."""

    name = "messagesConsumed"
    workers = 2
    interval = 0
    follows = True
    # Deliveries that ended in an error.
    broken = 0

    def __init__(self, connect):
        super().__init__(connect)
        self.seen = set()
        self.twice = 0

    def use(self, queue, number):
        try:
            message = queue.get(timeout=1)
        except Empty:
            return None
        except Exception:
            Consumers.broken += 1
            raise
        item = message.payload
        self.twice += item in self.seen
        self.seen.add(item)
        # Celery acknowledges before it runs a task.
        message.ack()
        return item

    def verify(self, acknowledged):
        return Verdict(notes={"twice": self.twice})
