"""The web app of the home in DOWNTIME_HOME, for any WSGI server."""

import os
from pathlib import Path

from downtime.config import Home
from downtime.web import create_app

app = create_app(Home(Path(os.environ["DOWNTIME_HOME"])))
