"""Pages reach a printer of a real CUPS: its daemon, its queue and its commands, on a device that keeps what it gets."""

import io
import os
import shutil
import subprocess
import time

import pytest

from downtime.errors import ConflictError, UserError
from downtime.paper import ledger, serials
from downtime.paper.packs import deliver, pack_ledger, print_queue
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.continue_print import ContinuedPrint
from downtime.paper.packs.model import PrintChannel
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.print_queue import StoppedMidwayError
from downtime.paper.packs.ward_pack import WardPack
from downtime.paper_settings import PrintingSettings
from downtime.settings import Settings
from tests.integration.paper.conftest import read_words

CUPSD = shutil.which("cupsd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(
    not (CUPSD and os.access(CUPSD, os.X_OK) and shutil.which("lp") and os.getuid() == 0),
    reason="no CUPS here (cups-daemon, cups-client), or nobody who may start it",
)
QUEUE = "ward-a1"
CONFIG = """
Listen {folder}/cups.sock
LogLevel warn
ServerName localhost
HostNameLookups Off
DefaultAuthType None
WebInterface No
Browsing No
PreserveJobFiles No
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""
FILES = """
ServerRoot {folder}
ServerBin {folder}/bin
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/spool/tmp
AccessLog {folder}/access
ErrorLog {folder}/errors
PageLog {folder}/pages
SystemGroup root
"""


DEVICE = """#!/bin/sh
[ $# -gt 0 ] && cat "$6" > "{printed}"
exit 0
"""
"""What CUPS calls to print (a backend): user, title, copies, options and the file."""


@pytest.fixture
def printer(tmp_path, monkeypatch):
    """The file that a queue of a CUPS of its own prints into."""
    folder = tmp_path / "cups"
    for part in ("spool/tmp", "cache", "state", "bin/backend"):
        (folder / part).mkdir(parents=True)
    for part in ("daemon", "filter"):
        (folder / "bin" / part).symlink_to(f"/usr/lib/cups/{part}")
    device, printed = folder / "bin/backend/device", folder / "printed"
    device.write_text(DEVICE.format(printed=printed))
    device.chmod(0o700)
    (folder / "cupsd.conf").write_text(CONFIG.format(folder=folder))
    (folder / "cups-files.conf").write_text(FILES.format(folder=folder))
    files = ("-c", folder / "cupsd.conf", "-s", folder / "cups-files.conf")
    daemon = subprocess.Popen([CUPSD, "-f", *files], stderr=subprocess.DEVNULL)
    monkeypatch.setenv("CUPS_SERVER", str(folder / "cups.sock"))
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
    wait_until((folder / "cups.sock").exists)
    run("lpadmin", "-p", QUEUE, "-E", "-v", "device:/a1", "-m", "raw")
    yield printed
    daemon.terminate()
    daemon.wait(20)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def settings():
    return Settings(printing=PrintingSettings(queue=QUEUE))


@pytest.fixture
def send(vault, settings, actor):
    def build():
        out = io.BytesIO()
        delivery = deliver.make_delivery(
            settings.printing, PrintChannel.QUEUE, out, two_sided=False
        )
        order = BlankForms(forms=("incident-log",), copies=1, ward="A1")
        pack = print_pack(vault, settings, order, actor, "Test", out, deliver=delivery)
        return pack, out.getvalue()

    return build


def test_a_pack_comes_out_of_a_real_queue_whole_and_a_stopped_one_gets_none(
    printer, send, vault, monkeypatch
):
    pack, pdf = send()
    assert pack_ledger.get_pack(vault, pack.id).state == "printed"
    wait_until(lambda: printer.exists() and printer.stat().st_size == len(pdf))
    assert printer.read_bytes() == pdf

    run("cupsdisable", QUEUE)
    with pytest.raises(UserError, match="did not take the pages: it is stopped"):
        send()
    assert run("lpstat", "-o", QUEUE) == ""

    # It stops after it was asked, with the pages in it: they are taken back.
    monkeypatch.setattr(print_queue, "_ask_state", stop_asking_once(print_queue._ask_state))
    with pytest.raises(UserError, match="it stopped, and the pages were taken back"):
        send()
    assert run("lpstat", "-o", QUEUE) == "", "it never prints unlooked-for"
    run("cupsenable", QUEUE)
    assert printer.read_bytes() == pdf
    assert len(pack_ledger.list_failed(vault)) == 2


FAILING = """#!/bin/sh
[ $# -gt 0 ] || exit 0
head -c 20000 "$6" > "{printed}"
sleep 2
exit 1
"""


def test_a_print_goes_on_where_its_printer_stopped(printer, vault, settings, actor, snapshot):
    def send(request):
        out = io.BytesIO()
        delivery = deliver.make_delivery(
            settings.printing, PrintChannel.QUEUE, out, two_sided=False
        )
        pack = print_pack(
            vault, settings, request, actor, "Test", out, snapshot=snapshot, deliver=delivery
        )
        return pack, out.getvalue()

    device = printer.parent / "bin/backend/device"
    working = device.read_text()
    run("lpadmin", "-p", QUEUE, "-o", "printer-error-policy=stop-printer")
    device.write_text(FAILING.format(printed=printer))
    with pytest.raises(StoppedMidwayError, match="stopped while it printed"):
        send(WardPack(wards=("A1",), forms=("observations",), blanks=1))
    assert run("lpstat", "-o", QUEUE) == "", "what it still held never prints unlooked-for"
    (stopped,) = ledger.list_packs(vault)
    assert stopped.state == "printed", "some of it lies on the ward"
    forms = ledger.list_pack_forms(vault, stopped.id)
    last = next(form for form in forms if form.patient and form.returns)
    came, rest = forms[: forms.index(last) + 1], forms[forms.index(last) + 1 : -1]

    device.write_text(working)
    run("cupsenable", QUEUE)
    pack, pdf = send(ContinuedPrint(last=last.serial))
    wait_until(lambda: printer.stat().st_size == len(pdf))
    again = ledger.list_pack_forms(vault, pack.id)[:-1]
    assert [(f.form, f.ward, f.patient) for f in again] == [
        (f.form, f.ward, f.patient) for f in rest
    ]
    assert {ledger.get_form(vault, form.serial).state for form in rest} == {"void"}
    assert {ledger.get_form(vault, form.serial).state for form in came} == {"issued"}
    cover = " ".join(read_words(pdf)[0].split())
    assert f"after {serials.format_serial(last.serial)}, where the printer stopped" in cover
    assert f"{len(rest)} forms from {serials.format_serial(rest[0].serial)} to" in cover
    with pytest.raises(ConflictError, match="nothing of its pack is left"):
        send(ContinuedPrint(last=last.serial))


def wait_until(happened) -> None:
    for _ in range(400):
        if happened():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen")


def stop_asking_once(ask):
    """The queue is ready when it is asked first, and its own answer after that."""
    answers = iter([print_queue.PrinterState.READY])
    return lambda queue: next(answers, None) or ask(queue)
