FROM localhost/debian:bookworm
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN for name in npm npx; do ln -s ../lib/node_modules/npm/bin/$name-cli.js /usr/local/bin/$name; done && \
    chmod +x /usr/local/lib/node_modules/npm/bin/*-cli.js && \
    npm config set --location=global cafile=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
