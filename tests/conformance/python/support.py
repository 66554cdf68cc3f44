"""What the tests share: a client of the cluster under test, and a bucket of its own for every test."""

import os
import unittest
import uuid

import requests
from aistore.sdk import Client

ENDPOINT = os.environ["AIS_ENDPOINT"]
IS_FULL = os.environ.get("AIS_CONFORMANCE_PROFILE") == "full"

full_only = unittest.skipUnless(IS_FULL, "takes long: make conformance runs it")


class ClusterCase(unittest.TestCase):
    """Every test has `self.bucket`, which is empty, and which is gone after it."""

    client: Client

    @classmethod
    def setUpClass(cls):
        cls.client = Client(ENDPOINT, timeout=(5, 60))

    def setUp(self):
        self.bucket = self.new_bucket()

    def new_bucket(self):
        bucket = self.client.bucket(self.new_name())
        bucket.create()
        self.addCleanup(bucket.delete, missing_ok=True)
        return bucket

    @staticmethod
    def new_name():
        return f"conformance-{uuid.uuid4().hex[:12]}"

    def put(self, name, content=b"content"):
        obj = self.bucket.object(name)
        obj.get_writer().put_content(content)
        return obj

    def read(self, name, bucket=None):
        return (bucket or self.bucket).object(name).get_reader().read_all()

    def names(self, **kwargs):
        return [entry.name for entry in self.bucket.list_all_objects(**kwargs)]

    def url(self, name=""):
        return f"{ENDPOINT}/v1/objects/{self.bucket.name}/{name}"

    def act(self, method, name, action, value=None, action_name="", **params):
        """A call that the SDK has no method for; the redirect is followed as the SDK does it."""
        message = {"action": action, "name": action_name, "value": value}
        return requests.request(method, self.url(name), json=message, params=params, timeout=60)


def content_of(size, seed=1):
    """Bytes that differ from one seed to the next. Their period is a prime, so that no two buffers are alike."""
    period = min(size, 65_521)
    block = bytes((i * 31 + (i >> 8) * 17 + seed * 101) & 0xFF for i in range(period))
    return block if size == period else (block * (size // period + 1))[:size]
