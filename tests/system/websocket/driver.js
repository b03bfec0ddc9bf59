// Opens WebSockets for a test. Commands come as JSON lines on standard input, and what
// happens to each socket goes out as JSON lines on standard output, with its name.
'use strict';

const readline = require('node:readline');

const clients = {
  ws: require('./ws_client.js'),
  chromium: require('./chromium_client.js'),
  page: require('./chromium_page.js'),
};
const sockets = new Map();

function reporter(name) {
  return (event, more) =>
    process.stdout.write(JSON.stringify({ name, event, ...more }) + '\n');
}

async function obey(command) {
  const report = reporter(command.name);
  try {
    if (command.action === 'open')
      sockets.set(command.name, await clients[command.client].open(command, report));
    else
      await sockets.get(command.name)[command.action](command);
  } catch (error) {
    report('failed', { detail: String(error) });
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin }))
    await obey(JSON.parse(line));
  for (const client of Object.values(clients))
    await client.end();
  process.exit(0);
}

main();
