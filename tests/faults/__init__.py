"""The line under faults: a process of its own, real databases, and people who ring and text."""
