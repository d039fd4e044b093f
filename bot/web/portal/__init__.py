"""The partners' portal: who signs in sees where people were sent, and never who they were.

blueprint, navigation    what every page goes through, and the way round
access                   who asks, whether they may, and the log of what they looked at
cookies, form_tokens, keys, passwords, codes, throttle    what keeps others out
sign_in, set_up, account, token_pages, access_pages       the pages for accounts
overview, routing_pages, proof_pages, log_pages, directory_pages, export_pages    those about the record
understanding_page       how well free text is understood, by the last report
figures, periods, queries, names, files, log_view    what those pages and the API say, and how
api                      the same for programs
"""

from __future__ import annotations

# Imported for the routes they add.
from bot.web.portal import (
    access_pages,
    account,
    directory_pages,
    export_pages,
    log_pages,
    overview,
    proof_pages,
    routing_pages,
    set_up,
    sign_in,
    token_pages,
    understanding_page,
)
from bot.web.portal.access import is_api
from bot.web.portal.api import api, api_refused
from bot.web.portal.blueprint import bp

__all__ = [
    "access_pages",
    "account",
    "api",
    "api_refused",
    "bp",
    "directory_pages",
    "export_pages",
    "is_api",
    "log_pages",
    "overview",
    "proof_pages",
    "routing_pages",
    "set_up",
    "sign_in",
    "token_pages",
    "understanding_page",
]
