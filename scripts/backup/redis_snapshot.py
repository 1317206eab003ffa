"""A snapshot of Redis as of one moment: the server forks when it is asked, and sends its data afterwards. Standard library only."""

import os
import socket
import time

from session import Failure


class Redis:
    """A connection to one server."""

    def __init__(self, host, seconds):
        self.host, self.seconds = host, seconds
        self.socket = socket.create_connection((host, int(os.environ["REDIS_PORT"])), seconds)
        self.stream = self.socket.makefile("rb")
        password = os.environ["REDISCLI_AUTH"].encode()
        self._send(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n" % (len(password), password))
        self._line()

    def info(self):
        """What INFO says."""
        self._send(b"INFO\r\n")
        text = self.stream.read(int(self._line()[1:]) + 2).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def synchronize(self):
        """Asks as a replica of an old kind does: for such a one the server forks at once, and does not wait for others."""
        self._send(b"SYNC\r\n")

    def receive(self, path, idle):
        """Writes what SYNC sends to a file, and tells its size. After `idle` seconds without a byte the connection is dead."""
        self.socket.settimeout(idle)
        # Line feeds until the server is ready to send.
        while not (line := self._line()).startswith(b"$"):
            pass
        size = remaining = int(line[1:])
        with open(path, "wb") as file:
            while remaining:
                part = self.stream.read1(min(remaining, 1 << 20))
                if not part:
                    raise Failure(f"Redis at {self.host} ended the connection with {remaining} of {size} bytes to go")
                file.write(part)
                remaining -= len(part)
        return size

    def close(self):
        self.stream.close()
        self.socket.close()

    def _send(self, text):
        self.socket.sendall(text)

    def _line(self):
        read = self.stream.readline()
        if not read:
            raise Failure(f"Redis at {self.host} ended the connection")
        line = read.strip()
        if line.startswith(b"-"):
            raise Failure(f"Redis at {self.host}: {line[1:].decode()}")
        return line


class Snapshot:
    """A snapshot from a replica that has all of its master's data; from the master when there is none."""

    def __init__(self, hosts, seconds):
        self.watch = choose(hosts, seconds)
        self.sync = Redis(self.watch.host, seconds)

    def begin(self, deadline):
        """Returns when the server has forked: later writes are no part of it. @raises Failure when it has not by then"""
        before = self.watch.info()
        if before["rdb_bgsave_in_progress"] != "0" or before["aof_rewrite_in_progress"] != "0":
            raise Failure(f"Redis at {self.watch.host} is busy with a snapshot of its own")
        self.sync.synchronize()
        while self.watch.info()["total_forks"] == before["total_forks"]:
            if time.monotonic() > deadline:
                raise Failure(f"Redis at {self.watch.host} did not fork in time")
            time.sleep(0.01)

    def receive(self, path):
        try:
            return self.sync.receive(path, 60)
        except OSError as error:
            raise Failure(f"Redis at {self.sync.host}: {error}") from None

    def close(self):
        self.watch.close()
        self.sync.close()


def choose(hosts, seconds):
    """A connection to the server to ask. @raises Failure when none has data"""
    master, silent = None, []
    for host in hosts:
        try:
            server = Redis(host, seconds)
            state = server.info()
        except (OSError, Failure) as error:
            silent.append(f"{host}: {error}")
            continue
        if state["role"] == "slave" and state["master_link_status"] == "up":
            return server
        if state["role"] == "master":
            master = server
    if master:
        return master
    raise Failure(f"no Redis answers that has data: {'; '.join(silent) or ', '.join(hosts)}. Look at the pods redis-*")
