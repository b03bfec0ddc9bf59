"""What the tests of the WebSocket share: npm's `ws` and Chromium as clients, steered
through one Node program, and a bare socket that says what no good client would."""
