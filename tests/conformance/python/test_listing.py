import requests
from aistore.sdk.list_object_flag import ListObjectFlag
from support import ENDPOINT, ClusterCase, full_only


class Listing(ClusterCase):
    def fill(self, names):
        for name in names:
            self.put(name, b"x")

    def test_sorted_with_prefix_and_start(self):
        names = [f"{folder}/{number:02}" for folder in "ab" for number in range(10)]
        self.fill(reversed(names))
        self.assertEqual(self.names(), names)
        self.assertEqual(self.names(prefix="b/0"), [name for name in names if name.startswith("b/0")])
        listed = self.bucket.list_objects(start_after="a/09")
        self.assertEqual([entry.name for entry in listed.entries], names[10:])

    def test_pages_are_whole_and_keep_their_id(self):
        names = [f"n{number:03}" for number in range(25)]
        self.fill(names)
        seen, ids, token, uuid = [], set(), "", ""
        while True:
            page = self.bucket.list_objects(page_size=10, continuation_token=token, uuid=uuid)
            seen += [entry.name for entry in page.entries]
            ids.add(page.uuid)
            token, uuid = page.continuation_token, page.uuid
            if token == "":
                break
        self.assertEqual(seen, names)
        self.assertEqual(len(ids), 1)

    def test_props(self):
        self.put("o", b"12345")
        entry = self.bucket.list_all_objects(props="name,size,checksum,version,atime")[0]
        self.assertEqual((entry.name, entry.size, entry.version), ("o", 5, "1"))
        self.assertEqual(len(entry.checksum), 16)
        bare = self.bucket.list_all_objects(flags=[ListObjectFlag.NAME_ONLY])[0]
        self.assertEqual((bare.name, bare.size), ("o", 0))

    def test_a_star_at_the_end_of_a_prefix_says_nothing(self):
        self.fill(["a/1", "a/2", "b"])
        self.assertEqual(self.names(prefix="a/*"), ["a/1", "a/2"])
        self.assertEqual(self.names(prefix="*"), ["a/1", "a/2", "b"])
        self.assertEqual(self.bucket.summary(prefix="a/*")["ObjCount"]["obj_count_present"], "2")

    def test_where_an_object_is_and_of_how_many_parts(self):
        self.put("whole")
        upload = self.bucket.object("parts").multipart_upload().create()
        for number in (1, 2):
            upload.add_part(number).put_content(b"part")
        upload.complete()
        parts, whole = self.bucket.list_all_objects(props="name,size,location")
        self.assertEqual((parts.flags & 8192, whole.flags & 8192), (8192, 0))
        head = requests.head(self.url("whole"), allow_redirects=True, timeout=30)
        self.assertEqual(whole.location, head.headers["Ais-Location"])

    def test_what_nobody_knows(self):
        """Properties are passed over; members, prefixes of no name and targets that are not there are refused."""
        self.put("o", b"12345")
        entry = self.bucket.list_all_objects(props="name,colour,size")[0]
        self.assertEqual((entry.name, entry.size), ("o", 5))

        def status(value):
            message = {"action": "list", "value": value}
            url = f"{ENDPOINT}/v1/buckets/{self.bucket.name}"
            return requests.get(url, json=message, timeout=30).status_code

        for prefix in ["../o", "a/./b", "~/o"]:
            self.assertEqual((prefix, status({"prefix": prefix})), (prefix, 400))
        self.assertEqual(status({"target": "nobody"}), 404)

    def test_without_recursion(self):
        self.fill(["a", "dir/b", "dir/sub/c", "z"])
        listed = self.bucket.list_all_objects(flags=[ListObjectFlag.NO_RECURSION])
        self.assertEqual(sorted(entry.name for entry in listed), ["a", "dir/", "z"])

    @full_only
    def test_more_than_one_full_page(self):
        import concurrent.futures

        names = [f"n{number:05}" for number in range(10_500)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: self.put(name, b"x"), names))
        self.assertEqual(self.names(), names)
