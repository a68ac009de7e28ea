import { Opening } from '../view/opening.js';

export function CompareTab() {
  return (
    <Opening title="Which way to prune keeps the most?">
      <p class="lead">Not here yet.</p>
    </Opening>
  );
}
