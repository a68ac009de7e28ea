import { type Cell, type StudyConfig, studyCheckpoints } from '../../src/index.js';
import { figure } from '../../src/report/words.js';
import { grouped } from '../../src/text.js';
import { mapTiles } from './map.js';

interface TableProps {
  readonly config: StudyConfig;
  readonly cells: readonly Cell[];
}

/** The heat map's losses as a table. */
export function MapTable({ config, cells }: TableProps) {
  const tiles = mapTiles(config, cells);
  const lossAt = (examples: number, iteration: number) => {
    const loss = tiles.find((tile) => tile.examples === examples && tile.iteration === iteration);
    return loss?.loss === undefined ? '–' : figure(loss.loss);
  };
  return (
    <details>
      <summary>The map as a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keys. */}
      <section class="scrolls" tabIndex={0} aria-label="The map as a table">
        <table class="numbers">
          <caption class="hidden">Training loss of the subnetwork, mean over trials</caption>
          <thead>
            <tr>
              <th scope="col">Steps</th>
              {config.sizes.map((examples) => (
                <th key={examples} scope="col">
                  {grouped(examples)} examples
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {studyCheckpoints(config).map((iteration) => (
              <tr key={iteration}>
                <th scope="row">{grouped(iteration)}</th>
                {config.sizes.map((examples) => (
                  <td key={examples}>{lossAt(examples, iteration)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
