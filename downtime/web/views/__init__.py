"""The pages, one blueprint a module; each asks a room and shows what it answers."""

from downtime.web.views.account import account
from downtime.web.views.appointments import appointments
from downtime.web.views.audit import audit
from downtime.web.views.beds import beds
from downtime.web.views.check_in import booking
from downtime.web.views.comparison import comparison
from downtime.web.views.devices import devices
from downtime.web.views.field_placement import placing
from downtime.web.views.find import find
from downtime.web.views.guidance import guidance
from downtime.web.views.harm import harm
from downtime.web.views.home import home
from downtime.web.views.identity import identity
from downtime.web.views.jobs import jobs
from downtime.web.views.keying import keying
from downtime.web.views.labels import labels
from downtime.web.views.laptops import handover
from downtime.web.views.ledger import ledger
from downtime.web.views.numbers import numbers
from downtime.web.views.outages import outages
from downtime.web.views.outstanding_tests import tests
from downtime.web.views.owners import owners
from downtime.web.views.patient import patient
from downtime.web.views.people import people
from downtime.web.views.printing import printing
from downtime.web.views.queues import queue
from downtime.web.views.rekey_worklists import rekey_worklists
from downtime.web.views.report import report
from downtime.web.views.returns import returns
from downtime.web.views.snapshots import snapshots
from downtime.web.views.statement import statement
from downtime.web.views.verifying import verifying
from downtime.web.views.worklists import waiting

BLUEPRINTS = (
    account,
    appointments,
    audit,
    beds,
    booking,
    comparison,
    devices,
    find,
    guidance,
    handover,
    harm,
    home,
    identity,
    jobs,
    keying,
    labels,
    ledger,
    numbers,
    outages,
    owners,
    patient,
    people,
    placing,
    printing,
    queue,
    report,
    returns,
    snapshots,
    statement,
    tests,
    verifying,
    waiting,
    rekey_worklists,
)
