// A page in Chromium that asks for things with `fetch`, and tells as a message what it
// got to see, or that it got to see nothing.
'use strict';

const { pageOf } = require('./chromium_client.js');

// Runs in the page.
async function fetchInPage({ url, init }) {
  try {
    const response = await fetch(url, init);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text: await response.text(),
    };
  } catch (error) {
    return { failed: String(error) };
  }
}

exports.open = async ({ page: url }, report) => {
  const { page } = await pageOf(url, report);
  report('open', {});
  return {
    fetch: async (what) => {
      const seen = await page.evaluate(fetchInPage, what);
      report('message', { text: JSON.stringify(seen) });
    },
  };
};

exports.end = async () => {};
