from aistore.sdk.list_object_flag import ListObjectFlag
from support import ClusterCase, full_only


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
