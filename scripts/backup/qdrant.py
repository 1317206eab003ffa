"""Takes a snapshot of each collection on each member of Qdrant, as a member's snapshot has that member's shards alone.

Called by CronJob vector-snapshots; what it leaves is uploaded by upload.sh. Environment: MEMBERS: URL of each; API_KEY; FOLDER:
empty, and as large as the data; ANSWER_SECONDS for which a member may say nothing. Leaves FOLDER/MEMBER/COLLECTION/NAME.snapshot,
compared with the checksum that Qdrant tells, and takes the snapshot off the member again.
"""

import hashlib
import http.client
import json
import os
import shutil
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path


class Failed(Exception):
    """Says what, where and what to do."""


def say(text):
    print(f"qdrant: {text}", flush=True)


class Member:
    """One server."""

    def __init__(self, url, key, seconds):
        self.url = url
        self.name = urllib.parse.urlsplit(url).hostname.split(".")[0]
        self.key = key
        self.seconds = seconds

    def open(self, method, path):
        """The answer to a request, to be read and closed."""
        request = urllib.request.Request(self.url + path, method=method, headers={"api-key": self.key})
        try:
            return urllib.request.urlopen(request, timeout=self.seconds)
        except urllib.error.HTTPError as error:
            said = error.read(500).decode(errors="replace")
            hint = ": look at Secret qdrant-credentials" if error.code in (401, 403) else ""
            raise Failed(f"{self.name} refused {method} {path} ({error.code} {said}){hint}") from error

    def result(self, method, path):
        with self.open(method, path) as answer:
            return json.load(answer)["result"]

    def snapshots_of(self, collection):
        return f"/collections/{urllib.parse.quote(collection, safe='')}/snapshots"

    def take(self, collection, folder):
        """Carries a new snapshot into the folder."""
        path = self.snapshots_of(collection)
        left = [snapshot["name"] for snapshot in self.result("GET", path)]
        if left:
            say(f"{self.name} still has {', '.join(left)} of {collection}: of a run that was killed, or made by hand. Delete what nobody needs: DELETE {path}/NAME")
        snapshot = self.result("POST", f"{path}?wait=true")
        place = f"{path}/{urllib.parse.quote(snapshot['name'], safe='')}"
        try:
            self.download(place, folder, snapshot)
        finally:
            self.result("DELETE", place)
        say(f"{collection} of {self.name}: {snapshot['size']} bytes")

    def download(self, place, folder, snapshot):
        folder.mkdir(parents=True)
        file = folder / os.path.basename(snapshot["name"])
        with self.open("GET", place) as answer, file.open("wb") as target:
            shutil.copyfileobj(answer, target, 1 << 20)
        if file.stat().st_size != snapshot["size"]:
            raise Failed(f"{self.name} sent {file.stat().st_size} bytes of {place}, which has {snapshot['size']}")
        wanted = snapshot.get("checksum")
        with file.open("rb") as source:
            if wanted and hashlib.file_digest(source, "sha256").hexdigest() != wanted:
                raise Failed(f"{place} of {self.name} is not what its checksum says: is the member's volume damaged?")


def empty(folder):
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def main():
    folder = Path(os.environ["FOLDER"])
    seconds = float(os.environ["ANSWER_SECONDS"])
    empty(folder)
    for url in os.environ["MEMBERS"].split():
        member = Member(url, os.environ["API_KEY"], seconds)
        try:
            collections = [each["name"] for each in member.result("GET", "/collections")["collections"]]
            for collection in collections:
                member.take(collection, folder / member.name / collection)
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{member.name} does not answer ({error}): all members must, as each has shards of its own. Look at pod {member.name}") from error
        (folder / member.name).mkdir(exist_ok=True)
        (folder / member.name / "collections.json").write_text(json.dumps(collections))


def stop(_number, _frame):
    raise Failed("was told to stop; nothing was uploaded")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        main()
    except Failed as failure:
        sys.exit(f"qdrant: {failure}")
