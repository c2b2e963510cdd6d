"""The words of the vault's own records: what an audit entry says, the states of a job."""

from enum import StrEnum


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    DEVICE_DISTRUST = "device.distrust"
    DEVICE_TRUST = "device.trust"
    JOB_CANCEL = "job.cancel"
    JOB_FAIL = "job.fail"
    JOB_FINISH = "job.finish"
    VAULT_MIGRATE = "vault.migrate"
