"""Brings Alertmanager's notices into the form that robots of DingTalk and WeCom take. Standard library only.

Runs in Deployment notice-forwarder; environment: ROBOTS: file that lists them ({"robots": [{"name", "kind", "signed"}]}); SECRETS:
folder with noticeUrl-NAME, and noticeKey-NAME for messages that are signed; PORT. Alertmanager posts its webhook's JSON (version 4) to
/NAME. A robot that refuses is an answer of 502, upon which Alertmanager tries again: both answer 200 even then, and say it in errcode.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

# What each robot takes, in bytes of UTF-8.
LIMITS = {"dingtalk": 20000, "wecom": 4096}
# Of one message from Alertmanager: some thousand alerts.
LARGEST = 8 * 2**20
# Seconds for which a robot may say nothing; Alertmanager waits longer.
ANSWER_SECONDS = 10


class Failed(Exception):
    """Says why a notice did not get through. Nothing in it is secret."""


def say(text):
    print(f"notices: {text}", file=sys.stderr, flush=True)


# --- what is said ---


def title(notice):
    alerts = notice["alerts"]
    firing = sum(alert["status"] == "firing" for alert in alerts)
    name = notice.get("commonLabels", {}).get("alertname") or f"{len(alerts)} alerts"
    severity = notice.get("commonLabels", {}).get("severity")
    state = f"FIRING {firing}" if firing else f"RESOLVED {len(alerts)}"
    return f"{state}: {name}" + (f" ({severity})" if severity else "")


def about(alert):
    """One alert as lines: what is wrong, where, since when, and what to do."""
    labels, annotations = alert.get("labels", {}), alert.get("annotations", {})
    firing = alert["status"] == "firing"
    place = [f"{key} {labels[key]}" for key in ("namespace", "pod", "persistentvolumeclaim", "cronjob", "zone") if labels.get(key)]
    lines = [
        f"**{annotations.get('summary') or labels.get('alertname', 'an alert without a name')}**" + ("" if firing else " is over"),
        ", ".join(place),
        f"since {alert.get('startsAt', '')}" if firing else f"until {alert.get('endsAt', '')}",
        f"npm run runbook -- {annotations['runbook']}" if annotations.get("runbook") else "",
    ]
    return [" ".join(line.split()) for line in lines if line.strip()]


def cut(text, most):
    """The text, or its beginning where it has more bytes; no character is halved."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: max(0, most - 3)].decode(errors="ignore") + "…"


def markdown(notice, limit, newline):
    """Firing alerts first, as many as fit, and how many did not."""
    alerts = sorted(notice["alerts"], key=lambda alert: alert["status"] != "firing")
    missing = notice.get("truncatedAlerts", 0)
    text = cut(f"### {title(notice)}", limit // 4)
    # Room for the last line, whatever it counts.
    room = limit - len(f"{newline}{newline}and 999999 more".encode())
    for told, alert in enumerate(alerts):
        block = newline * 2 + newline.join(about(alert))
        left = room - len(text.encode())
        if len(block.encode()) > left and told > 0:
            missing += len(alerts) - told
            break
        text += cut(block, left)
    return text + (f"{newline}{newline}and {missing} more" if missing else "")


def dingtalk(notice):
    # One newline alone is a space there.
    text = markdown(notice, LIMITS["dingtalk"], "\n\n")
    return {"msgtype": "markdown", "markdown": {"title": cut(title(notice), 200), "text": text}}


def wecom(notice):
    return {"msgtype": "markdown", "markdown": {"content": markdown(notice, LIMITS["wecom"], "\n")}}


FORMS = {"dingtalk": dingtalk, "wecom": wecom}


# --- how it is sent ---


def signature(key, milliseconds):
    """What DingTalk expects beside a time: it must not be an hour old."""
    digest = hmac.new(key.encode(), f"{milliseconds}\n{key}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signed(url, key, milliseconds):
    query = urllib.parse.urlencode({"timestamp": milliseconds, "sign": signature(key, milliseconds)})
    return f"{url}{'&' if urllib.parse.urlsplit(url).query else '?'}{query}"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A message must not go to whoever a robot's address names."""

    def redirect_request(self, *_):
        return None


def post(url, body):
    """@raises Failed unless the robot says that it took the message."""
    try:
        data = json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json; charset=utf-8"})
        with urllib.request.build_opener(NoRedirect).open(request, timeout=ANSWER_SECONDS) as answer:
            said = json.loads(answer.read(65536))
    except urllib.error.HTTPError as error:
        raise Failed(f"the robot answers with status {error.code}") from None
    except urllib.error.URLError as error:
        raise Failed(f"the robot is not reached: {type(error.reason).__name__}") from None
    except Exception as error:
        # Their texts may have the address in them, which is a secret.
        raise Failed(f"the robot is not reached, or not understood: {type(error).__name__}") from None
    code = said.get("errcode") if isinstance(said, dict) else None
    if code != 0:
        reason = str(said.get("errmsg", ""))[:200] if isinstance(said, dict) else "no errcode"
        raise Failed(f"the robot refuses: {code} {without_secrets(reason, url)}")


def without_secrets(text, url):
    """Robots repeat what they were sent: values of the address' query are masked."""
    for _, value in urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query):
        text = text.replace(value, "***")
    return text


class Robots:
    """Those that are listed, with their secrets as they are now: a new one is used without a restart."""

    def __init__(self, file, folder):
        with open(file, encoding="utf-8") as listed:
            self.by_name = {robot["name"]: robot for robot in json.load(listed)["robots"]}
        self.folder = folder

    def secret(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                return file.read().strip()
        except OSError as error:
            raise Failed(f"secret {name} is not there: {error.strerror}") from None

    def send(self, name, notice):
        robot = self.by_name[name]
        url = self.secret(f"noticeUrl-{name}")
        if robot["signed"]:
            url = signed(url, self.secret(f"noticeKey-{name}"), round(time.time() * 1000))
        post(url, FORMS[robot["kind"]](notice))


def handler(robots):
    class Handler(http.server.BaseHTTPRequestHandler):
        # Of a client that says nothing.
        timeout = 30

        def answer(self, status, text):
            body = f"{text}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            known = self.path == "/healthz"
            self.answer(200 if known else 404, "ok" if known else "there is nothing here")

        def do_POST(self):
            name = self.path[1:]
            if name not in robots.by_name:
                return self.answer(404, "there is no such robot")
            try:
                notice = self.notice()
            except ValueError as error:
                return self.answer(400, str(error))
            try:
                robots.send(name, notice)
            except Failed as error:
                say(f"{name}: {error}")
                return self.answer(502, str(error))
            say(f"{name}: {title(notice)}")
            return self.answer(200, "ok")

        def notice(self):
            """@raises ValueError when it is none, or too long."""
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > LARGEST:
                raise ValueError(f"a notice has a length of at most {LARGEST}")
            notice = json.loads(self.rfile.read(int(length)))
            alerts = notice.get("alerts") if isinstance(notice, dict) else None
            if not isinstance(alerts, list) or not alerts or notice.get("version") != "4":
                raise ValueError("this is no notice of Alertmanager's webhook, version 4")
            if not all(isinstance(alert, dict) and alert.get("status") in ("firing", "resolved") for alert in alerts):
                raise ValueError("an alert has no status")
            return notice

        def log_message(self, *_):
            """What matters is said above."""

    return Handler


class Server(http.server.ThreadingHTTPServer):
    # Their ends are waited for when the server ends: what Alertmanager has handed over goes out.
    daemon_threads = False


def main():
    robots = Robots(os.environ["ROBOTS"], os.environ["SECRETS"])
    server = Server(("", int(os.environ["PORT"])), handler(robots))
    # From another thread: it waits for the loop below.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    say(f"forwarding to {', '.join(sorted(robots.by_name))} on port {server.server_port}")
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
