/* SPDX-License-Identifier: MIT */
/* secure.c - hello over HTTPS, and what the handshake has agreed on. */

#include <gyre.h>

static int hello(gy_request *r)
{
    gy_tls_info tls;
    if (!gy_request_tls(r, &tls))
        return gy_write(r, "Hello, whoever may listen: try --tls-certificate\n");
    return gy_writef(r, "Hello, %s\n", tls.peer ? tls.peer : "world");
}

static int handshake(gy_request *r)
{
    gy_tls_info tls;
    if (!gy_request_tls(r, &tls))
        return gy_fail(r, 404, "no TLS, no handshake");
    return gy_json(r,
                   "{version: %s, cipher: %s, protocol: %s, asked_for: %s, client: %s, "
                   "resumed: !!%d, kernel: !!%d}",
                   tls.version, tls.cipher, tls.alpn, tls.server_name, tls.peer, tls.resumed,
                   tls.ktls_send);
}

const gy_route secure_routes[] = {
    GY_GET("/", hello),
    GY_GET("/handshake", handshake),
    GY_END,
};

const gy_app secure_app = {.routes = secure_routes, .name = "secure"};

int main(int argc, char **argv)
{
    return gy_main(&secure_app, argc, argv);
}
