"""Real servers for tests: a PostgreSQL and a RabbitMQ, got in the first of three ways that works.

1. `TEST_DATABASE_URL`, `TEST_AMQP_URL`: servers that somebody else runs.
2. testcontainers, where a Docker engine answers and has or can pull the public images.
3. Debian's own binaries as private processes on free ports of the loopback interface.

A cluster of RabbitMQ, for the one test that kills its nodes, is had in the third way only.

`TEST_SERVERS` narrows this to one way (`given`, `docker`, `debian` or `none`), to try each of them.
"""
