import { type Cell, type StudyConfig, studyCheckpoints } from '../../src/index.js';
import { grouped } from '../../src/text.js';
import { mapTiles } from './map.js';
import type { Measure } from './measures.js';

interface TableProps {
  readonly config: StudyConfig;
  readonly cells: readonly Cell[];
  readonly measure: Measure;
}

/** The heat map's figures as a table. */
export function MapTable({ config, cells, measure }: TableProps) {
  const tiles = mapTiles(config, cells, measure);
  const valueAt = (examples: number, iteration: number) => {
    const found = tiles.find((tile) => tile.examples === examples && tile.iteration === iteration);
    return found?.value === undefined ? '–' : measure.show(found.value);
  };
  return (
    <details>
      <summary>The map as a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keys. */}
      <section class="scrolls" tabIndex={0} aria-label="The map as a table">
        <table class="numbers">
          <caption class="hidden">{measure.name} of the subnetwork, mean over trials</caption>
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
                  <td key={examples}>{valueAt(examples, iteration)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
