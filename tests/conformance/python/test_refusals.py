"""What is not there is refused as such, what makes no sense as that, and neither changes anything."""

import requests
from support import ENDPOINT, ClusterCase

LIST = {"template": "", "objnames": ["a"]}


class Refusals(ClusterCase):
    def call(self, method, path, action=None, value=None, name=""):
        message = None if action is None else {"action": action, "name": name, "value": value}
        return requests.request(method, f"{ENDPOINT}{path}", json=message, timeout=30)

    def expect(self, status, method, path, action=None, value=None):
        reply = self.call(method, path, action, value)
        self.assertEqual(reply.status_code, status, f"{method} {path} {action}: {reply.text}")
        body = reply.json()
        self.assertEqual(body["status"], status)
        self.assertNotEqual(body["message"], "")

    @property
    def path(self):
        return f"/v1/buckets/{self.bucket.name}"

    def test_what_is_missing_is_501(self):
        for method, action in [
            ("PUT", "archive"),
            ("POST", "etl-bck"),
            ("POST", "etl-listrange"),
            ("POST", "make-n-copies"),
            ("POST", "ec-encode"),
            ("POST", "rechunk"),
            ("POST", "index-shard"),
            ("POST", "create-inventory"),
            ("DELETE", "destroy-inventory"),
            ("GET", "summary-shard"),
            ("GET", "show-inventory"),
        ]:
            with self.subTest(action=action):
                self.expect(501, method, self.path, action, {})
        for path in ["/v1/ml/moss", "/s3/b", "/v1/tokens", "/gs/b"]:
            with self.subTest(path=path):
                self.expect(501, "GET", path)
        for method, path in [("POST", "/v1/download"), ("POST", "/v1/sort"), ("PUT", "/v1/etl")]:
            with self.subTest(path=path):
                self.expect(501, method, path, "", {})

    def test_what_makes_no_sense_is_400(self):
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH"]:
            with self.subTest(method=method):
                self.expect(400, method, self.path, "nonsense")
        self.expect(400, "PUT", "/v1/cluster", "nonsense")
        self.expect(400, "PUT", "/v1/cluster/nonsense")
        self.expect(400, "GET", "/v1/cluster?what=nonsense")
        self.expect(400, "GET", "/v1/daemon?what=nonsense")
        self.expect(400, "GET", "/v1/nonsense")
        self.expect(400, "POST", "/v1/buckets", "create-bck")

    def test_unknown_members(self):
        """Left out of the account, a misspelt member would make the selection the whole bucket."""
        self.put("a")
        self.expect(400, "DELETE", self.path, "delete-listrange", {"objname": ["b"]})
        self.expect(400, "DELETE", self.path, "delete-listrange")
        self.expect(400, "DELETE", self.path, "delete-listrange", [])
        self.expect(400, "POST", f"{self.path}?bck_to=ais/@%23/never/", "copy-bck", {"objnames": ["a"]})
        self.expect(400, "GET", self.path, "list", {"prefx": "b"})
        self.expect(400, "PATCH", self.path, "set-bprops", {"nonsense": 1})
        self.expect(400, "PUT", "/v1/cluster", "stop", {"idd": "x", "kind": "lru"})
        self.assertEqual(self.names(), ["a"])

    def test_a_path_beyond_the_bucket(self):
        """It names no bucket; taken for one, it would be another than was meant."""
        self.put("a")
        self.expect(400, "DELETE", f"{self.path}/a", "destroy-bck")
        self.expect(400, "DELETE", f"{self.path}/a", "delete-listrange", {})
        self.expect(400, "PATCH", f"{self.path}/a", "set-bprops", {"lru": {"enabled": True}})
        self.expect(400, "POST", f"{self.path}?bck_to=ais/@%23/never/x", "copy-bck", {})
        self.assertEqual(self.names(), ["a"])

    def test_names_that_no_bucket_has_are_400(self):
        for name in ["a..b", "a%20b", ".x", "b" * 65]:
            for method, path, action in [
                ("GET", f"/v1/objects/{name}/o", None),
                ("DELETE", f"/v1/buckets/{name}", "destroy-bck"),
                ("GET", f"/ais/{name}/o", None),
            ]:
                with self.subTest(name=name, method=method):
                    self.expect(400, method, path, action)
        self.expect(404, "POST", "/v1/buckets/nobody-made-it", "nonsense")
        self.expect(400, "GET", f"/v1/objects/{self.bucket.name}/o?provider=AIS")

    def test_variants_of_reading(self):
        """One that is ignored would be answered with something else than was asked for."""
        self.put("a", b"content")
        for query in ["archpath=x", "archmode=prefix", "archregx=x", "etl_name=x"]:
            self.expect(501, "GET", f"/v1/objects/{self.bucket.name}/a?{query}")
        for query in ["archpath=", "uploadId=x", "append_type=append", "nonsense=1"]:
            self.assertEqual(self.call("GET", f"/v1/objects/{self.bucket.name}/a?{query}").content, b"content")

    def test_remote_alone(self):
        for method, action, value in [
            ("POST", "prefetch-listrange", LIST),
            ("DELETE", "evict-listrange", LIST),
            ("DELETE", "evict-remote-bck", None),
        ]:
            with self.subTest(action=action):
                self.expect(400, method, self.path, action, value)
        self.expect(400, "POST", f"/v1/objects/{self.bucket.name}", "blob-download", {})

    def test_properties_change_and_are_reset(self):
        def lru():
            return requests.head(f"{ENDPOINT}{self.path}", timeout=30).headers["Ais-Bucket-Props"]

        before = lru()
        reply = self.call("PATCH", self.path, "set-bprops", {"checksum": {"type": "sha256"}})
        self.assertEqual(reply.status_code, 200, reply.text)
        self.assertIn('"type":"sha256"', lru())
        self.assertEqual(self.call("PATCH", self.path, "reset-bprops").status_code, 200)
        self.assertEqual(lru(), before)

    def test_what_a_bucket_does_not_allow_is_403(self):
        """The bits of `access`: 1 GET, 4 PUT, 8 APPEND, 16 DELETE-OBJECT, 32 MOVE-OBJECT, 64 PROMOTE, ..."""

        def set_access(bits):
            props = {"access": str(bits)}
            self.assertEqual(self.call("PATCH", self.path, "set-bprops", props).status_code, 200)

        obj = self.put("a", b"content")
        set_access(1 + 2 + 256 + 512)
        self.assertEqual(self.read("a"), b"content")
        self.assertEqual(self.names(), ["a"])
        denied = [
            requests.put(self.url("b"), data=b"x", timeout=30),
            requests.put(self.url("b"), params={"append_type": "append"}, data=b"x", timeout=30),
            requests.delete(self.url("a"), timeout=30),
            self.act("POST", "a", "rename-obj", action_name="b"),
            self.act("POST", "a", "mpt-upload"),
            self.act("PATCH", "a", "", {"k": "v"}),
            requests.put(self.url("a"), params={"object_to": f"ais/@#/{self.bucket.name}/b"}, timeout=30),
            self.call("DELETE", self.path, "delete-listrange", LIST),
            self.call("DELETE", self.path, "destroy-bck"),
            self.call("POST", f"{self.path}?bck_to=ais/@%23/{self.new_name()}/", "move-bck"),
            self.call("POST", f"/v1/objects/{self.bucket.name}", "promote", {"src": "/var/lib/ais/promote/x"}),
        ]
        self.assertEqual([reply.status_code for reply in denied], [403] * len(denied))
        self.assertIn("access denied", denied[0].json()["message"])
        self.assertEqual(self.names(), ["a"])
        set_access(1 + 4 + 32768)
        self.put("b")
        self.assertEqual(requests.delete(self.url("b"), timeout=30).status_code, 403)
        self.assertEqual(self.call("PATCH", self.path, "reset-bprops").status_code, 200)
        obj.delete()
