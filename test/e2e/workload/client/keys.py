"""Keys in Redis, through the client that asks Sentinels for the master."""

from stream import Stream, Verdict

PREFIX = "workload:key:"


class Keys(Stream):
    name = "keys"
    workers = 4

    def __init__(self, client):
        self.client = client

    def prepare(self):
        self.clean()

    def step(self, number):
        self.client.set(f"{PREFIX}{number}", number)
        return number

    def verify(self, acknowledged):
        written = sorted(acknowledged(self.name))
        values = [value for chunk in chunks(written) for value in self.client.mget([f"{PREFIX}{n}" for n in chunk])]
        return Verdict([n for n, value in zip(written, values) if value != str(n).encode()])

    def clean(self):
        for chunk in chunks(list(self.client.scan_iter(f"{PREFIX}*", count=1000))):
            self.client.unlink(*chunk)


def chunks(items, size=500):
    return (items[i : i + size] for i in range(0, len(items), size))
