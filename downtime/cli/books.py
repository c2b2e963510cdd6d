"""What is open of an outage, in lines: before somebody signs, and before books are closed with things open."""

from downtime.cli.session import Output
from downtime.returns.model import LEAD_TITLES
from downtime.returns.policies import SHOWN_DIGITS
from downtime.returns.statement.close_books import list_unsigned
from downtime.returns.statement.closing_model import Closing
from downtime.returns.statement.completeness_statement import Statement


def list_open_lines(statement: Statement) -> list[str]:
    """What is open, and below it who sees to which of it."""
    lines = []
    for item in statement.facts["open"]:
        lines.append(f"  {item['sentence']}")
        for owned in item["owners"]:
            mark = "  OVERDUE" if owned["due"] < statement.made_at else ""
            lines.append(f"    {len(owned['names'])}: {owned['owner']}, due {owned['due']}{mark}")
    return lines


def describe_books(statement: Statement, proposal: Closing | None) -> Output:
    """What is open and unsigned, and who proposed to close it so, for whoever closes it."""
    unsigned, digits = list_unsigned(statement), statement.digest[:SHOWN_DIGITS]
    lines = [f"{statement.verdict}.", *list_open_lines(statement)]
    lines += [f"The {LEAD_TITLES[lead].lower()} has not signed." for lead in unsigned]
    if proposal is not None:
        lines.append(
            f"{proposal.proposed_name} proposed on {proposal.proposed_at} to close it with"
            f" {proposal.open_count} things open: {proposal.proposed_reason}"
        )
        if proposal.facts_sha256 != statement.digest:
            lines.append("The books are not as they were then: it has to be proposed anew.")
    lines.append(f"Nothing was done. If it is to be closed so, repeat with --digest {digits}.")
    document = {
        "verdict": statement.verdict,
        "open": statement.facts["open"],
        "unsigned": unsigned,
        "proposed_by": proposal.proposed_name if proposal else "",
        "digest": digits,
    }
    return Output(document, lines)
