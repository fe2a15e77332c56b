"""A server that stands for webhooks and for WeCom: it keeps what it is asked, and fails as it is told to."""

import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG = object()


class Channels:
    """Listens on a port of its own; `faults` has, by path, a function of (how often before, seconds since the start) that
    returns (status, headers, answer), HANG, or None where all is well."""

    def __init__(self, faults):
        self.faults = faults
        self.kept, self.tokens, self.revoked = [], 0, set()
        self.lock = threading.Lock()
        self.began = time.time()
        channels = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                channels.answer(self)

            def do_GET(self):
                channels.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # A client that is killed resets its connections.
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler):
        path, _, query = handler.path.partition("?")
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        one = {"time": time.time(), "path": path, "query": dict(urllib.parse.parse_qsl(query)), "body": body,
               "head": {name.lower(): value for name, value in handler.headers.items()}, "taken": False, "answered": True}
        with self.lock:
            before = sum(1 for other in self.kept if other["path"] == path)
            self.kept.append(one)
            fault = self.faults.get(path, lambda *_: None)(before, one["time"] - self.began)
            if fault is HANG:
                # It has the whole message, and nobody will ever know from its answer.
                one["taken"], one["answered"] = True, False
            status, headers, answer = (200, {}, {}) if fault in (None, HANG) else fault
            if fault is None:
                answer = self.wecom(one) if path.startswith("/cgi-bin/") else {"ok": True}
                one["taken"] = answer.get("errcode", 0) == 0 and path != "/cgi-bin/gettoken"
        if fault is HANG:
            time.sleep(4)
            handler.close_connection = True
            return
        payload = json.dumps(answer).encode()
        handler.send_response(status)
        for name, value in {**headers, "content-type": "application/json", "content-length": len(payload)}.items():
            handler.send_header(name, str(value))
        handler.end_headers()
        handler.wfile.write(payload)

    def wecom(self, one):
        """WeCom's answers: an error code within HTTP 200."""
        if one["path"] == "/cgi-bin/gettoken":
            self.tokens += 1
            return {"errcode": 0, "errmsg": "ok", "access_token": f"token-{self.tokens}", "expires_in": 7200}
        if one["path"] == "/cgi-bin/message/send" and one["query"]["access_token"] in self.revoked:
            return {"errcode": 42001, "errmsg": "access_token expired"}
        return {"errcode": 0, "errmsg": "ok"}

    def revoke(self):
        """Every token given so far is good no more."""
        with self.lock:
            self.revoked = {f"token-{number}" for number in range(self.tokens + 1)}

    def at(self, path):
        """What was asked at a path, in order."""
        with self.lock:
            return [one for one in self.kept if one["path"] == path]


def id_of(one):
    """The notification's id: a webhook's header, or the end of WeCom's text."""
    if "webhook-id" in one["head"]:
        return one["head"]["webhook-id"][:12]
    return text_of(one).rsplit("· ", 1)[-1]


def text_of(one):
    body = json.loads(one["body"])
    return body[body["msgtype"]]["content"] if "msgtype" in body else body.get("text", "")
