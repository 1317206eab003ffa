"""How the run is asked from outside of the pod: HTTP on a Unix socket, so that it takes curl and no port."""

import json
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from urllib.parse import parse_qs, urlsplit


def serve(path, run):
    """Answers until the process ends: /ready, /live?since=TIME, /mark?label=TEXT, /report, /clean. JSON, or 500 with an error's text."""

    answers = {
        "/ready": lambda given: ready(run),
        "/live": lambda given: run.live(float(given["since"]) if "since" in given else None),
        "/mark": lambda given: run.mark(given["label"]),
        "/report": lambda given: run.report(),
        "/clean": lambda given: run.clean(),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            given = {name: values[0] for name, values in parse_qs(url.query).items()}
            try:
                self.answer(200, json.dumps(answers[url.path](given)))
            except Exception as failure:
                self.answer(500, f"{type(failure).__name__}: {failure}")

        def answer(self, status, text):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with ThreadingUnixStreamServer(path, Handler) as server:
        server.serve_forever()


def ready(run):
    if not run.is_under_way():
        raise RuntimeError("not every stream has had a success")
