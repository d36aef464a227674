"""Our topics on a Kafka cluster: created if missing, and checked by `chaperone check`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NotControllerError, TopicAlreadyExistsError, for_code

from gateway.bus.topics import DEAD_LETTERS, TOPICS, Topic

_REPLICAS = 3  # or as many as the cluster has brokers
_SEGMENTS = 24  # Kafka deletes whole segments, so a segment spans at most this fraction of the retention
_DECISIONS_DAYS = 7.0  # decisions have no content; the district's own readers may come once a week
_DAY = 86400.0
_LETTER_HEADERS_SIZE = 4096  # bytes of a dead letter besides the record


@dataclass(frozen=True, slots=True)
class TopicLayout:
    """Settings of our topics: prefix of their names, seconds that content is kept, and bytes of one record."""

    prefix: str
    retain_seconds: float
    max_record: int

    def name(self, topic: str) -> str:
        """A topic's name on the cluster."""
        return f"{self.prefix}.{topic}"

    def group(self, group: str) -> str:
        """A consumer group's name on the cluster."""
        return f"{self.prefix}.{group}"

    def _configs(self, topic: Topic) -> dict[str, str]:
        retain = self.retain_seconds if topic.content else max(self.retain_seconds, _DECISIONS_DAYS * _DAY)
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(int(retain * 1000)),
            "segment.ms": str(max(int(retain * 1000 / _SEGMENTS), 60_000)),
            "max.message.bytes": str(self.limit(topic)),
            "message.timestamp.type": "LogAppendTime",  # retention follows the broker's clock
        }

    def limit(self, topic: Topic) -> int:
        """Bytes of one record of a topic. A dead letter is larger than the record in it."""
        return self.longest if topic.name == DEAD_LETTERS else self.max_record

    @property
    def longest(self) -> int:
        """Bytes of the longest record of any topic."""
        return self.max_record + _LETTER_HEADERS_SIZE

    async def create_missing(self, admin: AIOKafkaAdminClient) -> None:
        """Create missing topics. Existing ones are not changed. Raises KafkaError."""
        existing = set(await admin.list_topics())
        missing = [topic for topic in TOPICS.values() if self.name(topic.name) not in existing]
        if not missing:
            return
        cluster = await admin.describe_cluster()
        if cluster["controller_id"] < 0:
            raise NotControllerError  # the cluster is just starting
        replicas = min(_REPLICAS, len(cluster["brokers"]))
        created = await admin.create_topics(
            [
                NewTopic(self.name(topic.name), topic.partitions, replicas, None, self._configs(topic))
                for topic in missing
            ]
        )
        for _, code, *_ in created.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:  # another process created it in the meantime
                raise error()

    async def problems(self, admin: AIOKafkaAdminClient) -> list[str]:
        """What is wrong with the existing topics, one line each. Raises KafkaError."""
        existing = set(await admin.list_topics())
        resources = [
            ConfigResource(ConfigResourceType.TOPIC, self.name(topic.name))
            for topic in TOPICS.values()
            if self.name(topic.name) in existing
        ]
        found: list[str] = []
        if not resources:
            return found
        topics = {self.name(topic.name): topic for topic in TOPICS.values()}
        for answer in await admin.describe_configs(resources):
            for code, _, _, name, entries in answer.resources:
                if code:
                    found.append(f"bus.url: the settings of topic {name} cannot be read ({for_code(code).__name__})")
                    continue
                settings = {entry[0]: entry[1] for entry in entries}
                found += self._setting_problems(name, topics[name], settings)
        return found

    def _setting_problems(self, name: str, topic: Topic, settings: Mapping[str, str]) -> Collection[str]:
        found = []
        limit = int(self.retain_seconds * 1000)
        if topic.content:
            for key in ("retention.ms", "segment.ms"):
                kept = int(settings.get(key) or -1)
                if kept < 0 or kept > limit:
                    shown = "forever" if kept < 0 else f"for {kept / 3_600_000:g} h"
                    found.append(
                        f"bus.retain: topic {name} keeps content longer than {limit / 3_600_000:g} h "
                        f"({key} is {shown}); set its {key} to {limit} at most, or raise bus.retain"
                    )
            if settings.get("cleanup.policy", "delete") != "delete":
                found.append(
                    f"bus.retain: topic {name} is compacted and keeps content forever; set cleanup.policy=delete"
                )
        if int(settings.get("max.message.bytes") or 0) < self.limit(topic):
            found.append(
                f"bus.max_inline: topic {name} accepts records of at most {settings.get('max.message.bytes')} bytes; "
                f"set its max.message.bytes to {self.limit(topic)}, or lower bus.max_inline"
            )
        return found
