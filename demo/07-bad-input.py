"""Bad input of every kind gets one clear sentence with the place and the way out, and nothing is lost.

Files that are wrong, keys and passwords that are lost, servers that are not as they must be, connections that break, a
disk that is full, a second process.
"""

from bad_files import files_and_keys
from bad_servers import servers_and_connections
from full_disk import disk_full
from scene import play


def story(scene):
    files_and_keys(scene)
    servers_and_connections(scene)
    disk_full(scene)


if __name__ == "__main__":
    play("07-bad-input", story)
