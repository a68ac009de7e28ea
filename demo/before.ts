import { config } from 'zod';

// This module must be imported before all others: it readies the ground for two of them.

// zod would try `new Function`, which the page's policy forbids and the console would report.
config({ jitless: true });

// uPlot makes a number format of the browser's language as it loads. A Chromium in the POSIX locale
// calls its language "en-US@posix", which is no language tag, and the whole page would stay blank.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' });
}
