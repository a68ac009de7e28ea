import { Opening } from '../view/opening.js';

export function BenchTab() {
  return (
    <Opening title="How fast are the kernels on this machine?">
      <p class="lead">Not here yet.</p>
    </Opening>
  );
}
