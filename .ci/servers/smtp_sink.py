"""An SMTP server that keeps every mail as one JSON line, with TLS, AUTH and the faults that real servers show.

A line is on disk (fsync) before the sender hears 250. Fields: `seq`, `time` (seconds since 1970), `answered` (false when the sender
was left without an answer), `from`, `to`, `tls`, `auth` (user or null), `helo`, `headers` ([name, value] pairs, decoded),
`text`, `html` (decoded parts or null), `raw` (base64 of the bytes as received).
"""

import argparse
import asyncio
import base64
import email
import email.policy
import json
import logging
import os
import ssl
import sys
import threading
import time
import warnings
from collections import Counter

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def recipient_and_count(text):
    """`ADDR` (always) or `ADDR:N` (the first N times)."""
    address, separator, count = text.rpartition(":")
    return (address.lower(), int(count)) if separator else (text.lower(), None)


class Mailbox:
    """Appends mails to a file, durably."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.seq = sum(1 for _ in open(path, "rb"))

    def keep(self, session, envelope, tls, answered):
        self.seq += 1
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        line = {
            "seq": self.seq,
            "time": time.time(),
            "answered": answered,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": tls,
            "auth": session.auth_data.login.decode() if session.authenticated else None,
            "helo": session.host_name,
            "headers": [[name, str(value)] for name, value in message.items()],
            "text": body(message, "plain"),
            "html": body(message, "html"),
            "raw": base64.b64encode(envelope.original_content).decode(),
        }
        # One write: a reader of the file never sees half a line of ours followed by another one.
        os.write(self.descriptor, (json.dumps(line, ensure_ascii=False) + "\n").encode())
        os.fsync(self.descriptor)


def body(message, kind):
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part is not None else None


class Sink:
    """What the server says to each command; aiosmtpd calls the hooks."""

    def __init__(self, options):
        self.options = options
        self.mailbox = Mailbox(options.out)
        self.rejected = {address.lower() for address in options.reject}
        self.tempfailed = dict(options.tempfail)
        self.attempts = Counter()
        self.to_hang = options.hang_after_data

    async def handle_RCPT(self, _server, _session, envelope, address, rcpt_options):
        known = address.lower()
        self.attempts[known] += 1
        if known in self.rejected:
            return "550 5.1.1 mailbox unavailable"
        if known in self.tempfailed:
            times = self.tempfailed[known]
            if times is None or self.attempts[known] <= times:
                return "451 4.3.0 temporary failure"
        if self.attempts[known] <= self.options.defer:
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        hang = self.to_hang > 0
        self.to_hang -= hang
        # aiosmtpd notes TLS in the session after STARTTLS only.
        tls = self.options.tls == "implicit" or session.ssl is not None
        self.mailbox.keep(session, envelope, tls, answered=not hang)
        if hang:
            # Never answers. aiosmtpd cancels this when the sender hangs up.
            await asyncio.Event().wait()
        return f"250 2.0.0 kept as {self.mailbox.seq}"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        user, password = self.options.user.encode(), self.options.password.encode()
        right = isinstance(data, LoginPassword) and data.login == user and data.password == password
        # `handled=False` makes aiosmtpd answer 535.
        return AuthResult(success=right, handled=False, auth_data=data)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int, metavar="PORT", help="0 takes a free one")
    parser.add_argument("out", metavar="OUT.jsonl")
    parser.add_argument("--tls", choices=["implicit", "starttls"], help="starttls: refuses mail before STARTTLS (530)")
    parser.add_argument("--cert", help="certificate chain, PEM")
    parser.add_argument("--key", help="private key, PEM")
    parser.add_argument("--user", help="AUTH is required (530) as this user (else 535)")
    parser.add_argument("--password", default="")
    parser.add_argument("--reject", action="append", default=[], metavar="ADDR", help="550 for this recipient")
    parser.add_argument("--tempfail", action="append", default=[], type=recipient_and_count, metavar="ADDR[:N]",
                        help="451 for this recipient, always or the first N times")
    parser.add_argument("--defer", type=int, default=0, metavar="N", help="greylisting: 451 for the first N attempts per recipient")
    parser.add_argument("--hang-after-data", type=int, default=0, metavar="N", help="keep the first N mails but never answer")
    parser.add_argument("--while-stdin", action="store_true", help="end when stdin reaches its end")
    options = parser.parse_args()
    if options.tls and not (options.cert and options.key):
        parser.error("--tls needs --cert and --key")
    return options


def end_with_stdin():
    while os.read(0, 4096):
        pass
    os._exit(0)


async def main(options):
    sink = Sink(options)
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.cert, options.key)

    def session():
        return SMTP(
            sink,
            hostname="sink.test",
            tls_context=context if options.tls == "starttls" else None,
            require_starttls=options.tls == "starttls",
            auth_required=options.user is not None,
            # Over implicit TLS aiosmtpd does not know that the connection is safe already.
            auth_require_tls=options.tls == "starttls",
            authenticator=sink.authenticate if options.user is not None else None,
            timeout=600,
        )

    server = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", options.port, ssl=context if options.tls == "implicit" else None
    )
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "pid": os.getpid(), "out": os.path.abspath(options.out)}), flush=True)
    if options.while_stdin:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    await server.serve_forever()


if __name__ == "__main__":
    # aiosmtpd warns about AUTH without TLS and logs senders that break off; tests do both on purpose.
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    try:
        asyncio.run(main(arguments()))
    except KeyboardInterrupt:
        sys.exit(130)
