"""On what, with what, and how a run was made: without it a figure says nothing."""

import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys

from servers import ROOT

PACKAGES = {"librdkafka1": "librdkafka", "librocksdb7.8": "RocksDB", "libgrpc++1.51": "gRPC", "libprotobuf32": "protobuf"}


def _output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=ROOT, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip()


def _first(pattern, path):
    found = re.search(pattern, pathlib.Path(path).read_text())
    return found.group(1) if found else "unknown"


def _version_of(pom, artifact):
    return _first(rf"<artifactId>{artifact}</artifactId>\s*<version>([^<]+)", ROOT / pom)


def _command():
    """As it was given, without the places of this machine."""
    words, kept = sys.argv[1:], []
    while words:
        word = words.pop(0)
        if word.split("=")[0] not in ("--build", "--work", "--json"):
            kept.append(word)
        elif "=" not in word:
            words[:1] = []
    return shlex.join(["tests/bench/run", *kept])


def describe(args):
    installed = dict(line.split("\t") for line in _output(
        "dpkg-query", "-W", "-f", "${Package}\t${Version}\n", *PACKAGES).splitlines() if line.count("\t") == 1)
    versions = {name: installed[package].split("-")[0].split("+")[0] for package, name in PACKAGES.items() if package in installed}
    versions |= {
        "Kafka": _first(r"<kafka.version>([^<]+)", ROOT / "deploy/kafka/pom.xml"),
        "Kafka Streams": _version_of("tests/bench/peer/pom.xml", "kafka-streams"),
        "grpc-java": _version_of("tests/bench/peer/pom.xml", "grpc-netty-shaded"),
        "Java": (re.search(r'"([^"]+)"', _output("java", "-version")) or [None, "none"])[1],
        "g++": _output("g++", "-dumpfullversion"),
    }
    return {
        "what": "run",
        "command": _command(),
        "commit": _output("git", "rev-parse", "--short", "HEAD"),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _first(r"model name\s*:\s*(.+)", "/proc/cpuinfo"),
        "memory_gib": int(_first(r"MemTotal:\s*(\d+)", "/proc/meminfo")) >> 20,
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "versions": versions,
        "events": args.events,
        "clients": args.clients,
        "skew": args.skew,
        "seed": args.seed,
        "partitions": args.partitions,
        "load_before": round(os.getloadavg()[0], 2),
    }


def sentence(line):
    versions = ", ".join(f"{name} {version}" for name, version in line["versions"].items())
    return (f"`{line['command']}` at {line['commit']}, on {line['cores']} cores ({line['processor']}), {line['memory_gib']} GiB, "
            f"{line['system']}; {versions}. {line['events']:,} events, {line['clients']:,} clients, skew {line['skew']:g}, seed "
            f"{line['seed']}, {line['partitions']} partitions; load before it began: {line['load_before']}.")
