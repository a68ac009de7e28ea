import type { ModelStudyCell } from '../../src/study/model/cell.js';
import type { ModelStudyConfig } from '../../src/study/model/config.js';
import { placesOfStudy, stepsOfStudy } from '../../src/study/model/grid.js';

/** Cells whose subnetworks grow by a tenth a checkpoint; the dense network has 0.55. */
export function modelCells(config: ModelStudyConfig): readonly ModelStudyCell[] {
  return placesOfStudy(config).map((place): ModelStudyCell => {
    const share = place.iteration / stepsOfStudy(config, place.examples).all;
    const late = place.examples > 200 ? 0.1 : 0;
    return {
      ...place,
      crc32: '00000000',
      ...{ denseTestLoss: 1, subnetworkTestLoss: 1, fineTunedTestLoss: 1, continuedTestLoss: 1 },
      denseTestAccuracy: 0.5 * share,
      subnetworkTestAccuracy: 0.1,
      fineTunedTestAccuracy: 0.3 + 0.4 * share - late,
      continuedTestAccuracy: 0.55 * share,
      ...(config.then && {
        ...{ thenParameters: 1, channelsAloneParameters: 1 },
        ...{ thenTestAccuracy: 0.25, channelsAloneTestAccuracy: 0.2 },
      }),
      ...{ multiplyAdds: 1, denseMultiplyAdds: 2, parameters: 1, denseParameters: 2 },
      kept: '7 15 30',
      seconds: 1,
      adapter: 'none',
    };
  });
}
