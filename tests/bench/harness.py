"""What every section of the benchmark stands on: one broker, one loaded topic, programs that are watched while they run."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from broker import Broker
from servers import ROOT, Kefud, Problem, Process, clean_environment, die_with_parent

BENCH = ROOT / "tests" / "bench"
# The heap is what is left of the memory Kefu takes by default, beside RocksDB's own.
JAVA = ["java", "-XX:+UseParallelGC", "-Xms1g", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"]


def say(*words):
    print("== " + " ".join(words), flush=True)


def folder_bytes(*folders):
    return sum(file.stat().st_size for folder in folders for file in pathlib.Path(folder).rglob("*") if file.is_file())


def usage(process):
    """CPU seconds so far and the most memory of a running process."""
    pid = process.child.pid
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    return cpu, peak // 1024


def kill(process):
    """kill -9, as a crash would."""
    process.child.send_signal(signal.SIGKILL)
    process.child.wait()


class Run:
    """One run: its arguments, its folder, the lines measured so far, and what it has started."""

    def __init__(self, args, folder, stack):
        self.args = args
        self.folder = folder
        self.lines = []
        self._stack = stack
        self._broker = None
        self._loaded = False
        # On the topic, once it is loaded.
        self.records = 0
        self._checked = 0
        self._class_path = None

    def program(self, name):
        path = self.args.build / "bench-bin" / name
        if not path.exists():
            raise Problem(f"{path} is not built; deploy/build {name} builds it")
        return path

    def note(self, line):
        self.lines.append(line)
        print("  " + json.dumps(line), flush=True)

    def check(self):
        """What is measured is nothing once the broker is gone."""
        if self._broker is not None and self._broker.child.poll() is not None:
            raise Problem(f"the Kafka broker ended in the middle of the run:\n{self._broker.tail()}")
        if self.args.bootstrap and time.monotonic() - self._checked > 2:
            self._checked = time.monotonic()
            host, port = self.args.bootstrap.split(",")[0].rsplit(":", 1)
            try:
                socket.create_connection((host, int(port)), timeout=10).close()
            except OSError as error:
                raise Problem(f"the Kafka broker at {self.args.bootstrap} does not answer: {error}") from error

    def measure(self, program, *arguments, seconds=3600, note=True, extra=None):
        """Runs a program of ours to its end; each line it prints that is JSON is a result."""
        command = [str(self.program(program)), *map(str, arguments)]
        output, errors = self.folder / "output", self.folder / "errors"
        with open(output, "wb") as out, open(errors, "wb") as err:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                     env=clean_environment(), preexec_fn=die_with_parent)
        try:
            deadline = time.monotonic() + seconds
            while child.poll() is None:
                self.check()
                if time.monotonic() > deadline:
                    raise Problem(f"{program} takes longer than {seconds} s")
                time.sleep(0.02)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        if child.returncode != 0:
            self.check()
            raise Problem(f"{program} failed:\n{errors.read_text().strip() or output.read_text().strip()}")
        results = [json.loads(line) | (extra or {}) for line in output.read_text().splitlines() if line.startswith("{")]
        for line in results if note else []:
            self.note(line)
        return results

    def background(self, program, *arguments):
        """The same, beside others; end it with finish()."""
        return subprocess.Popen([str(self.program(program)), *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(),
                                preexec_fn=die_with_parent)

    def finish(self, child, **extra):
        output, errors = child.communicate(timeout=600)
        if child.returncode != 0:
            self.check()
            raise Problem(f"{pathlib.Path(child.args[0]).name} failed:\n{errors.strip()}")
        line = json.loads(output.splitlines()[-1]) | extra
        self.note(line)
        return line

    @property
    def bootstrap(self):
        if self.args.bootstrap:
            return self.args.bootstrap
        if self._broker is None:
            say("Starting a Kafka broker")
            # More memory and the full compiler: the broker must not be what is measured.
            self._broker = self._stack.enter_context(
                Broker(self.folder / "broker", "--jvm=-Xmx1g", "--jvm=-XX:TieredStopAtLevel=4"))
        return self._broker.bootstrap

    def load(self):
        """The stream, in the topic and in an embedded log; at the first call only."""
        bootstrap = self.bootstrap
        if self._loaded:
            return bootstrap
        args = self.args
        say("Loading", f"{args.events:,} events of {args.clients:,} clients into Kafka and into an embedded log")
        loaded = self.measure("kefu_bench_load", "--bootstrap", bootstrap, "--topic", args.topic, "--embedded",
                              self.folder / "log", "--events", args.events, "--clients", args.clients, "--seed", args.seed,
                              "--partitions", args.partitions, "--skew-tenths", round(10 * args.skew))
        # The events of clients, and the reference data that lies in every partition.
        self.records = loaded[0]["records"]
        self._loaded = True
        for log, folders in (("kafka", sorted((self.folder / "broker" / "data").glob(f"{args.topic}-[0-9]*"))),
                             ("embedded", [self.folder / "log"])):
            if folders:
                # Of Kafka the segments alone: indexes are allocated ahead.
                size = sum(folder_bytes(f) for f in folders) if log == "embedded" else sum(
                    file.stat().st_size for f in folders for file in f.glob("*.log"))
                self.note({"what": "log_bytes", "log": log, "bytes": size, "events": args.events})
        return bootstrap

    def stream_flags(self):
        """Which topic, for the programs that read it."""
        return ["--bootstrap", self.load(), "--topic", self.args.topic]

    @contextlib.contextmanager
    def scratch(self, name):
        folder = self.folder / name
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def kefud(self, folder, *settings):
        return Kefud(self.args.build, folder, *settings)

    def kefud_on_topic(self, folder, *settings):
        # Without the role clock, whose duties would write to the topic that all runs are measured on.
        return self.kefud(folder, *self.kafka_settings(self.args.topic), "--log.partitions", self.args.partitions,
                          "--roles", "ingest,view", *settings)

    def kafka_settings(self, topic):
        return ["--log.kind", "kafka", "--log.kafka.bootstrap-servers", self.bootstrap, "--log.kafka.events-topic", topic,
                "--log.kafka.rejected-topic", f"{topic}.rejected", "--log.kafka.replication", 1]

    def class_path(self):
        if self._class_path is None:
            say("Building the Kafka Streams peer")
            done = subprocess.run([BENCH / "peer" / "build", self.args.build / "streams-peer"], capture_output=True,
                                  text=True, stdin=subprocess.DEVNULL, check=False)
            if done.returncode != 0:
                raise Problem(f"the Kafka Streams peer cannot be built (--no-peer goes without):\n{done.stderr.strip()}")
            self._class_path = done.stdout.strip()
        return self._class_path


class Peer(Process):
    """Kafka Streams on the loaded topic; with serve=True it goes on and answers GetClient at `address`."""

    def __init__(self, run, mode, application, state, serve=False, limit=1800):
        self._run = run
        log = run.folder / f"peer-{application}-{time.monotonic_ns()}.log"
        ready = run.folder / f"peer-{application}.ready"
        ready.unlink(missing_ok=True)
        self.ready = ready
        arguments = [run.load(), run.args.topic, mode, application, state, limit, *([ready] if serve else [])]
        self.began = time.time()
        super().__init__([*JAVA, "-cp", run.class_path(), "kefu.peer.StreamsPeer", *arguments], log)

    def wait_current(self, seconds=1800):
        """What it says once it has applied everything, and after how many seconds from its start that was."""
        deadline = time.monotonic() + seconds
        while True:
            lines = self.log.read_text(errors="replace").splitlines(keepends=True)
            found = {line[0]: line for line in lines if line.endswith("\n") and line[0] in "c{" and line[:2] in ('cu', '{"')}
            if "c" in found and "{" in found:
                return json.loads(found["{"]), int(found["c"].split()[1]) / 1000 - self.began
            self._run.check()
            if self.child.poll() is not None:
                raise Problem(f"the Kafka Streams peer ended with {self.child.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise Problem(f"the Kafka Streams peer is not current after {seconds} s:\n{self.tail()}")
            time.sleep(0.02)

    @property
    def address(self):
        return self.wait_for_file(self.ready, 60)
