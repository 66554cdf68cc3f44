import concurrent.futures

import xxhash
from aistore.sdk.errors import AISError, ErrObjNotFound
from support import ClusterCase, content_of, full_only


class Multipart(ClusterCase):
    def upload(self, name, parts, order=None):
        upload = self.bucket.object(name).multipart_upload().create()
        for number in order or range(1, len(parts) + 1):
            upload.add_part(number).put_content(parts[number - 1])
        return upload

    def test_parts_in_any_order(self):
        parts = [content_of(100_000, seed) for seed in range(4)]
        upload = self.upload("o", parts, order=[3, 1, 4, 2])
        with self.assertRaises(ErrObjNotFound):
            self.read("o")
        upload.complete()
        whole = b"".join(parts)
        self.assertEqual(self.read("o"), whole)
        props = self.bucket.object("o").head(props="checksum,size,chunked")
        self.assertEqual((props.size, props.checksum_value), (len(whole), xxhash.xxh64(whole).hexdigest()))

    def test_an_object_stays_until_it_is_replaced(self):
        self.put("o", b"old")
        upload = self.upload("o", [b"new ", b"content"])
        self.assertEqual(self.read("o"), b"old")
        upload.complete()
        self.assertEqual(self.read("o"), b"new content")

    def test_abort(self):
        upload = self.upload("o", [b"part"])
        upload.abort()
        with self.assertRaises(AISError) as caught:
            upload.complete()
        self.assertIn("does not exist", str(caught.exception))

    def test_what_makes_no_object(self):
        with self.assertRaises(AISError) as caught:
            self.upload("o", [b""])
        self.assertIn("invalid size (0)", str(caught.exception))
        with self.assertRaises(AISError) as caught:
            self.bucket.object("o").multipart_upload().create().complete()
        self.assertIn("no chunks", str(caught.exception))
        upload = self.upload("o", [b"one", b"two"])
        upload.parts.pop()
        with self.assertRaises(AISError) as caught:
            upload.complete()
        self.assertIn("partial completion", str(caught.exception))

    def test_parts_at_once(self):
        parts = [content_of(200_000, seed) for seed in range(12)]
        upload = self.bucket.object("o").multipart_upload().create()
        writers = [upload.add_part(number + 1) for number in range(len(parts))]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda pair: pair[0].put_content(pair[1]), zip(writers, parts)))
        upload.complete()
        self.assertEqual(self.read("o"), b"".join(parts))

    @full_only
    def test_a_large_upload(self):
        parts = [content_of(16 * 1024 * 1024, seed) for seed in range(6)]
        self.upload("o", parts).complete()
        self.assertEqual(self.read("o"), b"".join(parts))
