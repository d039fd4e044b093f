"""The partners' portal: who signs in sees where people were sent, and never who they were.

blueprint, navigation    what every page goes through, and the way round
access                   who asks, whether they may, and the log of what they looked at
cookies, form_tokens, keys, passwords, codes, throttle    what keeps others out
sign_in, set_up, account, token_pages, access_pages       the pages for accounts
pages                    the pages about routings and the log
"""

from __future__ import annotations

# Imported for the routes they add.
from bot.web.portal import access_pages, account, overview, set_up, sign_in, token_pages
from bot.web.portal.blueprint import bp

__all__ = ["access_pages", "account", "bp", "overview", "set_up", "sign_in", "token_pages"]
