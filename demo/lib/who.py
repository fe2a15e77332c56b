"""What an event says about who made it, and sessions that are gone before anybody can ask for them."""

import os
import re
import signal

from scene import until

COMMENT = "/*user='alice',ticket='CHG-1'*/"


def who(event):
    """Name, binding, authority, login, what is only claimed, ticket, flags."""
    actor = event["actor"]
    claimed = actor.get("claimed")
    # MariaDB tells the port of the client too, which is another one each time.
    login = actor.get("login") and re.sub(r":\d+$", "", actor["login"])
    return [actor.get("name"), actor["binding"], actor["authority"], login, claimed and [claimed.get("name"), claimed.get("reason")],
            (event.get("reason") or {}).get("ticket"), sorted(event.get("flags", []))]


def vanish(server, conftrail, login, password, statements):
    """A session that is gone before conftrail can ask for it: conftrail is held still meanwhile."""
    os.kill(conftrail.child.pid, signal.SIGSTOP)
    try:
        thread = server.run(f"SELECT CONNECTION_ID(); {statements};", login, password)[0]
        present = f"SELECT COUNT(*) FROM {server.SESSIONS} WHERE {server.SESSION_ID} = {thread}"
        until("the session to be gone", lambda: server.value(present) == "0")
    finally:
        os.kill(conftrail.child.pid, signal.SIGCONT)
