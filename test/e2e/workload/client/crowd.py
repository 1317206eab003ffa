"""
As many connections as Dify's processes may have at once: `crowd.py DIFY PLUGIN SECONDS` opens so many to each database through the poolers,
keeps all of them busy for so long, makes anew what is cut off, and prints what came of it as JSON.
"""

import json
import os
import sys
import threading
import time
from collections import Counter

import clients
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

# Long beside what a query costs, so that what is counted is connections and not the machine's speed.
QUERY = text("SELECT pg_sleep(0.3)")


class Crowd:
    def __init__(self, seconds):
        self.deadline = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.connected = self.most = self.queries = 0
        self.errors = Counter()

    def member(self, engine):
        while time.monotonic() < self.deadline:
            try:
                with engine.connect() as connection:
                    self._count(1)
                    try:
                        self._work(connection)
                    finally:
                        self._count(-1)
            except OperationalError as error:
                with self.lock:
                    self.errors[str(error.orig).strip().splitlines()[-1]] += 1
                time.sleep(0.5)

    def _work(self, connection):
        while time.monotonic() < self.deadline:
            connection.execute(QUERY)
            connection.commit()
            with self.lock:
                self.queries += 1

    def _count(self, change):
        with self.lock:
            self.connected += change
            self.most = max(self.most, self.connected)


def main(dify, plugin, seconds):
    environment = {
        **os.environ,
        "SQLALCHEMY_POOL_SIZE": str(dify),
        "SQLALCHEMY_MAX_OVERFLOW": "0",
        f"{clients.DAEMON}DB_MAX_OPEN_CONNS": str(plugin),
    }
    crowd = Crowd(seconds)
    engines = [clients.database(environment)] * dify + [clients.plugin_database(environment)] * plugin
    threads = [threading.Thread(target=crowd.member, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"most": crowd.most, "queries": crowd.queries, "errors": crowd.errors}))


main(*map(int, sys.argv[1:]))
