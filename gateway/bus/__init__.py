"""The stream: Apache Kafka, or its twin inside the process."""
