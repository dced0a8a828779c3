// SPDX-License-Identifier: MIT
// lab_node.js PORT UPSTREAM - the work of examples/lab by node: promises at /WORK/task, in the way
// of everybody at /WORK/block.
"use strict";
const http = require("http");
const { setTimeout: sleep } = require("timers/promises");

const [port, upstream] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 100, maxFreeSockets: 100 });
const LOOK_UPS = 32, LOOK_UP = 50, DELAY = 1000, BURN = 10000;

function block(milliseconds) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function fetch() {
    return new Promise((resolve, reject) => {
        http.get(upstream, { agent }, (answer) => {
            const pieces = [];
            answer.on("data", (piece) => pieces.push(piece));
            answer.on("end", () => resolve(Buffer.concat(pieces)));
        }).on("error", reject);
    });
}

function burn() {
    const begin = process.cpuUsage();
    let used;
    do {
        used = process.cpuUsage(begin);
    } while (used.user + used.system < BURN);
    return "burnt\n";
}

const works = {
    "/hello/task": () => "Hello, world\n",
    "/hello/block": () => "Hello, world\n",
    "/delay/task": () => sleep(DELAY, "slept\n"),
    "/delay/block": () => (block(DELAY), "slept\n"),
    "/fetch/task": fetch,
    "/cluster/task": async () => {
        await Promise.all(Array.from({ length: LOOK_UPS }, () => sleep(LOOK_UP)));
        return `${LOOK_UPS} found\n`;
    },
    "/cluster/block": () => (block(LOOK_UPS * LOOK_UP), `${LOOK_UPS} found\n`),
    "/burn/task": burn,
    "/burn/block": burn,
};

function answer(response, status, body) {
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": Buffer.byteLength(body) });
    response.end(body);
}

const server = http.createServer(async (request, response) => {
    const work = works[request.url];
    try {
        answer(response, work ? 200 : 404, work ? await work() : "not here\n");
    } catch (e) {
        answer(response, 502, `${e.message}\n`);
    }
});
server.keepAliveTimeout = 60000;
server.listen({ host: "127.0.0.1", port: Number(port), backlog: 4096 });
