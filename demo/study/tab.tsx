import { Opening } from '../view/opening.js';

export function StudyTab() {
  return (
    <Opening title="How much training is enough, for how many examples?">
      <p class="lead">
        This page cannot run a study yet: use <code>npx espalier study</code> on a command line.
      </p>
    </Opening>
  );
}
