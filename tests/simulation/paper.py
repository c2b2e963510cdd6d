"""What the wards write in a simulated month, and what a right comparison says of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from downtime.demo import form_answers
from tests.simulation.clerks import Answers, Written, slipped
from tests.simulation.truth import Sheet

OBSERVED, REQUESTED, NOTED = "observations", "blood-sciences-request", "progress-notes"
FORMS = (OBSERVED, REQUESTED, NOTED)
CRITICAL = {
    OBSERVED: frozenset[str](),
    REQUESTED: frozenset({"test.gent", "test.vanc", "level"}),
}
WHO = frozenset({"patient.name", "patient.born", "patient.nhs", "patient.mrn"})
"""Critical fields of the identity block on a blank."""
SLIPS = 3
"""Papers of a hundred on which the first clerk misreads something."""
_TESTS = ("test.fbc", "test.ue", "test.crp", "test.lft")


@dataclass(frozen=True, slots=True)
class Month:
    """The outage, in which all of it happened: `begin` to `end`."""

    begin: datetime
    end: datetime

    def moment(self, dice: Random) -> datetime:
        """Any minute from the second day to the day before the end.

        By the second day the recovered systems had nothing of what was asked for on paper.
        """
        first, last = self.begin + timedelta(days=2), self.end - timedelta(days=1)
        return first + timedelta(minutes=dice.randrange(int((last - first).total_seconds() // 60)))


def write(dice: Random, month: Month, sheet: Sheet, who: Answers) -> Written:
    """Something on a paper that is keyed; `who` is the identity written on a blank."""
    when = month.moment(dice)
    signed = form_answers.signed(when, dice.choice(form_answers.AUTHORS))
    if sheet.form == OBSERVED:
        answers = _observed(dice, when) | signed
        slip = slipped(dice, answers, {"pulse:1": f"1{answers['pulse:1']}"}, SLIPS)
        return Written(sheet, answers, CRITICAL[OBSERVED], slip)
    answers = _requested(dice, when) | signed | who
    other = "" if answers.get("test.gent") else "true"
    slip = slipped(dice, answers, {"test.gent": other, "contact": "Bleep 4122"}, SLIPS)
    return Written(sheet, answers, CRITICAL[REQUESTED] | (who.keys() & WHO), slip)


def sign(dice: Random, month: Month) -> Answers:
    """What stands on a paper on which nobody wrote anything else."""
    return form_answers.signed(month.moment(dice), dice.choice(form_answers.AUTHORS))


def copied(first: Written, sheet: Sheet, dice: Random) -> Written:
    """The same tests asked for once more on another paper, some minutes after the first sample."""
    taken = datetime.fromisoformat(first.answers["collected"]) + timedelta(
        minutes=dice.randrange(45)
    )
    later = {"collected": taken.strftime("%Y-%m-%dT%H:%M")}
    return Written(sheet, first.answers | later, first.critical, {})


def tests(written: Written) -> list[str]:
    """The fields of the tests that a paper asks for."""
    return [key for key in written.answers if key.startswith("test.")]


def _observed(dice: Random, when: datetime) -> Answers:
    return {
        "taken:1": form_answers.local(when),
        "pulse:1": str(dice.randint(60, 95)),
        "systolic:1": str(dice.randint(105, 140)),
        "temperature:1": f"{dice.uniform(36.2, 37.6):.1f}",
    }


def _requested(dice: Random, when: datetime) -> Answers:
    tests = dict.fromkeys(dice.sample(_TESTS, dice.randint(1, 2)), "true")
    if dice.random() < 0.2:
        tests["test.gent"] = "true"
    return {
        "priority": "urgent",
        "collected": form_answers.local(when),
        "requester": "Dr Callum Reid",
        "contact": "Bleep 2214",
        "reason": "Fever",
        **tests,
    }


def items(written: Written) -> list[str]:
    """The keys of what a paper says, as they are compared."""
    sheet = written.sheet
    if sheet.form == OBSERVED:
        return [f"{sheet.serial}-{name}-1" for name in ("pulse", "systolic", "temperature")]
    return [f"{sheet.serial}-{key}" for key in tests(written)]
