import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { plural } from '../../src/text.js';
import { Bar } from '../view/bar.js';
import { usePage } from '../view/context.js';
import { CopyButton } from '../view/copy.js';
import { OtherTurn } from '../view/notices.js';
import { Opening } from '../view/opening.js';
import { LimitTiles } from './limits.js';
import { reportMarkdown } from './markdown.js';
import { Results } from './results.js';
import { type Benching, createBenching } from './state.js';

/** Times the kernels on the visitor's device. */
export function BenchTab() {
  const page = usePage();
  const [benching] = useState(() => createBenching(page));
  const { limits, rows, report, disturbed } = benching;
  const measured = report.value;
  const partial = !measured || measured.results.length === 0;
  return (
    <>
      <Opening title="How close do the kernels come to what this machine can do?">
        <OtherTurn view="bench" />
        <BenchPlayer benching={benching}>
          <div class="row">
            <CopyButton
              label="Copy as Markdown"
              copied="Markdown copied"
              disabled={partial}
              text={() => (measured ? reportMarkdown(measured) : '')}
            />
            <CopyButton
              label="Copy as JSON"
              copied="JSON copied"
              disabled={partial}
              text={() => JSON.stringify(measured, null, 2)}
            />
          </div>
        </BenchPlayer>
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
      <LimitTiles limits={limits.value} />
      <Results
        rows={rows.value}
        limits={limits.value?.limits}
        running={benching.mode.value === 'running'}
      />
      {disturbed.value.length > 0 && (
        <p class="note">
          The adapter's own speed changed after {plural(disturbed.value.length, 'kernel')}:
          something else was using the machine. Run it again when it is idle.
        </p>
      )}
      <p class="hidden" role="status">
        {benching.mode.value === 'done' && measured
          ? `Timed ${plural(measured.results.length, 'kernel')}.`
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
  const { rows, limits, start, resume, pause, reset } = benching;
  const mode = benching.mode.value;
  const running = mode === 'running';
  const goesOn = mode === 'stopped' && benching.error.value === undefined;
  const all = rows.value;
  const done = all.filter(({ result, trouble }) => result || trouble).length;
  const label = running ? 'Stop' : goesOn ? 'Go on' : mode === 'idle' ? 'Run' : 'Run again';
  const act = running ? pause : goesOn ? resume : start;
  const now = all[done];
  let text = `Press Run: ${plural(all.length, 'kernel')}, each checked in float64 and then timed. It takes about half a minute.`;
  if (running && !limits.value) text = 'Measuring what the adapter can do at most…';
  else if (running && !now) text = 'Timing is over…';
  else if (running && now) text = `${now.verified ? 'Timing' : 'Checking'} ${now.work}…`;
  else if (mode === 'stopped') text = `Stopped after ${done} of ${plural(all.length, 'kernel')}.`;
  else if (mode === 'done') text = `Done: ${plural(all.length, 'kernel')}.`;
  return (
    <Bar
      label={label}
      icon={running ? 'stop' : 'play'}
      disabled={!page.device.value || (!running && page.turn.value !== undefined)}
      onMain={act}
      onReset={mode === 'idle' ? undefined : () => void reset()}
      text={text}
      done={done}
      total={all.length}
      measure="Kernels timed"
    >
      {children}
    </Bar>
  );
}
