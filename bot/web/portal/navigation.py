"""The way round the portal: each role sees the pages that it may open."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, url_for

from bot.web.portal.access import Viewer, navigation_roles

# In the order in which they stand; a page of a part that is not installed is left out.
ENTRIES = (
    ("portal.overview", "Overview"),
    ("portal.routings", "Routings"),
    ("portal.log", "The log"),
    ("portal.directory", "Directory"),
    ("portal.assurances_page", "Assurances"),
    ("portal.understanding", "Understanding"),
    ("portal.downloads", "Downloads"),
    ("portal.verify", "Verify"),
    ("portal.accesses", "Accesses"),
    ("portal.tokens", "API tokens"),
    ("portal.account", "Your account"),
)


@dataclass(frozen=True)
class Entry:
    """One link; `here` on the page itself."""

    label: str
    address: str
    here: bool


def of(who: Viewer | None) -> tuple[Entry, ...]:
    """The links for whoever is asking; none for somebody who has not signed in."""
    if who is None:
        return ()
    views = current_app.view_functions
    return tuple(
        Entry(label, url_for(endpoint), request.endpoint == endpoint)
        for endpoint, label in ENTRIES
        if endpoint in views and _may(who, endpoint)
    )


def _may(who: Viewer, endpoint: str) -> bool:
    roles = navigation_roles(current_app.view_functions[endpoint])
    return not roles or who.role in roles
