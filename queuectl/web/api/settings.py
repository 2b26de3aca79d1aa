"""The settings: the same table as ``config``; what guards the page itself can be read here, and not changed."""

from typing import Any

from queuectl.errors import Forbidden, UsageError
from queuectl.settings import Origin, Resolved, Settings, find
from queuectl.shapes import setting_as_json
from queuectl.web.body import Body
from queuectl.web.endpoint import Call, Endpoint, Parameter

GUARDS = frozenset({"dashboard_enabled", "dashboard_port", "dashboard_bind", "dashboard_hosts", "api_enqueue"})
_RUNS = frozenset({"on_success", "on_failure", "on_dead", "on_empty", "shell", "drop_enabled", "drop_folder"})
"""Settings that run commands, or say where they come from."""
KEY = Parameter(name="key", help="The setting's name.")


def list_settings(call: Call) -> list[dict[str, Any]]:
    """Return all settings."""
    settings = call.queue.settings()
    return [_shown(settings, row) for row in settings.all()]


def _shown(settings: Settings, row: Resolved) -> dict[str, Any]:
    why = _why_fixed(settings, row)
    return {
        **setting_as_json(row),
        "text": row.setting.format(row.value),
        "default_text": row.setting.format(row.setting.default),
        "choices": list(row.setting.choices),
        "fixed": why is not None,
        "why_fixed": why,
    }


def _why_fixed(settings: Settings, row: Resolved) -> str | None:
    key = row.setting.key
    if row.origin is Origin.ENVIRONMENT:
        return f"the environment variable {row.setting.env} decides"
    if key in GUARDS:
        return f"it guards this page; change it with: queuectl config set {key} VALUE"
    if key in _RUNS and not settings["api_enqueue"]:
        return "it runs commands, which is switched off here by api_enqueue"
    return None


def set_setting(call: Call) -> dict[str, Any]:
    """Change a setting."""
    body = Body(call.body)
    text = body.text("value")
    body.end()
    key = _changeable(call)
    if not all(char.isprintable() or char in "\n\t" for char in text):
        raise UsageError("value: holds characters that cannot be seen")
    return _shown(call.queue.settings(), call.queue.set_setting(key, text))


def unset_setting(call: Call) -> dict[str, Any]:
    """Bring a setting back to its default."""
    return _shown(call.queue.settings(), call.queue.unset_setting(_changeable(call)))


def _changeable(call: Call) -> str:
    setting = find(call.values["key"])
    settings = call.queue.settings()
    why = _why_fixed(settings, settings.resolve(setting.key))
    if why is not None:
        raise Forbidden(f"{setting.key} cannot be changed here: {why}", hint="")
    return setting.key


ENDPOINTS = (
    Endpoint(
        method="GET", path="/settings", tag="settings", handler=list_settings, summary="All settings, with their help.",
        answer={"type": "array", "items": {"$ref": "#/components/schemas/Setting"}},
    ),
    Endpoint(
        method="PUT", path="/settings/{key}", tag="settings", handler=set_setting, parameters=(KEY,), answer="Setting",
        body={"type": "object", "properties": {"value": {"type": "string", "description": "As a person writes it."}},
              "required": ["value"], "additionalProperties": False},
        summary="Change a setting; running hosts take it up at once.", problems=(403, 404),
    ),
    Endpoint(
        method="DELETE", path="/settings/{key}", tag="settings", handler=unset_setting, parameters=(KEY,),
        answer="Setting", summary="Bring a setting back to its default.", problems=(403, 404),
    ),
)  # fmt: skip
