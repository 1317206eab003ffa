"""Files with their rows, as uploads are kept: the object is put first, then the row that names it is committed."""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError
from sqlalchemy import text

from stream import Stream, Verdict

# MinIO keeps small objects beside their metadata and writes large ones apart: some of both.
SIZES = (4 * 1024, 256 * 1024)
# An object that is not found by then is lost: MinIO looks for drives that it does not see every 15 s.
PATIENCE_SECONDS = 60


def key_of(number):
    return f"workload/{number}"


class Objects(Stream):
    name = "objects"
    workers = 2
    interval = 0.8

    def __init__(self, engine, storage):
        self.engine = engine
        self.client, self.bucket = storage
        self.newest = None

    def prepare(self):
        self.clean()
        with self.engine.begin() as connection:
            connection.execute(text("CREATE TABLE workload_objects (id bigint PRIMARY KEY, checksum text NOT NULL)"))

    def step(self, number):
        content = os.urandom(SIZES[number % len(SIZES)])
        checksum = hashlib.sha256(content).hexdigest()
        self.client.put_object(Bucket=self.bucket, Key=key_of(number), Body=content)
        with self.engine.begin() as connection:
            row = {"id": number, "checksum": checksum}
            connection.execute(text("INSERT INTO workload_objects (id, checksum) VALUES (:id, :checksum)"), row)
        self.newest = (number, checksum)
        return number

    def read(self, number):
        """Checksum of an object, or None when it is not there."""
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key_of(number))["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return hashlib.sha256(body.read()).hexdigest()

    def verify(self, acknowledged):
        with self.engine.connect() as connection:
            rows = dict(connection.execute(text("SELECT id, checksum FROM workload_objects")).tuples().all())
        written = sorted(acknowledged(self.name))
        without_row = [number for number in written if number not in rows]
        named = [number for number in written if number in rows]
        late, lost = self.look_again(self.differing(named, rows), rows)
        return Verdict(sorted(without_row + lost), {"rows without their object": len(lost), "found late": len(late)})

    def differing(self, numbers, rows):
        with ThreadPoolExecutor(8) as pool:
            return {n: found for n, found in zip(numbers, pool.map(self.read, numbers)) if found != rows[n]}

    def look_again(self, differing, rows):
        """What is found after all, and what is lost: a server that does not see all drives yet may take an older version for the newest."""
        if not differing:
            return [], []
        kinds = {n: "is not there" if found is None else "has another content" for n, found in differing.items()}
        print(f"objects at first: {kinds}", flush=True)
        deadline = time.monotonic() + PATIENCE_SECONDS
        lost = differing
        while lost and time.monotonic() < deadline:
            time.sleep(2)
            lost = self.differing(sorted(lost), rows)
        print(f"objects {deadline - time.monotonic():.0f} s before patience ends: {sorted(lost)} of them", flush=True)
        return [n for n in differing if n not in lost], list(lost)

    def clean(self):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="workload/")
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: self.client.delete_object(Bucket=self.bucket, Key=key), keys))
        with self.engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS workload_objects"))


class ObjectReads(Stream):
    """Reads the object that was acknowledged last; another content than what was put is an error."""

    name = "objectReads"
    workers = 2
    interval = 0.4

    def __init__(self, objects):
        self.objects = objects

    def step(self, number):
        if self.objects.newest is None:
            return None
        wanted, checksum = self.objects.newest
        found = self.objects.read(wanted)
        if found != checksum:
            what = "is not there" if found is None else "has another content"
            raise LookupError(f"object {wanted} was acknowledged and {what}")
        return number
