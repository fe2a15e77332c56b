"""The tutorials of docs/tutorials are true: every file in them is written, every command typed, and every line that they
promise is printed."""

from scene import play
from tutorial import Tutorial, pages


def story(scene):
    names = pages()
    scene.claim(f"there are tutorials: {', '.join(names)}", names)
    for name in names:
        Tutorial(scene, name).follow()


if __name__ == "__main__":
    play("18-tutorials", story)
