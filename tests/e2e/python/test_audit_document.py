"""docs/AUDIT.md is true: its commands do what it says, in their order, and every test it names is there."""

import os
import re
import subprocess

import kept_log
import pytest
from servers import ROOT, clean_environment

PAGE = (ROOT / "docs" / "AUDIT.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def desk(api, build_dir, tmp_path_factory):
    """An auditor's desk: a folder, the key, a server, our two programs in the path."""
    folder = tmp_path_factory.mktemp("desk")
    with kept_log.signing_server(api, build_dir, folder / "server") as server:
        (folder / "kefu.vkey").write_text(server.vkey.read_text())
        path = f"{build_dir / 'bin'}:{os.environ['PATH']}"
        yield folder, {**clean_environment(), "KEFU_SERVER": server.address, "PATH": path}


def test_every_command_does_what_it_says(desk):
    folder, environment = desk
    said = []
    assert len(BLOCKS) >= 6
    for block in BLOCKS:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=150, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        said.append(done.stdout)
    printed = "".join(said)
    for words in ("every file is as the manifest says", "every record is in the signed tree",
                  "Signature Verified Successfully"):
        assert words in printed

    # The control: after a change the same commands fail.
    record = next((folder / "evidence" / "records").iterdir())
    record.write_bytes(record.read_bytes() + b"\0")
    failed = [subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=environment, capture_output=True,
                             text=True, stdin=subprocess.DEVNULL, timeout=150, check=False).returncode != 0
              for block in BLOCKS if "kefu audit" not in block and "openssl" not in block]
    assert len(failed) >= 3 and all(failed)


def test_every_test_it_names_is_there():
    named = re.findall(r"^\| .* \| `([^`]+)` \|$", PAGE, re.MULTILINE)
    named = [name for name in named if name.endswith((".py", ".cc"))]
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_limit_is_said():
    for words in ("Tamper-evident, not tamper-proof", "Before the next checkpoint nothing is signed",
                  "not durable against power loss", "Keep yours"):
        assert words in PAGE
