import os
import tempfile
import unittest
from pathlib import Path

from aistore.sdk.errors import AISError
from support import ClusterCase

ROOT = os.environ.get("AIS_CONFORMANCE_PROMOTE_ROOT", "")


@unittest.skipIf(ROOT == "", "no directory is shared with the targets")
class Promote(ClusterCase):
    def source(self, count=3):
        folder = tempfile.TemporaryDirectory(dir=ROOT)
        self.addCleanup(folder.cleanup)
        path = Path(folder.name)
        (path / "sub").mkdir()
        for i in range(count):
            (path / f"top-{i:02}").write_text(f"top {i}")
            (path / "sub" / f"below-{i:02}").write_text(f"below {i}")
        return path

    def promote(self, name, path, **options):
        job_id = self.bucket.object(name).promote(str(path), **options)
        if job_id:
            self.client.job(job_id).wait(timeout=60)

    def test_a_file(self):
        path = self.source() / "top-01"
        self.promote("renamed", path)
        self.assertEqual(self.read("renamed"), b"top 1")
        path.write_text("newer")
        self.promote("renamed", path)
        self.assertEqual(self.read("renamed"), b"top 1")
        self.promote("renamed", path, overwrite_dest=True, delete_source=True)
        self.assertEqual(self.read("renamed"), b"newer")
        self.assertFalse(path.exists())

    def test_a_directory(self):
        path = self.source()
        self.promote("p/", path)
        self.assertEqual(self.names(), ["p/top-00", "p/top-01", "p/top-02"])
        self.promote("p/", path, recursive=True, delete_source=True)
        self.assertEqual(self.names(prefix="p/sub"), ["p/sub/below-00", "p/sub/below-01", "p/sub/below-02"])
        self.assertEqual(self.read("p/sub/below-02"), b"below 2")
        self.assertEqual([each for each in path.rglob("*") if each.is_file()], [])

    def test_many_files_are_a_job(self):
        path = self.source(40)
        self.promote("", path, recursive=True)
        self.assertEqual(len(self.names()), 80)

    def test_nothing_from_elsewhere(self):
        for path in ["/etc/passwd", f"{ROOT}/../etc", "relative", f"{ROOT}/none"]:
            with self.subTest(path=path), self.assertRaises(AISError):
                self.bucket.object("x").promote(path)
        self.assertEqual(self.names(), [])
