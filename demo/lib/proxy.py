"""A TCP proxy that can cut connections in the middle of what the server sends."""

import socket
import threading


class Proxy:
    """Listens on a free port of this machine and passes everything on to `port`."""

    def __init__(self, port):
        self.target = port
        self.cuts = 0
        self.to_cut = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, sizes):
        """Cuts open and later connections: each time after one of these numbers of bytes from the server."""
        with self.lock:
            self.to_cut = list(sizes)

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._pass, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _pass(self, source, sink, from_server):
        passed, limit = 0, None
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                if from_server and limit is None:
                    with self.lock:
                        limit = self.to_cut.pop(0) if self.to_cut else None
                    passed = 0
                if limit is not None and passed + len(data) > limit:
                    sink.sendall(data[:limit - passed])
                    self.cuts += 1
                    break
                passed += len(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        source.close()
