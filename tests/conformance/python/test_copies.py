import requests
from aistore.sdk.errors import AISError
from support import ClusterCase, content_of


class Copies(ClusterCase):
    """Twelve names: with three targets some copies stay where they are, and some cross from target to target."""

    def setUp(self):
        super().setUp()
        self.contents = {f"o{number}": content_of(10 ** (number % 6), number) for number in range(12)}
        for name, content in self.contents.items():
            self.put(name, content)

    def test_within_a_bucket_and_to_another(self):
        other = self.new_bucket()
        for name, content in self.contents.items():
            obj = self.bucket.object(name)
            obj.get_writer().set_custom_props({"of": name})
            obj.copy(self.bucket.object(f"copies/{name}"))
            obj.copy(other.object(name))
            for bucket, copy in [(self.bucket, f"copies/{name}"), (other, name)]:
                self.assertEqual(self.read(copy, bucket), content)
                copied = bucket.object(copy).head(props="custom,checksum")
                self.assertEqual(copied.custom_metadata, {"of": name})
                self.assertEqual(copied.checksum_value, obj.head(props="checksum").checksum_value)

    def test_to_a_missing_bucket(self):
        with self.assertRaises(AISError) as caught:
            self.bucket.object("o1").copy(self.client.bucket(self.new_name()).object("x"))
        self.assertIn("does not exist", str(caught.exception))

    def test_of_a_missing_object(self):
        with self.assertRaises(AISError):
            self.bucket.object("missing").copy(self.bucket.object("x"))

    def test_rename(self):
        for name, content in self.contents.items():
            reply = self.act("POST", name, "rename-obj", action_name=f"renamed/{name}")
            self.assertEqual(reply.status_code, 200, reply.text)
            self.assertEqual(self.read(f"renamed/{name}"), content)
            self.assertEqual(requests.get(self.url(name), timeout=60).status_code, 404)

    def test_check_lock(self):
        self.assertEqual(self.act("POST", "o1", "check-lock").status_code, 200)
