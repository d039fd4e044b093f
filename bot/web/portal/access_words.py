"""What can stand in the access log, in words."""

from __future__ import annotations

WORDS = {
    "signed_in": "Signed in",
    "sign_in.failed": "Failed sign-in",
    "signed_out": "Signed out",
    "account.set_up": "Set up the account",
    "account.seen": "Looked at own account",
    "account.added": "Account added by the operator",
    "account.reset": "Account reset by the operator",
    "account.disabled": "Account disabled by the operator",
    "account.enabled": "Account enabled by the operator",
    "password.changed": "Changed the password",
    "code_app.changed": "Set up an authenticator app",
    "recovery_codes.made": "Made new recovery codes",
    "token.made": "Made an API token",
    "token.revoked": "Revoked an API token",
    "token.refused": "API token refused",
    "tokens.seen": "Looked at the API tokens",
    "accesses.seen": "Looked at this log",
    "overview.seen": "Looked at the overview",
    "understanding.seen": "Looked at how well texts are understood",
    "refused": "Was refused a page",
}
