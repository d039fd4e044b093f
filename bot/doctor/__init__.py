"""Examines the whole: everything that /readyz, `signpost check` and `signpost twilio doctor` look at, and
what only this machine can say, such as its disks and its clock.
"""

from bot.doctor.examination import Examined, worst
from bot.doctor.run import examine, of_online, of_settings_fault

__all__ = ["Examined", "examine", "of_online", "of_settings_fault", "worst"]
