"""What a voter sees for itself: whether the leader's host answers, and what the standby beside it receives. Standard library only."""

import concurrent.futures
import socket
import subprocess


class Prober:
    """Whether somebody listens at an address. A name that does not resolve says nothing about the host: its last address is tried."""

    def __init__(self, timeout):
        self.timeout = timeout
        self.connections = concurrent.futures.ThreadPoolExecutor(4)
        # Apart, since a lookup may take long when a DNS server has gone with the leader's host.
        self.lookups = concurrent.futures.ThreadPoolExecutor(4)
        self.looking, self.known = {}, {}
        self.well = True

    def reachable(self, addresses):
        """True when a port accepts, False when none does, None when no address is known.

        As long as all is well only the first is tried: Patroni logs every connection that asks for nothing.
        """
        for host in {h for h, _ in addresses} - self.known.keys():
            concurrent.futures.wait([self._look_up(host)], self.timeout)
        known = [(self.known[h], p) for h, p in addresses if h in self.known]
        if not known:
            return None
        self.well = (self.well and self._connects(*known[0])) or self._any_connects(known)
        if not self.well:
            # The pod may have moved: the next round tries what the name says then.
            for host in {h for h, _ in addresses}:
                self._look_up(host)
        return self.well

    def _any_connects(self, known):
        tried = [self.connections.submit(self._connects, address, port) for address, port in known]
        return any(t.result() for t in concurrent.futures.as_completed(tried))

    def _look_up(self, host):
        if host not in self.looking or self.looking[host].done():
            self.looking[host] = self.lookups.submit(self._resolve, host)
        return self.looking[host]

    def _resolve(self, host):
        try:
            self.known[host] = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
        except OSError:
            pass

    def _connects(self, address, port):
        try:
            with socket.create_connection((address, port), self.timeout):
                return True
        except OSError:
            return False


# One number when this is a standby that was told to follow nobody and has no process that receives; else no row.
CUT_OFF = """
SELECT pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')
WHERE pg_is_in_recovery() AND current_setting('primary_conninfo') = ''
  AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'walreceiver')
"""


class Standby:
    """The Postgres beside this voter, over its socket."""

    def __init__(self, psql, sockets, user):
        self.command = [psql, "-XAtqw", "-h", sockets, "-U", user, "-d", "postgres", "-c", CUT_OFF]

    def received(self):
        """End of the log that it has, in bytes, when it is cut off from every leader; else None."""
        try:
            answer = subprocess.run(self.command, capture_output=True, text=True, timeout=1)
        except (OSError, subprocess.TimeoutExpired):
            return None
        text = answer.stdout.strip()
        return int(text) if answer.returncode == 0 and text.isdecimal() else None
