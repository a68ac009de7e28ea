import { mebibytes, quoted, shown } from './text.js';

/** Settings by their keys in a configuration, such as `{ rule: 'average' }`. */
export type Settings = Readonly<Record<string, unknown>>;

/**
 * What is wrong, as data. A setting is named by its key in a configuration, such as `picks`; each
 * face (the library's own messages, the command line, the page) words it in its own terms.
 */
export type ErrorDetails =
  /** Complete in itself, such as a file that breaks off at an offset. */
  | {
      readonly kind: 'message';
      readonly message: string;
      /** Settings that help. */
      readonly instead?: Settings;
    }
  /** A setting has a value that it cannot have here. */
  | {
      readonly kind: 'value';
      readonly key: string;
      readonly given: unknown;
      /** What it must be: 'a whole number from 1 on'. */
      readonly allowed: string;
      readonly because?: string;
    }
  | {
      readonly kind: 'unknown-key';
      readonly key: string;
      readonly known: readonly string[];
    }
  /** Two settings, each right for itself, do not go together. */
  | {
      readonly kind: 'conflict';
      readonly key: string;
      readonly given: unknown;
      readonly with: string;
      readonly value: unknown;
      /** Values of the other that it goes with, or what it has to be beside the other. */
      readonly allowed: readonly unknown[] | Relation;
      readonly because: string;
      /** Those of the two that nobody gave. */
      readonly defaults?: readonly string[];
    }
  /** A size does not fit the adapter. */
  | {
      readonly kind: 'too-large';
      /** The setting that decides the size, or where there is none, what it is counted in. */
      readonly key?: string;
      readonly unit?: 'rows' | 'bytes';
      readonly given: number;
      /** The largest that fits. */
      readonly fits: number;
      /** What takes the memory: 'the hidden weights'. */
      readonly what: string;
      /** The name of the adapter, and the bytes that one of its bindings shows to a shader. */
      readonly adapter: string;
      readonly binds: number;
      readonly instead?: Settings;
    }
  /** Training left the finite numbers. */
  | {
      readonly kind: 'diverged';
      /** By what it showed: 'the loss was'. */
      readonly what: string;
      readonly iteration: number;
      /** The learning rate's, and a value of it to try. */
      readonly key: string;
      readonly calmer: number;
    }
  /** A browser has left a request for an adapter without an answer. */
  | {
      readonly kind: 'silent-adapter';
      readonly adapter: 'hardware' | 'software';
      /** How long it was waited for. */
      readonly seconds: number;
      readonly instead?: Settings;
    }
  | {
      readonly kind: 'out-of-memory';
      readonly reason: string;
      /** What was being done. */
      readonly during?: string | undefined;
    };

/** Of a number to another setting's: no more, no fewer, or in need of more than one there. */
export type Relation = 'no more' | 'no fewer' | 'several';

/** One sentence or two for each kind of error. */
export type Wording = {
  readonly [Kind in ErrorDetails['kind']]: (
    details: Extract<ErrorDetails, { readonly kind: Kind }>,
  ) => string;
};

/** How a face calls a setting, alone and with a value. */
export interface Names {
  /** The name alone. */
  readonly key: (key: string) => string;
  /** The name with the value that it has or should have. */
  readonly setting: (key: string, value: unknown) => string;
}

/** The wording that all faces share; a face that says something otherwise replaces that entry. */
export function wordingWith({ key, setting }: Names): Wording {
  const use = (settings?: Settings) =>
    settings
      ? ` Use ${Object.entries(settings)
          .map(([name, value]) => setting(name, value))
          .join(' ')} instead.`
      : '';
  const goes = (other: string, value: unknown, allowed: readonly unknown[] | Relation) => {
    const beside = setting(other, value);
    if (allowed === 'several') return `needs more than ${beside}`;
    if (typeof allowed === 'string') return `must be ${allowed} than ${beside}`;
    if (allowed.length === 0) return `does not go with ${beside}`;
    const good = allowed.map((each) => setting(other, each)).join(' or ');
    return `goes with ${good} only, not with ${valueText(value)}`;
  };
  return {
    message: ({ message, instead }) => `${message}${use(instead)}`,
    value: ({ key: name, given, allowed, because }) =>
      `${key(name)} must be ${allowed}, not ${givenText(given)}${because ? `: ${because}` : ''}.`,
    'unknown-key': ({ key: name, known }) =>
      `Unknown configuration key ${quoted(name)}. The keys are ${known.join(', ')}.`,
    conflict: ({ key: own, given, with: other, value, allowed, because, defaults = [] }) => {
      const note = (name: string) => (defaults.includes(name) ? ' (the default)' : '');
      return `${setting(own, given)}${note(own)} ${goes(other, value, allowed)}${note(other)}: ${because}.`;
    },
    'too-large': ({ key: name, unit, given, fits, what, adapter, binds, instead }) => {
      const [size, most] = name
        ? [setting(name, given), `${what} fit up to ${setting(name, fits)}`]
        : [`${what} of ${given} ${unit}`, `at most ${fits} ${unit} fit`];
      return `${size} is too large for this adapter (${adapter}), which binds at most ${mebibytes(binds)}: ${most}.${use(instead)}`;
    },
    diverged: ({ what, iteration, key: name, calmer }) =>
      `Training diverged: ${what} no longer finite at iteration ${iteration}. Try ${setting(name, calmer)}.`,
    'silent-adapter': ({ adapter, seconds, instead }) =>
      `The browser has not answered a request for a ${adapter} adapter in ${seconds} s, which its graphics driver can cause.${use(instead)}`,
    'out-of-memory': ({ during, reason }) =>
      `${during ? `${during}: ` : ''}the GPU is out of memory: ${reason}. Lower ${key('examples')} or ${key('width')}.`,
  };
}

/** An error's details in the words of a face, fit to be shown whatever was given or read. */
export function worded(wording: Wording, details: ErrorDetails): string {
  const word = wording[details.kind] as (details: ErrorDetails) => string;
  return shown(word(details));
}

/** The library's own words: settings by their keys. */
export const PLAIN: Wording = wordingWith({
  key: (key) => key,
  setting: (key, value) => `${key} ${valueText(value)}`,
});

/** As the command line takes it: lists with commas. */
export function valueText(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** Characters of a value that a message shows. */
const MOST_GIVEN = 100;

/** As it was given. JSON has no word for NaN and would print null. */
function givenText(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoted(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MOST_GIVEN ? `${text.slice(0, MOST_GIVEN)}…` : text;
}
