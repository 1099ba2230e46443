"""What the documents tell people to type exists."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def help_of(program, *words):
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20,
                          check=False)
    assert done.returncode == 0, f"{program.name} {' '.join(words)}: {done.stderr}"
    return done.stdout


def test_every_setting_that_operations_names_is_one(build_dir):
    rows = [line.split("|")[1] for line in (ROOT / "docs" / "OPERATIONS.md").read_text().splitlines() if line.startswith("| `")]
    settings = [name for row in rows for name in re.findall(r"`([a-z.-]+)`", row)]
    assert len(settings) > 10
    known = help_of(build_dir / "bin" / "kefud")
    assert [name for name in settings if f"--{name}" not in known] == []


def commands():
    """(document, words) of every `kefu …` that a document tells to type."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "deploy" / "quickstart"]:
        for words in re.findall(r"(?:^|[`$ ])kefu ((?:[a-z]+ ?){1,2})", path.read_text(), re.MULTILINE):
            yield path.name, tuple(words.split())


def test_every_command_that_a_document_names_is_one(build_dir):
    kefu = build_dir / "bin" / "kefu"
    known = help_of(kefu)
    # A second word is a verb where the first is a group; else it is an argument.
    groups = {word for word in re.findall(r"^  ([a-z]+)", known, re.MULTILINE)
              if "\nSubcommands" in help_of(kefu, word) or "\nVerbs" in help_of(kefu, word)}
    wrong = []
    for document, words in set(commands()):
        words = words[:2] if words[0] in groups else words[:1]
        done = subprocess.run([kefu, *words, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20,
                              check=False)
        if done.returncode != 0:
            wrong.append((document, words))
    assert wrong == []


@pytest.mark.parametrize("script", ["deploy/quickstart", "deploy/install-packages", "tests/run", "tests/bench/run"])
def test_every_script_has_a_help(script):
    assert "usage:" in help_of(ROOT / script).lower()
