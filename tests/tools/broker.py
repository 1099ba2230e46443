"""A real Kafka broker by deploy/kafka/broker, for tests and the benchmark."""

import os
import pathlib
import re

from servers import ROOT, Problem, Process


class Broker(Process):
    """One broker on a free port. `bootstrap` is its address."""

    def __init__(self, folder, *flags, seconds=120):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(
            [ROOT / "deploy" / "kafka" / "broker", "--dir", folder, "--print", "--with-parent", *flags],
            folder / "output.log",
            environment=os.environ,
        )
        try:
            # The first start on a machine also fetches the broker.
            line = self.wait_for_line("bootstrap=", seconds)
        except Problem:
            self.stop()
            raise
        self.bootstrap = re.search(r"bootstrap=(\S+)", line).group(1)

    def make_topic(self, name, partitions):
        # Only the tests of foreign clients have it installed.
        from confluent_kafka.admin import AdminClient, NewTopic

        # Named, because it must outlive the answer.
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
