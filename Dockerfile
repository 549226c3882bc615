# The guardian's image: one static binary, no shell, not root.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg SOURCE=prebuilt .
#
# SOURCE=builder compiles it here, on the platform of the image; SOURCE=prebuilt takes dist/linux-<arch>/oc-guardian, which
# was built elsewhere for a musl target.
ARG SOURCE=builder

FROM rust:1-alpine AS builder
RUN apk add --no-cache build-base cmake perl linux-headers
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY benches benches
COPY tests tests
RUN cargo build --locked --profile dist --bin oc-guardian \
    && mkdir -p /out \
    && cp target/dist/oc-guardian /out/oc-guardian

FROM scratch AS prebuilt
ARG TARGETARCH
COPY --chmod=0755 dist/linux-${TARGETARCH}/oc-guardian /out/oc-guardian

FROM ${SOURCE} AS binary

# A new volume takes owner and permissions from the folder in the image.
FROM busybox:stable-musl AS folders
RUN mkdir -p /root-of-image/var/lib/oc-guardian && chmod 0700 /root-of-image/var/lib/oc-guardian

FROM scratch
COPY --from=folders --chown=65532:65532 /root-of-image/var/lib/oc-guardian /var/lib/oc-guardian
COPY --from=binary /out/oc-guardian /oc-guardian
LABEL io.ochk.guardian.data-version="1"
USER 65532:65532
VOLUME /var/lib/oc-guardian
EXPOSE 9000 9001
HEALTHCHECK --interval=15s --timeout=5s --start-period=5s CMD ["/oc-guardian", "guardian", "healthcheck"]
ENTRYPOINT ["/oc-guardian", "guardian"]
