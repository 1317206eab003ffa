"""What a voter sees for itself: whether the leader's host answers, and what the standby beside it receives. Standard library only."""

import concurrent.futures
import socket
import ssl
import subprocess

from voter_rules import ACCEPTS, REFUSES, SILENT
from voter_view import Received


class Prober:
    """Whether a member's Postgres accepts, or its Patroni answers. A name that does not resolve says nothing about the host: its last address is tried."""

    def __init__(self, timeout, context):
        self.timeout, self.context = timeout, context
        self.connections = concurrent.futures.ThreadPoolExecutor(4)
        # Apart, since a lookup may take long when a DNS server has gone with the leader's host.
        self.lookups = concurrent.futures.ThreadPoolExecutor(4)
        self.looking, self.known = {}, {}
        self.well = True

    def look(self, addresses):
        """ACCEPTS, or REFUSES when the host says that it has no Postgres, else SILENT; None when no address is known.

        `addresses` are those of Postgres and of Patroni. As long as all is well only the first is tried: Patroni logs every connection that
        asks for nothing.
        """
        for host in {h for h, _ in addresses} - self.known.keys():
            concurrent.futures.wait([self._look_up(host)], self.timeout)
        if len(addresses) < 2 or any(host not in self.known for host, _ in addresses):
            return None
        postgres, patroni = addresses
        seen = self._connect(postgres) if self.well else None
        if seen != ACCEPTS:
            seen = self._look_closely(postgres, patroni)
        self.well = seen == ACCEPTS
        if not self.well:
            # The pod may have moved: the next round tries what the name says then.
            for host in {h for h, _ in addresses}:
                self._look_up(host)
        return seen

    def _look_closely(self, postgres, patroni):
        """A Patroni that answers is at work on its Postgres. One that ends does not answer any more, though its port accepts."""
        answer = self.connections.submit(self._connect, patroni, self.context)
        seen = self._connect(postgres)
        return ACCEPTS if ACCEPTS in (seen, answer.result()) else seen

    def _look_up(self, host):
        if host not in self.looking or self.looking[host].done():
            self.looking[host] = self.lookups.submit(self._resolve, host)
        return self.looking[host]

    def _resolve(self, host):
        try:
            self.known[host] = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
        except OSError:
            pass

    def _connect(self, address, context=None):
        """Connects, with TLS where there is a context. Whose certificate is wrong has answered."""
        host, port = address
        try:
            with socket.create_connection((self.known[host], port), self.timeout) as connection:
                if context:
                    context.wrap_socket(connection, server_hostname=host).close()
                return ACCEPTS
        except ConnectionRefusedError:
            return REFUSES
        except ssl.SSLCertVerificationError:
            return ACCEPTS
        except OSError:
            return SILENT


# Timeline and end of the log that is there, when this is a standby that was told to follow nobody and has no process that receives; else
# no row. A standby makes a timeline's first file when it has received all of the one before, and replays it only later.
CUT_OFF = """
SELECT (SELECT ('x' || left(max(name COLLATE "C"), 8))::bit(32)::int FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'),
  pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')
WHERE pg_is_in_recovery() AND current_setting('primary_conninfo') = ''
  AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'walreceiver')
"""


class Standby:
    """The Postgres beside this voter, over its socket."""

    def __init__(self, psql, sockets, user):
        self.command = [psql, "-XAtqw", "-h", sockets, "-U", user, "-d", "postgres", "-c", CUT_OFF]

    def received(self):
        """The log that it has, when it is cut off from every leader; else None."""
        try:
            answer = subprocess.run(self.command, capture_output=True, text=True, timeout=1)
        except (OSError, subprocess.TimeoutExpired):
            return None
        timeline, _, end = answer.stdout.strip().partition("|")
        known = answer.returncode == 0 and timeline.isdecimal() and end.isdecimal()
        return Received(int(timeline), int(end)) if known else None
