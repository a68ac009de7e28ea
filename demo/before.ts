import { config } from 'zod';

// This module must be imported first: zod and uPlot need these settings before they load.

// zod tries `new Function`. The page's policy forbids that, and the console would show an error.
config({ jitless: true });

// uPlot makes a number format for the browser's language when it loads. In the POSIX locale
// Chromium gives the language as "en-US@posix", which is no valid tag: uPlot throws, and the page
// stays blank.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' });
}
