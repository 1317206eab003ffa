"""A name server on 127.0.0.53 as a cluster's: addresses (A) and ports (SRV) of pods, out of the file NAMES: {"A": {name: [address]}, "SRV": {name: [[port, name]]}}."""

import json
import os
import socket
import struct

KINDS = {1: "A", 33: "SRV"}


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def data(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    port, host = value
    return struct.pack(">HHH", 0, 100, port) + wire(host)


def answer(query, known):
    """RFC 1035 and 2782: the header, the question as it came, its records."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += query[at] + 1
    name, question = ".".join(labels).lower(), query[12 : at + 5]
    (number,) = struct.unpack(">H", query[at + 1 : at + 3])
    kind = KINDS.get(number)
    records = known.get(kind, {}).get(name, []) if kind else []
    exists = any(name in names for names in known.values())
    body = b"".join(
        struct.pack(">HHHIH", 0xC00C, number, 1, 1, len(content)) + content for content in (data(kind, record) for record in records)
    )
    return query[:2] + struct.pack(">HHHHH", 0x8180 if exists else 0x8183, 1, len(records), 0, 0) + question + body


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.53", 53))
print("serving names", flush=True)
while True:
    asked, client = server.recvfrom(4096)
    with open(os.environ["NAMES"], encoding="utf-8") as file:
        server.sendto(answer(asked, json.load(file)), client)
