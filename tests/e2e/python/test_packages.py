"""deploy/install-packages on systems that lack something: it says so in words, and changes nothing."""

import os
import pathlib
import shutil
import subprocess

import pytest

INSTALL = pathlib.Path(__file__).resolve().parents[3] / "deploy" / "install-packages"


def install(*arguments, path=None):
    environment = os.environ | ({"PATH": str(path)} if path else {})
    return subprocess.run([INSTALL, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment,
                          timeout=60, check=False)


@pytest.fixture
def bare_path(tmp_path):
    """A PATH with so many programs and no more."""

    def make(*names, **scripts):
        for name in ("bash", "sed", "cat", *names):
            (tmp_path / name).symlink_to(shutil.which(name))
        for name, text in scripts.items():
            script = tmp_path / name.replace("_", "-")
            script.write_text(f"#!/bin/bash\n{text}\n")
            script.chmod(0o755)
        return tmp_path

    return make


def test_it_lists_what_it_would_install():
    listed = install("--list").stdout.split()
    assert "librocksdb-dev" in listed
    assert "maven" not in listed
    assert "maven" in install("--test", "--list").stdout.split()


def test_without_apt_it_says_what_to_do(bare_path):
    done = install(path=bare_path())
    assert done.returncode == 3
    assert "has no apt-get" in done.stderr
    assert "librocksdb-dev" in done.stderr


def test_a_package_that_stays_missing_is_an_error(bare_path):
    # As root it calls apt-get itself, else through sudo.
    done = install(path=bare_path("env", apt_get="exit 0", dpkg_query="echo no", sudo='"$@"'))
    assert done.returncode == 1
    assert "still missing after the installation" in done.stderr


def test_when_nothing_is_missing_it_does_nothing(bare_path):
    path = bare_path(dpkg_query="echo install ok installed", apt_get="exit 9")
    done = install(path=path)
    assert done.returncode == 0
    assert "are installed" in done.stdout
