#!/usr/bin/env node
// The peer that most people use: npm's ws, plain, as its users write it. What one client
// publishes is framed once and sent to all who subscribed. Understands the arguments that
// `bench/run` gives to `sluiced`, of which it needs none.
"use strict";

const { WebSocketServer } = require("ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 1024 });
const subscribers = new Set();
let seq = 0;

server.on("connection", (client) => {
  client.on("message", (text) => {
    const what = JSON.parse(text);
    if (what.op === "subscribe") {
      subscribers.add(client);
      return;
    }
    seq += 1;
    const message = JSON.stringify({ topic: what.topic, seq, data: what.data });
    for (const each of subscribers) each.send(message);
  });
  client.on("close", () => subscribers.delete(client));
  client.on("error", () => client.terminate());
});
server.on("listening", () => {
  process.stderr.write(`ready http=127.0.0.1:${server.address().port}\n`);
});
process.on("SIGTERM", () => process.exit(0));
