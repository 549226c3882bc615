# The guardian's image: one static binary, no shell, not root.
#
#   docker build .                      compiles it here
#   docker build --target prebuilt .    takes it from dist/linux-<arch>/; see docs/image.md
#
# Stages are in this order, and nothing of BuildKit is used, so that `prebuilt` needs neither a network nor a base image.

FROM scratch AS base
LABEL org.opencontainers.image.title="oc-guardian" \
      org.opencontainers.image.description="A guardian of an m-of-n Bitcoin federation; holds no operator key" \
      org.opencontainers.image.source="https://github.com/orangecheck/oc-guardian-kit" \
      org.opencontainers.image.licenses="MIT" \
      io.ochk.guardian.data-version="1"
USER 65532:65532
EXPOSE 9000 9001
HEALTHCHECK --interval=15s --timeout=5s --start-period=5s CMD ["/oc-guardian", "guardian", "healthcheck"]
ENTRYPOINT ["/oc-guardian", "guardian"]

FROM base AS prebuilt
ARG TARGETARCH=amd64
COPY dist/linux-${TARGETARCH} /
# A new volume takes owner and permissions from the folder in the image.
COPY --chown=65532:65532 dist/linux-${TARGETARCH}/var/lib /var/lib
VOLUME /var/lib/oc-guardian

FROM rust:1-bookworm AS builder
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY benches benches
COPY tests tests
# With --target, build scripts and macros stay what the compiler can load: only the binary is static.
RUN host=$(rustc -vV | sed -n 's/^host: //p') \
    && RUSTFLAGS='-C target-feature=+crt-static' cargo build --locked --profile dist --target "$host" --bin oc-guardian \
    && mkdir -p /out/var/lib && mkdir -m 0700 /out/var/lib/oc-guardian \
    && cp "target/$host/dist/oc-guardian" /out/oc-guardian

FROM base
COPY --from=builder /out /
COPY --from=builder --chown=65532:65532 /out/var/lib /var/lib
VOLUME /var/lib/oc-guardian
