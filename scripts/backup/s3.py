"""A bucket of S3 or of what speaks its protocol: reading, listing as of an instant, following its events, and what a lock must refuse. Standard library only."""

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import ssl
import urllib.parse
import xml.etree.ElementTree as xml

PATIENCE = 60
TRIES = 3


class StoreError(Exception):
    """What the store said in place of doing it (`code`), or why it could not be asked. `deleted`: what was asked for was there, and was deleted."""

    def __init__(self, text, code=None, status=None, deleted=False):
        super().__init__(text)
        self.code, self.status, self.deleted = code, status, deleted


class Sum:
    """Bytes and SHA-256 of what is read, from the start again with each attempt."""

    def begin(self):
        self.bytes, self.sha256 = 0, hashlib.sha256()

    def take(self, part):
        self.bytes += len(part)
        self.sha256.update(part)


class Bucket:
    """`place`: endpoint, region, addressing, authority; `keys`: start of the names of variables NAME_ACCESS_KEY and NAME_SECRET_KEY."""

    def __init__(self, place, name, keys):
        url = urllib.parse.urlsplit(place["endpoint"])
        self.name, self.region, self.path_style = name, place["region"], place["addressing"] == "path"
        host = url.hostname if self.path_style else f"{name}.{url.hostname}"
        self.address, self.host = (host, url.port or 443), host if url.port is None else f"{host}:{url.port}"
        self.access, self.secret = os.environ[f"{keys}_ACCESS_KEY"], os.environ[f"{keys}_SECRET_KEY"]
        self.context = ssl.create_default_context(cafile=place.get("authority"))
        self.connection = None

    def text(self, key, version=None):
        """@raises StoreError"""
        return self.ask("GET", key, query={"versionId": version} if version else {})[1].decode()

    def digest(self, key, version=None):
        """Bytes and SHA-256 of an object, read to its end. @raises StoreError"""
        found = Sum()
        self.ask("GET", key, query={"versionId": version} if version else {}, sink=found)
        return found.bytes, found.sha256.hexdigest()

    def put(self, key, body, headers=None, **query):
        """Identifier of the version that was written. @raises StoreError"""
        given = {"Content-MD5": md5_of(body), **(headers or {})}
        return self.ask("PUT", key, body=body, headers=given, query=query)[0].get("x-amz-version-id")

    def delete(self, key, version=None):
        """Deletes a version; without one puts a marker over them all. @raises StoreError"""
        self.ask("DELETE", key, query={"versionId": version} if version else {})

    def lock_until(self, key, version, mode, until):
        """Sets the date until which a version is locked. @raises StoreError"""
        text = f'<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>'
        self.put(key, text.encode(), retention="", versionId=version)

    def keys(self, prefix):
        """All keys that begin so. @raises StoreError"""
        return [key for key, _, _ in self.listed(prefix)]

    def listed(self, prefix, page=lambda: None):
        """Key, bytes and time of writing of all that begin so, in the order of their keys; calls `page` with each answer. @raises StoreError"""
        token = None
        while True:
            # XML has no way to write some characters that a key may have.
            query = {"list-type": "2", "prefix": prefix, "encoding-type": "url", **({"continuation-token": token} if token else {})}
            root = self._xml(query)
            page()
            for each in _all(root, "Contents"):
                yield urllib.parse.unquote_plus(_text(each, "Key")), int(_text(each, "Size")), _text(each, "LastModified")
            token = _text(root, "NextContinuationToken")
            if not token:
                return

    def events(self, names, ping):
        """
        MinIO's events as they come, and None at least every `ping` seconds, the first of which says that what comes from now on is told of. On a
        connection of its own. @raises StoreError when it is refused or ends
        """
        path, target = f"/{self.name}", "&".join(f"{name}={value}" for name, value in sorted([*(("events", quoted(name)) for name in names), ("ping", ping)]))
        connection = http.client.HTTPSConnection(*self.address, timeout=5 * ping, context=self.context)
        try:
            connection.request("GET", f"{path}?{target}", headers=self._signed("GET", path, target, b"", {}))
            answer = connection.getresponse()
            if answer.status >= 300:
                code, said = _refusal(answer.read().decode(errors="replace"))
                raise StoreError(f"events of {self.name}: {answer.status} {code or ''} {said}".strip(), code, answer.status)
            yield None
            while line := answer.readline():
                yield from json.loads(line).get("Records") or [None]
            raise StoreError(f"{self.host} has ended the events of {self.name}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StoreError(f"events of {self.name} have ended: {error or type(error).__name__}") from None
        finally:
            connection.close()

    def version(self, key, instant=None):
        """Version of an object as it was at an instant, or is now: identifier, bytes and time of writing; None when there is none. @raises StoreError"""
        marker = {}
        while True:
            root = self._xml({"versions": "", "prefix": key, **marker})
            entries = [each for each in root if _name(each) in ("Version", "DeleteMarker") and _text(each, "Key") == key]
            # The newest come first.
            for each in entries:
                written = _text(each, "LastModified")
                if instant is None or time_of(written) <= time_of(instant):
                    return None if _name(each) == "DeleteMarker" else (_text(each, "VersionId"), int(_text(each, "Size")), written)
            # Others that begin with this key come after it.
            if _text(root, "IsTruncated") != "true" or _text(root, "NextKeyMarker") != key:
                return None
            marker = {"key-marker": key, "version-id-marker": _text(root, "NextVersionIdMarker")}

    def _xml(self, query):
        return xml.fromstring(self.ask("GET", "", query=query)[1])

    def ask(self, method, key, body=b"", headers=None, query=None, sink=None):
        """Headers and body of the answer. @raises StoreError"""
        path = urllib.parse.quote(f"/{self.name}/{key}" if self.path_style else f"/{key}", safe="/-_.~")
        pairs = sorted((quoted(name), quoted(value)) for name, value in (query or {}).items())
        target = "&".join(f"{name}={value}" for name, value in pairs)
        for attempt in range(1, TRIES + 1):
            try:
                return self._once(method, path, target, body, headers or {}, sink)
            except (OSError, http.client.HTTPException) as error:
                self._forget()
                if attempt == TRIES:
                    raise StoreError(f"{self.host} cannot be asked for {self.name}/{key}: {error or type(error).__name__}") from None
            except StoreError as error:
                if attempt == TRIES or not error.status or error.status < 500:
                    raise

    def _once(self, method, path, target, body, headers, sink):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(*self.address, timeout=PATIENCE, context=self.context)
        signed = self._signed(method, path, target, body, headers)
        self.connection.request(method, f"{path}?{target}" if target else path, body, signed)
        answer = self.connection.getresponse()
        if answer.status >= 300:
            text = answer.read().decode(errors="replace")
            code, said = _refusal(text)
            deleted = answer.headers.get("x-amz-delete-marker") == "true"
            raise StoreError(f"{method} {path}: {answer.status} {code or ''} {said}".strip(), code, answer.status, deleted)
        if sink is None:
            return answer.headers, answer.read()
        sink.begin()
        while part := answer.read(1 << 20):
            sink.take(part)
        # What ends early is no whole object.
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        return answer.headers, b""

    def _forget(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def _signed(self, method, path, target, body, headers):
        """AWS' signature, version 4."""
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        content = hashlib.sha256(body).hexdigest()
        every = {**{name.lower(): value for name, value in headers.items()}, "host": self.host, "x-amz-content-sha256": content, "x-amz-date": stamp}
        names = ";".join(sorted(every))
        lines = "".join(f"{name}:{every[name]}\n" for name in sorted(every))
        request = "\n".join([method, path, target, lines, names, content])
        scope = f"{day}/{self.region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
        key = f"AWS4{self.secret}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        every["authorization"] = f"AWS4-HMAC-SHA256 Credential={self.access}/{scope}, SignedHeaders={names}, Signature={signature}"
        return every


def time_of(text):
    # Older versions of Python do not know the letter.
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def md5_of(body):
    """As a header has it: what is locked is taken with a checksum only."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def text_in(answer, name):
    """Text of an element of an answer; None when there is none."""
    return _text(xml.fromstring(answer), name)


def quoted(text):
    return urllib.parse.quote(str(text), safe="-_.~")


def _name(element):
    return element.tag.rsplit("}", 1)[-1]


def _all(root, name):
    return [each for each in root if _name(each) == name]


def _text(root, name):
    return next((each.text or "" for each in root if _name(each) == name), None)


def _refusal(text):
    try:
        root = xml.fromstring(text)
    except xml.ParseError:
        return None, " ".join(text.split())[:200]
    return _text(root, "Code"), _text(root, "Message") or ""
