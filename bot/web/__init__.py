"""Twilio's webhooks, before Flask, and the blueprints: ops, log, portal, in development the simulator."""
