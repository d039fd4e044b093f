"""The application for a WSGI server: `gunicorn wsgi:app`."""

from dotenv import load_dotenv

from bot.app import create_app
from bot.memory import settle
from bot.settings import ROOT, Settings

load_dotenv(ROOT / ".env")
app = create_app(Settings.from_env())
settle()
