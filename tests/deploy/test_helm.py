"""The chart: helm renders it, Kubernetes' and the Prometheus operator's own schemas read it, Docker runs the pod that it describes."""

import json
import os
import re
import subprocess
import tarfile
import time
import tomllib
import urllib.request

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.prometheus_operator import v1 as operator

from conftest import ROOT

CHART = ROOT / "deploy/helm/trailwarden"
CARGO = tomllib.loads((ROOT / "Cargo.toml").read_text())
VERSIONS = ("1.25", "1.31", "1.37")
"""The oldest that the chart says it is for, one between, the newest whose schemas are known."""

EVERYTHING = {
    "image": {"repository": "registry.example/trailwarden", "digest": "sha256:" + "0" * 64},
    "imagePullSecrets": [{"name": "pull"}],
    "fullnameOverride": "watcher",
    "region": "eu-west-1",
    "queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/trailwarden-events",
    "existingSecret": "told",
    "env": [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}],
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/trailwarden-watch"}},
    "persistence": {"storageClassName": "gp3", "accessModes": ["ReadWriteOncePod"]},
    "service": {"annotations": {"a.example/b": "c"}},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "podAnnotations": {"a.example/b": "c"},
    "podLabels": {"team": "soc"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "priorityClassName": "system-cluster-critical",
}
CASES = {
    "defaults": {},
    "everything": EVERYTHING,
    "nothing": {"persistence": {"enabled": False}, "serviceAccount": {"create": False}, "http": {"port": 8080, "status": True}},
    "one's own": {"persistence": {"existingClaim": "mine"}, "serviceAccount": {"create": False, "name": "mine"}},
}


@pytest.fixture
def render(tool, tmp_path):
    def run(values, release="trailwarden"):
        path = tmp_path / "values.yaml"
        path.write_text(yaml.safe_dump(values))
        text = tool("helm", "template", release, CHART, "--namespace", "security", "--values", path)
        objects = [one for one in yaml.safe_load_all(text) if one]
        assert objects
        return {one["kind"]: one for one in objects}

    return run


def test_helm_lint_finds_nothing(tool):
    tool("helm", "lint", "--strict", CHART)


def test_the_chart_is_of_this_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == chart["version"] == CARGO["package"]["version"]


@pytest.mark.parametrize("case", CASES)
def test_the_schemas_accept_every_object(render, case):
    objects = render(CASES[case])
    for kind, one in objects.items():
        if one["apiVersion"].startswith("monitoring.coreos.com/"):
            read = getattr(operator, kind).model_validate(one)
            # what is unknown is left out, and shows as a difference
            assert read.model_dump(by_alias=True, exclude_unset=True, mode="json") == one
        else:
            for version in VERSIONS:
                kubernetes_validate.validate(one, version, strict=True)
    expected = {"ConfigMap", "Deployment", "Service"}
    if case in ("defaults", "everything"):
        expected |= {"ServiceAccount", "PersistentVolumeClaim"}
    if case == "everything":
        expected |= {"ServiceMonitor", "PrometheusRule"}
    assert set(objects) == expected


def test_the_schemas_refuse_what_is_wrong(render):
    """The reading above can fail."""
    deployment = render({})["Deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFileSystem"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)
    monitor = render(EVERYTHING)["ServiceMonitor"]
    monitor["spec"]["endpoints"][0]["intervall"] = "30s"
    read = operator.ServiceMonitor.model_validate(monitor)
    assert read.model_dump(by_alias=True, exclude_unset=True, mode="json") != monitor


@pytest.mark.parametrize("case", CASES)
def test_the_pod_is_confined(render, case):
    pod = render(CASES[case])["Deployment"]["spec"]["template"]["spec"]
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] == 65532
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    [container] = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    # the end that the daemon asks for, and some seconds
    assert pod["terminationGracePeriodSeconds"] > 25
    assert container["resources"]["limits"].keys() == {"memory"}


def test_one_daemon_at_a_time(render):
    spec = render({})["Deployment"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_the_service_and_the_monitor_find_the_pod(render):
    objects = render(EVERYTHING)
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert objects["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    service = objects["Service"]
    assert service["spec"]["selector"].items() <= labels.items()
    monitor = objects["ServiceMonitor"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]


def test_the_rules_are_those_of_the_project(render):
    rules = ROOT / "deploy/prometheus/trailwarden.rules.yml"
    assert render(EVERYTHING)["PrometheusRule"]["spec"] == yaml.safe_load(rules.read_text())


def test_the_package_holds_the_rules(tool, tmp_path):
    """In the chart they are a link to a file outside of it."""
    tool("helm", "package", CHART, "--destination", tmp_path)
    [package] = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        packed = archive.extractfile("trailwarden/trailwarden.rules.yml").read()
    assert packed == (ROOT / "deploy/prometheus/trailwarden.rules.yml").read_bytes()


def test_a_change_of_the_configuration_starts_the_pod_anew(render):
    def checksum(values):
        return render(values)["Deployment"]["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum({}) == checksum({"region": "eu-west-1"})
    assert checksum({}) != checksum({"config": 'controls = ["4.5"]'})


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"imag": {}}, "imag"),
        ({"image": {"digest": "latest"}}, "digest"),
        ({"queueUrl": "trailwarden-events"}, "queueUrl"),
        ({"persistence": {"accessModes": ["ReadOnlyMany"]}}, "accessModes"),
        ({"http": {"port": 80}}, "port"),
        ({"env": [{"name": "TRAILWARDEN_HTTP__LISTEN", "value": "x"}]}, "env"),
        ({"config": {"heal": {"mode": "off"}}}, "config"),
    ],
)
def test_values_that_mean_nothing_are_refused(tool, tmp_path, values, named):
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    said = tool("helm", "template", "x", CHART, "--values", path, expect=1)
    assert re.search(rf"values don't meet.*{named}", said, re.DOTALL), said


def test_every_value_has_a_place_in_the_schema():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())

    def compare(value, properties, path):
        for key, inner in value.items():
            assert key in properties, f"{path}.{key}"
            if "properties" in properties[key]:
                compare(inner, properties[key]["properties"], f"{path}.{key}")
        assert set(properties) - set(value) <= {"global"}, path

    compare(values, schema["properties"], "")


def docker(*arguments):
    done = subprocess.run(["docker", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {arguments}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def test_the_pod_runs(render, tmp_path):
    """As Docker runs what the pod says: no kubelet is to be had here. The state belongs to the group, as fsGroup makes it."""
    objects = render({"persistence": {"enabled": False}, "region": "eu-west-1"})
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    user, group = pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 0, group)
    state.chmod(0o2770)
    options = [
        f"--user={user}:{group}",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--read-only",
        "--publish=127.0.0.1::9464",
        f"--volume={state}:/var/lib/trailwarden",
        # neither a service account nor AWS is there, and the daemon has to live with that
        "--env=AWS_ACCESS_KEY_ID=x",
        "--env=AWS_SECRET_ACCESS_KEY=x",
        "--env=AWS_ENDPOINT_URL=http://127.0.0.1:9",
        "--label=org.trailwarden.test=true",
    ]
    options += [f"--env={one['name']}={one['value']}" for one in container["env"]]
    [mount] = [one["mountPath"] for one in container["volumeMounts"] if one["name"] == "config"]
    config = tmp_path / "config"
    config.mkdir(mode=0o755)
    for name, text in objects["ConfigMap"]["data"].items():
        (config / name).write_text(text)
    options.append(f"--volume={config}:{mount}:ro")
    name = docker("create", *options, os.environ["TRAILWARDEN_IMAGE"], *container["args"])
    try:
        docker("start", name)
        address = docker("port", name, "9464/tcp")
        probe = container["livenessProbe"]["httpGet"]["path"]
        assert answer(f"http://{address}{probe}") == "alive\n", docker("logs", name)
        deadline = time.monotonic() + 30
        while "trailwarden_journal_writable 1" not in answer(f"http://{address}/metrics"):
            assert time.monotonic() < deadline, docker("logs", name)
            time.sleep(0.1)
        begun = time.monotonic()
        docker("stop", "--time", pod["terminationGracePeriodSeconds"], name)
        assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "0"
        assert time.monotonic() - begun < pod["terminationGracePeriodSeconds"]
    finally:
        docker("rm", "--force", "--volumes", name)


def answer(url):
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
                return response.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
