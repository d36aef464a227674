"""The console: pages and API, as browsers and programs meet them."""
