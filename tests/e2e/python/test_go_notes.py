"""Our signed notes, opened by Go's own package for them; and Go's, opened by ours."""

import pathlib
import shutil
import subprocess

import pytest

CHECKER = pathlib.Path(__file__).resolve().parent.parent / "go-notes"
ROOT_LINE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TEXTS = [
    f"kefu/0190b3c8-7a1e/3\n123\n{ROOT_LINE}\n",
    f"kefu/cluster/kefu.events\n9223372036854775807\n{ROOT_LINE}\npartitions 8\n",
    "客服\n123\n\nwith a blank line, and 123 again\n",
]
NAMES = ["kefu", "客服", "example.com/log"]


def run(*command, text=None):
    given = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False, **given)


@pytest.fixture(scope="module")
def go(tmp_path_factory):
    compiler = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if compiler is None:
        pytest.skip("there is no Go here")
    program = tmp_path_factory.mktemp("go-notes") / "notes"
    built = subprocess.run([compiler, "build", "-o", program, "."], cwd=CHECKER, capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, timeout=240, check=False)
    if built.returncode != 0 and ("dial tcp" in built.stderr or "lookup" in built.stderr):
        pytest.skip("Go's module proxy cannot be reached")
    assert built.returncode == 0, built.stderr
    return program


@pytest.fixture(scope="module")
def ours(build_dir):
    return build_dir / "test-bin" / "note_tool"


def signed_by(program, name, text):
    signed = run(program, "sign", name, text=text)
    assert signed.returncode == 0, signed.stderr
    return signed.stdout.split("\n", 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", TEXTS)
def test_go_opens_ours_and_refuses_a_changed_one(go, ours, tmp_path, name, text):
    key, note = signed_by(ours, name, text)
    good, changed = tmp_path / "good.note", tmp_path / "changed.note"
    good.write_text(note)
    changed.write_text(note.replace("3", "4", 1))
    opened = run(go, "open", key, good)
    assert (opened.returncode, opened.stdout) == (0, f"ok {good}\n"), opened.stderr
    refused = run(go, "open", key, changed)
    assert refused.returncode == 1
    assert refused.stdout.startswith(f"refused {changed}")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", TEXTS)
def test_ours_opens_gos_and_refuses_a_changed_one(go, ours, tmp_path, name, text):
    key, note = signed_by(go, name, text)
    good, changed = tmp_path / "good.note", tmp_path / "changed.note"
    good.write_text(note)
    changed.write_text(note.replace("3", "4", 1))
    opened = run(ours, "open", key, good)
    assert (opened.returncode, opened.stdout) == (0, text), opened.stderr
    refused = run(ours, "open", key, changed)
    assert refused.returncode == 1
    assert "does not hold" in refused.stderr


def test_a_key_of_another_does_not_open_on_either_side(go, ours, tmp_path):
    key, _ = signed_by(ours, "kefu", TEXTS[0])
    _, note = signed_by(go, "kefu", TEXTS[0])
    path = tmp_path / "other.note"
    path.write_text(note)
    assert run(go, "open", key, path).returncode == 1
    assert run(ours, "open", key, path).returncode == 1
