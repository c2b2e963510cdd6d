"""Health and metrics for programs, the stale alarm for people, the page of the fleet."""

import hashlib
import re
import threading

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from downtime.fleet.machine_state import note_machine_state
from downtime.outage import outages
from downtime.vault.model import Actor
from downtime.web.server import listen
from tests.integration.web.conftest import Hospital
from tests.integration.web.test_ward import words

TOKEN = "a token of many characters"
SITE = Actor("u-site", "Site Person", "K7")


@pytest.fixture
def noted(hospital, vault):
    """The hospital, whose state was written down while it was unlocked."""
    note_machine_state(vault, hospital.settings, ())
    return hospital


def metrics(hospital, address="127.0.0.1", **headers):
    client = hospital.app.test_client()
    return client.get("/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers)


def values(answer) -> dict[str, float]:
    assert answer.status_code == 200, answer.text
    lines = (line.rpartition(" ") for line in answer.text.splitlines() if line[0] != "#")
    return {name: float(value) for name, _, value in lines}


def test_health_says_how_old_the_data_is_and_nothing_else(noted):
    client = noted.app.test_client()
    answer = client.get("/health")
    assert answer.json["status"] == "ok"
    assert set(answer.json) == {"status", "age_seconds"}
    noted.clock.go_on(hours=5)
    later = client.get("/health")
    assert later.status_code == 200
    assert later.json == {"status": "stale", "age_seconds": answer.json["age_seconds"] + 5 * 3600}


def test_health_of_a_home_that_is_damaged_has_failed(noted):
    (noted.home.keys_folder / "device.json").write_text("{}")
    answer = noted.app.test_client().get("/health")
    assert (answer.status_code, answer.json["status"]) == (503, "failed")


def test_metrics_are_known_while_nobody_is_signed_in(noted):
    read = values(metrics(noted))
    assert read["downtime_vault_unlocked"] == 0
    assert 0 <= read['downtime_data_age_seconds{system="PAS"}'] < 4 * 3600
    assert read['downtime_data_stale{system="PAS"}'] == 0
    assert read["downtime_disk_free_bytes"] > 0
    assert read['downtime_fleet_machines{level="well"}'] == 1
    noted.browser("ward")
    assert values(metrics(noted))["downtime_vault_unlocked"] == 1


def test_metrics_say_what_is_stale_and_what_is_down(noted, vault):
    noted.clock.go_on(hours=5)
    assert values(metrics(noted))['downtime_data_stale{system="PAS"}'] == 1
    outages.declare_systems_down(vault, ["PAS"], SITE, "power", known=("PAS",), snapshot="")
    note_machine_state(vault, noted.settings, outages.list_down_systems(vault))
    read = values(metrics(noted))
    assert read['downtime_data_stale{system="PAS"}'] == 0
    assert read['downtime_system_down{system="PAS"}'] == 1


def test_a_laptop_without_any_data_is_stale_for_who_watches_it(empty_hospital):
    read = values(metrics(empty_hospital))
    names = empty_hospital.settings.systems.names
    assert {read[f'downtime_data_stale{{system="{name}"}}'] for name in names} == {1}


def test_metrics_are_what_prometheus_reads(noted):
    families = {
        family.name: family for family in text_string_to_metric_families(metrics(noted).text)
    }
    assert {"PAS"} < {s.labels["system"] for s in families["downtime_data_stale"].samples}
    assert all(family.type == "gauge" and family.documentation for family in families.values())


def test_metrics_name_no_patient(noted):
    page = metrics(noted).text
    for word in ("SAMPLE", "Ann", "9990000018", "1000001"):
        assert word not in page


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}),
        ("127.0.0.1", {"x-forwarded-host": "downtime.hospital.example"}),
        ("192.0.2.7", {"Authorization": "Bearer wrong"}),
        ("192.0.2.7", {"Authorization": "Bearer "}),
        ("", {}),
    ],
)
def test_metrics_are_for_this_computer_only(noted, address, headers):
    answer = metrics(noted, address, **headers)
    assert answer.status_code == 403
    assert "token" in answer.text
    assert "downtime_" not in answer.text


def test_a_front_that_passes_on_the_name_it_was_asked_for_is_not_this_computer(noted):
    with noted.home.config_file.open("a") as file:
        file.write('[web]\ntrusted_hosts = ["localhost", "downtime.hospital.example"]\n')
    hospital = Hospital(noted.home, noted.clock, noted.secrets, noted.file)
    assert metrics(hospital, Host="localhost:8400").status_code == 200
    assert metrics(hospital, Host="downtime.hospital.example").status_code == 403


def test_the_server_itself_shows_that_a_front_passed_the_request_on(noted):
    server = listen(noted.app, noted.settings, "127.0.0.1", 0)
    threading.Thread(target=server.run, daemon=True).start()
    address = f"http://127.0.0.1:{server.effective_port}/metrics"
    try:
        assert httpx.get(address).status_code == 200
        for name in ("X-Forwarded-For", "Forwarded"):
            assert httpx.get(address, headers={name: "192.0.2.7"}).status_code == 403
    finally:
        server.close()


def test_once_there_is_a_token_everybody_needs_it(noted):
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    with noted.home.config_file.open("a") as file:
        file.write(f'[monitoring]\nmetrics_token_sha256 = "{digest}"\n')
    hospital = Hospital(noted.home, noted.clock, noted.secrets, noted.file)
    for address in ("192.0.2.7", "127.0.0.1"):
        assert metrics(hospital, address).status_code == 403
    assert metrics(hospital, "192.0.2.7", Authorization=f"Bearer {TOKEN}x").status_code == 403
    assert values(metrics(hospital, "192.0.2.7", Authorization=f"Bearer {TOKEN}"))


def test_a_stale_laptop_says_so_on_the_sign_in_page_and_on_every_other(noted):
    assert "STALE" not in noted.app.test_client().get("/sign-in").text
    assert "band alarm" not in noted.browser("ward").get("/beds").text
    noted.clock.go_on(hours=5)
    page = noted.browser().get("/sign-in").text
    (alarm,) = re.findall(r'<p class="band alarm"[^>]*>([^<]+)', page)
    assert alarm.startswith("STALE: the hospital data on this laptop is of")
    assert "PAS" in alarm
    assert "PAS STALE: as at" in words(noted.browser("ward").get("/beds").text)


def test_the_sign_in_page_comes_whatever_is_wrong(noted):
    (noted.home.keys_folder / "device.json").write_text("{}")
    assert noted.app.test_client().get("/sign-in").status_code == 200


def test_a_laptop_without_data_says_so_before_anybody_signs_in(empty_hospital):
    assert "holds no hospital data" in empty_hospital.browser().get("/sign-in").text


def test_the_fleet_is_shown_to_site_and_administrator(noted):
    for role in ("site", "administrator"):
        page = noted.browser(role).get("/fleet").text
        assert "This machine" in page
        assert "Well" in page
    assert noted.browser("ward").get("/fleet").status_code == 403
