"""Orders that are changed by their number alone."""

from downtime.snapshot.nameless_orders import find_targets
from downtime.snapshot.record_state import Layer, RecordState, Stamp


def state(**fields):
    return RecordState([Layer(Stamp("1", "1"), fields)])


def test_a_number_alone_concerns_all_that_was_ordered_under_it():
    orders = {
        "P1|FBC": state(code="FBC"),
        "P1|UE": state(display="U&E"),
        "P1|": state(stage="cancelled"),
        "P10|FBC": state(code="FBC"),
    }
    assert find_targets(orders) == {"P1|": ["P1|FBC", "P1|UE"]}


def test_a_prescription_is_found_by_its_number_too():
    orders = {
        "RX1": state(status="stopped"),
        "RX1|INS": state(medicine="Insulin"),
        "RX1|INS|2": state(medicine="Insulin"),
    }
    assert find_targets(orders) == {"RX1": ["RX1|INS", "RX1|INS|2"]}


def test_a_number_of_which_nothing_was_ordered_stands_alone():
    assert find_targets({"P9|": state(stage="cancelled"), "P1|FBC": state(code="FBC")}) == {}
