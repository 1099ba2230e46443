"""Real servers for tests and the benchmark: kefud, and a Kafka broker. Free ports, own folders, ended by their pid."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Problem(Exception):
    """Something a person can put right; the message says what."""


def clean_environment():
    """The environment without Kefu's own settings, which a server would take for its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KEFU_")}


def die_with_parent():
    """For preexec_fn: the kernel ends the child when its parent ends, however that happens."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A child with its output in a file. Ends when told, at the latest when the `with` does."""

    def __init__(self, command, log, environment=None):
        self.log = pathlib.Path(log)
        self.name = pathlib.Path(command[0]).name
        with open(self.log, "ab") as output:
            # A session of its own: what it starts can be ended with it.
            self.child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment or clean_environment(),
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def wait_for_file(self, path, seconds):
        """The first line of a file, once the child has written it."""
        return self._wait_for_line(path, "", seconds)

    def wait_for_line(self, words, seconds):
        """The first line with these words that the child prints."""
        return self._wait_for_line(self.log, words, seconds)

    def _wait_for_line(self, path, words, seconds):
        deadline = time.monotonic() + seconds
        while True:
            ended = self.child.poll()
            with contextlib.suppress(FileNotFoundError):
                for line in pathlib.Path(path).read_text(errors="replace").splitlines(keepends=True):
                    if words in line and line.endswith("\n"):
                        return line.rstrip("\n")
            if ended is not None:
                raise Problem(f"{self.name} ended with {ended}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise Problem(f"{self.name} is not ready after {seconds} s:\n{self.tail()}")
            time.sleep(0.02)

    def tail(self, lines=15):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, grace=40):
        """SIGTERM, and SIGKILL to its whole session if that does not end it. Returns the exit code."""
        if self.child.poll() is None:
            self.child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.child.wait(grace)
            os.killpg(self.child.pid, signal.SIGKILL)
        return self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Kefud(Process):
    """kefud on a free port. `address` is where it serves."""

    def __init__(self, build, folder, *settings, seconds=60):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        ready = folder / "ready"
        ready.unlink(missing_ok=True)
        program = pathlib.Path(build) / "bin" / "kefud"
        if not program.exists():
            raise Problem(f"{program} is not built; deploy/build kefud kefu builds it")
        super().__init__(
            [program, "--data-dir", folder / "data", "--listen", "127.0.0.1:0", "--ready-file", ready, *settings],
            folder / "kefud.log",
        )
        try:
            self.address = self.wait_for_file(ready, seconds)
        except Problem:
            self.stop()
            raise


@contextlib.contextmanager
def scratch_folder(prefix, parent=None):
    """A folder that is gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
