"""S3 is not spoken yet: its clients are told so, by every operation, and nothing changes."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from support import ENDPOINT, ClusterCase

NOT_IMPLEMENTED = 501


class S3(ClusterCase):
    def setUp(self):
        super().setUp()
        # `max_attempts` 0: an answer is final, as 501 is.
        self.s3 = boto3.client(
            "s3",
            endpoint_url=f"{ENDPOINT}/s3",
            region_name="us-east-1",
            aws_access_key_id="anyone",
            aws_secret_access_key="anything",
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
        )

    def test_every_operation_is_refused(self):
        bucket = self.bucket.name
        self.put("kept")
        calls = {
            "list_buckets": {},
            "create_bucket": {"Bucket": "made-by-s3"},
            "list_objects_v2": {"Bucket": bucket},
            "put_object": {"Bucket": bucket, "Key": "o", "Body": b"x"},
            "get_object": {"Bucket": bucket, "Key": "kept"},
            "head_object": {"Bucket": bucket, "Key": "kept"},
            "delete_object": {"Bucket": bucket, "Key": "kept"},
            "delete_bucket": {"Bucket": bucket},
            "create_multipart_upload": {"Bucket": bucket, "Key": "o"},
        }
        for name, arguments in calls.items():
            with self.subTest(name), self.assertRaises(ClientError) as refusal:
                getattr(self.s3, name)(**arguments)
            status = refusal.exception.response["ResponseMetadata"]["HTTPStatusCode"]
            self.assertEqual(status, NOT_IMPLEMENTED, name)
        self.assertEqual(self.names(), ["kept"])
        self.assertNotIn("made-by-s3", [bucket.name for bucket in self.client.cluster().list_buckets()])

