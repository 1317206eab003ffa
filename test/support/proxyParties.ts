/** Programs of Python that stand for those around the proxy. Each prints "serves" when it does. */

/** A member as HAProxy sees it: Patroni's answers over TLS on 8008, and on 5432 somebody who says his address. Arguments: address, role, state; "promoting" has the lock, and is none yet. */
export const member = `import http.server, json, socketserver, ssl, sys, threading
address, role, state = sys.argv[1:]
class Patroni(http.server.BaseHTTPRequestHandler):
    def do_OPTIONS(self):
        self.send_response(200 if self.path == role else 503)
        self.end_headers()
    def do_GET(self):
        self.do_OPTIONS()
        promoting = state == "promoting"
        says = {"state": "running" if promoting else state, "role": "replica" if promoting else role[1:]}
        self.wfile.write(json.dumps(says).encode())
    def log_message(self, *_): pass
class Postgres(socketserver.BaseRequestHandler):
    def handle(self): self.request.sendall(address.encode())
socketserver.TCPServer.allow_reuse_address = True
patroni = http.server.ThreadingHTTPServer((address, 8008), Patroni)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tls/tls.crt", "/tls/tls.key")
patroni.socket = context.wrap_socket(patroni.socket, server_side=True)
threading.Thread(target=patroni.serve_forever, daemon=True).start()
postgres = socketserver.ThreadingTCPServer((address, 5432), Postgres)
print("serves", flush=True)
postgres.serve_forever()
`;

/** A pooler as HAProxy sees it: says "N" to who asks for GSSAPI, as PgBouncer does, and then its address to whatever comes. Takes no new clients after USR1. */
export const pooler = `import signal, socket, sys, threading
address = sys.argv[1]
listening = socket.create_server((address, 6432))
signal.signal(signal.SIGUSR1, lambda *_: listening.shutdown(socket.SHUT_RDWR) or listening.close())
def serve(client):
    if client.recv(8) == bytes.fromhex("0000000804d21630"): client.sendall(b"N")
    while client.recv(1): client.sendall(address.encode() + b"\\n")
    client.close()
def accept():
    while True:
        try: client = listening.accept()[0]
        except OSError: return
        threading.Thread(target=serve, args=[client], daemon=True).start()
threading.Thread(target=accept).start()
print("serves", flush=True)
signal.pause()
threading.Event().wait()
`;

/** A name server: arguments are NAME=ADDRESS,ADDRESS; other names do not exist. */
export const nameServer = `import socket, struct, sys
known = dict(argument.split("=") for argument in sys.argv[1:])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.53", 53))
print("serves", flush=True)
while True:
    query, client = server.recvfrom(4096)
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    addresses = known.get(".".join(labels), "").split(",") if ".".join(labels) in known else None
    answers = [bytes.fromhex("c00c00010001000000010004") + socket.inet_aton(a) for a in addresses or [] if kind == 1]
    header = query[:2] + struct.pack(">HHHHH", 0x8180 if addresses else 0x8183, 1, len(answers), 0, 0)
    server.sendto(header + query[12:at + 5] + b"".join(answers), client)
`;

/** Connects to a port and prints who answers: nothing when it is nobody. Arguments: port, seconds. */
export const ask = `import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as connection:
    connection.settimeout(float(sys.argv[2]))
    print(connection.recv(100).decode(), end="")
`;

/** A client that keeps its connection to the poolers: asks ten times a second, and prints who answers, then "ended" after what time without an answer. */
export const talk = `import socket, time
connection = socket.create_connection(("127.0.0.1", 6432), 5)
connection.settimeout(20)
connection.sendall(bytes.fromhex("0000000804d21630"))
assert connection.recv(1) == b"N"
answered = time.monotonic()
try:
    while True:
        connection.sendall(b"?")
        answer = connection.recv(100).decode()
        if not answer: break
        print(answer, end="", flush=True)
        answered = time.monotonic()
        time.sleep(0.1)
except OSError: pass
print(f"ended after {time.monotonic() - answered:.2f} s", flush=True)
`;
