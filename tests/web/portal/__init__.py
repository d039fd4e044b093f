"""The partners' portal, as people and programs meet it."""
