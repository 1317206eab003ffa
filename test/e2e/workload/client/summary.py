"""What a stream's operations come to. Pure: operations in, figures out. Times are seconds since 1970."""

from bisect import bisect_left
from itertools import pairwise


def longest_gap(times, since, until):
    """(length, start) of the longest stretch between `since` and `until` in which nothing was acknowledged."""
    edges = [since, *(t for t in times if since < t < until), max(since, until)]
    start, end = max(pairwise(edges), key=lambda edge: edge[1] - edge[0])
    return end - start, start


def figures(operations, since, until):
    """
    Figures of one stream for what ended from `since` on; `operations` in the order in which they ended. Gaps are looked for up to
    `until`, so that a stream which has not come back shows how long it has been away.
    """
    recent = operations[bisect_left(operations, since, key=lambda operation: operation.ended) :]
    acknowledged = [operation for operation in recent if operation.error is None]
    failed = [operation for operation in recent if operation.error is not None]
    gap, gap_at = longest_gap([operation.ended for operation in acknowledged], since, until)
    return {
        "acknowledged": len(acknowledged),
        "errors": len(failed),
        "longestGapSeconds": round(gap, 3),
        "gapAt": gap_at,
        "slowestSeconds": round(max((o.ended - o.started for o in acknowledged), default=0), 3),
        "lastSuccess": acknowledged[-1].ended if acknowledged else None,
        "firstErrors": [{"at": operation.ended, "text": operation.error} for operation in failed[:5]],
    }
