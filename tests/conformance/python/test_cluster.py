from support import ClusterCase


class Cluster(ClusterCase):
    def test_is_ready(self):
        self.assertTrue(self.client.cluster().is_ready())

    def test_info_names_every_node(self):
        smap = self.client.cluster().get_info()
        self.assertEqual(len(smap.tmap), 3)
        self.assertGreaterEqual(len(smap.pmap), 1)
        self.assertIn(smap.proxy_si.daemon_id, smap.pmap)
        for node in smap.tmap.values():
            self.assertTrue(node.public_net.direct_url.startswith("http://"))

    def test_uuid_and_primary(self):
        cluster = self.client.cluster()
        self.assertNotEqual(cluster.get_uuid(), "")
        self.assertTrue(cluster.get_primary_url().startswith("http://"))

    def test_performance_of_every_target(self):
        performance = self.client.cluster().get_performance()
        self.assertEqual(set(performance), set(self.client.cluster().get_info().tmap))

    def test_log_of_a_node(self):
        node_id = next(iter(self.client.cluster().get_info().tmap))
        self.assertNotEqual(len(self.client.cluster().get_node_log(node_id)), 0)
