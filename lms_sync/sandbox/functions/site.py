"""``core_webservice_get_site_info``: who is asking, which Moodle it is and what the token may call."""

from __future__ import annotations

from typing import Any, NamedTuple

from lms_sync.sandbox.companion.plugin import FUNCTIONS as COMPANION_FUNCTIONS
from lms_sync.sandbox.registry import Call, function
from lms_sync.sandbox.world import World


class Release(NamedTuple):
    """How a Moodle names itself, and the version of its core and of its plugins."""

    name: str
    core_version: str
    plugin_version: str


RELEASES = {
    "4.1": Release("4.1.14+ (Build: 20241205)", "2022112814.01", "2022112800"),
    "4.5": Release("4.5+ (Build: 20241205)", "2024100700.09", "2024100700"),
    "5.1": Release("5.1+ (Build: 20251017)", "2025100600.02", "2025100600"),
}

_FEATURES = {
    "usecomments": 1,
    "usetags": 1,
    "enablenotes": 1,
    "messaging": 1,
    "enableblogs": 1,
    "enablecompletion": 1,
    "enablebadges": 1,
    "messagingallusers": 0,
    "enablecustomreports": 1,
    "enableglobalsearch": 0,
    "mnet_dispatcher_mode": 0,
    "enablecompetencies": 1,
}


def picture(call: Call, size: str) -> str:
    """The address of the default user picture; ``size`` is f1 (100 px) or f2 (35 px)."""
    return f"{call.url}/theme/image.php/boost/core/{call.world.theme_revision}/u/{size}"


def _version_of(name: str, world: World, release: Release) -> str:
    """The version of what a function belongs to."""
    if name.startswith("core_"):
        return release.core_version
    if world.companion is not None and name in COMPANION_FUNCTIONS:
        return world.companion.version
    return release.plugin_version


@function("core_webservice_get_site_info")
def get_site_info(call: Call) -> dict[str, Any]:
    """Moodle's answer; the reader finds its functions and the release in it."""
    world = call.world
    me = world.users[world.account.userid]
    release = RELEASES[world.release]
    return {
        "sitename": call.shown(world.sitename),
        "username": me.username,
        "firstname": me.firstname,
        "lastname": me.lastname,
        "fullname": me.fullname,
        "lang": world.language,
        "userid": me.id,
        "siteurl": call.url,
        "userpictureurl": picture(call, "f1"),
        "functions": [
            {
                "name": name,
                "version": _version_of(name, world, release),
            }
            for name in world.account.functions
        ],
        "downloadfiles": 1,
        "uploadfiles": 0,
        "release": release.name,
        "version": release.core_version,
        "mobilecssurl": "",
        "advancedfeatures": [{"name": name, "value": value} for name, value in _FEATURES.items()],
        "usercanmanageownfiles": True,
        "userquota": 104857600,
        "usermaxuploadfilesize": 2097152,
        "userhomepage": 1,
        "userprivateaccesskey": world.account.privatekey,
        "siteid": 1,
        "sitecalendartype": "gregorian",
        "usercalendartype": "gregorian",
        "userissiteadmin": False,
        "theme": "boost",
        "limitconcurrentlogins": 0,
        "policyagreed": 0,
    }
