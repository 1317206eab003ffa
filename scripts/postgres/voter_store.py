"""etcd over its JSON gateway, all members of it as one. Used by voter.py; standard library only."""

import concurrent.futures
import http.client
import json


class Endpoint:
    """One member of etcd, over a connection that is kept."""

    def __init__(self, address, context, timeout):
        self.address, self.context, self.timeout = address, context, timeout
        self.connection = None

    def post(self, path, body):
        try:
            if self.connection is None:
                host, port = self.address.rsplit(":", 1)
                self.connection = http.client.HTTPSConnection(
                    host, int(port), timeout=self.timeout, context=self.context
                )
            self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            raise
        if answer.status != 200:
            raise OSError(f"{self.address} answered {answer.status}: {data[:200]!r}")
        return json.loads(data)


class Store:
    """etcd as a whole."""

    def __init__(self, addresses, context, timeout):
        self.timeout = timeout
        self.members = [Endpoint(address, context, timeout) for address in addresses]
        # A thread for each: a member that hangs delays nobody else.
        self.threads = {e: concurrent.futures.ThreadPoolExecutor(1) for e in self.members}
        self.pending = {}

    def read(self, path, body):
        """Asks all members at once; the first answer counts, and who gave it is asked first when something is written."""
        asked = {self._submit(e, path, body): e for e in self.members if self._idle(e)}
        reasons = []
        try:
            for answer in concurrent.futures.as_completed(asked, timeout=self.timeout):
                if answer.exception() is None:
                    first = asked[answer]
                    self.members.sort(key=lambda e: e is not first)
                    return answer.result()
                reasons.append(str(answer.exception()))
        except concurrent.futures.TimeoutError:
            reasons.append(f"no answer within {self.timeout} s")
        raise OSError("etcd: " + ("; ".join(reasons) or "all members are still busy"))

    def write(self, path, body):
        """Asks one member after another until one has done it. What is asked may be done twice."""
        reasons = []
        for endpoint in [e for e in self.members if self._idle(e)]:
            try:
                return self._submit(endpoint, path, body).result(self.timeout)
            except (OSError, http.client.HTTPException, concurrent.futures.TimeoutError) as error:
                reasons.append(f"{endpoint.address}: {error or 'no answer'}")
        raise OSError("etcd: " + ("; ".join(reasons) or "all members are still busy"))

    def _idle(self, endpoint):
        return endpoint not in self.pending or self.pending[endpoint].done()

    def _submit(self, endpoint, path, body):
        self.pending[endpoint] = self.threads[endpoint].submit(endpoint.post, path, body)
        return self.pending[endpoint]
