"""The line itself, with no world around it.

Nothing here knows Flask, Twilio, SQL, a clock, a network or a file: time, words and
randomness are passed in, and a decision comes back. That is why every way through the
script can be walked by a test in microseconds.
"""
