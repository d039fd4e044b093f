"""The audited log: a Merkle tree in tiles, signed checkpoints, and everything that verifies them.

The formats are others': RFC 6962 (the tree), and C2SP's tlog-tiles, tlog-checkpoint, signed-note,
tlog-proof and tlog-witness (https://c2sp.org). Programs that others wrote read what is written here.
"""
