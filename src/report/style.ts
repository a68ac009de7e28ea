/** The colours by role on a light ground. Files of single figures use these. */
export const LIGHT: Readonly<Record<string, string>> = {
  ground: '#ffffff',
  text: '#1c1f23',
  muted: '#5b6470',
  line: '#d5dae1',
  panel: '#f4f6f8',
  dense: '#b4530a',
  subnetwork: '#0f5fb4',
  constant: '#7a828e',
  logarithm: '#0f5fb4',
  power: '#b4530a',
  theory: '#8a3fa0',
};

const DARK: Readonly<Record<string, string>> = {
  ground: '#14171b',
  text: '#e6e9ed',
  muted: '#9aa4b1',
  line: '#343b44',
  panel: '#1d2126',
  dense: '#f0944d',
  subnetwork: '#62a8f5',
  constant: '#98a1ad',
  logarithm: '#62a8f5',
  power: '#f0944d',
  theory: '#cf8ee3',
};

const variables = (colors: Readonly<Record<string, string>>) =>
  Object.entries(colors)
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ');

/** Replaces the variables by the light colours, for a figure outside the report. */
export function inLight(svg: string): string {
  return svg.replaceAll(/var\(--([a-z]+)\)/g, (whole, name: string) => LIGHT[name] ?? whole);
}

export const STYLE = `
:root { color-scheme: light dark; ${variables(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
@media print { :root { color-scheme: light; ${variables(LIGHT)} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--ground);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; }
h3 { font-size: 1.05rem; margin: 1.75rem 0 0.5rem; }
.lead { font-size: 1.1rem; }
p, figcaption, li { max-width: 44rem; }
figure { margin: 1rem 0; break-inside: avoid; }
figcaption { color: var(--muted); font-size: 0.92rem; margin-top: 0.4rem; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; }
.narrow { display: none; }
@media screen and (max-width: 46rem) { .wide { display: none; } .narrow { display: block; } }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.5rem 1rem; }
.key span { display: inline-block; margin-right: 1.25rem; }
.key i { display: inline-block; width: 1.5rem; height: 0.2rem; margin-right: 0.4rem;
  vertical-align: middle; border-radius: 2px; }
.table { overflow-x: auto; break-inside: avoid; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.92rem; }
th, td { padding: 0.3rem 0.7rem; text-align: right; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { font-weight: 600; vertical-align: bottom; }
th:first-child, td:first-child, .fits :is(th, td):nth-child(2) { text-align: left; }
th:first-child, td:first-child { padding-left: 0; }
.fits table { min-width: 34rem; }
tr.best td { font-weight: 600; }
code, pre { font: 0.88rem/1.5 ui-monospace, monospace; }
pre { background: var(--panel); padding: 0.75rem 1rem; overflow-x: auto; border-radius: 6px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.25rem; margin: 0; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
`;
