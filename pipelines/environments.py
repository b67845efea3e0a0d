"""Test systems and production do not mix: a deployment and the systems that it reads are of one environment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from common.errors import Finding, Text
from common.yaml_files import display_path, invalid
from pipelines import journal
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from connectors import AnySource

PRODUCTION = "production"


def check_environment(deployment: Deployment, sources: Iterable[AnySource]) -> None:
    """Raise `ConfigurationError` (exit 3) for a source of another environment, for a simulated one in production, and
    for a deployment whose pulls were made in another environment than `dti.yaml` names now."""
    here = deployment.settings.environment
    findings = [finding for source in sources if (finding := _wrong(deployment, source, here))]
    before = _environment_of_pulls(deployment)
    if before and before != here:
        findings.append(
            Finding(
                "EnvironmentChanged",
                Text(
                    f"số liệu ở đây được lấy trong môi trường '{before}', dti.yaml nay ghi '{here}'",
                    f"what was pulled here is of environment '{before}', dti.yaml now says '{here}'",
                ),
                Text(
                    "dùng thư mục riêng cho mỗi môi trường: dti init THƯ_MỤC",
                    "use a folder of its own for each environment: dti init FOLDER",
                ),
                display_path(deployment.root / "dti.yaml"),
            )
        )
    if findings:
        raise invalid(findings, deployment.root / "dti.yaml")


def _wrong(deployment: Deployment, source: AnySource, here: str) -> Finding | None:
    where = display_path(deployment.sources / f"{source.name}.yaml")
    if source.environment is not None and source.environment != here:
        return Finding(
            "WrongEnvironment",
            Text(
                f"nguồn thuộc môi trường '{source.environment}', triển khai này là '{here}'",
                f"the source is of environment '{source.environment}', this deployment is '{here}'",
            ),
            Text("ghi địa chỉ của hệ thống đúng môi trường", "give the address of the system of this environment"),
            where,
        )
    if source.simulated and here == PRODUCTION:
        return Finding(
            "SimulatedInProduction",
            Text("nguồn mô phỏng trong triển khai chính thức", "a simulated source in a production deployment"),
            Text("ghi địa chỉ thật, hoặc bỏ 'synthetic'", "give the real address, or remove 'synthetic'"),
            where,
        )
    return None


def _environment_of_pulls(deployment: Deployment) -> str:
    """The environment in which this deployment last pulled; empty before its first run or by older software."""
    found = ""
    for entry in journal.read(deployment.journal, "refresh"):
        found = entry.get("environment", found)
    return found if any(deployment.landing.glob("*/*/*/pull.json")) else ""
