"""docs/MISSION.md is true: its rows name what there is, and its commands print what it shows."""

import json
import pathlib
import re
import shlex
import subprocess

import pytest
from servers import ROOT, Kefud, clean_environment

PAGE = (ROOT / "docs" / "MISSION.md").read_text()
ROWS = [f"{letter}{number}" for letter, last in (("A", 12), ("B", 7), ("C", 5), ("D", 5)) for number in range(1, last + 1)]


def rows():
    """{id: cells} of the page's tables."""
    found = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"[ABCD]\d+", cells[0]):
            assert cells[0] not in found
            found[cells[0]] = cells
    return found


def commands():
    """(section, command, the lines shown after it), in the order of the page."""
    found, section, shown = [], "", None
    for line in PAGE.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif line == "```console":
            shown = []
        elif line == "```":
            shown = None
        elif shown is not None and line.startswith("$ kefu "):
            shown = []
            found.append((section, line.removeprefix("$ kefu "), shown))
        elif shown is not None and line.strip():
            shown.append(line)
    return found


def words_of(cells, column):
    return re.findall(r"`([^`]+)`", cells[column])


def declared(keyword, *folders):
    text = "\n".join(path.read_text() for folder in folders for path in (ROOT / "proto" / "kefu" / folder).rglob("*.proto"))
    return set(re.findall(rf"^\s*{keyword} (\w+)", text, re.MULTILINE))


def test_every_row_is_there_once():
    assert list(rows()) == ROWS


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_events_views_queries_and_tests_that_exist(row):
    _, _, events, views, queries, tests = range(6)
    cells = rows()[row]
    assert set(words_of(cells, events)) <= declared("message", "events")
    for folder in words_of(cells, views):
        assert (ROOT / folder / "README.md").is_file(), folder
    assert words_of(cells, queries)
    assert set(words_of(cells, queries)) <= declared("rpc", "query", "ingest", "admin", "audit")
    assert words_of(cells, tests)
    for path in words_of(cells, tests):
        assert (ROOT / path).is_file(), path


def test_every_row_has_a_command_that_shows_it():
    shown = " ".join(section for section, _, _ in commands())
    assert [row for row in ROWS if not re.search(rf"\b{row}\b", shown)] == []


class Branch:
    """A server with the page's sample in it."""

    def __init__(self, build, address):
        self.build, self.address = build, address
        # The page begins with loading it.
        self.load = commands()[0][1]
        assert self.load.startswith("demo ")
        self.loaded = self.kefu(self.load)

    def kefu(self, arguments, output="table"):
        command = [self.build / "bin" / "kefu", "--server", self.address, "--output", output, *shlex.split(arguments)]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
                              cwd=ROOT, env=clean_environment() | {"TZ": "Asia/Taipei"})


@pytest.fixture(scope="module")
def branch(build_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mission")
    key = folder / "audit-key.pem"
    subprocess.run([build_dir / "bin" / "kefu", "audit", "key", "--out", key], check=True, capture_output=True, timeout=60)
    with Kefud(build_dir, folder, "--log.partitions=4", f"--audit.key-file={key}") as server:
        yield Branch(build_dir, server.address)
        assert server.stop() == 0, server.tail()


def one_line(text):
    return " ".join(text.split())


def missing_line(shown, printed):
    """The first line of the page that does not come, in its order; "" if all do."""
    lines = iter(map(one_line, printed.splitlines()))
    for wanted in map(one_line, shown):
        parts = [re.escape(part.strip()) for part in wanted.split("…")]
        if wanted != "…" and not any(re.search(".*".join(parts), line) for line in lines):
            return wanted
    return ""


def test_its_commands_print_what_it_shows(branch):
    wrong = []
    for section, command, shown in commands():
        done = branch.loaded if command == branch.load else branch.kefu(command)
        # "(exit code 1)" at its end: the answer is no.
        code = re.fullmatch(r"\(exit code (\d+)\)", shown[-1]) if shown else None
        lost = missing_line(shown[:-1] if code else shown, done.stdout)
        if done.returncode != (int(code[1]) if code else 0) or lost:
            wrong.append(f"{section}\n$ kefu {command}\n(exit {done.returncode}; not printed: {lost!r})\n"
                         f"{done.stdout}{done.stderr}")
    assert not wrong, "\n\n".join(wrong)


def test_a_line_that_is_not_printed_is_noticed():
    assert missing_line(["a  b", "…", "c…e"], "x\na b\nq\nc d e\n") == ""
    assert missing_line(["b", "a"], "a\nb\n") == "a"
    assert missing_line(["a b c"], "a b\n") == "a b c"


def test_the_server_refuses_the_samples_attempts_and_nothing_else(branch):
    """Exit code 0 says so. Sent again, all of it is there already: each event, and each refusal, counts once."""
    assert branch.loaded.returncode == 0, branch.loaded.stderr
    again = branch.kefu(branch.load, output="json")
    assert again.returncode == 0, again.stderr
    events = json.loads(again.stdout)["events"]
    assert events["duplicates"] == events["sent"] > 10_000
    assert events["refused"] == events["invalid"] == {}


def test_the_same_seed_writes_the_same_bytes(branch, tmp_path):
    written = []
    for name in ("one", "two"):
        path = pathlib.Path(tmp_path / name)
        assert branch.kefu(f"demo --seed 3 --clients 20 --days 20 --out {path}").returncode == 0
        written.append(path.read_bytes())
    assert written[0] == written[1]
