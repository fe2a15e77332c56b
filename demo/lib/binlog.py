"""What mysqlbinlog reads in a server's binlogs, and the ids that conftrail must give to it.

This is a second, independent reading: nothing of conftrail takes part in it.
"""

import hashlib
import re
from dataclasses import dataclass

GTID_TIME = re.compile(r"^#.*\bGTID\b.*\boriginal_committed_timestamp=(\d+)")
GTID_NEXT = re.compile(r"^SET @@SESSION\.GTID_NEXT= '([0-9a-f-]{36}:\d+)'")
MARIADB_GTID = re.compile(r"^#.*\tGTID (\d+-\d+-\d+)")
ROW = re.compile(r"^### (INSERT INTO|UPDATE|DELETE FROM) `([^`]+)`\.`([^`]+)`")
ACTIONS = {"INSERT INTO": "create", "UPDATE": "update", "DELETE FROM": "delete"}
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class Row:
    """One row change of a transaction; `ordinal` counts all row changes of the transaction."""

    gtid: str
    micros: int
    ordinal: int
    action: str
    schema: str
    table: str


def read_rows(text):
    """Yields the row changes of mysqlbinlog's output (`-vv --base64-output=DECODE-ROWS`), in its order. Of MariaDB without `micros`."""
    micros, gtid, ordinal = 0, "", 0
    for line in text.splitlines():
        if line.startswith("#"):
            if line.startswith("### "):
                row = ROW.match(line)
                if row:
                    yield Row(gtid, micros, ordinal, ACTIONS[row[1]], row[2], row[3])
                    ordinal += 1
                continue
            stamp = GTID_TIME.match(line)
            if stamp:
                micros = int(stamp[1])
            begun = MARIADB_GTID.match(line)
            if begun:
                gtid, ordinal = begun[1], 0
            continue
        begun = GTID_NEXT.match(line)
        if begun:
            gtid, ordinal = begun[1], 0


def transactions(rows):
    """The number of transactions that changed rows."""
    return len({row.gtid for row in rows})


def event_id(source, row):
    """The id of a row's event: 48 bits of the original commit time in ms, then 80 bits of SHA-256 over the logical
    source's name, the GTID and the ordinal, each with its length in 8 bytes before it; in Crockford's base32."""
    digest = hashlib.sha256()
    for part in (source.encode(), row.gtid.encode(), row.ordinal.to_bytes(8, "big")):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    bits = (row.micros // 1000) << 80 | int.from_bytes(digest.digest()[:10], "big")
    return "".join(ALPHABET[(bits >> shift) & 31] for shift in range(125, -1, -5))
