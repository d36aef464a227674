"""The bus: Apache Kafka, or its twin inside the process."""
