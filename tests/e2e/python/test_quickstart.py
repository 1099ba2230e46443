"""The quickstart as a new user meets it, against the programs that are built already."""

import pathlib
import re
import signal
import socket
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "tools"))
from servers import clean_environment, free_port  # noqa: E402

QUICKSTART = ROOT / "deploy" / "quickstart"


def quickstart(*arguments, timeout=120):
    return subprocess.run([QUICKSTART, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=timeout, env=clean_environment(), check=False)


@pytest.fixture
def built(build_dir):
    return ["--no-install", "--no-build", "--build", build_dir]


def digest_of(output):
    return re.search(r"[0-9a-f]{64}", output).group()


def shown_in_the_readme():
    """Lines of the README's terminal, as words; of a view only name, version and state, for its count grows."""
    block = re.search(r"^```\n(\$ kefu .*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL).group(1)
    lines = [line.split() for line in block.splitlines() if line.strip() not in ("", "…") and not line.startswith("$")]
    assert len(lines) > 5
    return [line[:3] if line[2] == "live" else line for line in lines]


def test_it_shows_the_sample_stops_and_goes_on_with_what_it_has(built, tmp_path):
    options = [*built, "--once", "--data-dir", tmp_path / "data"]
    first = quickstart(*options)
    assert first.returncode == 0, first.stdout + first.stderr
    for words in ("One client", "newest first", "Open complaints", "The views", "Try next", "Stopped"):
        assert words in first.stdout
    printed = [line.split() for line in first.stdout.splitlines()]
    assert [line for line in shown_in_the_readme() if not any(each[:len(line)] == line for each in printed)] == []
    second = quickstart(*options)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "The sample is loaded already" in second.stdout
    assert digest_of(second.stdout) == digest_of(first.stdout)


def test_it_loads_a_file_of_ones_own(built, tmp_path):
    line = '{"eventId":"%d","clientId":"C-9","source":"crm","occurredAt":"2026-03-02T01:00:00Z","contactRecorded":{"contactId":"T-%d","channel":"CHANNEL_PHONE","direction":"DIRECTION_INBOUND"}}\n'
    own = tmp_path / "own.ndjson"
    own.write_text("".join(line % (number, number) for number in range(3)))
    done = quickstart(*built, "--once", "--data-dir", tmp_path / "data", "--import", own)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "$ kefu client get C-9" in done.stdout


def test_it_keeps_running_until_it_is_told_to_stop(built, tmp_path):
    with subprocess.Popen([QUICKSTART, *map(str, built), "--clients", "20", "--data-dir", tmp_path / "data"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=clean_environment()) as running:
        try:
            lines = []
            for line in running.stdout:
                lines.append(line)
                if "Ctrl-C stops it" in line:
                    break
            port = int(re.search(r"Kefu runs on 127\.0\.0\.1:(\d+)", "".join(lines)).group(1))
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            running.send_signal(signal.SIGTERM)
            assert running.wait(40) == 0
        finally:
            if running.poll() is None:
                running.kill()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_busy_port_is_said_before_anything_is_done():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = quickstart("--port", port)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fast"], 'unknown option "--fast"'),
        (["--port"], "--port needs a value"),
        (["--port", "70000"], "not \"70000\""),
        (["--clients", "0"], "not \"0\""),
        (["--import", "/nonexistent.csv"], "cannot read /nonexistent.csv"),
        (["--import", str(ROOT / "CMakeLists.txt")], "--import needs --mapping"),
        (["--mapping", "x.yaml"], "--mapping goes with --import"),
        (["--data-dir", "/proc/nowhere"], "cannot make the folder /proc/nowhere"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_done(arguments, words):
    done = quickstart("--port", free_port(), *arguments) if "--port" not in arguments else quickstart(*arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stdout == ""


def test_a_build_that_is_not_there_is_said(tmp_path):
    done = quickstart("--no-install", "--no-build", "--build", tmp_path, "--data-dir", tmp_path / "data", "--once")
    assert done.returncode == 1
    assert "has no kefud and kefu" in done.stderr
