"""The software bill of materials of the binary, CycloneDX 1.6 in JSON: python deploy/sbom.py FILE (`make sbom`)

Every crate that is compiled into it or takes part in its build, with version, licence and checksum of Cargo.lock; what only tests
use is left out. The document is validated by CycloneDX's own schema before it is written. SOURCE_DATE_EPOCH fixes its time.
"""

import json
import os
import subprocess
import sys
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).parents[1]
TARGET = "x86_64-unknown-linux-gnu"
VERSION = SchemaVersion.V1_6


def cargo(*arguments):
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def built():
    """Name and version of every crate that the binary is made of; `cargo metadata` would add what tests switch on."""
    lines = cargo("tree", "--edges=normal,build", f"--target={TARGET}", "--prefix=none", "--format={p}").splitlines()
    return {tuple(line.split()[:2]) for line in lines if line}


def component(package, checksum):
    url = PackageURL("cargo", None, package["name"], package["version"])
    # "/" is how licences were separated before SPDX expressions
    licence = (package["license"] or "").replace("/", " OR ")
    return Component(
        type=ComponentType.LIBRARY,
        name=package["name"],
        version=package["version"],
        description=(package["description"] or "").strip() or None,
        licenses=[LicenseExpression(licence)] if licence else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
        purl=url,
        bom_ref=str(url),
    )


def bill():
    metadata = json.loads(cargo("metadata", "--format-version=1", f"--filter-platform={TARGET}"))
    lock = (ROOT / "Cargo.lock").read_text()
    checksums = {(one["name"], one["version"]): one.get("checksum") for one in tomllib.loads(lock)["package"]}
    wanted = built()
    packages = {
        one["id"]: one for one in metadata["packages"] if (one["name"], f"v{one['version']}") in wanted
    }
    components = {
        key: component(one, checksums[one["name"], one["version"]]) for key, one in packages.items()
    }
    root = components[metadata["resolve"]["root"]]
    root.type = ComponentType.APPLICATION
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, lock),
        metadata=BomMetaData(
            component=root,
            timestamp=datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC),
        ),
        components=[one for one in components.values() if one is not root],
    )
    for node in metadata["resolve"]["nodes"]:
        if node["id"] in components:
            needed = [
                components[edge["pkg"]]
                for edge in node["deps"]
                if edge["pkg"] in components and any(kind["kind"] != "dev" for kind in edge["dep_kinds"])
            ]
            bom.register_dependency(components[node["id"]], needed)
    return bom


def main():
    bom = bill()
    bom.validate()
    text = make_outputter(bom, OutputFormat.JSON, VERSION).output_as_string(indent=2)
    faults = JsonStrictValidator(VERSION).validate_str(text)
    if faults:
        raise SystemExit(f"the bill is not valid: {faults}")
    Path(sys.argv[1]).write_text(text + "\n")
    print(f"{sys.argv[1]}: {len(bom.components)} components")  # noqa: T201


if __name__ == "__main__":
    main()
