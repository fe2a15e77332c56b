"""Random secrets, and what is known of the places where they are planted."""

import base64
import hashlib
import hmac
import json
import secrets
import string
from dataclasses import dataclass

from scene import random_secret

LETTERS = string.ascii_letters + string.digits
# crates/conftrail-core/src/mask/key.rs.
VALUE_DOMAIN = b"conftrail mask value v1\0"


@dataclass(frozen=True)
class Place:
    """One planted secret, and how it is recognised."""

    name: str
    secret: str
    # What is masked there: the secret, or the whole of what is secret around it; for an account, its name.
    masked: str
    # How it is spelled where it was planted.
    written: str
    # How the trail shows it: the mask; `key`, 12 digits of it in a resource's name; `account`, the mask of a hash that the
    # server itself wrote in its place; `nowhere`.
    shown: str


class Plants:
    """Hands out secrets and remembers where they went."""

    def __init__(self):
        self.places = []

    def put(self, name, secret=None, masked=None, written=None, shown="mask"):
        """Plants a secret and returns what is to be written there."""
        secret = secret or random_secret()
        if any(place.name == name for place in self.places):
            raise ValueError(f"two places have one name: {name}")
        written = written or secret
        self.places.append(Place(name, secret, masked or secret, written, shown))
        return written

    def around(self, name, before, after=""):
        """Plants a secret in a value that is masked as a whole."""
        secret = random_secret()
        return before + self.put(name, secret, f"{before}{secret}{after}") + after

    @property
    def shown(self):
        return [place for place in self.places if place.shown != "nowhere"]


def mask_of(key, clear):
    """The mask of a value by the installation's key, made here and not by conftrail."""
    bytes_of_key = bytes.fromhex(key.strip())
    key_id = hashlib.sha256(b"conftrail mask key id v1\0" + bytes_of_key).hexdigest()[:8]
    digest = hmac.new(bytes_of_key, VALUE_DOMAIN + clear.rstrip("\r\n").encode(), hashlib.sha256).hexdigest()
    return f"hmac-sha256:{key_id}:{digest[:12]}"


def random_text(length, alphabet=LETTERS):
    return "".join(secrets.choice(alphabet) for _ in range(length))


def random_number():
    return int(random_text(1, "123456789") + random_text(14, string.digits))


def random_token():
    return "glpat-" + random_text(20)


def private_key():
    """A PEM block; only its shape matters."""
    body = "\n".join(random_text(64, LETTERS + "+/") for _ in range(4))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"


def web_token():
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return f"{part({'alg': 'HS256'})}.{part({'sub': random_text(9)})}.{random_text(40)}"
