import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { button, playToEnd, QUICK, ready, servedPage } from './fixture.js';

/** How long the long test plays; it is run by hand. */
const MINUTES = Number(process.env.ESPALIER_PLAY_MINUTES ?? 0);

/** Code that is compiled better with time, and the browser's own record of slow frames. */
const SLACK_BYTES = 2 ** 19;
/** What the test itself leaves in a page: Puppeteer's questions are compiled each time. */
const ASKING_BYTES = 2 ** 15;

const demo = servedPage();

const deviceIsEmpty = (page: Page) =>
  page.waitForFunction(
    () => document.querySelector('[data-live-bytes]')?.getAttribute('data-live-bytes') === '0',
  );

/** Bytes that the page's script holds, garbage and graphics aside. */
async function usedHeap(page: Page): Promise<number> {
  const client = await page.createCDPSession();
  // What a first pass lets go of may hold more.
  for (let pass = 0; pass < 2; pass++) await client.send('HeapProfiler.collectGarbage');
  const usage = (await client.send('Runtime.getHeapUsage')) as {
    usedSize: number;
    backingStorageSize: number;
  };
  await client.detach();
  expect(usage.backingStorageSize).toBeGreaterThan(0);
  return usage.usedSize + usage.backingStorageSize;
}

/** The first run compiles and fills what stays; none after it may. */
function expectLevel([, ...heaps]: readonly number[]): void {
  const slack = SLACK_BYTES + heaps.length * ASKING_BYTES;
  expect(heaps.at(-1), heaps.join(', ')).toBeLessThan((heaps[0] ?? 0) + slack);
}

test('plays again and again without keeping memory', async () => {
  const { page, complaints } = await demo.visit(QUICK);
  const heaps: number[] = [];
  for (let round = 0; round < 4; round++) {
    await playToEnd(page);
    await deviceIsEmpty(page);
    heaps.push(await usedHeap(page));
  }
  expectLevel(heaps);
  // Left in the middle of a run.
  await page.click('.play');
  await page.waitForSelector('.timeline input');
  await (await button(page, 'Reset')).click();
  await deviceIsEmpty(page);
  expect(complaints).toEqual([]);
  await page.close();
});

test.runIf(MINUTES > 0)(
  `plays for ${MINUTES} minutes without keeping memory`,
  { timeout: (MINUTES + 10) * 60_000 },
  async () => {
    const { page, complaints } = await demo.visit();
    await ready(page);
    const readings: { heap: number; frames: string }[] = [];
    const end = performance.now() + MINUTES * 60_000;
    while (performance.now() < end || readings.length < 3) {
      await playToEnd(page);
      const frames = await page.$eval('[data-longest-frame]', (reading) => reading.textContent);
      await deviceIsEmpty(page);
      readings.push({ heap: await usedHeap(page), frames: frames ?? '' });
      process.stderr.write(
        `Run ${readings.length}: ${readings.at(-1)?.heap} bytes of script memory; frames ${frames}\n`,
      );
    }
    expectLevel(readings.map(({ heap }) => heap));
    expect(complaints).toEqual([]);
    await page.close();
  },
);
