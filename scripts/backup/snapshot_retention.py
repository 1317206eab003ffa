"""Which snapshots of volumes may go: B8. Nothing but arithmetic, for scripts/backup/volume-snapshots.py."""

import calendar
import time
from typing import NamedTuple

DAY = 86400
RUN = "dify-ha/run"


class Snapshot(NamedTuple):
    """A snapshot of one claim. Times are seconds since 1970."""

    name: str
    claim: str
    # Job that made it.
    run: str
    # When the volume was as it is in there.
    taken: float
    # When it was asked for.
    made: float
    good: bool
    # What the driver says went wrong.
    error: str


def seconds(stamp):
    return calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))


def read(item):
    """A VolumeSnapshot as the API server has it; nothing when it is being deleted."""
    metadata, status = item["metadata"], item.get("status") or {}
    if "deletionTimestamp" in metadata:
        return None
    made = seconds(metadata["creationTimestamp"])
    error = (status.get("error") or {}).get("message", "an error without words") if status.get("error") else ""
    return Snapshot(
        metadata["name"],
        item["spec"]["source"].get("persistentVolumeClaimName", ""),
        metadata["labels"].get(RUN, ""),
        seconds(status["creationTime"]) if status.get("creationTime") else made,
        made,
        status.get("readyToUse") is True and not error,
        error,
    )


def expired(snapshots, now, keep_days, keep):
    """Good snapshots of one claim that are older than `keep_days` or beyond the newest `keep`, oldest first. Never the newest."""
    good = sorted((s for s in snapshots if s.good), key=lambda s: (s.taken, s.made, s.name), reverse=True)
    old = [s for i, s in enumerate(good) if i > 0 and (i >= keep or s.taken < now - keep_days * DAY)]
    return old[::-1]


def leftovers(snapshots, now, deadline):
    """What runs before this one left without its ever becoming good, oldest first: no run lasts longer than `deadline` seconds."""
    return sorted((s for s in snapshots if not s.good and s.made < now - deadline), key=lambda s: (s.made, s.name))


def newest(snapshots):
    """The good one to restore from; nothing when none is."""
    return max((s for s in snapshots if s.good), key=lambda s: (s.taken, s.made, s.name), default=None)
