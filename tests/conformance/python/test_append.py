from aistore.sdk.errors import AISError
from support import ClusterCase, content_of


class Append(ClusterCase):
    def test_shows_at_the_flush(self):
        writer = self.put("o", b"old ").get_writer()
        handle = writer.append_content(b"one ")
        handle = writer.append_content(b"two", handle=handle)
        self.assertEqual(self.read("o"), b"old ")
        self.assertEqual(writer.append_content(b"", handle=handle, flush=True), "")
        self.assertEqual(self.read("o"), b"old one two")

    def test_makes_a_new_object(self):
        pieces = [content_of(size, size) for size in [1, 20_000, 300_000]]
        with self.bucket.object("new").get_writer().as_file(mode="a") as file:
            for piece in pieces:
                file.write(piece)
        self.assertEqual(self.read("new"), b"".join(pieces))

    def test_a_handle_is_good_for_one_flush(self):
        writer = self.bucket.object("o").get_writer()
        handle = writer.append_content(b"content")
        writer.append_content(b"", handle=handle, flush=True)
        with self.assertRaises(AISError):
            writer.append_content(b"", handle=handle, flush=True)
