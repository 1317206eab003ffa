"""Restores Postgres to the restore point of the record and looks at what came back: scripts/drills/drill.py. Called by the drills' CronJobs.

Environment: pgBackRest's for the one repository of the site; STANZA; BIN_DIR. Leaves rto.json, rpo.json and the stopped server's data.
"""

import datetime
import json
import os
import re
import time

from drill import FOLDER, Failed, check, leave, left, run, say, settings, step
from scratch_postgres import DATA, ScratchPostgres, SOCKETS, program

STANZA = os.environ["STANZA"]
SEGMENT = re.compile(r"(?:^|/)([0-9A-F]{24})-[0-9a-f]{40}(?:\.\w+)?$")
COMMIT = re.compile(r"desc: COMMIT (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) (\w+)")
# Segments in which a newest commit is looked for, from the newest on: hours of a database in which nothing happens.
FARTHEST = 64


def pgbackrest(command, *options, operands=()):
    return run("pgbackrest", f"--stanza={STANZA}", "--log-level-console=warn", *options, command, *operands)


def verify(backup):
    """@raises Failed when a file of the backup, or of the log that it needs, is damaged or missing"""
    # It ends well also when it has found something, and without --verbose it says nothing when it has not.
    text = pgbackrest("verify", f"--set={backup}", "--output=text", "--verbose")
    if not re.search(r"^status: ok", text, re.MULTILINE):
        lines = [line.strip() for line in text.splitlines() if re.search(r"missing|invalid|error|damaged", line) and not re.search(r": 0\b", line)]
        raise Failed(f"the repository holds files that are damaged or missing: {' | '.join(lines)[:400]}. Take a full backup now; see postgres-check in docs/backup.md")


def restore(record, backup):
    postgres = record["postgres"]
    os.makedirs(DATA, mode=0o700)
    pgbackrest(
        "restore",
        f"--set={backup}",
        "--type=name",
        f"--target={postgres['restorePoint']}",
        f"--target-timeline={postgres['timeline']}",
        "--target-action=promote",
        "--archive-mode=off",
    )


def count_rows(server, record):
    """@raises Failed where a table has other rows than it had at the instant"""
    wanted = record.get("rows")
    if wanted is None:
        tables = server.ask("SELECT count(*) FROM pg_stat_user_tables", "dify")[0]
        return f"the record of an earlier version has no counts; Dify's database has {tables} tables"
    wrong, tables, rows = [], 0, 0
    for database, counts in wanted.items():
        for table, count in counts.items():
            try:
                (there,) = server.ask(f"SELECT count(*) FROM {table}", database)
            except Failed as failure:
                there = str(failure)
            tables, rows = tables + 1, rows + count
            if there != str(count):
                wrong.append(f"{database}.{table} has {there} rows, and had {count} at the instant")
    if wrong:
        raise Failed(f"{len(wrong)} of {tables} tables: {'; '.join(wrong)}")
    return f"{rows} rows in {tables} tables, as at the instant"


def compare_indexes(options):
    """@raises Failed where an index does not agree with its table"""
    text = run(
        program("pg_amcheck"), f"--host={SOCKETS}", "--username=postgres", "--no-password", "--all", "--install-missing", "--heapallindexed", *options, good=(0, 2)
    )
    if text.strip():
        raise Failed(f"pg_amcheck: {' | '.join(text.split(chr(10)))[:450]}. REINDEX what it names in the live database, if it says the same there")


def newest_commit():
    """Time of the newest commit that the repository would give back, in seconds since 1970; pgBackRest asks for restored data first. @raises Failed"""
    listing = json.loads(pgbackrest("repo-ls", "--recurse", "--output=json", operands=(f"archive/{STANZA}",)))
    segments = sorted({match[1] for path in listing if (match := SEGMENT.search(path))}, reverse=True)
    target = f"{FOLDER}/segment"
    os.makedirs(target, exist_ok=True)
    for segment in segments[:FARTHEST]:
        file = f"{target}/{segment}"
        pgbackrest("archive-get", operands=(segment, file))
        # A segment that was closed early ends with nothing, which it reports as an error.
        text = run(program("pg_waldump"), "--rmgr=Transaction", file, good=(0, 1))
        os.remove(file)
        if found := COMMIT.findall(text):
            times = [datetime.datetime.fromisoformat(when).replace(tzinfo=datetime.timezone.utc) for when, _ in found]
            return max(times).timestamp()
    raise Failed(f"no commit in the newest {min(len(segments), FARTHEST)} segments of the archive: look for archive_command in the log of the primary")


def in_words(seconds):
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def work():
    record, given = left("record"), settings()
    if record is None:
        return
    backups, number = record["postgres"]["backups"], given["repository"]
    with check("the repository is whole") as found:
        if len(backups) < number:
            raise Failed(f"record {record['id']} knows of no backup at site {given['site']}")
        verify(backups[number - 1])
        found.detail = f"every file of {backups[number - 1]} and of the log has its checksum"
    if len(backups) < number:
        return
    with check("Postgres is restored to the instant") as found:
        began = time.monotonic()
        restore(record, backups[number - 1])
        copied = time.monotonic() - began
        say(f"{in_words(copied)} for the base backup; replaying the log until {record['postgres']['restorePoint']}")
        with ScratchPostgres(given["seconds"]) as server:
            rto = time.monotonic() - began
            leave("rto", rto)
            (identifier,) = server.ask("SELECT system_identifier FROM pg_control_system()")
            if identifier != record["postgres"]["systemIdentifier"]:
                raise Failed(f"it is cluster {identifier}, and the record is of {record['postgres']['systemIdentifier']}")
        found.detail = f"{in_words(copied)} until the files were there, {in_words(rto)} until the first query was answered"
    if not found.passed:
        return
    with check("the archive has what was written last") as found:
        asked = time.time()
        age = max(asked - newest_commit(), 0)
        leave("rpo", age)
        found.detail = f"the newest commit in it is {in_words(age)} old"
    with ScratchPostgres(given["seconds"]) as server:
        with check("tables have their rows") as found:
            found.detail = count_rows(server, record)
        with check("indexes agree with their tables") as found:
            compare_indexes(given["amcheck"])
            found.detail = f"pg_amcheck {' '.join(['--heapallindexed', *given['amcheck']])} found nothing"
    with check("pages have their checksums") as found:
        text = run(program("pg_checksums"), "--check", f"--pgdata={DATA}")
        found.detail = f"{re.search(r'Blocks scanned: +([0-9]+)', text)[1]} blocks"


if __name__ == "__main__":
    step(work)
