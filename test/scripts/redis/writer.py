"""Writes numbered keys through one address and prints what was acknowledged; reconnects after every error, as clients do.

Arguments: HOST. Environment: PASSWORD. Prints "ok N" for each acknowledged write and "error TEXT" for each refused one. Told to
end (SIGTERM), it tells the longest time between two acknowledged writes, reads all of them back and prints "lost N..." or
"lost none".
"""

import os
import signal
import socket
import sys
import time


class Client:
    def __init__(self):
        self.socket = socket.create_connection((sys.argv[1], 6379), timeout=5)
        self.replies = self.socket.makefile("rb")
        self.ask("AUTH", os.environ["PASSWORD"])

    def ask(self, *words):
        parts = [f"*{len(words)}\r\n"] + [f"${len(word)}\r\n{word}\r\n" for word in words]
        self.socket.sendall("".join(parts).encode())
        line = self.replies.readline().decode().rstrip()
        if line[:1] not in ("+", "$", ":"):
            raise ConnectionError(line or "connection closed")
        if line == "$-1":
            return None
        return self.replies.readline().decode().rstrip() if line[0] == "$" else line[1:]


def patiently(action):
    client = None
    while True:
        try:
            client = client or Client()
            return client, action(client)
        except OSError as error:
            print(f"error {error}", flush=True)
            client = None
            time.sleep(0.1)


ending = False


def end(*_):
    global ending
    ending = True


signal.signal(signal.SIGTERM, end)
number, acknowledged = 0, []
last, longest = time.monotonic(), 0.0
client = None
while not ending:
    number += 1
    try:
        client = client or Client()
        client.ask("SET", f"key-{number}", str(number))
        acknowledged.append(number)
        print(f"ok {number}", flush=True)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    except OSError as error:
        print(f"error {error}", flush=True)
        client = None
        time.sleep(0.1)
    time.sleep(0.02)

lost = [n for n in acknowledged if patiently(lambda c, n=n: c.ask("GET", f"key-{n}"))[1] != str(n)]
print(f"acknowledged {len(acknowledged)}, longest gap {longest:.1f} s", flush=True)
print("lost", *(lost or ["none"]), flush=True)
