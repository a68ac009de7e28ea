import { useState } from 'preact/hooks';
import { fitText } from '../../src/report/words.js';
import { grouped } from '../../src/text.js';
import { Bar } from '../view/bar.js';
import { usePage } from '../view/context.js';
import { Select } from '../view/control.js';
import { OtherTurn } from '../view/notices.js';
import { Opening } from '../view/opening.js';
import { Pills } from '../view/pills.js';
import { answerOf } from './answer.js';
import { Controls } from './controls.js';
import { Fits } from './fits.js';
import { HeatMap } from './heat-map.js';
import { MEASURES } from './measures.js';
import { createStudy, type Study } from './state.js';
import { MapTable } from './table.js';
import { StudyFiles } from './take.js';

export function StudyTab() {
  const page = usePage();
  const [study] = useState(() => createStudy(page));
  const criterion = page.kept.value['study.criterion'] === 'absolute' ? 'absolute' : 'relative';
  const { config, cells, analysis, progress, mode } = study;
  const measure = study.measure.value;
  const finding = analysis.value?.[criterion];
  const complete = cells.value.length >= study.total.value;
  const answer = finding && answerOf(finding, complete);
  return (
    <>
      <Opening title="How much training is enough, for how many examples?">
        <p class="lead">
          Networks learn from few and from many examples. At every checkpoint the best neurons are
          picked: the map shows how good what is left is.
        </p>
        <OtherTurn view="study" />
        <StudyPlayer study={study} />
        {answer && <p class="answer">{answer.text}</p>}
        {answer?.caution && <p class="caution">{answer.caution}</p>}
      </Opening>
      {config.value && (
        <div class="study">
          <section class="card map" aria-labelledby="study-map">
            <h2 id="study-map">How good the pruned network is</h2>
            <Pills
              legend="By"
              name="study.measure"
              options={MEASURES.map(({ key, name }) => [key, name] as const)}
              value={measure.key}
              onChange={(key) =>
                page.keep('study.measure', key === MEASURES[0]?.key ? undefined : key)
              }
            />
            <HeatMap
              config={config.value}
              cells={cells.value}
              finding={finding}
              progress={mode.value === 'running' ? progress.value : undefined}
              measure={measure}
              enough={finding ? measure.enough(finding.criterion) : ''}
            />
            <MapTable config={config.value} cells={cells.value} measure={measure} />
          </section>
          <section class="card" aria-labelledby="study-fits">
            <h2 id="study-fits">When it was enough</h2>
            <Select
              name="study.criterion"
              label="Enough means"
              hint=""
              value={criterion}
              options={measure.criteria}
              onChange={(value) =>
                page.keep('study.criterion', value === 'relative' ? undefined : value)
              }
            />
            <Fits config={config.value} finding={finding} />
          </section>
        </div>
      )}
      <p class="hidden" role="status">
        {mode.value === 'done' && finding ? `Done. ${fitText(finding)}` : ''}
      </p>
      <Controls study={study} />
      <StudyFiles study={study} />
    </>
  );
}

function StudyPlayer({ study }: { readonly study: Study }) {
  const page = usePage();
  const { mode, cells, total, ready } = study;
  const running = mode.value === 'running';
  const done = cells.value.length;
  const complete = done > 0 && done >= total.value;
  const able = running || (ready.value && total.value > 0 && !complete && !page.turn.value);
  return (
    <Bar
      label={running ? 'Pause' : complete ? 'Done' : done > 0 ? 'Go on' : 'Start'}
      icon={running ? 'pause' : complete ? 'done' : 'play'}
      disabled={!able}
      onMain={running ? study.pause : study.play}
      onReset={running || done === 0 ? undefined : () => void study.reset().catch(page.complain)}
      forgets="this study’s cells, which this browser keeps"
      text={studyStatus(study)}
      done={done}
      total={total.value}
      measure="Cells done"
    />
  );
}

function studyStatus({ mode, cells, total, ready, progress, keeps, fault }: Study): string {
  const done = cells.value.length;
  const share = `${grouped(done)} of ${grouped(total.value)} cells`;
  if (fault.value) return 'A setting below is wrong.';
  if (!ready.value) return 'Getting ready…';
  if (done > 0 && done >= total.value) return `Done: ${share}.`;
  if (mode.value !== 'running') {
    if (done === 0) {
      return `Press Start: ${grouped(total.value)} cells to fill, each a network pruned and tried.`;
    }
    return keeps.value
      ? `${share} are done and kept in this browser: closing the page loses none.`
      : `${share} are done. This browser keeps nothing when the page is closed.`;
  }
  const now = progress.value;
  const where = now
    ? `: ${grouped(now.trial.examples)} examples, trial ${now.trial.trial + 1}, step ${grouped(now.iteration)}`
    : '';
  return `${share}${where}${timeLeft(cells.value, total.value)}`;
}

/** The time that the missing cells will take, if each takes as long as the mean so far. */
function timeLeft(cells: Study['cells']['value'], total: number): string {
  if (cells.length === 0) return '';
  const spent = cells.reduce((sum, { seconds }) => sum + seconds, 0);
  const left = (spent / cells.length) * (total - cells.length);
  return `, about ${left < 90 ? `${Math.ceil(left)} s` : `${Math.round(left / 60)} min`} left`;
}
