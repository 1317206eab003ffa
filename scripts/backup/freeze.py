"""Holds all writers of Dify's databases back for a moment, and marks that instant in everything that is backed up: B6, B7.

Check, pause every pooler, mark the instant in Postgres' log, in Redis and by the object store's clock, resume; then, with writers at work again, wait
until the log up to that instant lies in every repository. Whatever fails or ends this, the poolers are resumed: here, or by themselves
(scripts/postgres/resume_paused.py). Called by CronJob coordinated-backup.

Environment: libpq's variables of the role of backups at the primary; pgBackRest's; FREEZE_SETTINGS: JSON, see components/backup/coordinated.ts;
POOLER_USER, POOLER_PASSWORD; REDIS_PORT, REDISCLI_AUTH. Leaves in the folder of the settings: run.env, instant.json, files/dump.rdb.
"""

import contextlib
import email.utils
import http.client
import json
import os
import secrets
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse

from poolers import Poolers
from redis_snapshot import Snapshot
from row_counts import RowCounts
from session import Failure, Session

# Clocks that differ by more mark different instants. In seconds; the store tells whole ones.
SKEW = 5
STOPS = (signal.SIGTERM, signal.SIGINT)
# pgBackRest's codes of a repository that can be read, and of one without a backup.
READABLE, EMPTY = 0, 2
# How long a check may take before anything is paused.
PATIENCE = 5
# How long rows are counted. A transaction that is open for long keeps Postgres from cleaning up.
COUNTING = 120


def say(text):
    print(f"freeze: {text}", flush=True)


def stopped(*_):
    raise Failure("was told to stop")


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def store_time(endpoint, authority, seconds):
    """What the object store's clock says, in whole seconds since 1970: every answer of it does, refusals too."""
    url = urllib.parse.urlsplit(endpoint)
    context = ssl.create_default_context(cafile=authority)
    connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=max(seconds, 0.01), context=context)
    try:
        connection.request("HEAD", "/")
        date = connection.getresponse().getheader("Date")
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (OSError, http.client.HTTPException, TypeError, ValueError) as error:
        raise Failure(f"the object store at {endpoint} did not tell the time: {error}") from None
    finally:
        connection.close()


def pgbackrest_info():
    """What is in the repositories. @raises Failure"""
    command = ["pgbackrest", f"--stanza={os.environ['STANZA']}", "--output=json", "--log-level-console=warn", "info"]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300, check=False)
    if result.returncode != 0:
        raise Failure(f"pgBackRest cannot tell what is in the repositories: {result.stderr.strip()}")
    # It shows what it could not decrypt.
    info = json.loads(result.stdout, strict=False)[0]
    for repository in info["repo"]:
        if repository["status"]["code"] not in (READABLE, EMPTY):
            reason = "".join(filter(str.isprintable, repository["status"]["message"]))[:200]
            raise Failure(f"pgBackRest cannot read repository {repository['key']}: {reason}")
    return info


def newest_backups(info, repositories):
    """Label of the newest good base backup in each repository. @raises Failure when one has none"""
    labels = []
    for number in range(1, repositories + 1):
        good = [b["label"] for b in info["backup"] if b["database"]["repo-key"] == number and not b.get("error")]
        if not good:
            job = "postgres-full" if number == 1 else "postgres-offsite-full"
            raise Failure(f"repository {number} has no base backup that the instant could be restored from: take one first (kubectl create job --from=cronjob/{job} NAME)")
        labels.append(good[-1])
    return labels


class Freeze:
    """One run. `settings` are those of components/backup/coordinated.ts."""

    def __init__(self, settings, primary):
        self.settings, self.primary = settings, primary
        self.id = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(2)}"
        self.restore_point = f"dify-{self.id}"

    def check(self):
        """Everything that can be known before writers have to wait."""
        ours = self.primary.ask("SELECT pg_try_advisory_lock(hashtext('dify-ha coordinated backup'))", PATIENCE)
        if ours != ["t"]:
            raise Failure("another coordinated backup is under way: look at 'kubectl get jobs', this one is not needed")
        (postgres,) = self.primary.ask("SELECT extract(epoch FROM clock_timestamp())", PATIENCE)
        skew = self._store_time(PATIENCE) - float(postgres)
        if abs(skew) > SKEW:
            raise Failure(
                f"the object store's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} that of Postgres: files and rows of one "
                f"instant would not belong together. Set the nodes' clocks (chronyc tracking); {SKEW} s are allowed"
            )
        self.backups = newest_backups(pgbackrest_info(), self.settings["repositories"])
        self.alembic = self._alembic_head()

    def hold(self, poolers, snapshot, rows):
        """Pauses, marks, resumes. @raises Failure, with everything resumed"""
        timing = self.settings["timing"]
        began = time.monotonic()
        deadline = began + timing["limit"]
        try:
            say(f"pausing {len(poolers.poolers)} poolers")
            poolers.pause(began + timing["ready"])
            say(f"all are paused, after {time.monotonic() - began:.2f} s")
            self._await_quiet(deadline)
            self._mark(deadline, snapshot, rows)
            if writer := self._writer(deadline):
                raise Failure(f"{writer} connected to the primary while the instant was marked")
            poolers.confirm(deadline)
        finally:
            # Nothing interrupts this: who is told to stop stops afterwards.
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
            silent = poolers.resume()
            self.pause = time.monotonic() - began
            for each in silent:
                say(f"{each}: it resumes by itself within {timing['guard']} s")
            say(f"resumed; writers waited for {self.pause:.2f} s")
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        if silent:
            raise Failure("not every pooler said that it resumed")

    def _mark(self, deadline, snapshot, rows):
        name = f"pg_create_restore_point('{self.restore_point}')"
        (row,) = self.primary.ask(f"SELECT lsn, pg_walfile_name(lsn) FROM {name} AS lsn", deadline - time.monotonic())
        self.lsn, self.segment = row.split("|")
        self.primary.ask("SELECT pg_switch_wal()", deadline - time.monotonic())
        rows.mark(deadline)
        say("marked in the log of Postgres")
        if snapshot:
            snapshot.begin(deadline)
            say("marked in Redis")
        # The second that has begun belongs to it: what is written until its end may be there, and has no row.
        self.instant = self._store_time(deadline - time.monotonic()) + 1
        say("marked in the object store")

    def _await_quiet(self, deadline):
        """Connections that poolers have closed are gone from the primary a moment later. @raises Failure when one stays"""
        while writer := self._writer(deadline):
            if time.monotonic() > deadline - 1:
                raise Failure(f"{writer} is connected to the primary past the poolers: close that connection, or let it use them")
            time.sleep(0.02)

    def _writer(self, deadline):
        """Somebody of the application who is connected to the primary, by whatever way; None when nobody is."""
        roles = ", ".join(f"'{role}'" for role in self.settings["writers"])
        statement = f"SELECT usename, coalesce(client_addr::text, 'a socket') FROM pg_stat_activity WHERE usename IN ({roles}) LIMIT 1"
        rows = self.primary.ask(statement, deadline - time.monotonic())
        return rows[0].replace("|", " from ") if rows else None

    def _alembic_head(self):
        """Of Dify's migrations; None before the first."""
        there = self.primary.ask("SELECT to_regclass('public.alembic_version') IS NOT NULL", PATIENCE)
        rows = self.primary.ask("SELECT version_num FROM public.alembic_version", PATIENCE) if there == ["t"] else []
        return rows[0] if rows else None

    def _store_time(self, seconds):
        store = self.settings["store"]
        return store_time(store["endpoint"], store.get("authority"), seconds)

    def archived(self):
        """Waits until every repository has the log up to the instant. @raises Failure"""
        seconds, numbers = self.settings["archiveSeconds"], range(1, self.settings["repositories"] + 1)
        deadline = time.monotonic() + seconds
        say(f"waiting until the log up to the instant, segment {self.segment}, is in every repository")
        while True:
            info = pgbackrest_info()
            newest = {a["database"]["repo-key"]: a["max"] for a in info["archive"] if a["max"]}
            missing = [number for number in numbers if newest.get(number, "") < self.segment]
            if not missing:
                return info
            if time.monotonic() > deadline:
                raise Failure(
                    f"segment {self.segment} did not reach repository {', '.join(map(str, missing))} within {seconds} s: "
                    "look for archive_command in the log of the primary"
                )
            time.sleep(1)

    def result(self, info, rows):
        """What the record says of Postgres, and of the run."""
        return {
            "id": self.id,
            "instant": utc(self.instant),
            "pause": round(self.pause, 3),
            "postgres": {
                "restorePoint": self.restore_point,
                "timeline": int(self.segment[:8], 16),
                "lsn": self.lsn,
                "systemIdentifier": str(info["db"][-1]["system-id"]),
                "backups": self.backups,
                "alembicHead": self.alembic,
            },
            "rows": rows,
        }


def counted(rows):
    """What was counted: a backup is none the worse for what was not."""
    counts, problems = rows.count(COUNTING)
    rows.close()
    for problem in problems:
        say(f"not all rows are counted: {problem}")
    say(f"counted the rows of {sum(map(len, counts.values()))} tables as of the instant")
    return counts


def run(settings):
    folder = settings["folder"]
    files = f"{folder}/files"
    subprocess.run(["find", folder, "-mindepth", "1", "-delete"], check=True)
    os.makedirs(files)
    with contextlib.ExitStack() as exits:
        primary = Session("the primary", {})
        exits.callback(primary.close)
        freeze = Freeze(settings, primary)
        say(f"{freeze.id}: looking at everything that takes part")
        freeze.check()
        poolers = Poolers(**settings["poolers"])
        exits.callback(poolers.close)
        poolers.check(PATIENCE)
        snapshot = Snapshot(settings["redis"], PATIENCE) if settings["redis"] else None
        if snapshot:
            exits.callback(snapshot.close)
        rows = RowCounts(settings["databases"])
        exits.callback(rows.close)
        rows.check(PATIENCE)
        freeze.hold(poolers, snapshot, rows)
        if snapshot:
            size = snapshot.receive(f"{files}/dump.rdb")
            say(f"{size} bytes from Redis at {snapshot.sync.host}")
        counts = counted(rows)
        result = freeze.result(freeze.archived(), counts)
    with open(f"{folder}/instant.json", "w", encoding="utf-8") as file:
        json.dump(result, file)
    # For the scripts after this one.
    with open(f"{folder}/run.env", "w", encoding="utf-8") as file:
        file.write(f"RUN={freeze.id}\nINSTANT={result['instant']}\n")
    say(f"restore point {freeze.restore_point} at {freeze.lsn}, instant {result['instant']}")


def main():
    for each in STOPS:
        signal.signal(each, stopped)
    try:
        run(json.loads(os.environ["FREEZE_SETTINGS"]))
    except Failure as failure:
        print(f"freeze: {failure}. Nobody is held back any more, and no record is written", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
