import puppeteer from 'puppeteer-core';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
const dir = process.argv[2];
const base = homedir() + '/.cache/espalier';
import { execSync } from 'node:child_process';
const exe = execSync(`find ${base} /tmp -name chromium -type f -perm -u+x 2>/dev/null | head -1`).toString().trim();
const b = await puppeteer.launch({ executablePath: exe, headless: true, args: ['--no-sandbox'] });
for (const [name, w, scheme] of [['desktop-light', 1200, 'light'], ['desktop-dark', 1200, 'dark'], ['phone-light', 390, 'light'], ['phone-dark', 390, 'dark']]) {
  const p = await b.newPage();
  await p.setViewport({ width: w, height: 900, deviceScaleFactor: w < 500 ? 2 : 1 });
  await p.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await p.goto('file://' + dir + '/report.html');
  const over = await p.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  console.log(name, 'overflow', over);
  await p.screenshot({ path: `/tmp/study-shots/${name}.png`, fullPage: true });
  await p.close();
}
const p = await b.newPage(); await p.goto('file://' + dir + '/report.html'); await p.pdf({ path: '/tmp/study-shots/print.pdf', format: 'A4' });
await b.close();
