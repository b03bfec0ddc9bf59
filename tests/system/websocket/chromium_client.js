// A socket of Chromium's own, in a page of the origin that the test names: a web page's
// WebSocket can send no header, and always tells its origin.
'use strict';

const { chromium } = require('playwright-core');

let browser;
const pages = new Map();

async function launch(report) {
  try {
    return await chromium.launch({ executablePath: process.env.CHROMIUM });
  } catch (error) {
    report('unavailable', { detail: String(error) });
    throw error;
  }
}

async function pageOf(url, report) {
  browser ??= await launch(report);
  if (!pages.has(url)) {
    const page = await browser.newPage();
    const reports = new Map();
    await page.exposeFunction('report', (name, event, more) =>
      reports.get(name)(event, more));
    await page.goto(url);
    pages.set(url, { page, reports });
  }
  return pages.get(url);
}

// Runs in the page.
function openInPage({ name, url, protocols }) {
  window.sockets ??= {};
  const socket = window.sockets[name] = new WebSocket(url, protocols);
  socket.onopen = () => window.report(name, 'open', {
    protocol: socket.protocol,
    extensions: socket.extensions,
  });
  socket.onmessage = ({ data }) => window.report(name, 'message', {
    text: String(data),
    binary: typeof data !== 'string',
  });
  socket.onclose = ({ code, reason }) => window.report(name, 'close', { code, reason });
}

exports.open = async ({ name, url, protocols, page: pageUrl }, report) => {
  const { page, reports } = await pageOf(pageUrl, report);
  reports.set(name, report);
  await page.evaluate(openInPage, { name, url, protocols });
  return {
    send: ({ text }) => page.evaluate(
      ([who, what]) => window.sockets[who].send(what), [name, text]),
    close: ({ code }) => page.evaluate(
      ([who, why]) => window.sockets[who].close(why), [name, code]),
    terminate: () => page.close(),
  };
};

exports.pageOf = pageOf;

exports.end = async () => browser?.close();
