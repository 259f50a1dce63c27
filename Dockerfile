# One image for every service; the command says which: `serve intake`, `serve grid`, …, `migrate`, `topology`.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# Where packages come from is the business of whoever builds; empty means pip's own default.
ARG PIP_INDEX_URL=
ARG PIP_EXTRA_INDEX_URL=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
# Every file is held to its hash, what builds our wheel as well as what runs.
RUN python -m venv /opt/sanlian && /opt/sanlian/bin/pip install --require-hashes -r requirements.lock
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY shared shared
COPY services services
COPY sanlian sanlian
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/sanlian/bin/pip install --no-deps --no-index dist/*.whl \
 && /opt/sanlian/bin/python -m compileall -q /opt/sanlian/lib

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/sanlian/bin:$PATH PYTHONUNBUFFERED=1 SANLIAN_STATE_DIR=/var/lib/sanlian
# A new volume takes over the owner of the folder that it covers, so the folders are made here.
RUN groupadd --gid 10001 sanlian && useradd --uid 10001 --gid sanlian --home-dir /var/lib/sanlian sanlian \
 && mkdir -p /var/lib/sanlian/keys/intake /var/lib/sanlian/keys/grid /var/lib/sanlian/keys/partners \
             /var/lib/sanlian/keys/notify /var/lib/sanlian/keys/sign-in /var/lib/sanlian/demo \
             /var/lib/sanlian/evidence \
 && chown -R sanlian:sanlian /var/lib/sanlian && chmod -R go= /var/lib/sanlian
COPY --from=build /opt/sanlian /opt/sanlian
USER sanlian
WORKDIR /var/lib/sanlian
ENTRYPOINT ["sanlian"]
CMD ["--help"]
