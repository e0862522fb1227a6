"""What a release consists of, and what makes it."""

import hashlib
import json
import subprocess
import tarfile
import tomllib

import pytest

from conftest import BINARY, ROOT

VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_the_workflows_are_workflows_and_safe(tool):
    assert len(WORKFLOWS) == 2
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    tool("zizmor", "--offline", "--no-progress", "--persona=regular", *WORKFLOWS)


def test_unsafe_workflows_are_found(tool, tmp_path):
    """The reading above can fail."""
    broken = tmp_path / "ci.yml"
    text = WORKFLOWS[0].read_text()
    broken.write_text(text.replace("runs-on:", "run-on:"))
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", broken, expect=1)
    broken.write_text(text.replace("@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@main"))
    assert "unpinned-uses" in tool("zizmor", "--offline", "--no-progress", broken, expect=14)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    directory = tmp_path_factory.mktemp("release")
    command = [ROOT / "deploy/release", directory, "--binary", BINARY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


def test_a_release_is_whole(release):
    archive = f"trailwarden-{VERSION}-x86_64-unknown-linux-gnu"
    files = {f"{archive}.tar.gz", f"trailwarden-{VERSION}.tgz", f"trailwarden-{VERSION}.cdx.json"}
    assert {one.name for one in release.iterdir()} == files | {"SHA256SUMS"}
    sums = dict(reversed(line.split()) for line in (release / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((release / name).read_bytes()).hexdigest() for name in files}
    with tarfile.open(release / f"{archive}.tar.gz") as packed:
        names = {name.removeprefix(f"{archive}/") for name in packed.getnames()}
        assert packed.getmember(f"{archive}/trailwarden").mode == 0o755
    assert names >= {
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "completions/trailwarden.bash",
        "completions/trailwarden.fish",
        "completions/trailwarden.zsh",
        "man/trailwarden.1",
        "man/trailwarden-run.1",
        "systemd/trailwarden.service",
        "trailwarden",
    }


def test_the_bill_lists_what_is_built_in_and_not_what_only_tests_use(release):
    """`deploy/sbom.py` has validated it by CycloneDX's own schema."""
    bill = json.loads((release / f"trailwarden-{VERSION}.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    root = bill["metadata"]["component"]
    assert (root["name"], root["version"], root["type"]) == ("trailwarden", VERSION, "application")
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    sums = {(one["name"], one["version"]): one.get("checksum") for one in lock}
    components = {one["name"]: one for one in bill["components"]}
    assert {"aws-sdk-sqs", "tokio", "rusqlite", "clap", "axum"} <= set(components)
    assert not {"proptest", "testcontainers", "criterion", "libtest-mimic", "ureq", "trailwarden"} & set(components)
    for one in bill["components"]:
        assert one["licenses"][0]["expression"]
        assert one["hashes"] == [{"alg": "SHA-256", "content": sums[one["name"], one["version"]]}]
    needs = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert components["tokio"]["bom-ref"] in needs[root["bom-ref"]]
