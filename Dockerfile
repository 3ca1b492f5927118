# The image of Waybill: built from this folder, run as a user without rights.

FROM rust:1-slim-trixie AS build
# Two of the dependencies hold C.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
# The dependencies, built with an empty program: a layer of their own, made anew only when they change.
RUN mkdir -p src bench \
    && echo 'fn main() {}' | tee src/main.rs bench/main.rs >/dev/null \
    && touch src/lib.rs \
    && cargo build --release --locked --bin waybill \
    && rm -r src bench
COPY deploy/rabbitmq/waybill.conf deploy/rabbitmq/waybill.conf
COPY deploy/postgresql/rights.sql deploy/postgresql/rights.sql
COPY migrations migrations
COPY examples/events examples/events
COPY examples/workflows examples/workflows
COPY src src
RUN mkdir -p bench && touch bench/main.rs src/main.rs src/lib.rs
# What is running, for waybill_build_info.
ARG WAYBILL_REVISION=unknown
RUN cargo build --release --locked --bin waybill --config 'profile.release.strip="debuginfo"'

FROM debian:trixie-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent waybill \
    && install -d -o waybill -g waybill -m 0750 /var/lib/waybill/files
# Whom to trust where database, broker or file store speak TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/target/release/waybill /usr/local/bin/waybill
USER 10001
ENV WAYBILL_HTTP__LISTEN=0.0.0.0:8080 \
    WAYBILL_OPS__LISTEN=0.0.0.0:9464 \
    WAYBILL_FILES__URL=/var/lib/waybill/files
EXPOSE 8080 9464
# It may wait for a first key, for the broker, for the database: that is no reason to end it.
HEALTHCHECK --interval=5s --timeout=4s --start-period=10s --retries=3 CMD ["waybill", "health", "--live"]
ENTRYPOINT ["waybill"]
CMD ["run"]
