"""All kinds of places do the same: whole files or none, small ones replaced, faults without addresses."""

import io
import os
import shutil

import pytest

from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace

KINDS = ("file", "sftp", "smb", "s3")
CONTENT = bytes(range(256)) * 50_000  # more than a block of S3


def make_address(kind: str, tmp_path, request) -> FolderAddress:
    (tmp_path / "place").mkdir(exist_ok=True)
    if kind == "file":
        return FolderAddress(kind=FolderKind.LOCAL, path=str(tmp_path / "place"))
    table = dict(request.getfixturevalue(kind))
    table.pop("client", None)
    folder = table.pop("folder", None)
    path = {"sftp": str(tmp_path / "place"), "s3": f"feeds/{tmp_path.name}"}.get(kind, "")
    if folder:
        (folder / tmp_path.name).mkdir(exist_ok=True)
        path = f"feeds/{tmp_path.name}"
    return FolderAddress(kind=FolderKind(kind), path=path, **table)


@pytest.fixture(params=KINDS)
def address(request, tmp_path):
    return make_address(request.param, tmp_path, request)


@pytest.fixture
def carrier(address):
    with open_carrier(address, Pace()) as opened:
        yield opened


def read(carrier, name: str, offset: int = 0, size: int = len(CONTENT)) -> bytes:
    return b"".join(carrier.read_blocks(name, offset, size))


def test_a_file_comes_back_as_it_was_written_and_from_any_point_on(carrier):
    carrier.write_file("wards/AMU/a.downtime", io.BytesIO(CONTENT))
    assert carrier.has_file("wards/AMU/a.downtime", len(CONTENT))
    assert read(carrier, "wards/AMU/a.downtime") == CONTENT
    assert read(carrier, "wards/AMU/a.downtime", 9_000_001) == CONTENT[9_000_001:]
    assert list(carrier.list_names("wards/AMU")) == ["a.downtime"]
    assert carrier.traffic.bytes_out == len(CONTENT)


def test_a_file_that_broke_off_is_not_there(carrier):
    class Breaking(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 8_000_000:
                raise OSError("the stick is out")
            return super().read(size)

    with pytest.raises(OSError, match=r"^$|fault"):
        carrier.write_file("a.downtime", Breaking(CONTENT))
    assert list(carrier.list_names()) == []


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_or_a_folder_in_a_files_place_is_no_file(make, tmp_path):
    make(tmp_path / "latest.json")
    address = FolderAddress(kind=FolderKind.LOCAL, path=str(tmp_path))
    with open_carrier(address, Pace()) as opened:
        for action in (opened.read_small, lambda *sizes: read(opened, *sizes)):
            with pytest.raises(FileNotFoundError):
                action("latest.json", 100)


def test_a_small_file_is_replaced_and_read_at_most_so_far(carrier):
    for content in (b"first", b"second"):
        carrier.replace_file("latest.json", content)
        assert carrier.read_small("latest.json", 100).content == content
    assert len(carrier.read_small("latest.json", 3).content) == 4


def test_what_is_not_there_is_said_so(carrier):
    with pytest.raises(FileNotFoundError):
        carrier.read_small("latest.json", 100)
    with pytest.raises(FileNotFoundError):
        read(carrier, "a.downtime")
    assert not carrier.has_file("a.downtime", 1)
    assert list(carrier.list_names("wards")) == []
    carrier.remove_file("a.downtime")


def test_a_file_that_is_shorter_than_the_pointer_says_ends_the_reading(carrier):
    carrier.write_file("a.downtime", io.BytesIO(b"short"))
    with pytest.raises((EOFError, OSError)):
        read(carrier, "a.downtime", 5, 10)


@pytest.mark.parametrize("kind", ["file", "s3"])
def test_a_pointer_that_has_not_changed_is_not_sent_again(kind, tmp_path, request):
    with open_carrier(make_address(kind, tmp_path, request), Pace()) as carrier:
        carrier.replace_file("latest.json", b"first")
        file = carrier.read_small("latest.json", 100)
        before = carrier.traffic.bytes_in
        assert carrier.read_small("latest.json", 100, file.version) is None
        assert carrier.traffic.bytes_in == before
        carrier.replace_file("latest.json", b"other")
        assert carrier.read_small("latest.json", 100, file.version).content == b"other"


@pytest.mark.parametrize("kind", ["sftp", "smb", "s3"])
def test_a_server_that_is_gone_is_named_by_its_fault_alone(kind, tmp_path, request):
    table = make_address(kind, tmp_path, request)
    address = FolderAddress(
        **{name: getattr(table, name) for name in table.__slots__}
        | {
            "port": 1,
            "endpoint": "http://127.0.0.1:1" if kind == "s3" else "",
            "connect_seconds": 2,
        }
    )
    with pytest.raises(OSError) as fault, open_carrier(address, Pace()) as carrier:  # noqa: PT011
        carrier.read_small("latest.json", 10)
    assert "127.0.0.1" not in str(fault.value)
    assert str(tmp_path) not in str(fault.value)


def test_a_stick_that_is_out_gets_no_folder_on_our_own_disk(tmp_path):
    folder = tmp_path / "media" / "DOWNTIME"
    with pytest.raises(FileNotFoundError):
        open_carrier(FolderAddress(kind=FolderKind.LOCAL, path=str(folder)), Pace())
    assert not folder.parent.exists()


def test_a_folder_that_nothing_is_mounted_at_is_no_stick():
    address = FolderAddress(kind=FolderKind.LOCAL, path="/usr", mounted=True)
    with pytest.raises(FileNotFoundError):
        open_carrier(address, Pace())


def test_a_stick_that_disappears_midway_leaves_nothing_that_is_believed(tmp_path):
    place = tmp_path / "stick"
    place.mkdir()

    class PulledOut(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                shutil.rmtree(place)
            return super().read(size)

    with open_carrier(FolderAddress(kind=FolderKind.LOCAL, path=str(place)), Pace()) as carrier:
        with pytest.raises(FileNotFoundError):
            carrier.write_file("a.downtime", PulledOut(CONTENT))
        assert not place.exists()


def test_no_more_goes_than_the_cap_allows(tmp_path):
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(1_000_000, lambda: now[0], sleep)
    address = FolderAddress(kind=FolderKind.LOCAL, path=str(tmp_path))
    with open_carrier(address, pace) as carrier:
        carrier.write_file("a.downtime", io.BytesIO(CONTENT))
        read(carrier, "a.downtime")
    assert sum(slept) == pytest.approx(2 * len(CONTENT) / 1_000_000, rel=0.01)
