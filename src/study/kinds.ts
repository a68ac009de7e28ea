import { isRecord } from '../experiment/run-config.js';
import { CELLS, type Cell } from './cell.js';
import { hasCell } from './grid.js';
import { MODEL_CELLS, type ModelStudyCell } from './model/cell.js';
import {
  differingModelKey,
  type ModelStudyConfig,
  parseModelStudyConfig,
  settingsOfRecord,
} from './model/config.js';
import { hasModelCell, listStudiedModels } from './model/grid.js';
import type { CellKind } from './records.js';
import { differingKey, parseStudyConfig, type StudyConfig } from './study-config.js';

/** All that the records of a study have to know of what it is a study of. */
export interface StudyKind<Config extends object, Cell extends object> {
  /** Checks a configuration and fills in its defaults. */
  readonly parse: (given: unknown) => Config;
  /** The first key by which two studies' cells differ, if there is one. */
  readonly differingKey: (one: Config, other: Config) => keyof Config | undefined;
  readonly cells: CellKind<Cell>;
  /** Whether the study has a cell there. */
  readonly hasCell: (config: Config, cell: Cell) => boolean;
  /** What a recorded cell has where its line leaves it out. */
  readonly usualOfCell: (config: Config) => Partial<Cell>;
}

export const TWO_LAYER_STUDY: StudyKind<StudyConfig, Cell> = {
  parse: parseStudyConfig,
  differingKey,
  cells: CELLS,
  hasCell,
  usualOfCell: () => ({}),
};

export const MODEL_STUDY: StudyKind<ModelStudyConfig, ModelStudyCell> = {
  parse: (record) => parseModelStudyConfig(isRecord(record) ? settingsOfRecord(record) : record),
  differingKey: differingModelKey,
  cells: MODEL_CELLS,
  hasCell: hasModelCell,
  // Cells that were written before networks were swept are of the only one.
  usualOfCell: (config) => ({ ...listStudiedModels(config)[0] }),
};
