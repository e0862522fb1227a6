"""Man pages and completions, read by what reads them on a user's machine."""

import re
import subprocess

import pytest


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def pages(trailwarden, tmp_path_factory):
    directory = tmp_path_factory.mktemp("man")
    assert trailwarden("man", directory) == (0, "", "")
    return sorted(directory.iterdir())


def test_mandoc_finds_no_error(pages):
    assert len(pages) > 15
    done = run("mandoc", "-T", "lint", "-W", "error", *pages)
    assert (done.returncode, done.stdout) == (0, "")


def test_mandoc_finds_what_is_wrong(tmp_path):
    """The reading above can fail."""
    (tmp_path / "x.1").write_text(".SH NAME\n.nonsense\n")
    assert run("mandoc", "-T", "lint", "-W", "error", tmp_path / "x.1").returncode != 0


def test_the_page_reads_well(pages):
    [page] = [one for one in pages if one.name == "trailwarden.1"]
    # a letter, a step back and the same letter is bold
    text = re.sub(".\b", "", run("mandoc", "-T", "ascii", page).stdout)
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "SUBCOMMANDS"):
        assert f"\n{heading}\n" in text
    assert "trailwarden-heal(1)" in text
    assert "Exit codes: 0 done or compliant" in text


@pytest.mark.parametrize(("shell", "check"), [("bash", "bash -n"), ("zsh", "zsh -n"), ("fish", "fish --no-execute")])
def test_the_shell_reads_its_completions(trailwarden, tmp_path, shell, check):
    code, script, _ = trailwarden("completions", shell)
    assert code == 0
    path = tmp_path / "completions"
    path.write_text(script)
    done = run(*check.split(), path)
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_completes_a_command(trailwarden, tmp_path):
    path = tmp_path / "trailwarden.fish"
    path.write_text(trailwarden("completions", "fish")[1])
    done = run("fish", "--no-config", "-c", f"source {path}; complete -C 'trailwarden pattern co'")
    assert done.stdout.split("\t")[0] == "cover"
