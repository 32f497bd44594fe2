"""The part of SARIF 2.1.0 that wdlint writes, as a JSON schema.

After the specification, https://docs.oasis-open.org/sarif/sarif/v2.1.0/; section numbers are its own. Stricter than
the full schema in one way: a property that is not listed here is one that wdlint does not mean to write.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_COUNT = {"type": "integer", "minimum": 1}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


def _list(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


_MESSAGE = _object("text", text=_TEXT, markdown=_TEXT)  # 3.11, 3.12
_REGION = _object("startLine", startLine=_COUNT, startColumn=_COUNT, endLine=_COUNT, endColumn=_COUNT)  # 3.30
_ARTIFACT = _object("uri", uri={"type": "string", "pattern": r"^[^\\\s]+$"}, uriBaseId={"const": "%SRCROOT%"})  # 3.4
_LOCATION = _object(  # 3.28
    "physicalLocation",
    physicalLocation=_object("artifactLocation region", artifactLocation=_ARTIFACT, region=_REGION),  # 3.29
    logicalLocations=_list(_object("name kind", name=_TEXT, kind=_TEXT), 1),  # 3.33
    message=_MESSAGE,
)
_REPLACEMENT = _object("deletedRegion", deletedRegion=_REGION, insertedContent=_object("text", text={"type": "string"}))
_FIX = _object(  # 3.55
    "artifactChanges",
    description=_MESSAGE,
    artifactChanges=_list(
        _object("artifactLocation replacements", artifactLocation=_ARTIFACT, replacements=_list(_REPLACEMENT, 1)), 1
    ),
    properties=_object("applicability", applicability={"enum": ["safe", "unsafe", "shown"]}),
)
_RESULT = _object(  # 3.27
    "ruleId level message locations partialFingerprints",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(_LOCATION, 1),
    relatedLocations=_list(_LOCATION, 1),
    partialFingerprints=_object("wdlint/v1", **{"wdlint/v1": {"type": "string", "pattern": "^[0-9a-f]+$"}}),
    fixes=_list(_FIX, 1),
    suppressions=_list(_object("kind", kind={"enum": ["inSource", "external"]}), 1),  # 3.35
    properties={"type": "object"},
)
_RULE = _object(  # 3.49
    "id",
    id=_TEXT,
    name=_TEXT,
    shortDescription=_MESSAGE,
    fullDescription=_MESSAGE,
    help=_MESSAGE,
    defaultConfiguration=_object("level", enabled={"type": "boolean"}, level=_LEVEL),
)
_RUN = _object(  # 3.14
    "tool results",
    tool=_object("driver", driver=_object("name", name=_TEXT, version=_TEXT, rules=_list(_RULE))),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=_list(
        _object(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=_list(_object("message", level=_LEVEL, message=_MESSAGE), 1),
        )
    ),
    results=_list(_RESULT),
)
SCHEMA = _object("version runs", **{"$schema": _TEXT}, version={"const": "2.1.0"}, runs=_list(_RUN, 1))
