"""The portal for programs: /api/v1, with an API token or a session, by the same rules as the pages.

routes     what can be asked
openapi    the description of it, which the tests hold it to
"""

from __future__ import annotations

from bot.web.portal.api.routes import api, api_refused

__all__ = ["api", "api_refused"]
