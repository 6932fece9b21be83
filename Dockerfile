# crai as an image: what `npm ci --omit=dev` installs and the sources, run as they are (Node 24 runs TypeScript).
#
#   docker build -t crai .
#   docker run --read-only --tmpfs /tmp -v ./crai.yaml:/etc/crai/crai.yaml:ro --env-file crai.env -p 8080:8080 crai
#
# Give it DATABASE_URL. Without one it runs its own PostgreSQL in /data, which then has to be a volume (-v crai:/data).

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:24-slim
ENV NODE_ENV=production \
    CRAI_CONFIG=/etc/crai/crai.yaml \
    CRAI_DATA_DIR=/data
WORKDIR /app
# Root owns all of it: what runs here cannot change itself.
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY src src
COPY commands commands
COPY playbooks playbooks
RUN install -d -m 0700 -o 10001 -g 10001 /data
# A number, so that Kubernetes can see that it is not root (runAsNonRoot).
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 8080}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=4", "src/main.ts"]
