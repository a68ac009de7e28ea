import './before.js';
import 'uplot/dist/uPlot.min.css';
import { render } from 'preact';
import { App } from './app.js';
import { warnBeforeLoss } from './state/keeping.js';
import { keepOffline } from './state/offline.js';
import { createPage } from './state/page.js';
import { PageContext } from './view/context.js';

const page = createPage(navigator.gpu);
const root = document.getElementById('page');
if (!root) throw new Error('index.html lacks #page.');
root.replaceChildren();
render(
  <PageContext.Provider value={page}>
    <App />
  </PageContext.Provider>,
  root,
);
keepOffline();
warnBeforeLoss(page);
await page.start();
