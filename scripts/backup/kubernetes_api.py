"""The cluster's API server, called as the account of the pod. Standard library only."""

import contextlib
import http.client
import json
import os
import ssl
import urllib.parse

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
# In place of a namespace.
CLUSTER = "-"


class Refused(Exception):
    """What the API server said in place of doing it, or why it could not be asked."""


class Absent(Refused):
    """There is no such resource."""


def call(method, group, resource, body=None, *, namespace=None, **query):
    """Answer to a request on a resource: call("POST", "api/v1", "configmaps", {...}); of the pod's own namespace, unless another is named, or CLUSTER for what is in none. @raises Refused"""
    place = "" if namespace == CLUSTER else f"namespaces/{namespace or _read('namespace')}/"
    path = f"/{group}/{place}{resource}?{urllib.parse.urlencode(query)}"
    form = "application/merge-patch+json" if method == "PATCH" else "application/json"
    # Read anew each time: tokens are replaced while a pod runs.
    headers = {"Authorization": f"Bearer {_read('token')}", "Content-Type": form}
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
    try:
        with contextlib.closing(http.client.HTTPSConnection(host, port, timeout=30, context=_trust())) as connection:
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise Refused(f"{method} {resource}: {error}") from None
    if answer.status >= 300:
        refusal = Absent if answer.status == 404 else Refused
        raise refusal(f"{method} {resource}: {answer.status} {_message(text)}")
    return json.loads(text)


def _trust():
    try:
        return ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    except OSError as error:
        raise Refused(f"the pod's account does not say whom to trust: {error}") from None


def _read(name):
    try:
        with open(f"{ACCOUNT}/{name}", encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise Refused(f"the pod has no account: {error}") from None


def _message(text):
    try:
        return json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text
