// A socket of npm's `ws`.
'use strict';

const fs = require('node:fs');
const WebSocket = require('ws');

exports.open = async ({ url, protocols, headers, deflate, authority }, report) => {
  const socket = new WebSocket(url, protocols, {
    headers,
    perMessageDeflate: deflate,
    ca: authority && fs.readFileSync(authority),
  });
  socket.on('open', () => report('open', {
    protocol: socket.protocol,
    extensions: socket.extensions,
  }));
  socket.on('message', (data, binary) => report('message', {
    text: data.toString(),
    binary,
  }));
  socket.on('ping', () => report('ping'));
  socket.on('close', (code, reason) => report('close', {
    code,
    reason: reason.toString(),
  }));
  socket.on('unexpected-response', (request, answer) => {
    report('refused', { status: answer.statusCode });
    request.destroy();
  });
  // Whatever went wrong ends in one of the events above.
  socket.on('error', () => {});
  return {
    send: ({ text }) => socket.send(text),
    close: ({ code }) => socket.close(code),
    terminate: () => socket.terminate(),
  };
};

exports.end = async () => {};
