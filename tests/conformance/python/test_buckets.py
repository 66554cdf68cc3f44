from aistore.sdk.errors import AISError, ErrBckAlreadyExists, ErrBckNotFound
from support import ClusterCase


class Buckets(ClusterCase):
    def listed(self):
        return [bucket.name for bucket in self.client.cluster().list_buckets()]

    def test_create_list_delete(self):
        self.assertIn(self.bucket.name, self.listed())
        self.bucket.delete()
        self.assertNotIn(self.bucket.name, self.listed())

    def test_create_twice(self):
        with self.assertRaises(ErrBckAlreadyExists):
            self.bucket.create()
        self.bucket.create(exist_ok=True)

    def test_missing(self):
        missing = self.client.bucket(self.new_name())
        with self.assertRaises(ErrBckNotFound):
            missing.delete()
        missing.delete(missing_ok=True)
        with self.assertRaises(ErrBckNotFound):
            missing.list_objects()
        with self.assertRaises(ErrBckNotFound):
            missing.object("o").get_reader().read_all()

    def test_head_has_the_properties(self):
        self.assertIn("Ais-Bucket-Props", self.bucket.head())

    def test_invalid_names(self):
        for name in ["a b", "a/b", "a..b", ".leading", "x" * 65, "ü"]:
            with self.subTest(name), self.assertRaises(AISError):
                self.client.bucket(name).create()

    def test_a_bucket_made_again_is_empty(self):
        self.put("o")
        self.bucket.delete()
        self.bucket.create()
        self.assertEqual(self.names(), [])

    def test_put_files(self):
        import pathlib
        import tempfile

        with tempfile.TemporaryDirectory() as directory:
            for name in ["a.txt", "b.txt", "c.dat"]:
                pathlib.Path(directory, name).write_text(name)
            self.bucket.put_files(directory, prepend="in/", pattern="*.txt")
        self.assertEqual(self.names(), ["in/a.txt", "in/b.txt"])
        self.assertEqual(self.read("in/a.txt"), b"a.txt")
