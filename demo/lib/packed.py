"""What stands compressed in conftrail's files: zstd, with the dictionary of crates/conftrail-sqlite/src/body.rs."""

import ctypes

from scene import ROOT

DICTIONARY = ROOT / "crates" / "conftrail-sqlite" / "src" / "dictionary-1.txt"
PACKED = 1
MAGIC = b"\x28\xb5\x2f\xfd"
# A frame in a page of a database goes no further than what SQLite keeps in one piece.
REACH = 1 << 16


class Buffer(ctypes.Structure):
    """`ZSTD_inBuffer` and `ZSTD_outBuffer` (zstd.h): where, how long, how far."""

    _fields_ = [("at", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]


class Unpacker:
    """Reads compressed bodies, whole or as far as they go."""

    def __init__(self):
        self.zstd = ctypes.CDLL("libzstd.so.1")
        self.zstd.ZSTD_createDCtx.restype = ctypes.c_void_p
        self.zstd.ZSTD_decompressStream.restype = ctypes.c_size_t
        self.context = ctypes.c_void_p(self.zstd.ZSTD_createDCtx())
        dictionary = DICTIONARY.read_bytes()
        self.zstd.ZSTD_DCtx_loadDictionary.restype = ctypes.c_size_t
        self.zstd.ZSTD_DCtx_loadDictionary(self.context, dictionary, ctypes.c_size_t(len(dictionary)))

    def body(self, stored):
        """The JSON of a stored body that is compressed; nothing of any other value."""
        is_packed = len(stored) > 9 and stored[0] == PACKED and stored[5:9] == MAGIC
        return self.frame(stored[5:], int.from_bytes(stored[1:5], "little")) if is_packed else b""

    def frames(self, content):
        """What begins as a frame anywhere in a file: also rows that were deleted, and the write-ahead log."""
        at = content.find(MAGIC)
        while at >= 0:
            yield self.frame(content[at:at + REACH], 1 << 20)
            at = content.find(MAGIC, at + 1)

    def frame(self, frame, most):
        """A frame's content, up to where it is damaged."""
        self.zstd.ZSTD_DCtx_reset(self.context, ctypes.c_int(1))
        room = ctypes.create_string_buffer(most)
        source = ctypes.create_string_buffer(frame, len(frame))
        out = Buffer(ctypes.addressof(room), most, 0)
        into = Buffer(ctypes.addressof(source), len(frame), 0)
        self.zstd.ZSTD_decompressStream(self.context, ctypes.byref(out), ctypes.byref(into))
        return ctypes.string_at(room, out.pos)
