#!/bin/sh
# Ends a proxy without breaking a connection. Runs before the container is told to stop; HAProxy is process 1 there.
set -eu
pid=${PROXY_PID:-1}

# Until no Service leads here any more, new connections are served like the others.
sleep "$LEAVE_SECONDS"

# Takes no new connections, and ends with its last one or at hard-stop-after. TERM, which comes otherwise, would cut them all.
kill -USR1 "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
