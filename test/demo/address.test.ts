import { expect, test } from 'vitest';
import { addressFromHash } from '../../demo/state/address.js';
import { defaultsFor } from '../../demo/state/settings.js';
import { configIn } from '../../demo/study/settings.js';

test('a link that says anything at all is refused in words that fit the page', () => {
  const anything = `\u001b]0;\u202e${'x'.repeat(5000)}`;
  const text = encodeURIComponent(anything);
  for (const hash of [
    `view=${text}`,
    `data=${text}`,
    `rule=${text}`,
    `width=${text}`,
    `${text}=1`,
  ]) {
    const read = () => addressFromHash(hash, defaultsFor('software'));
    expect(read, hash.slice(0, 6)).toThrow(/^[^\p{Cc}\p{Cf}]{1,400}$/u);
  }
  for (const key of ['preset', 'sizes', 'trials', 'iterations', 'seed']) {
    expect(() => configIn({ [`study.${key}`]: anything }, 'mnist'), key).toThrow(
      /^[^\p{Cc}\p{Cf}]{1,400}$/u,
    );
  }
});
