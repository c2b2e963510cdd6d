"""Which bundles a machine may put in use. UntrustedError says why one is refused."""

from downtime.errors import UntrustedError
from downtime.settings import Settings
from downtime.snapshot.bundle import SealedBundle
from downtime.snapshot.store.snapshot_index import BundleNumber


def check_hospital(sealed: SealedBundle, settings: Settings) -> None:
    """Refuse a bundle of another hospital."""
    if sealed.hospital != settings.site.code:
        raise UntrustedError(
            "bundle.other-hospital",
            f"This bundle is of {sealed.hospital}, and this machine serves {settings.site.code}.",
            "Load a bundle of this hospital.",
        )


def check_number(
    sealed: SealedBundle, highest: tuple[BundleNumber, str] | None, settings: Settings
) -> None:
    """Refuse a number that a publisher who was taken over, or an old stick, would bring.

    `highest` is the highest number taken from this publisher, with what identifies that bundle.
    """
    if highest is None:
        return
    (epoch, sequence), identity = highest
    number = BundleNumber(sealed.epoch, sealed.sequence)
    if number < highest[0]:
        raise UntrustedError(
            "bundle.older",
            f"This bundle is number {sealed.sequence}; number {sequence} was loaded before.",
            "Load a newer one: an old picture must not replace a new one.",
        )
    if number == highest[0] and identity not in (sealed.identity, sealed.sha256):
        raise UntrustedError(
            "bundle.same-number",
            f"Another bundle with the number {sequence} was loaded before.",
            "Tell security: a publisher never gives one number twice.",
        )
    base = sequence if sealed.epoch == epoch else 0
    if sealed.epoch > epoch + 1 or sealed.sequence - base > settings.snapshot.max_sequence_jump:
        raise UntrustedError(
            "bundle.jump",
            f"The number of this bundle jumps from {_word(highest[0])} to {_word(number)}.",
            "Tell security, and go on with the snapshot that is in use.",
        )


def _word(number: BundleNumber) -> str:
    return f"{number.sequence} of epoch {number.epoch}"
