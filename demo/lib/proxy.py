"""A TCP proxy that can cut connections, in the middle of what the server sends or at once, and change what the client says."""

import socket
import threading


class Proxy:
    """Listens on a free port of this machine and passes everything on to `port`."""

    def __init__(self, port):
        self.target = port
        self.cuts = 0
        self.to_cut = []
        self.open = set()
        self.said = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, sizes):
        """Cuts open and later connections: each time after one of these numbers of bytes from the server."""
        with self.lock:
            self.to_cut = list(sizes)

    def cut_all(self):
        """Cuts every open connection now, and returns how many there were."""
        with self.lock:
            ends = list(self.open)
        for end in ends:
            hang_up(end)
        return len(ends) // 2

    def cut_one(self, random):
        """Cuts one of the open connections now."""
        with self.lock:
            ends = sorted(self.open, key=id)
        if ends:
            hang_up(random.choice(ends))

    def replace(self, said, by):
        """Passes on `by` where the client says `said`, of the same length, in clear and in one piece."""
        assert len(said) == len(by)
        with self.lock:
            self.said.append((said, by))

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
            with self.lock:
                self.open |= {client, server}
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
                if not from_server:
                    for said, by in self.said:
                        data = data.replace(said, by)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            hang_up(end)
        with self.lock:
            self.open.discard(source)
        source.close()


def hang_up(end):
    """Ends a connection, whoever else is reading from it; one that has ended stays so."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
