"""Reads a sample of the objects that the record names, as of its instant, and compares them with what they are copies of: scripts/drills/drill.py.

Environment: <SITE>_BACKUPS_ACCESS_KEY, <SITE>_BACKUPS_SECRET_KEY of the site; ORIGINALS_ACCESS_KEY, ORIGINALS_SECRET_KEY where originals may be read.
"""

import hashlib
import random

from drill import Failed, check, left, say, settings, step
from s3 import Bucket, StoreError

NAMED = 5


class Copies:
    """A bucket's copy in the bucket of backups, as of a record."""

    def __init__(self, backups, part):
        self.backups, self.bucket, self.manifest = backups, part["bucket"], part["manifest"]
        # Nothing was copied between the bucket's instant and this file: what is there then is of the instant.
        found = backups.version(self.manifest)
        if found is None:
            raise Failed(f"{self.manifest} is missing, which says what was in {self.bucket}")
        text = backups.text(self.manifest)
        if hashlib.sha256(text.encode()).hexdigest() != part["checksum"]:
            raise Failed(f"{self.manifest} is not what the record says: its former version is in the bucket")
        self.instant = found[2]
        self.entries = [(key, int(size)) for key, _, size in (line.rpartition("\t") for line in text.splitlines())]

    def key(self, key):
        return f"objects/{self.bucket}/{key}"

    def digest(self, key):
        """Bytes and SHA-256 of the copy of an object. @raises Failed when there is none"""
        return self.backups.digest(self.key(key), self._version(key))

    def text(self, key):
        """Contents of the copy of an object. @raises Failed when there is none"""
        return self.backups.text(self.key(key), self._version(key))

    def _version(self, key):
        found = self.backups.version(self.key(key), self.instant)
        if found is None:
            raise Failed(f"{self.bucket}/{key} is not there")
        return found[0]


def differs(copies, original, instant, key, size):
    """What is wrong with a copy; None when nothing is. True in second place when its contents were compared with the original's."""
    try:
        there, sha256 = copies.digest(key)
        if there != size:
            return f"{copies.bucket}/{key} has {there} bytes, and had {size} at the instant", False
        found = original and original.version(key, instant)
        if not found:
            return None, False
        if original.digest(key, found[0]) != (there, sha256):
            return f"{copies.bucket}/{key} has other contents than the original", True
        return None, True
    except (StoreError, Failed) as error:
        return str(error), False


def compare(backups, part, original, record, most):
    copies = Copies(backups, part)
    sample = random.sample(copies.entries, min(most, len(copies.entries)))
    wrong, compared = [], 0
    for i, (key, size) in enumerate(sample):
        if i and i % 100 == 0:
            say(f"{i} of {len(sample)} objects of {copies.bucket}")
        problem, with_original = differs(copies, original, record["instant"], key, size)
        compared += with_original
        wrong += [problem] if problem else []
    if wrong:
        raise Failed(f"{len(wrong)} of {len(sample)} objects: {'; '.join(wrong[:NAMED])}. Former versions are in the bucket of backups; the other site has them too")
    return f"{len(sample)} of {len(copies.entries)} objects of {copies.bucket}, {compared} of them compared with the original"


def original_of(given, bucket):
    """The bucket that was copied; None where drills have no right to read it."""
    return Bucket(given["sites"]["cluster"], bucket, "ORIGINALS") if bucket in given["originals"] else None


def work():
    record, given = left("record"), settings()
    if record is None:
        return
    site = given["site"]
    with check("objects are what they were") as found:
        backups = Bucket(given["sites"][site], given["sites"][site]["backups"], f"{site.upper()}_BACKUPS")
        parts = [compare(backups, part, original_of(given, part["bucket"]), record, given["sample"]) for part in record["buckets"]]
        found.detail = "; ".join(parts)


if __name__ == "__main__":
    step(work)
