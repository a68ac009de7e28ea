import { type Found, foundFromText } from './found.js';
import { defaultsFor, type Settings, sameSettings } from './settings.js';

/**
 * What this page found by the settings that it has without a graphics card, as its own link tells it, on
 * SwiftShader 5.0.0 in Chrome 147. The suite finds it again.
 */
export const EXAMPLE = [
  'at.600',
  'dense.3k.6n6',
  'refitted.3k.6rm',
  'sizes.1.1l82b22wq32k3se4bk4ii56e56o5ci5oq5uk61s6686a46ay6b86f46h26g86fo6fy6fo6gi6gi6hc6h26hc6g86hc6ig6i66ju6ke6ls6m26m26nq6o06ng6o06oa6ng6ng6o06o06ok6oa6oa6oa6o06nq6n66nq6o06o06ok6oa6p46p46ou6ou6oa6o06o06ou6ou6pe6pe6p46p46p46pe6ou6pe6ou6pe6py6q86q8',
  'picked.1.1ky1wm2eo2ui3kw41a3q64ow4x84zq54q5ly5oq62265e64067m6b86bs6e06cw6cc6cc6ay6cw6ea6eu6fo6eu6dq6e06f46h26hm6i66j06ja6jk6ko6li6mc6ls6ke6ky6ke6ls6mm6oa6ok6pe6ou6p46p46ou6ou6oa6o06o06oa6o06oa6oa6oa6oa6ok6oa6ok6ou6p46ok6ou6ok6o06oa6ok6pe6pe6po6p46p4',
  'scratch.5.3so.a.62w.k.66s.14.6ig',
  'tuneddense.3k.6qi',
  'tunedrefitted.3k.6rm',
  'tunedsizes.5.3so.a.5eq.k.6hw.u.6ig.14.6o0.1e.6oa.1o.6py.1y.6ok.28.6q8',
  'tunedscratch.5.3d4.a.640.k.686.14.6l8.28.6o0',
].join('-');

/** Results to begin with, where they are of these settings. */
export function exampleOf(settings: Settings): Found | undefined {
  if (!sameSettings(settings, defaultsFor('software'))) return undefined;
  return foundFromText(EXAMPLE, settings);
}
