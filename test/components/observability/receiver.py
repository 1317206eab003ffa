"""Prints what is posted to it, each call as a line of JSON: {"path": ..., "body": ...}. Who is told, in a network of its own."""

import http.server
import json
import os


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print("CALL " + json.dumps({"path": self.path, "body": body}), flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.9", int(os.environ["PORT"])), Receiver)
print("receiving", flush=True)
server.serve_forever()
