"""The encrypted database of a machine: its keys, its migrations and its audit chain."""

import sys

import sqlcipher3

# sqlite-utils picks its driver when it is first imported, and `alter=True` needs the same one.
sys.modules.setdefault("pysqlite3", sqlcipher3)
sys.modules.setdefault("pysqlite3.dbapi2", sqlcipher3.dbapi2)
