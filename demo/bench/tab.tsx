import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { capital } from '../../src/report/words.js';
import { plural } from '../../src/text.js';
import { Bar } from '../view/bar.js';
import { usePage } from '../view/context.js';
import { CopyButton } from '../view/copy.js';
import { OtherTurn } from '../view/notices.js';
import { Opening } from '../view/opening.js';
import { Pills } from '../view/pills.js';
import { save } from '../view/save.js';
import { Against, Brought } from './against.js';
import { LimitTiles } from './limits.js';
import { reportMarkdown } from './markdown.js';
import { Results } from './results.js';
import { type Benching, createBenching, type Scope } from './state.js';

const SCOPES: readonly (readonly [Scope, string])[] = [
  ['all', 'Everything'],
  ['tasks', 'Whole tasks'],
  ['kernels', 'Kernels'],
];

const COMPANY = [
  ['alone', 'Espalier alone'],
  ['peers', 'beside jax-js, TensorFlow.js and ONNX Runtime'],
] as const;

const LASTS: Readonly<Record<Scope, string>> = {
  all: 'about a minute',
  tasks: 'about 20 s',
  kernels: 'about 40 s',
};

/** Times whole tasks and the kernels on the visitor's device. */
export function BenchTab() {
  const page = usePage();
  const [benching] = useState(() => createBenching(page));
  const { takers } = page;
  useEffect(() => {
    takers.value = {
      ...takers.value,
      bench: {
        words: 'Drop a benchmark’s JSON file to compare with it',
        take: benching.compareWith,
      },
    };
  }, [takers, benching]);
  const { record, baseline, mode } = benching;
  const report = record.value?.report;
  const partial = !report || report.results.length === 0;
  return (
    <>
      <Opening title="How fast is it here, and what more could this machine do?">
        <OtherTurn view="bench" />
        <BenchPlayer benching={benching}>
          <div class="row">
            <CopyButton
              label="Copy as Markdown"
              copied="Markdown copied"
              disabled={partial}
              text={() => (report ? reportMarkdown(report, baseline.value) : '')}
            />
            <CopyButton
              label="Copy as JSON"
              copied="JSON copied"
              disabled={partial}
              text={() => JSON.stringify(report, null, 2)}
            />
            <button
              type="button"
              disabled={partial}
              onClick={() => {
                if (!report) return;
                const bytes = new TextEncoder().encode(JSON.stringify(report, null, 2));
                save(`espalier-bench-${report.date.slice(0, 10)}.json`, bytes);
              }}
            >
              Save JSON
            </button>
          </div>
        </BenchPlayer>
        <Brought benching={benching} />
        <Pills
          legend="Time"
          name="scope"
          options={SCOPES}
          value={benching.scope.value}
          disabled={mode.value === 'running'}
          onChange={benching.choose}
        />
        {benching.withPeers && (
          <Pills
            legend="By"
            name="peers"
            options={COMPANY}
            value={benching.withPeers.value ? 'peers' : 'alone'}
            disabled={mode.value === 'running'}
            onChange={(by) => benching.invite(by === 'peers')}
          />
        )}
      </Opening>
      {page.adapter.value?.kind === 'software' && (
        <p class="slow">
          <span>
            <b>This is not a graphics card:</b> “{page.adapter.value.name}” is a program on the
            processor that plays one. Its speeds say nothing about a GPU; the shares of its own
            limits still tell how well the kernels use what there is.
          </span>
        </p>
      )}
      <LimitTiles limits={report?.limits} />
      <Results benching={benching} />
      <Against benching={benching} />
      <p class="hidden" role="status">
        {mode.value === 'done' && report
          ? `Timed ${plural(report.results.length, 'piece')} of work.`
          : ''}
      </p>
    </>
  );
}

interface BenchPlayerProps {
  readonly benching: Benching;
  readonly children: ComponentChildren;
}

function BenchPlayer({ benching, children }: BenchPlayerProps) {
  const page = usePage();
  const { rows, record, start, resume, pause, reset } = benching;
  const mode = benching.mode.value;
  const running = mode === 'running';
  const goesOn = mode === 'stopped' && benching.error.value === undefined;
  const all = rows.value;
  const done = all.filter(({ result, trouble }) => result || trouble).length;
  const label = running ? 'Stop' : goesOn ? 'Go on' : record.value ? 'Run again' : 'Run';
  const seconds = useSecondsSince(running ? (benching.now.value ?? 'limits') : undefined);
  const act = running ? pause : goesOn ? resume : start;
  return (
    <Bar
      label={label}
      icon={running ? 'stop' : 'play'}
      disabled={!page.device.value || (!running && page.turn.value !== undefined)}
      onMain={act}
      onReset={running || !record.value ? undefined : () => void reset()}
      text={`${benchStatus(benching, done)}${running && seconds > 2 ? ` ${seconds} s` : ''}`}
      done={done}
      total={all.length}
      measure="Work timed"
    >
      {children}
    </Bar>
  );
}

/** Whole seconds since the work at hand began; some take minutes in which nothing else is told. */
function useSecondsSince(work: unknown): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (work === undefined) return;
    const begun = performance.now();
    const timer = setInterval(() => {
      setSeconds(Math.floor((performance.now() - begun) / 1000));
    }, 1000);
    return () => clearInterval(timer);
  }, [work]);
  return seconds;
}

function benchStatus(
  { mode, rows, record, now, scope, withPeers, keeps, earlier }: Benching,
  done: number,
): string {
  const work = plural(rows.value.length, 'piece');
  if (mode.value === 'running') {
    if (!record.value) return 'Measuring what the adapter can do at most…';
    const at = now.value;
    return at ? `${capital(at.doing)} ${at.work}…` : 'Beginning…';
  }
  const kept = keeps.value ? ' This browser keeps them.' : '';
  if (mode.value === 'stopped') return `Stopped after ${done} of ${work}.${kept}`;
  if (mode.value === 'done') return `Done: ${done} of ${work} of work.${kept}`;
  if (earlier.value) return 'These are kept from an earlier visit. Run again to measure anew.';
  const lasts = withPeers?.value ? 'some minutes' : LASTS[scope.value];
  return `Press Run: ${work} of work, each checked in float64 and then timed. It takes ${lasts}, longer without a graphics card.`;
}
