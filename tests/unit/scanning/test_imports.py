"""What reads pictures is large: only the process that opens scans pays for it."""

import subprocess
import sys

PROGRAM = "import downtime.cli, downtime.web, sys; sys.exit('cv2' in sys.modules)"


def test_a_server_and_a_command_do_not_load_what_reads_pictures():
    assert subprocess.run([sys.executable, "-c", PROGRAM]).returncode == 0
