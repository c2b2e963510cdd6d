"""How systems are set up: read with defaults, refused with a sentence that names the mistake."""

from pathlib import Path
from types import MappingProxyType

import pytest

from downtime import config
from downtime.errors import InputError
from downtime.returns import profiles
from downtime.settings import ReturnsSettings, Settings

MLLP = {"channel": "mllp", "host": "lims", "port": 2575}


def read(**keys):
    targets = MappingProxyType({"LIMS": keys})
    return profiles.read_target(Settings(returns=ReturnsSettings(targets=targets)), "LIMS")


def test_without_a_table_it_is_a_file_with_the_general_settings():
    made = profiles.read_target(Settings(), "LIMS")
    assert (made.channel, made.version, made.application) == ("file", "2.4", "LIMS")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"chanel": "mllp"}, "unknown setting 'returns.targets.LIMS.chanel'"),
        ({"channel": "fax"}, "channel' in config.toml must be one of file, mllp"),
        ({"version": "2.9"}, "version' in config.toml must be one of"),
        ({"version": 2.5}, "version' in config.toml has to be a text in quotation marks"),
        ({"channel": "mllp", "port": 2575}, "host' in config.toml is missing"),
        ({**MLLP, "port": 0}, "port' in config.toml must be between"),
        ({**MLLP, "answer_seconds": 0}, "answer_seconds' in config.toml must be more than 0"),
        ({"leave_out": ["PID"]}, "names PID, which cannot be left out"),
        ({"add": ["ZDT|1\rPID|2"]}, "holds a text that is not one segment"),
        ({"retry": ["AA"]}, "an answer other than"),
        ({"codes": {"colour": {}}}, "has no table 'colour'"),
        ({"version": "2.7", "merge": "A47"}, "must be A40"),
    ],
    ids=str,
)
def test_a_mistake_is_named(keys, words):
    with pytest.raises(InputError) as error:
        read(**keys)
    assert words in error.value.sentence


def test_the_page_on_returns_lists_every_key():
    page = (Path(__file__).parents[3] / "docs" / "returns.md").read_text(encoding="utf-8")
    assert config.describe_table(profiles.Target) in page
