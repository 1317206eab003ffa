"""Tries to delete what is locked, to shorten its lock, and to write where drills may not: all of it must be refused. See scripts/drills/drill.py.

In its own folder the drills' user has the right to delete a version and to set its lock, which nobody else has: there it is the lock that refuses.
Environment: <SITE>_BACKUPS_*, <SITE>_CATALOGUE_* of the site: ACCESS_KEY, SECRET_KEY.
"""

import datetime

from drill import Failed, check, left, settings, step
from s3 import Bucket, StoreError

PROBE = "drills/lock-probe"
# Of a refusal by rights; a lock says something else in MinIO, and on AWS the text names it.
NO_RIGHT = "AccessDenied"


def soon():
    """A date in the future, which every store takes, and earlier than any lock's."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")


def refusal(what, attempt):
    """How the store refused. @raises Failed when it did not"""
    try:
        attempt()
    except StoreError as error:
        if error.code is None:
            raise
        return error
    raise Failed(f"{what} was NOT refused: look at the lock of the bucket (mc retention info --default) and at the rights of its users")


def try_version(bucket, key, version):
    """Deleting and shortening: the refusals."""
    where = f"{bucket.name}/{key}"
    return [
        refusal(f"deleting a version of {where}", lambda: bucket.delete(key, version)),
        refusal(f"shortening the lock of {where}", lambda: bucket.lock_until(key, version, "COMPLIANCE", soon())),
        # Of the other kind, which can be lifted.
        refusal(f"weakening the lock of {where}", lambda: bucket.lock_until(key, version, "GOVERNANCE", soon())),
    ]


def try_bucket(bucket, key, confined):
    version = bucket.version(key)
    if version is None:
        raise Failed(f"{bucket.name}/{key} is not there")
    try_version(bucket, key, version[0])
    if not confined:
        return f"{bucket.name}: three attempts refused"
    probe = bucket.put(PROBE, b"Written by a restore drill, which tries to delete it.\n")
    for error in try_version(bucket, PROBE, probe):
        if error.code == NO_RIGHT and "lock" not in str(error).lower():
            raise Failed(f"{error}: a refusal by rights, which says nothing of the lock. Run the job object-store-bootstrap again (pulumi up)")
    refusal(f"writing into {bucket.name}", lambda: bucket.put("records/drills-may-not" if key.startswith("records/") else "drills-may-not", b""))
    return f"{bucket.name}: seven attempts refused, three of them by the lock alone"


def work():
    record, given = left("record"), settings()
    if record is None:
        return
    site, place = given["site"], given["sites"][given["site"]]
    with check("locks hold") as found:
        bucket = lambda role: Bucket(place, place[role], f"{site.upper()}_{role.upper()}")
        parts = [try_bucket(bucket("catalogue"), f"records/{record['id']}.json", place["confined"])]
        parts += [try_bucket(bucket("backups"), part["manifest"], place["confined"]) for part in record["buckets"][:1]]
        found.detail = "; ".join(parts)


if __name__ == "__main__":
    step(work)
