"""
Stands for Dify in end-to-end tests: writes and reads through the Services, users, poolers and settings that its pods get, all
from the environment. Every operation is a line in /tmp/operations.jsonl; what it comes to is asked over /tmp/control.sock.
"""

import os

import clients
from control import serve
from events import Events, Subscriptions
from keys import Keys
from messages import Consumers, Messages
from objects import ObjectReads, Objects
from recorder import Clock, Recorder
from rows import RowReads, Rows
from run import Run


def streams(env):
    engine = clients.database(env)
    rows = Rows("rows", engine, workers=4, interval=0.4)
    objects = Objects(engine, clients.storage(env))
    bus = clients.event_bus(env)
    return [
        rows,
        RowReads("reads", rows, workers=4, interval=0.4),
        Rows("pluginRows", clients.plugin_database(env), workers=2, interval=0.5),
        objects,
        ObjectReads(objects),
        Keys(clients.cache(env)),
        Messages(lambda: clients.broker(env)),
        Consumers(lambda: clients.broker(env)),
        Events(bus),
        Subscriptions(bus),
    ]


def main():
    with open("/tmp/operations.jsonl", "w", encoding="utf-8") as log:
        run = Run(streams(os.environ), Recorder(log, Clock()))
        run.start()
        print("working", flush=True)
        serve("/tmp/control.sock", run)


main()
