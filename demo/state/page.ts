import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import {
  type AdapterDescription,
  EspalierError,
  type ImageSource,
  type LabelledImages,
  type RunConfig,
  type StartingState,
} from '../../src/index.js';
import { grouped, plural } from '../../src/text.js';
import type { PathFile } from '../model/dropped.js';
import { percent } from '../model/format.js';
import { namesNoSetting, type View } from './address.js';
import { type AddressBar, type Complain, createAddressBar } from './address-bar.js';
import { type Brought, readBrought } from './bring.js';
import { type Connection, createConnection } from './connection.js';
import { offersFull } from './data.js';
import type { Turn } from './drive.js';
import type { Found } from './found.js';
import { curveOfFile, halfwayPoint } from './halfway.js';
import { createImages, type Images } from './images.js';
import { createKeeping } from './keeping.js';
import { createLinked } from './linked.js';
import { accuracyOn, type NamedNetwork } from './network-file.js';
import { type Problem, problemFromError } from './problems.js';
import { readInWorker } from './reader.js';
import { createRun, type Run } from './run.js';
import { createSession } from './session.js';
import { defaultsFor, leftOut, settingsFrom } from './settings.js';

/** Takes files that are dropped while its tab is shown. */
export interface Taker {
  /** What may be dropped, shown while files are dragged over the page. */
  readonly words: string;
  readonly take: (files: readonly PathFile[]) => Promise<void>;
}

export interface Page
  extends Connection,
    Pick<AddressBar, 'view' | 'kept' | 'settings' | 'viewHash' | 'keep'>,
    Pick<Images, 'loading' | 'change'>,
    Omit<Run, 'halfway'> {
  readonly source: ReadonlySignal<ImageSource | undefined>;
  /** The tab that works on the device now, if any. */
  readonly turn: Signal<Turn | undefined>;
  /** The tabs that take dropped files themselves; Play takes those that are dropped on the others. */
  readonly takers: Signal<Readonly<Partial<Record<View, Taker>>>>;
  /** Undefined until the browser has given an adapter, and for good when it has none. */
  readonly adapter: ReadonlySignal<AdapterDescription | undefined>;
  readonly problem: ReadonlySignal<Problem | undefined>;
  /** Whether all of MNIST lies beside the page. */
  readonly full: ReadonlySignal<boolean>;
  /** What came of the files that the person brought; undefined once it was closed. */
  readonly said: ReadonlySignal<string | undefined>;
  readonly ready: ReadonlySignal<boolean>;
  /** What the link that was followed says was found; undefined once there is a run here. */
  readonly linked: ReadonlySignal<Found | undefined>;
  readonly complain: Complain;
  start(): Promise<void>;
  bring(files: readonly File[] | Promise<readonly File[]>): Promise<void>;
  dismiss(): void;
}

/** What files have brought, in a sentence or two. */
export function broughtText({
  source,
  config,
  curve,
  state,
}: Pick<Brought, 'source' | 'config' | 'curve'> & {
  readonly state?: Pick<StartingState, 'iteration'> | undefined;
}): string {
  const images =
    source &&
    `${source.name}: ${plural(source.train.count, 'digit')} to learn from and ${grouped(source.test.count)} to test with.`;
  const run =
    state &&
    `The run is trained up to step ${grouped(state.iteration)}${
      curve === undefined
        ? ': Go on takes it from there.'
        : ', and its curve is as the file has it. Go on takes it from there: it picks again, which brings the neurons, the answers and the times, too.'
    }`;
  const settings = config && !state && 'The settings are those of the file: press Play.';
  return [images, run, settings].filter((part) => part !== undefined && part !== false).join(' ');
}

/** What a network that was brought is, and what it is worth on the images here. */
function networkText(named: NamedNetwork, test: LabelledImages): string {
  const { width, activation } = named.network;
  return `A network of ${plural(width, 'neuron')} (${activation}): it gets ${percent(accuracyOn(named, test))} of ${plural(test.count, 'new digit')} right.`;
}

export function createPage(gpu: GPU | undefined): Page {
  const problem = signal<Problem | undefined>();
  const complain: Complain = (error, remedy) => {
    problem.value = problemFromError(error, remedy);
  };
  const said = signal<string | undefined>();
  const dismiss = () => {
    batch(() => {
      problem.value = undefined;
      said.value = undefined;
    });
  };
  const full = signal(false);
  const turn = signal<Turn | undefined>();
  const { device, connected } = createConnection(gpu);
  const { view, kept, settings, viewHash, keep, set, follow, adopt } = createAddressBar(complain);
  const images = createImages({ settings, set }, complain, (text) => {
    said.value = text;
  });
  const { source, loading, change, load, limitExamples } = images;
  const session = createSession(turn);
  const linked = createLinked({ kept, keep, settings, session }, (error) => {
    const title = 'The results in this link cannot be read';
    problem.value = { ...problemFromError(error), title };
  });
  const { halfway, ...run } = createRun({
    session,
    connected,
    settings,
    source,
    change,
    turn,
    linked: linked.found,
    complain,
    dismiss,
  });

  const keeping = createKeeping({ ...images, session, set });

  /** The address has changed: by a tab's link, by Back or Forward, or by a link that was typed. */
  const moved = () => {
    try {
      change(follow(defaultsFor(device.value?.adapter.kind ?? 'software')));
      linked.read();
      limitExamples();
    } catch (error) {
      complain(error);
    }
  };

  const tellWhatIsLeftOut = (config: RunConfig) => {
    const left = leftOut(config);
    if (left.length === 0) return;
    complain(
      new EspalierError(
        'bad-config',
        `This page plays without ${left.join(', ')}, which the configuration has and no control here: npx espalier run --config has them.`,
      ),
    );
  };

  return {
    ...run,
    linked: linked.found,
    reset: async () => {
      await run.reset();
      await keeping.forget();
    },
    view,
    kept,
    settings,
    viewHash,
    keep,
    source,
    loading,
    change,
    turn,
    takers: signal({}),
    device,
    connected,
    adapter: computed(() => device.value?.adapter),
    problem,
    said,
    full,
    ready: computed(() => device.value !== undefined && source.value !== undefined),
    complain,
    dismiss,
    start: async () => {
      addEventListener('hashchange', moved);
      void offersFull().then((there) => {
        full.value = there;
      });
      const anyRun = namesNoSetting(location.hash);
      // Before the wait for the adapter, so that the tabs' links have this link's settings by then.
      adopt(defaultsFor('software'));
      linked.read();
      try {
        const { adapter } = await connected();
        if (adapter.kind !== 'software') adopt(defaultsFor(adapter.kind));
      } catch (error) {
        complain(error);
      }
      try {
        await load(settings.value.data === 'full' ? 'full' : 'small');
        if (await keeping.restore(settings.value, anyRun)) {
          // The complaint that a link cannot carry one's own files has found its remedy.
          if (settings.value.data === 'own') dismiss();
          said.value = 'Your run is as you left it. This browser keeps it.';
        }
      } catch (error) {
        complain(error);
      }
    },
    bring: async (files) => {
      dismiss();
      try {
        const brought = await images.during('Reading your files', async () =>
          readBrought(await files, readInWorker),
        );
        const { config, weights, network } = brought;
        if (network) {
          const test = source.value?.test;
          said.value = test && networkText(network, test);
          return;
        }
        const before = settings.value.data;
        // A run can go on only with the images that it was trained on.
        const asked = config && settingsFrom(config);
        const fetches = weights && config?.data === 'mnist' && !brought.source && before !== 'full';
        const found = fetches ? await images.fetched('full') : (brought.source ?? source.value);
        const state = found && halfwayPoint(brought, found);
        if (state) await run.session.reset();
        batch(() => {
          halfway.value = state;
          if (found && found !== source.value) images.take(found);
          set({
            ...asked,
            data: fetches ? 'full' : brought.source ? 'own' : before,
          });
        });
        limitExamples();
        if (state && brought.curve !== undefined) {
          halfway.value = {
            ...state,
            curve: curveOfFile(brought.curve, settings.value, state.state.iteration),
          };
        }
        const limited = said.value;
        const told = broughtText({ ...brought, state: state?.state });
        said.value = limited === undefined ? told : `${told} ${limited}`;
        if (config) tellWhatIsLeftOut(config);
      } catch (error) {
        complain(error);
      }
    },
  };
}
