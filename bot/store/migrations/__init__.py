"""The history of the tables, run by `bot.store.migrate.upgrade`.

A migration is written by hand: copy the newest file in versions/, count its number on, and add what
`bot/store/tables.py` has new; tests/store shows the difference until there is none. There are no
downgrades: a migration that drops a column can't bring back what was in it, so the way back is a backup.
"""
