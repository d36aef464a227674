"""Our topics on a Kafka cluster: made where absent, and looked at by `chaperone check`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, NotControllerError, TopicAlreadyExistsError, for_code

from gateway.bus.topics import DEAD_LETTERS, TOPICS, Topic

_REPLICAS = 3  # where the cluster has as many brokers
_SEGMENTS = 24  # a record goes with its whole segment, so a segment spans no more than this part of the retention
_DECISIONS_DAYS = 7.0  # decisions hold no content and are for readers of the district, who may come once a week
_DAY = 86400.0
_LETTER = 4096  # bytes for what a dead letter says beside the record


@dataclass(frozen=True, slots=True)
class Layout:
    """How our topics are to be: the prefix of their names, seconds that content is kept, and bytes of one record."""

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
        }

    def limit(self, topic: Topic) -> int:
        """Bytes of one record of a topic: a dead letter says more than the record that it was."""
        return self.longest if topic.name == DEAD_LETTERS else self.max_record

    @property
    def longest(self) -> int:
        """Bytes of the longest record of any topic."""
        return self.max_record + _LETTER

    async def make_absent(self, admin: AIOKafkaAdminClient) -> None:
        """Make the topics that are not there; one that is there stays as it is. Raises KafkaError."""
        there = set(await admin.list_topics())
        absent = [topic for topic in TOPICS.values() if self.name(topic.name) not in there]
        if not absent:
            return
        cluster = await admin.describe_cluster()
        if cluster["controller_id"] < 0:
            raise NotControllerError  # a cluster that is just starting
        replicas = min(_REPLICAS, len(cluster["brokers"]))
        made = await admin.create_topics(
            [
                NewTopic(self.name(topic.name), topic.partitions, replicas, None, self._configs(topic))
                for topic in absent
            ]
        )
        for _, code, *_ in made.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:  # another process made it meanwhile
                raise error()

    async def problems(self, admin: AIOKafkaAdminClient) -> list[str]:
        """What is wrong with the topics that are there, a line each. Raises KafkaError."""
        there = set(await admin.list_topics())
        resources = [
            ConfigResource(ConfigResourceType.TOPIC, self.name(topic.name))
            for topic in TOPICS.values()
            if self.name(topic.name) in there
        ]
        found: list[str] = []
        if not resources:
            return found
        topics = {self.name(topic.name): topic for topic in TOPICS.values()}
        for answer in await admin.describe_configs(resources):
            for code, _, _, name, entries in answer.resources:
                if code:
                    found.append(f"bus.url: the settings of topic {name} cannot be read ({_word(for_code(code))})")
                    continue
                settings = {entry[0]: entry[1] for entry in entries}
                found += self._wrong(name, topics[name], settings)
        return found

    def _wrong(self, name: str, topic: Topic, settings: Mapping[str, str]) -> Collection[str]:
        wrong = []
        limit = int(self.retain_seconds * 1000)
        if topic.content:
            for key in ("retention.ms", "segment.ms"):
                kept = int(settings.get(key) or -1)
                if kept < 0 or kept > limit:
                    shown = "for ever" if kept < 0 else f"for {kept / 3_600_000:g} h"
                    wrong.append(
                        f"bus.retain: topic {name} keeps content longer than {limit / 3_600_000:g} h "
                        f"({key} is {shown}); set its {key} to {limit} at most, or raise bus.retain"
                    )
            if settings.get("cleanup.policy", "delete") != "delete":
                wrong.append(
                    f"bus.retain: topic {name} is compacted and keeps content for ever; set cleanup.policy=delete"
                )
        if int(settings.get("max.message.bytes") or 0) < self.limit(topic):
            wrong.append(
                f"bus.max_inline: topic {name} takes records up to {settings.get('max.message.bytes')} bytes; "
                f"set its max.message.bytes to {self.limit(topic)}, or lower bus.max_inline"
            )
        return wrong


def _word(error: type[KafkaError]) -> str:
    return error.__name__
