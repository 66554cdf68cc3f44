import requests
from aistore.sdk.errors import AISError
from support import ClusterCase


class Metadata(ClusterCase):
    def custom(self, name="o"):
        return self.bucket.object(name).head(props="custom").custom_metadata

    def test_custom_metadata_merges(self):
        writer = self.put("o").get_writer()
        writer.set_custom_props({"a": "1", "b": "2"})
        writer.set_custom_props({"b": "3"})
        self.assertEqual(self.custom(), {"a": "1", "b": "3"})

    def test_custom_metadata_is_replaced(self):
        writer = self.put("o", b"x" * 100_000).get_writer()
        writer.set_custom_props({"a": "1", "b": "2"})
        writer.set_custom_props({"c": "4"}, replace_existing=True)
        self.assertEqual(self.custom(), {"c": "4"})
        self.assertEqual(self.read("o"), b"x" * 100_000)

    def test_custom_metadata_stays_when_the_content_is_replaced(self):
        self.put("o", b"old").get_writer().set_custom_props({"owner": "me", "ETag": "of-the-old"})
        self.put("o", b"new")
        self.assertEqual(self.read("o"), b"new")
        self.assertEqual(self.custom(), {"owner": "me"})

    def test_custom_metadata_has_limits(self):
        writer = self.put("o").get_writer()
        for pairs in [{"k": "v" * 2048}, {"": "v"}, {"a\x01b": "v"}]:
            with self.assertRaises(AISError):
                writer.set_custom_props(pairs)
        self.assertEqual(self.custom(), {})

    def test_head_says_what_was_asked_for_and_no_more(self):
        self.put("o")
        reply = requests.head(self.url("o"), params={"props": "name,size"}, allow_redirects=True, timeout=60)
        self.assertEqual(reply.headers["Content-Length"], "7")
        self.assertEqual(reply.headers["Ais-Present"], "true")
        for absent in ["ETag", "Last-Modified", "Ais-Checksum-Value", "Ais-Version", "Ais-Atime"]:
            self.assertNotIn(absent, reply.headers)
        asked = "name,size,checksum,atime,version,custom,last-modified,etag,location,copies,ec,chunked"
        reply = requests.head(self.url("o"), params={"props": asked}, allow_redirects=True, timeout=60)
        for present in ["ETag", "Last-Modified", "Ais-Checksum-Value", "Ais-Version", "Ais-Location"]:
            self.assertIn(present, reply.headers)
        reply = requests.head(self.url("o"), params={"props": "nonsense"}, allow_redirects=True, timeout=60)
        self.assertEqual(reply.status_code, 400)

    def test_presence(self):
        self.put("o")
        for presence, status in [(0, 200), (2, 200), (3, 200), (4, 200), (5, 400)]:
            reply = requests.head(
                self.url("o"), params={"presence": presence}, allow_redirects=True, timeout=60
            )
            self.assertEqual((presence, reply.status_code), (presence, status))
        reply = requests.head(self.url("x"), params={"presence": 3}, allow_redirects=True, timeout=60)
        self.assertEqual(reply.status_code, 404)
