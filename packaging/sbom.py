"""Write the bill of materials of the executables, as CycloneDX wants it, from standard input's list of parts.

It runs in the developers' environment, since the one that executables are made in holds nothing else:

    python packaging/sbom.py OUTPUT VERSION <parts.json
"""

import json
import os
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def document(parts: list[dict[str, str]], version: str) -> str:
    """Return the bill as JSON.

    Raises:
        ValueError: it is not valid.
    """
    licences = LicenseFactory()
    program = Component(
        name="queuectl-tray",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref="queuectl-tray",
        licenses=[licences.make_from_string("MIT")],
    )
    bom = Bom()
    bom.metadata.component = program
    bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)  # noqa: UP017
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([version, parts]))  # the same parts, the same bill
    components = []
    for part in parts:
        kind = {"python": "pypi", "system": "deb/debian", "core": "generic"}[part["kind"]]
        name = part["name"].lower().replace(" ", "-")
        package_type, _, namespace = kind.partition("/")
        page = part["homepage"]
        components.append(
            Component(
                name=part["name"],
                version=part["version"],
                type=ComponentType.LIBRARY,
                bom_ref=f"{name}@{part['version']}",
                purl=PackageURL(package_type, namespace or None, name, part["version"]),
                licenses=[licences.make_from_string(part["licence"])] if part["licence"] else [],
                external_references=[ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(page))]
                if page
                else [],
            )
        )
    bom.components.update(components)
    bom.register_dependency(program, components)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        raise ValueError(f"the bill of materials is not valid: {wrong}")
    return text + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(json.load(sys.stdin), sys.argv[2]), "utf-8")
