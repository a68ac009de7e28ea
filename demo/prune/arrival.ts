/** Scrolling in pixels that is not meant: the page moves a little by itself when what stands above changes. */
const UNMEANT = 60;

/** Brings what came out into sight. */
export function showResult(): void {
  document.querySelector('.panel:not([hidden]) .result')?.scrollIntoView({
    behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth',
  });
}

/** Shows what came of something that was pressed, unless it is in sight or the person has scrolled since. */
export async function showingResult(work: () => Promise<boolean>): Promise<void> {
  const from = scrollY;
  if (!(await work())) return;
  // Drawn by then.
  requestAnimationFrame(() => {
    const headline = document.querySelector('.panel:not([hidden]) .result .headline');
    if (!headline || Math.abs(scrollY - from) > UNMEANT) return;
    const { top, bottom } = headline.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) showResult();
  });
}
