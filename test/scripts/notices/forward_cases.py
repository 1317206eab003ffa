"""Forms, limits and refusals of forward.py, against a robot of its own on loopback. Arguments: time in milliseconds, key, signature that openssl made."""

import http.server
import json
import os
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, "/opt/dify-ha")
import forward

milliseconds, key, expected = sys.argv[1:]
TOKEN = "s3cr3t-token-of-the-robot"


def alert(number=0, status="firing", **more):
    labels = {"alertname": "MemberDown", "severity": "critical", "namespace": "dify-data", "pod": f"postgres-{number}"}
    annotations = {"summary": "A member is down", "runbook": "postgres-members", **more}
    times = {"startsAt": "2026-11-22T10:00:00Z", "endsAt": "2026-11-22T10:05:00Z"}
    return {"status": status, "labels": labels, "annotations": annotations, **times}


def notice(*alerts):
    return {"version": "4", "commonLabels": {"alertname": "MemberDown", "severity": "critical"}, "alerts": list(alerts)}


class Robot(http.server.BaseHTTPRequestHandler):
    answer = (200, b'{"errcode":0,"errmsg":"ok"}')
    got = []

    def do_POST(self):
        Robot.got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.send_response(Robot.answer[0])
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()
        self.wfile.write(Robot.answer[1])

    def log_message(self, *_):
        pass


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


# Signature.
assert forward.signature(key, milliseconds) == expected
query = urllib.parse.parse_qs(urllib.parse.urlsplit(forward.signed("https://h/send?access_token=t", key, milliseconds)).query)
assert query == {"access_token": ["t"], "timestamp": [milliseconds], "sign": [expected]}, query
print("signature")

# Forms.
ding = forward.dingtalk(notice(alert()))
assert ding["msgtype"] == "markdown" and sorted(ding["markdown"]) == ["text", "title"]
assert ding["markdown"]["title"] == "FIRING 1: MemberDown (critical)"
assert ding["markdown"]["text"] == (
    "### FIRING 1: MemberDown (critical)\n\n\n\n**A member is down**\n\n"
    "namespace dify-data, pod postgres-0\n\nsince 2026-11-22T10:00:00Z\n\nnpm run runbook -- postgres-members"
)
com = forward.wecom(notice(alert(), alert(1, "resolved")))
assert com["msgtype"] == "markdown" and list(com["markdown"]) == ["content"]
assert com["markdown"]["content"].startswith("### FIRING 1: MemberDown (critical)\n\n**A member is down**\nnamespace dify-data, pod postgres-0\n")
assert "**A member is down** is over" in com["markdown"]["content"] and "until 2026-11-22T10:05:00Z" in com["markdown"]["content"]
assert forward.title(notice(alert(0, "resolved"))) == "RESOLVED 1: MemberDown (critical)"
print("forms")

# Limits are of bytes: these characters have three each.
for form, limit, part in ((forward.dingtalk, 20000, "text"), (forward.wecom, 4096, "content")):
    many = form(notice(*[alert(n, runbook="数据库" * 20) for n in range(600)]))["markdown"][part]
    assert limit * 0.8 < len(many.encode()) <= limit, len(many.encode())
    shown = many.count("**A member is down**")
    assert many.endswith(f"and {600 - shown} more") and 5 < shown < 600
    one = form(notice(alert(summary="数" * 30000)))["markdown"][part]
    assert len(one.encode()) <= limit and one.endswith("…")
print("limits")

robot = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Robot)
serve(robot)
folder = tempfile.mkdtemp()


def keep(name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


url = f"http://127.0.0.1:{robot.server_port}/robot/send?access_token={TOKEN}"
keep("robots.json", json.dumps({"robots": [
    {"name": "team", "kind": "dingtalk", "signed": True},
    {"name": "group", "kind": "wecom", "signed": False},
]}))
keep("noticeUrl-team", url + "\n")
keep("noticeKey-team", key)
keep("noticeUrl-group", f"http://127.0.0.1:{robot.server_port}/cgi-bin/webhook/send?key={TOKEN}")
said = []
forward.say = said.append
forwarder = forward.Server(("127.0.0.1", 0), forward.handler(forward.Robots(os.path.join(folder, "robots.json"), folder)))
port = serve(forwarder)


def send(name, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/{name}", data), timeout=15) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# Delivery.
assert send("team", notice(alert())) == (200, "ok\n")
path, body = Robot.got.pop()
query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
assert query["access_token"] == [TOKEN] and query["sign"] == [forward.signature(key, query["timestamp"][0])]
assert body == forward.dingtalk(notice(alert()))
assert send("group", notice(alert())) == (200, "ok\n")
path, body = Robot.got.pop()
assert path == f"/cgi-bin/webhook/send?key={TOKEN}" and body == forward.wecom(notice(alert()))
print("delivery")

# Refusals: what Alertmanager must try again, and what it need not.
for answer, words in (
    ((200, b'{"errcode":310000,"errmsg":"sign not match"}'), "310000 sign not match"),
    ((200, b'{"errcode":45009,"errmsg":"api freq out of limit"}'), "45009 api freq"),
    ((200, f'{{"errcode":93000,"errmsg":"invalid {TOKEN}"}}'.encode()), "93000 invalid ***"),
    ((200, b"{}"), "refuses: None"),
    ((200, b"[]"), "no errcode"),
    ((200, b"<html>"), "not understood: JSONDecodeError"),
    ((500, b""), "status 500"),
    ((302, b""), "status 302"),
):
    Robot.answer = answer
    status, text = send("team", notice(alert()))
    assert status == 502 and words in text, (status, text)
Robot.answer = (200, b'{"errcode":0}')
assert send("nobody", notice(alert()))[0] == 404
for wrong in (b"{", b"[]", b"{}", {"version": "4", "alerts": []}, {"version": "3", "alerts": [alert()]}, {"version": "4", "alerts": [{}]}):
    assert send("team", wrong)[0] == 400, wrong
robot.shutdown()
robot.server_close()
assert send("team", notice(alert())) == (502, "the robot is not reached: ConnectionRefusedError\n")
keep("noticeUrl-team", f"oapi.dingtalk.com/robot/send?access_token={TOKEN}")
assert send("team", notice(alert())) == (502, "the robot is not reached, or not understood: ValueError\n")
os.remove(os.path.join(folder, "noticeUrl-group"))
assert send("group", notice(alert())) == (502, "secret noticeUrl-group is not there: No such file or directory\n")
print("refusals")

assert said and not any(TOKEN in line or key in line for line in said), said
print("nothing secret is said")
