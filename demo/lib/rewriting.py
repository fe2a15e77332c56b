"""A proxy that changes events of a binlog on their way, as a server of a later release would send them."""

import struct
import zlib

from proxy import Proxy

TYPE, SIZE, BODY, CHECKSUM = 4, 9, 19, 4
TABLE_MAP = 19
ROWS = (23, 24, 25, 30, 31, 32)


class Rewriting(Proxy):
    """Passes everything on to `port`. `change` gets each event, header first and without its checksum, and says whether it changed it."""

    def __init__(self, port, change):
        self.change = change
        super().__init__(port)

    def _pass(self, source, sink, from_server):
        if not from_server:
            return super()._pass(source, sink, from_server)
        stream = source.makefile("rb")
        try:
            while head := stream.read(4):
                content = bytearray(stream.read(int.from_bytes(head[:3], "little")))
                self._event(content)
                sink.sendall(head + content)
        except OSError:
            pass
        source.close()
        sink.close()

    def _event(self, content):
        """An event stands behind a zero and is as long as it says."""
        if len(content) < 1 + BODY + CHECKSUM or content[0] != 0:
            return
        if struct.unpack_from("<I", content, 1 + SIZE)[0] != len(content) - 1:
            return
        event = content[1:-CHECKSUM]
        if self.change(event):
            content[1:] = event + struct.pack("<I", zlib.crc32(event))


def table_of(event):
    """Database, table and the place of the first column's type, of a table map."""
    at = BODY + 8
    names = []
    for _ in range(2):
        length = event[at]
        names.append(event[at + 1:at + 1 + length].decode())
        at += length + 2
    return *names, at + 1
