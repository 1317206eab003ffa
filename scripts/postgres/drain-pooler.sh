#!/bin/sh
# Ends a pooler without breaking a transaction. Runs before the container is told to stop; PgBouncer is process 1 there.
set -eu
pid=${POOLER_PID:-1}

# Until no Service leads here any more, new clients are served like the others.
sleep "$DRAIN_SECONDS"

# Takes no new clients, ends as soon as no transaction is left. Idle clients then find their connection closed, and open another.
kill -INT "$pid"

# The container goes when PgBouncer does; a transaction that never ends is cut by the pod's grace period.
while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
