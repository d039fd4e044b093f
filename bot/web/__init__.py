"""The app's blueprints: webhooks, ops and, in development, the simulator."""
