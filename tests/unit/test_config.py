"""A home's settings: defaults, what a site changes, and mistakes named by their key."""

import pytest

from downtime import config
from downtime.errors import InputError, NotFoundError
from downtime.settings import Settings


def load(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return config.load_settings(path)


def test_an_empty_file_means_the_defaults(tmp_path):
    assert load(tmp_path, "") == Settings()


def test_a_site_changes_what_it_names_and_keeps_the_rest(tmp_path):
    settings = load(tmp_path, '[site]\nname = "Ysbyty Môr"\n[systems]\nnames = ["PAS", "LIMS"]\n')
    assert settings.site.name == "Ysbyty Môr"
    assert settings.systems.names == ("PAS", "LIMS")
    assert settings.site.time_zone == "Europe/London"


def test_a_site_says_which_systems_hold_a_type_of_record(tmp_path):
    settings = load(tmp_path, '[systems.holders]\nFlag = ["EPR", "PAS"]\n')
    assert settings.systems.holders["Flag"] == ("EPR", "PAS")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[site]\nnmae = 'x'\n", "site.nmae"),
        ("[sight]\n", "sight"),
        ("[snapshot]\nkeep = 'many'\n", "snapshot.keep"),
        ("[snapshot]\nkeep = true\n", "snapshot.keep"),
        ("[systems]\nnames = [1]\n", "systems.names"),
        ("[systems.holders]\nFlag = 'EPR'\n", "systems.holders.Flag"),
        ("[systems.records]\nFlag = 3\n", "systems.records.Flag"),
        ("site = 3\n", "site"),
        ("[site\n", "config.toml is not valid"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, named):
    with pytest.raises(InputError, match=named):
        load(tmp_path, text)


def test_a_setting_of_an_earlier_version_keeps_nobody_out(tmp_path):
    """An upgrade would refuse to start over a line that the site was once told to write."""
    settings = load(tmp_path, "[web]\nrequest_seconds = 20\nidle_seconds = 45\n")
    assert settings.web.idle_seconds == 45
    with pytest.raises(InputError, match="web.request_second'"):
        load(tmp_path, "[web]\nrequest_second = 20\n")


def test_no_home_is_said_with_the_next_step(tmp_path):
    with pytest.raises(NotFoundError, match="downtime init"):
        config.load_settings(tmp_path / "config.toml")


def test_settings_cannot_be_changed_once_read():
    with pytest.raises(TypeError):
        Settings().systems.records["Patient"] = "EPR"
