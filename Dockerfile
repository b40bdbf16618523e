# docker build -t fargauge .              for collect, report and the like: no shell, no git
# docker build -t fargauge:ci --target ci .  for CI, with a shell, and git for `check --base`

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
# ring is C and assembly.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo install --locked --path . --root /installed

FROM debian:bookworm-slim AS ci
# What CI checks out belongs to another user, and git would refuse to read it.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 fargauge \
    && git config --system --add safe.directory '*'
COPY --from=build /installed/bin/fargauge /usr/local/bin/fargauge
USER 10001
WORKDIR /work
ENTRYPOINT ["fargauge"]

# The last stage is the one that is built where none is named.
FROM gcr.io/distroless/cc-debian12:nonroot AS runtime
COPY --from=build /installed/bin/fargauge /usr/local/bin/fargauge
WORKDIR /work
ENTRYPOINT ["fargauge"]
