"""Asks one Postgres server, over its socket, whether it would take a write and whether it acknowledges one: a JSON line an answer.

Runs inside the server's container, where no cut network and no lost name server keeps it from asking. Times are the kernel's
monotonic clock, which all containers of a machine share and which no change of the time of day moves.
"""

import json
import sys
import threading
import time

import psycopg2

INTERVAL = 0.2
OPEN = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"
# A transaction that is written and waits for a standby like any other, and leaves nothing behind.
WRITE = "SELECT pg_logical_emit_message(true, 'dify-ha-test', '')"

lock = threading.Lock()
writable = threading.Event()


def tell(kind, began, yes):
    line = json.dumps({"kind": kind, "from": began, "to": time.monotonic(), "yes": yes})
    with lock:
        print(line, flush=True)


def repeat(kind, question):
    connection = None
    while True:
        began = time.monotonic()
        try:
            if connection is None:
                connection = psycopg2.connect(host=sys.argv[1], user="postgres", dbname="postgres", connect_timeout=2)
                connection.autocommit = True
            tell(kind, began, question(connection))
        except psycopg2.Error:
            tell(kind, began, False)
            if connection is not None:
                connection.close()
            connection = None
        time.sleep(max(0.02, INTERVAL - (time.monotonic() - began)))


def is_open(connection):
    with connection.cursor() as cursor:
        cursor.execute(OPEN)
        yes = cursor.fetchone()[0]
    (writable.set if yes else writable.clear)()
    return yes


def acknowledges(connection):
    writable.wait()
    with connection.cursor() as cursor:
        cursor.execute(WRITE)
    # A wait for a standby that was given up ends without an error, but not without a word.
    given_up = [notice for notice in connection.notices if "synchronous replication" in notice]
    connection.notices.clear()
    return not given_up


threading.Thread(target=repeat, args=("acknowledged", acknowledges), daemon=True).start()
repeat("open", is_open)
