"""One object of a followed bucket, carried to the second site as it is now: scripts/backup/follow.py."""

import email.utils
import threading
import time
import xml.sax.saxutils

from s3 import StoreError, md5_of, text_in

PART = 8 << 20
MOST_PARTS = 9999
# Of the copy: the version that it is of, so that none is sent twice.
VERSION = "x-amz-meta-followed-version"
KEPT = ("content-type", "content-encoding", "content-disposition", "content-language", "cache-control")


class Throttle:
    """Bytes a second that all threads send together, as rclone writes it: "20M" is 20 MiB, "off" is no limit."""

    def __init__(self, text):
        units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
        self.rate = None if text == "off" else float(text[:-1]) * units[text[-1]]
        self.lock, self.free = threading.Lock(), 0.0

    def wait(self, size):
        if self.rate is None:
            return
        with self.lock:
            now = time.monotonic()
            begin = max(now, self.free)
            self.free = begin + size / self.rate
        time.sleep(max(0.0, begin - now))


class Copier:
    """Copies between two buckets with connections of its own; `progress` is called with each part that has arrived."""

    def __init__(self, source, target, throttle, progress):
        self.source, self.target, self.throttle, self.progress = source, target, throttle, progress

    def copy(self, key, name):
        """
        Puts the newest version of `key` at `name`. False when there was nothing to do: it is there already, or was deleted meanwhile.
        @raises StoreError
        """
        try:
            headers, body = self._part(key, 0, PART, {})
        except StoreError as error:
            if error.status == 404:
                return False
            raise
        version = headers.get("x-amz-version-id") or headers["etag"].strip('"')
        if self._copied(name) == version:
            return False
        kept = described(headers, version)
        size = int((headers.get("content-range") or f"/{len(body)}").rpartition("/")[2])
        if size <= PART:
            self._put(name, body, kept)
        else:
            pinned = {"versionId": version} if headers.get("x-amz-version-id") else {}
            self._put_in_parts(key, name, pinned, size, kept)
        return True

    def _part(self, key, start, length, query):
        try:
            return self.source.ask("GET", key, headers={"Range": f"bytes={start}-{start + length - 1}"}, query=query)
        except StoreError as error:
            if error.status != 416:
                raise
            # There is no range in what is empty.
            return self.source.ask("GET", key, query=query)

    def _copied(self, name):
        """Version of which a copy is there."""
        try:
            return self.target.ask("HEAD", name)[0].get(VERSION)
        except StoreError as error:
            if error.status == 404:
                return None
            raise

    def _put(self, name, body, headers=None, **query):
        self.throttle.wait(len(body))
        answer = self.target.ask("PUT", name, body=body, headers={"Content-MD5": md5_of(body), **(headers or {})}, query=query)[0]
        self.progress()
        return answer

    def _put_in_parts(self, key, name, pinned, size, headers):
        length = max(PART, -(-size // MOST_PARTS))
        upload = text_in(self.target.ask("POST", name, headers=headers, query={"uploads": ""})[1], "UploadId")
        try:
            tags = []
            for start in range(0, size, length):
                body = self._part(key, start, length, pinned)[1]
                if len(body) != min(length, size - start):
                    raise StoreError(f"{key} has changed while it was copied")
                tags.append(self._put(name, body, partNumber=len(tags) + 1, uploadId=upload)["etag"])
            listed = "".join(f"<Part><PartNumber>{i}</PartNumber><ETag>{xml.sax.saxutils.escape(tag)}</ETag></Part>" for i, tag in enumerate(tags, 1))
            whole = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
            # That it failed may stand in an answer that begins well.
            answer = self.target.ask("POST", name, body=whole, query={"uploadId": upload})[1]
            if b"CompleteMultipartUploadResult" not in answer:
                raise StoreError(f"{name} was not put together: {answer.decode(errors='replace')[:200]}")
        except StoreError:
            try:
                self.target.ask("DELETE", name, query={"uploadId": upload})
            except StoreError:
                pass  # Whoever cleans the bucket of unfinished uploads takes it.
            raise


def described(headers, version):
    """What the copy says of itself: all that the original does, when that was written as rclone reads it, and which version it is of."""
    kept = {name: " ".join(value.split()) for name, value in headers.items() if name.lower() in KEPT or name.lower().startswith("x-amz-meta-")}
    written = email.utils.parsedate_to_datetime(headers["last-modified"]).timestamp()
    return {"x-amz-meta-mtime": f"{written:.0f}", **{name.lower(): value for name, value in kept.items()}, VERSION: version}
