"""Asks one Redis server, beside it in its own pod, whether it acknowledges a write: a JSON line an answer.

Times are the kernel's monotonic clock, which all containers of a machine share and which no change of the time of day moves.
"""

import json
import socket
import sys
import time

INTERVAL = 0.2
# Writes are held back while a master hands over; that is no acknowledgement.
PATIENCE = 0.3

host, port, password_file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
key = f"dify-ha-test:writable:{socket.gethostname()}"


def command(*words):
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    return f"*{len(words)}\r\n{''.join(parts)}".encode()


def connect():
    connection = socket.create_connection((host, port), PATIENCE)
    with open(password_file) as file:
        connection.sendall(command("AUTH", file.read()))
    if not connection.recv(100).startswith(b"+OK"):
        raise OSError("refused")
    return connection


connection = None
while True:
    began = time.monotonic()
    try:
        connection = connection or connect()
        connection.sendall(command("SET", key, "1", "PX", "60000"))
        yes = connection.recv(1000).startswith(b"+OK")
    except OSError:
        # An answer that comes late must not be taken for that of the next question.
        connection = yes = None
    print(json.dumps({"kind": "acknowledged", "from": began, "to": time.monotonic(), "yes": bool(yes)}), flush=True)
    time.sleep(max(0.02, INTERVAL - (time.monotonic() - began)))
