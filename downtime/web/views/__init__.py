"""The pages, one blueprint a module; each asks a room and shows what it answers."""

from downtime.web.views.account import account
from downtime.web.views.appointments import appointments
from downtime.web.views.audit import audit
from downtime.web.views.beds import beds
from downtime.web.views.booking import booking
from downtime.web.views.comparison import comparison
from downtime.web.views.devices import devices
from downtime.web.views.find import find
from downtime.web.views.guidance import guidance
from downtime.web.views.handover import handover
from downtime.web.views.harm import harm
from downtime.web.views.home import home
from downtime.web.views.identity import identity
from downtime.web.views.jobs import jobs
from downtime.web.views.keying import keying
from downtime.web.views.labels import labels
from downtime.web.views.ledger import ledger
from downtime.web.views.numbers import numbers
from downtime.web.views.outages import outages
from downtime.web.views.owners import owners
from downtime.web.views.patient import patient
from downtime.web.views.people import people
from downtime.web.views.placing import placing
from downtime.web.views.printing import printing
from downtime.web.views.queues import queue
from downtime.web.views.report import report
from downtime.web.views.returning import returning
from downtime.web.views.snapshots import snapshots
from downtime.web.views.statement import statement
from downtime.web.views.tests import tests
from downtime.web.views.verifying import verifying
from downtime.web.views.waiting import waiting
from downtime.web.views.worklists import worklists

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
    returning,
    snapshots,
    statement,
    tests,
    verifying,
    waiting,
    worklists,
)
