"""Finds gaps in an archive of Postgres' log.

Arguments: two files of JSON, what pgBackRest's `repo-ls --recurse --output=json archive/STANZA` and `info --output=json` say of one repository.
Exit code 1: an instant after the newest base backup cannot be restored. A gap before it is told, and no more: nothing mends it.
"""

import json
import re
import sys
import time

SEGMENT = re.compile(r"(?:^|/)([0-9A-F]{24})-[0-9a-f]{40}")
SEGMENT_BYTES = 16 * 1024 * 1024
PER_FILE = 0x1_0000_0000 // SEGMENT_BYTES


def parse(segment):
    """Timeline of a segment, and its number counted from the beginning of the log."""
    timeline, high, low = (int(segment[i : i + 8], 16) for i in (0, 8, 16))
    return timeline, high * PER_FILE + low


def name_of(timeline, number):
    return f"{timeline:08X}{number // PER_FILE:08X}{number % PER_FILE:08X}"


def gaps(segments):
    """First and last missing segment of each gap."""
    timelines = {}
    for timeline, number in map(parse, segments):
        timelines.setdefault(timeline, []).append(number)
    missing, reached = [], None
    for timeline in sorted(timelines):
        numbers = sorted(timelines[timeline])
        # It begins with the segment in which the one before it has ended, or earlier.
        last = numbers[0] - 1 if reached is None else min(reached, numbers[0] - 1)
        for number in numbers:
            if number > last + 1:
                missing.append((name_of(timeline, last + 1), name_of(timeline, number - 1)))
            last = number
        reached = last
    return missing


def main(listing_file, info_file):
    with open(listing_file, encoding="utf-8") as file:
        listing = json.load(file)
    with open(info_file, encoding="utf-8") as file:
        backups = json.load(file)[0]["backup"]
    times = {}
    for name, entry in listing.items():
        if match := SEGMENT.search(name):
            times[match.group(1)] = entry["time"]
    if not times:
        print("log_gaps: no log is there at all", file=sys.stderr)
        return 1
    print(f"log_gaps: {len(times)} segments, the newest {time.time() - max(times.values()):.0f} s old")
    newest = parse(backups[-1]["archive"]["start"]) if backups else (0, 0)
    harm = False
    for first, last in gaps(times):
        after = parse(last) >= newest
        harm = harm or after
        tail = "after the newest base backup" if after else "before the newest base backup, which has made it good"
        print(f"log_gaps: {first} to {last} are missing, {tail}", file=sys.stderr if after else sys.stdout)
    return 1 if harm else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
