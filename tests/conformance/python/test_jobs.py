from datetime import datetime, timedelta, timezone

from aistore.sdk.errors import AISError
from support import ClusterCase

TIMEOUT = 60


class Jobs(ClusterCase):
    def fill(self, count=30):
        names = [f"dir/o-{i:02}" for i in range(count)]
        for name in names:
            self.put(name, name.encode())
        return names

    def other(self):
        """A bucket that is yet to be made."""
        bucket = self.client.bucket(self.new_name())
        self.addCleanup(bucket.delete, missing_ok=True)
        return bucket

    def wait(self, job_id):
        self.assertTrue(job_id)
        self.client.job(job_id).wait(timeout=TIMEOUT)

    def test_delete_by_list_and_template(self):
        names = self.fill()
        self.wait(self.bucket.objects(obj_names=names[:3]).delete())
        self.assertEqual(self.names(), names[3:])
        self.wait(self.bucket.objects(obj_template="dir/o-{03..09}").delete())
        self.assertEqual(self.names(), names[10:])

    def test_copy_of_a_list(self):
        names = self.fill()
        to = self.new_bucket()
        ids = self.bucket.objects(obj_names=names[:5]).copy(to, prepend="copy/")
        for job_id in [ids] if isinstance(ids, str) else ids:
            self.client.job(job_id).wait_for_idle(timeout=TIMEOUT)
        copied = [entry.name for entry in to.list_all_objects()]
        self.assertEqual(copied, [f"copy/{name}" for name in names[:5]])
        self.assertEqual(self.read("copy/" + names[4], to), names[4].encode())

    def test_copy_of_a_bucket(self):
        names = self.fill()
        to = self.other()
        self.wait(self.bucket.copy(to, prefix_filter="dir/o-0", prepend="x/"))
        self.assertEqual([entry.name for entry in to.list_all_objects()], [f"x/{name}" for name in names[:10]])

    def test_a_synchronized_copy_deletes_what_is_gone(self):
        names = self.fill(20)
        to = self.new_bucket()
        self.wait(self.bucket.copy(to))
        for name in ["dir/more", "elsewhere"]:
            to.object(name).get_writer().put_content(b"x")
        self.wait(self.bucket.objects(obj_names=names[:5]).delete())
        self.wait(self.bucket.copy(to, prefix_filter="dir/", sync=True))
        self.assertEqual([entry.name for entry in to.list_all_objects()], [*names[5:], "elsewhere"])

    def test_a_dry_run_makes_nothing(self):
        self.fill(3)
        to = self.other()
        self.wait(self.bucket.copy(to, dry_run=True))
        self.assertNotIn(to.name, [bucket.name for bucket in self.client.cluster().list_buckets()])

    def test_rename_of_a_bucket(self):
        names = self.fill()
        old, new = self.bucket.name, self.new_name()
        self.wait(self.bucket.rename(new))
        moved = self.client.bucket(new)
        self.addCleanup(moved.delete, missing_ok=True)
        self.assertEqual([entry.name for entry in moved.list_all_objects()], names)
        self.assertNotIn(old, [bucket.name for bucket in self.client.cluster().list_buckets()])

    def test_summary(self):
        names = self.fill(7)
        summary = self.bucket.summary()
        self.assertEqual(int(summary["ObjCount"]["obj_count_present"]), 7)
        self.assertEqual(int(summary["TotalSize"]["size_all_present_objs"]), sum(map(len, names)))

    def test_statuses_and_snaps_of_a_job(self):
        before = datetime.now(timezone.utc) - timedelta(seconds=5)
        job_id = self.client.job(job_kind="lru").start()
        self.wait(job_id)
        status = self.client.job(job_id).status()
        self.assertEqual((status.uuid, status.err, status.aborted), (job_id, "", False))
        self.assertGreater(status.end_time, 0)
        cluster = self.client.cluster()
        self.assertIn(job_id, [each.uuid for each in cluster.list_jobs_status(job_kind="lru")])
        self.assertNotIn(job_id, str(cluster.list_running_jobs(job_kind="lru")))
        snaps = self.client.job(job_kind="lru").get_within_timeframe(
            start_time=before, end_time=datetime.now(timezone.utc) + timedelta(seconds=5)
        )
        self.assertEqual(len([snap for snap in snaps if snap.id == job_id]), 3)

    def test_an_unknown_job(self):
        with self.assertRaises(AISError):
            self.client.job("nosuchjob1").status()
