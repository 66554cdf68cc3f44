import concurrent.futures
import hashlib

import requests
import xxhash
from aistore.sdk.errors import AISError, ErrObjNotFound
from support import ClusterCase, content_of, full_only

NAMES = [
    "plain",
    "a",
    "a/b",
    "with space",
    "100%",
    "what?",
    "hash#",
    "plus+",
    "back\\slash",
    "ampersand&equals=",
    "日本/語",
    "é",
    "'\"<>",
    "deep/" * 20 + "end",
]
SIZES = [0, 1, 1000, 16 * 1024, 16 * 1024 + 1, 300_000]


class Objects(ClusterCase):
    def test_content_of_every_size_comes_back(self):
        for size in SIZES:
            with self.subTest(size=size):
                self.put("sized", content_of(size))
                self.assertEqual(self.read("sized"), content_of(size))

    def test_names_of_every_kind(self):
        for name in NAMES:
            self.put(name, name.encode())
        for name in NAMES:
            with self.subTest(name):
                self.assertEqual(self.read(name), name.encode())
        self.assertEqual(sorted(self.names()), sorted(NAMES))

    def test_checksum_is_that_of_the_content(self):
        for size in SIZES:
            content = content_of(size)
            props = self.put("sum", content).head(props="checksum,size")
            self.assertEqual(props.checksum_type, "xxhash2")
            self.assertEqual(props.checksum_value, xxhash.xxh64(content).hexdigest())
            self.assertEqual(props.size, size)

    def test_a_wrong_checksum_stores_nothing(self):
        headers = {"Ais-Checksum-Type": "md5", "Ais-Checksum-Value": hashlib.md5(b"other").hexdigest()}
        reply = requests.put(self.url("o"), data=b"content", headers=headers, timeout=60)
        self.assertEqual(reply.status_code, 500)
        with self.assertRaises(ErrObjNotFound):
            self.read("o")

    def test_versions_grow(self):
        for version in ["1", "2", "3"]:
            self.assertEqual(self.put("o", version.encode()).head(props="version").obj_version, version)

    def test_delete(self):
        obj = self.put("o")
        obj.delete()
        with self.assertRaises(ErrObjNotFound):
            obj.get_reader().read_all()
        with self.assertRaises(AISError):
            obj.delete()

    def test_put_file_and_read_in_pieces(self):
        import tempfile

        content = content_of(1_000_000)
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            self.bucket.object("file").get_writer().put_file(file.name)
        reader = self.bucket.object("file").get_reader(chunk_size=64 * 1024)
        self.assertEqual(b"".join(reader), content)
        with self.bucket.object("file").get_reader().as_file() as readable:
            self.assertEqual(readable.read(10), content[:10])
            self.assertEqual(readable.read(), content[10:])

    def test_ranges(self):
        content = content_of(100_000)
        self.put("ranged", content)
        for header, expected in [
            ("bytes=0-0", content[:1]),
            ("bytes=10-19", content[10:20]),
            ("bytes=99990-", content[99_990:]),
            ("bytes=-5", content[-5:]),
            ("bytes=99000-200000", content[99_000:]),
        ]:
            with self.subTest(header):
                reader = self.bucket.object("ranged").get_reader(byte_range=header)
                self.assertEqual(reader.read_all(), expected)
        reply = requests.get(self.url("ranged"), headers={"Range": "bytes=100000-"}, timeout=60)
        self.assertEqual(reply.status_code, 416)
        self.assertEqual(reply.headers["Content-Range"], "bytes */100000")

    def test_direct_reads_agree_with_the_server_on_the_place(self):
        for number in range(20):
            name = f"direct/{number}"
            self.put(name, name.encode())
            reader = self.bucket.object(name).get_reader(direct=True)
            self.assertEqual(reader.read_all(), name.encode())

    def test_easy_url(self):
        self.put("dir/easy", b"easy")
        base = self.url().split("/v1/")[0]
        self.assertEqual(requests.get(f"{base}/ais/{self.bucket.name}/dir/easy", timeout=60).content, b"easy")
        listed = requests.get(f"{base}/ais/{self.bucket.name}", timeout=60).json()
        self.assertEqual([entry["name"] for entry in listed["entries"]], ["dir/easy"])

    def test_easy_url_of_every_call(self):
        base = self.client._request_client.base_url.removesuffix("/v1")
        name = self.new_name()
        create = {"action": "create-bck", "value": None}
        self.assertEqual(requests.post(f"{base}/ais/{name}", json=create, timeout=60).status_code, 200)
        url = f"{base}/ais/{name}/o"
        self.assertEqual(requests.put(url, data=b"easy", timeout=60).status_code, 200)
        self.assertEqual(requests.patch(url, json={"value": {"k": "v"}}, timeout=60).status_code, 200)
        self.assertEqual(requests.head(url, allow_redirects=True, timeout=60).headers["Ais-Custom-Md"], "k=v")
        destroy = {"action": "destroy-bck"}
        self.assertEqual(requests.delete(f"{base}/ais/{name}", json=destroy, timeout=60).status_code, 200)
        self.assertEqual(requests.get(url, timeout=60).status_code, 404)

    def test_errors_name_their_object(self):
        reply = requests.get(self.url("missing"), timeout=60)
        body = reply.json()
        self.assertEqual((reply.status_code, body["status"]), (404, 404))
        self.assertIn(f"ais://{self.bucket.name}/missing", body["message"])

    def test_many_at_once(self):
        contents = {f"n{number}": content_of(1000 + number * 997, number) for number in range(32)}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda item: self.put(*item), contents.items()))
            read = dict(zip(contents, pool.map(self.read, contents)))
        self.assertEqual(read, contents)

    @full_only
    def test_a_large_object_in_parallel_ranges(self):
        content = content_of(64 * 1024 * 1024)
        self.put("large", content)
        reader = self.bucket.object("large").get_reader(num_workers=4)
        self.assertEqual(b"".join(reader), content)
